import {
  type ChainEvent,
  createSync,
  defaultLatePolicy,
  defaultPipelinePolicy,
  defaultRangePolicy,
  defaultStatePolicy,
  defaultSyncPolicy,
  type EventsFrom,
  followEvents,
  type Notice,
  type ProvisionalBlock,
  ProvisionalBoard,
  type ReadStore,
  type Source,
  type Store,
  type Sync,
  type SyncEnd,
  type SyncReport,
  type Tips,
} from '../engine/index.ts';
import { createScope, createSystemEnv, type Env, type Logger, SynclineError, silentLogger } from '../lib/index.ts';
import { createMemoryStore, openFolder, openLmdb } from '../store/index.ts';
import { createEvidenceKeeper } from './evidence.ts';
import { createApplyWorker, createInlineHosts, createVerifyWorker } from './hosts.ts';
import { openSources } from './open-sources.ts';
import type { NodeOptions } from './options.ts';
import { buildStatus, type NodeStatus } from './status.ts';

/** A running node. Closing it stops the sync and leaves a true store behind. */
export interface Node extends AsyncDisposable {
  /**
   * Chain events, resumable: `from` is a block the caller kept (its branch may be gone by now), `genesis`, or `now`
   * (the default). Ends when the node closes. A slow reader loses nothing and holds up nobody.
   */
  events(options?: { readonly from?: EventsFrom; readonly signal?: AbortSignal }): AsyncIterable<ChainEvent>;
  /** The same object that `syncline status --json` prints. */
  status(): NodeStatus;
  /** Engine's own report: pipeline, sources, rates. */
  report(): SyncReport;
  /** Reads what is stored. Views are consistent and must be disposed. */
  readonly store: ReadStore;
  /** What it syncs from, its companions included. They are the node's to close. */
  readonly sources: readonly Source[];
  /** Bytes on disk or in memory, roughly. */
  storeBytes(): number;
  /** Blocks being built above the confirmed tip, ascending. Nothing proves them. */
  provisional(): readonly ProvisionalBlock[];
  /** Calls whenever the provisional blocks changed, until what is returned is disposed. */
  onProvisional(listener: () => void): Disposable;
  /** Settles when the sync ended by itself: `until` reached, halted, or failed (then it rejects). */
  readonly ended: Promise<SyncEnd>;
  close(): Promise<void>;
}

/**
 * Opens the data folder (or a store in memory), starts syncing, and returns at once.
 *
 * @throws {SynclineError} `NODE_OPTIONS` (fault `caller`), `FOLDER_LOCKED`, `FOLDER_OTHER_CHAIN`, `STORE_UNOPENABLE`.
 */
export async function createNode(options: NodeOptions): Promise<Node> {
  const env = options.env ?? createSystemEnv();
  const log = options.log ?? silentLogger;
  const scope = createScope(options.signal);
  try {
    const opened = await openStore(options, scope, log);
    const sources = openSources(options, { env, log, store: opened.store });
    for (const source of sources) scope.defer(() => source[Symbol.asyncDispose]() as Promise<void>);
    const notify = createNotifier(options, log);
    const provisional = new ProvisionalBoard();
    const sync = createSync({
      provisional,
      env,
      log,
      store: opened.store,
      apply: opened.apply,
      verify: opened.verify,
      sources,
      tips: options.chain.tips,
      syncPolicy: { ...defaultSyncPolicy, ...options.policy?.sync },
      rangePolicy: { ...defaultRangePolicy, ...options.policy?.range },
      latePolicy: { ...defaultLatePolicy, ...options.policy?.late },
      statePolicy: { ...defaultStatePolicy, ...options.policy?.state },
      pipelinePolicy: { ...defaultPipelinePolicy, ...options.policy?.pipeline },
      notify,
      ...(opened.evidence === null ? {} : { keepEvidence: opened.evidence }),
      ...(options.until === undefined ? {} : { until: options.until }),
      ...(options.chain.genesisHash === undefined ? {} : { genesisHash: options.chain.genesisHash }),
    });
    provisional.listen(() => sync.changed.ring());
    return new RunningNode({ options, scope, sync, store: opened.store, sources, env, provisional });
  } catch (error) {
    await scope.close().catch(() => {});
    throw error;
  }
}

interface Opened {
  readonly store: ReadStore & Pick<Store, 'sizeBytes'>;
  readonly apply: Parameters<typeof createSync>[0]['apply'];
  readonly verify: Parameters<typeof createSync>[0]['verify'];
  readonly evidence: ReturnType<typeof createEvidenceKeeper> | null;
}

async function openStore(options: NodeOptions, scope: ReturnType<typeof createScope>, log: Logger): Promise<Opened> {
  const { chain, dataDir } = options;
  if (dataDir === undefined) {
    const store = createMemoryStore();
    const hosts = await createInlineHosts(chain, store);
    scope.defer(() => hosts.apply.close());
    return { store, ...hosts, evidence: null };
  }
  const folder = await openFolder({ path: dataDir, identity: chain.identity });
  scope.defer(() => folder[Symbol.asyncDispose]() as Promise<void>);
  const apply = createApplyWorker(chain, folder.dbPath);
  scope.defer(() => apply.close());
  const verify = createVerifyWorker(chain);
  scope.defer(() => verify.close());
  await apply.recover(); // makes the database files, which a reader cannot
  const store = openLmdb({ path: folder.dbPath, readOnly: true });
  scope.defer(() => store[Symbol.asyncDispose]() as Promise<void>);
  const evidence = createEvidenceKeeper(folder.evidencePath, (error) =>
    log.error('evidence was not kept', { message: String(error) }),
  );
  return { store, apply, verify, evidence };
}

function createNotifier(options: NodeOptions, log: Logger): (notice: Notice) => void {
  const { onNotice, chain } = options;
  return (notice) => {
    try {
      onNotice?.(notice.type === 'reject' ? withChainHashes(notice, chain) : notice);
    } catch (error) {
      log.error('the notice listener failed', { message: String(error) });
    }
  };
}

/** Rewrites full-length hashes the way the chain's users know them. */
function withChainHashes(notice: Extract<Notice, { type: 'reject' }>, chain: NodeOptions['chain']): Notice {
  const { formatHash } = chain;
  if (formatHash === undefined) return notice;
  const rewrite = (text: string | null) =>
    text !== null && /^0x[0-9a-f]{64}$/.test(text)
      ? formatHash(new Uint8Array(Buffer.from(text.slice(2), 'hex')) as Parameters<typeof formatHash>[0])
      : text;
  return { ...notice, expected: rewrite(notice.expected), got: rewrite(notice.got), hash: rewrite(notice.hash) };
}

class RunningNode implements Node {
  readonly store: ReadStore;
  readonly sources: readonly Source[];
  readonly ended: Promise<SyncEnd>;
  private readonly parts: {
    readonly options: NodeOptions;
    readonly scope: ReturnType<typeof createScope>;
    readonly sync: Sync;
    readonly store: Opened['store'];
    readonly sources: readonly Source[];
    readonly env: Env;
    readonly provisional: ProvisionalBoard;
  };
  private closing: Promise<void> | null = null;

  constructor(parts: RunningNode['parts']) {
    this.parts = parts;
    this.store = parts.store;
    this.sources = parts.sources;
    this.ended = parts.sync.run(parts.scope.signal);
    this.ended.catch(() => {}); // callers look at `ended`; an unobserved failure must not end the process
  }

  async *events(
    options: { readonly from?: EventsFrom; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<ChainEvent> {
    const { scope, sync, store, options: node } = this.parts;
    if (this.closing !== null) throw closed();
    const own = options.signal === undefined ? scope.signal : AbortSignal.any([scope.signal, options.signal]);
    yield* followEvents({
      store,
      tips: node.chain.tips,
      changed: sync.changed,
      volatileTips: () => this.provisionalTip(),
      from: options.from ?? 'now',
      signal: own,
    });
  }

  /** The tip that is in no store: the newest block being built. */
  private provisionalTip(): Tips {
    const name = this.parts.options.chain.tips.provisional;
    const newest = this.parts.provisional.blocks.at(-1);
    return name === undefined || newest === undefined ? {} : { [name]: { height: newest.height, hash: null } };
  }

  status(): NodeStatus {
    const { options, sync, store } = this.parts;
    if (this.closing !== null) throw closed();
    const provisional = this.parts.provisional.blocks.at(-1)?.height ?? null;
    return buildStatus({ chain: options.chain, report: sync.report(), store, provisional });
  }

  report(): SyncReport {
    return this.parts.sync.report();
  }

  storeBytes(): number {
    return this.parts.store.sizeBytes();
  }

  provisional(): readonly ProvisionalBlock[] {
    return this.parts.provisional.blocks;
  }

  onProvisional(listener: () => void): Disposable {
    return this.parts.provisional.listen(listener);
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async shutDown(): Promise<void> {
    const { scope } = this.parts;
    // The sync listens to the scope's signal: it must have ended before the store and the workers close.
    scope.defer(() => this.ended.then(() => {}).catch(() => {}));
    await scope.close();
  }
}

function closed(): SynclineError {
  return new SynclineError('NODE_CLOSED', 'caller', 'the node is closed');
}
