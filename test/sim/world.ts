import { createLedgerRules, createLedgerSource, parseLedgerOptions } from '../../src/chains/ledger/index.ts';
import {
  createLedgerDevnet,
  type DevnetView,
  forgeBlock,
  forgeries,
  type LedgerDevnet,
} from '../../src/devnet/ledger/index.ts';
import {
  type BlockRef,
  type ChainRules,
  createApplyHost,
  createSync,
  createVerifyHost,
  defaultLatePolicy,
  defaultPipelinePolicy,
  defaultRangePolicy,
  defaultStatePolicy,
  defaultSyncPolicy,
  type Notice,
  readTips,
  type Source,
  type Store,
  type Sync,
  type SyncEnd,
  type SyncOptions,
} from '../../src/engine/index.ts';
import { equalBytes, silentLogger, toHex } from '../../src/lib/index.ts';
import { createMemoryDisk, createMemoryStore, type MemoryDisk } from '../../src/store/index.ts';
import { createFaultySource, createVirtualEnv, type SourceFaults, type VirtualEnv } from '../../src/testing/index.ts';

const TIPS = { provisional: 'proposed', confirmed: 'committed' } as const;

/** A small ledger with few transfers: simulations are about the network, not about accounts. */
export function simDevnet(
  seed: number,
  shares: { memoShare?: number; lostMemoShare?: number; archivedMemoShare?: number } = {},
): LedgerDevnet {
  return createLedgerDevnet({ seed, transfersMax: 2, emptyShare: 0.5, ...shares });
}

const rulesByDevnet = new WeakMap<LedgerDevnet, ChainRules>();

/** One rules instance for all nodes of a chain: it remembers which signatures it has verified. */
function rulesOf(devnet: LedgerDevnet): ChainRules {
  const known = rulesByDevnet.get(devnet);
  if (known !== undefined) return known;
  const rules = createLedgerRules(parseLedgerOptions(devnet.options));
  rulesByDevnet.set(devnet, rules);
  return rules;
}

export interface SourcePlan {
  readonly id: string;
  readonly faults?: SourceFaults;
  /** Forges one block in this many, in a way drawn from the seed. */
  readonly lieEvery?: number;
  readonly parts?: readonly ('header' | 'transactions' | 'block' | 'memo' | 'archivedMemo')[];
  readonly concurrencyMax?: number;
  readonly ratePerS?: number;
  readonly requestTimeoutMs?: number;
}

/** A ledger devnet, sources of all characters, and a node, all in one virtual world. */
export class World {
  readonly seed: number;
  readonly env: VirtualEnv;
  readonly devnet: LedgerDevnet;
  readonly notices: Notice[] = [];
  readonly views = new Map<string, DevnetView>();
  readonly disk: MemoryDisk = createMemoryDisk();
  private readonly plans: SourcePlan[] = [];
  private pinnedHead: number | null = null;

  constructor(
    seed: number,
    options: { blocks: number; memoShare?: number; lostMemoShare?: number; archivedMemoShare?: number },
    devnet?: LedgerDevnet,
  ) {
    this.seed = seed;
    this.env = createVirtualEnv(seed);
    const { blocks, ...shares } = options;
    this.devnet = devnet ?? simDevnet(seed % 16, shares);
    this.devnet.produce(blocks);
  }

  /** A world over the first blocks of a chain that several worlds share; it never changes. */
  static onShared(seed: number, devnet: LedgerDevnet, blocks: number): World {
    const world = new World(seed, { blocks: 0 }, devnet);
    world.pinnedHead = blocks;
    return world;
  }

  addSource(plan: SourcePlan): void {
    this.plans.push(plan);
    const view = this.devnet.view();
    if (this.pinnedHead !== null) view.pin({ head: this.pinnedHead });
    this.views.set(plan.id, view);
  }

  get head(): BlockRef {
    const pinned = this.pinnedHead === null ? null : this.devnet.blockAt(this.pinnedHead);
    return (pinned ?? this.devnet.head).ref;
  }

  /** Runs a node on the world's disk until it reaches the height and hash of the devnet's head. */
  async syncToHead(overrides: Partial<SyncOptions> = {}, limitMs = 3_600_000): Promise<Sync> {
    const { sync } = await this.syncUntil((store) => this.atHead(store), overrides, limitMs);
    return sync;
  }

  /** Runs a node until the condition holds, checked every virtual 100 ms. */
  async syncUntil(
    condition: (store: Store) => boolean,
    overrides: Partial<SyncOptions> = {},
    limitMs = 3_600_000,
  ): Promise<{ sync: Sync; end: SyncEnd }> {
    const node = this.createNode(overrides);
    const stop = new AbortController();
    const started = this.env.nowMs();
    const watch = async () => {
      while (!stop.signal.aborted && !condition(node.store)) {
        if (this.env.nowMs() - started > limitMs) {
          const report = JSON.stringify(node.sync.report(), null, 1);
          stop.abort();
          throw new Error(`not done after ${limitMs} ms\n${report}\n${this.env.lastLines.slice(-40).join('\n')}`);
        }
        await this.env.sleep(100);
      }
      stop.abort();
    };
    const running = node.sync.run(stop.signal).finally(() => stop.abort());
    const [end] = await this.env.run(Promise.all([running, watch()]));
    return { sync: node.sync, end };
  }

  createNode(
    overrides: Partial<SyncOptions> = {},
    store: Store = createMemoryStore({ disk: this.disk }),
  ): { sync: Sync; store: Store; options: SyncOptions } {
    const { env } = this;
    const rules = rulesOf(this.devnet);
    const options: SyncOptions = {
      env,
      log: silentLogger,
      store,
      apply: createApplyHost({ rules, store, tips: TIPS, identity: 'ledger:sim', unwindStepBlocks: 5 }),
      verify: createVerifyHost(rules),
      sources: this.plans.map((plan) => this.openSource(plan)),
      tips: TIPS,
      syncPolicy: defaultSyncPolicy,
      rangePolicy: { ...defaultRangePolicy, windowBlocks: 32 },
      latePolicy: defaultLatePolicy,
      statePolicy: defaultStatePolicy,
      pipelinePolicy: { ...defaultPipelinePolicy, channelBlocks: 8, batchBlocksMax: 4 },
      notify: (notice) => {
        this.notices.push(notice);
        env.trace(JSON.stringify(notice));
      },
      ...overrides,
    };
    return { sync: createSync(options), store, options };
  }

  atHead(store: Store): boolean {
    using view = store.view();
    const tip = readTips(view)[TIPS.confirmed];
    return tip != null && tip.height === this.head.height && equalBytes(tip.hash as Uint8Array, this.head.hash);
  }

  /** Another world with the same chain, an honest source and an empty disk. */
  twin(): World {
    const twin = new World(this.seed, { blocks: 0 }, this.devnet);
    twin.pinnedHead = this.pinnedHead;
    twin.addSource({ id: 'honest' });
    return twin;
  }

  /** Runs a node that dies when it is about to make its n-th commit, if it gets that far. */
  async crashAtCommit(commit: number): Promise<void> {
    const crash = new Error('killed');
    const store = createMemoryStore({
      disk: this.disk,
      beforeCommit: (n) => {
        if (n === commit) throw crash;
      },
    });
    const { sync } = this.createNode({}, store);
    const stop = new AbortController();
    const limit = this.env.sleep(20_000).then(() => stop.abort());
    await this.env.run(Promise.race([sync.run(stop.signal).catch(() => {}), limit]));
  }

  /** The store's content as one text: equal texts, equal stores. Rejections and quarantine are left out. */
  dump(): string {
    const store = createMemoryStore({ disk: this.disk });
    using view = store.view();
    const lines: string[] = [];
    for (const table of ['meta', 'block', 'part', 'height', 'state', 'history', 'undo', 'trie', 'index'] as const) {
      for (const [key, value] of view.range(table, {})) {
        if (table === 'meta' && Buffer.from(key).toString() === 'reject-sequence') continue;
        // Which source delivered a block is not part of its truth.
        const shown = table === 'block' ? value.subarray(0, 104) : value;
        lines.push(`${table} ${toHex(key)} ${toHex(shown)}`);
      }
    }
    return lines.join('\n');
  }

  rejectedSources(): Set<string> {
    return new Set(this.notices.flatMap((n) => (n.type === 'reject' ? n.source.split(', ') : [])));
  }

  private openSource(plan: SourcePlan): Source {
    const { env, devnet } = this;
    const view = this.views.get(plan.id) as DevnetView; // set by addSource
    const inner = createLedgerSource({
      id: plan.id,
      provider: view,
      limits: {
        concurrencyMax: plan.concurrencyMax ?? 4,
        ...(plan.ratePerS === undefined ? {} : { ratePerS: plan.ratePerS }),
        ...(plan.requestTimeoutMs === undefined ? {} : { requestTimeoutMs: plan.requestTimeoutMs }),
      },
      ...(plan.parts === undefined ? {} : { parts: plan.parts }),
    });
    const faults: SourceFaults = {
      latencyMs: [5, 80],
      onCall: (call) => env.trace(`${plan.id} ${call}`),
      ...plan.faults,
    };
    if (plan.lieEvery === undefined) return createFaultySource(inner, env, faults);
    const every = plan.lieEvery;
    return createFaultySource(inner, env, {
      ...faults,
      forge(request, delivery) {
        const block = view.blockAt(request.height) === null ? null : devnet.blockAt(request.height);
        if (delivery.type !== 'bytes' || block === null || request.height === 0) return delivery;
        if (Math.floor(env.random() * every) !== 0) return delivery;
        const kind = forgeries[Math.floor(env.random() * forgeries.length)] ?? 'block-hash';
        const forged = forgeBlock(devnet, block, kind);
        if (delivery.part === 'header') return { ...delivery, bytes: forged.header };
        if (delivery.part === 'transactions') return { ...delivery, bytes: forged.transactions };
        return delivery;
      },
    });
  }
}
