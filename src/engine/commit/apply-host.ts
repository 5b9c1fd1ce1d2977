import {
  concatBytes,
  equalBytes,
  type PlainError,
  SynclineError,
  toHex,
  toPlainError,
  toSynclineError,
  u64be,
} from '../../lib/index.ts';
import { lateKey } from '../assemble/late-needs.ts';
import type { ChainRules, LatePart, Need, SealedBlock, Verified } from '../chain.ts';
import type { Rejection, UnwindReason } from '../events.ts';
import type { StateView, Store, Write } from '../store.ts';
import type { BlockRef, Hash32, Height, TipNames, Tips } from '../types.ts';
import { IndexOverlay, type StateChange, StateOverlay, TransitionRecorder } from './overlay.ts';
import { pendingStateWrite, readPendingState } from './pending-state.ts';
import { Rebuild, type RebuildReport } from './rebuild.ts';
import {
  contribution,
  encodeBefore,
  encodeBlockRecord,
  encodeJson,
  encodeTips,
  encodeUndo,
  type IndexChange,
  META,
  parseStoredJson,
  readBlock,
  readCounts,
  readRejectionCount,
  readTips,
  type UnwindIntent,
} from './records.ts';
import { ORPHANS_KEPT, removeBlocks } from './unwind.ts';

/** What `commit` did. Blocks before the failing one are committed; nothing of the failing one is. */
export interface CommitReport {
  readonly committed: readonly BlockRef[];
  readonly failure: { readonly height: Height; readonly error: PlainError } | null;
  /** Late needs that the committed blocks named and the store lacks. */
  readonly wanted: readonly Need[];
  /** Hash calls the state commitment took. */
  readonly hashes: number;
}

export interface Recovery {
  readonly confirmed: BlockRef | null;
  readonly tips: Tips;
  /** Whether the chain's rules can build all tries at once. */
  readonly buildable: boolean;
  /** Blocks that a roll-back, interrupted by the last stop, still had to remove. */
  readonly unwoundBlocks: number;
}

export interface UnwindRequest {
  /** Height of the block that becomes the tip, -1 to remove all. */
  readonly to: number;
  readonly reason: UnwindReason;
}

/** Content that was refused or could not be had, kept apart so that nothing stops. */
export interface QuarantineEntry {
  readonly what: string;
  readonly id: string;
  readonly reason: string;
  readonly height: number;
  readonly timeMs: number;
  /** What was delivered last and did not verify, null where nobody delivered anything. */
  readonly refused: {
    readonly check: string;
    readonly expected: string | null;
    readonly got: string | null;
    readonly source: string;
    /** Where the raw bytes were kept, null if nowhere. */
    readonly evidence: string | null;
  } | null;
}

/**
 * The one writer: runs the rules on the state and commits. Inline under simulation, in the writer worker in a
 * node; hence plain data in and out. Calls are served one after another.
 */
export interface ApplyHost {
  /** Opens: checks the identity and finishes an interrupted roll-back. */
  recover(): Promise<Recovery>;
  /** Applies blocks that follow the tip, hashing the state once for all; on a mismatch one by one. */
  commit(blocks: readonly Verified<SealedBlock>[]): Promise<CommitReport>;
  /** Applies blocks that follow the tip to the flat state only: their state stays pending until it is built. */
  commitFlat(blocks: readonly Verified<SealedBlock>[]): Promise<CommitReport>;
  /** One step towards proving a pending state. */
  rebuild(): Promise<RebuildReport>;
  /** Removes blocks above `to`, and the wants that only they named, in bounded steps. Restartable; returns the new tip. */
  unwind(request: UnwindRequest): Promise<BlockRef | null>;
  /** Stores verified late parts. */
  commitParts(parts: readonly { readonly need: Need; readonly part: Verified<LatePart> }[]): Promise<void>;
  /** Moves tips other than the confirmed one. */
  advance(tips: Tips): Promise<void>;
  recordRejection(rejection: Rejection): Promise<void>;
  /** Of what is wanted: an entry that comes after its want is gone (stored, or its block unwound) is not kept. */
  recordQuarantine(entry: QuarantineEntry): Promise<void>;
  /** Answered at once, whatever else is under way. */
  usage(): Promise<WriterUsage>;
  close(): Promise<void>;
}

/** What the writer has done since it was opened. */
export interface WriterUsage {
  readonly commits: number;
  /** Time in the store's commits, of whatever was written. */
  readonly commitMs: number;
}

export interface ApplyHostOptions {
  readonly rules: ChainRules;
  readonly store: Store;
  readonly tips: TipNames;
  readonly identity: string;
  /** Blocks removed in one transaction while rolling back. */
  readonly unwindStepBlocks?: number;
  /** A clock to measure commits with; they take no time where there is none. */
  readonly nowMs?: () => number;
}

export function createApplyHost(options: ApplyHostOptions): ApplyHost {
  const { store, usage } = meterCommits(options.store, options.nowMs ?? (() => 0));
  const host = new InlineApplyHost({ ...options, store });
  const inTurn = createTurnstile();
  return {
    recover: () => inTurn(() => host.recover()),
    commit: (blocks) => inTurn(() => host.commit(blocks, 'tries')),
    commitFlat: (blocks) => inTurn(() => host.commit(blocks, 'flat')),
    rebuild: () => inTurn(async () => host.rebuild.step()),
    unwind: (request) => inTurn(() => host.unwind(request)),
    commitParts: (parts) => inTurn(() => host.commitParts(parts)),
    advance: (tips) => inTurn(() => host.advance(tips)),
    recordRejection: (rejection) => inTurn(() => host.recordRejection(rejection)),
    recordQuarantine: (entry) => inTurn(() => host.recordQuarantine(entry)),
    usage: async () => ({ ...usage }),
    close: () => inTurn(() => options.store[Symbol.asyncDispose]() as Promise<void>),
  };
}

function meterCommits(store: Store, nowMs: () => number): { readonly store: Store; readonly usage: WriterUsage } {
  const usage = { commits: 0, commitMs: 0 };
  const commit = (writes: readonly Write[]) => {
    const startedMs = nowMs();
    store.commit(writes);
    usage.commits++;
    usage.commitMs += Math.max(0, nowMs() - startedMs);
  };
  const metered: Store = {
    view: () => store.view(),
    commit,
    sizeBytes: () => store.sizeBytes(),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
  return { store: metered, usage };
}

/** How far a commit takes the state: to new tries and a compared root, or to the flat state only. */
type Depth = 'tries' | 'flat';

class InlineApplyHost {
  readonly rebuild: Rebuild;
  private readonly options: ApplyHostOptions;

  constructor(options: ApplyHostOptions) {
    this.options = options;
    this.rebuild = new Rebuild(options);
  }

  async recover(): Promise<Recovery> {
    const { store, identity } = this.options;
    let intent: UnwindIntent | null = null;
    {
      using view = store.view();
      const marked = view.get('meta', META.identity);
      if (marked === undefined) store.commit([{ table: 'meta', key: META.identity, value: Buffer.from(identity) }]);
      else requireIdentity(identity, Buffer.from(marked).toString());
      const stored = view.get('meta', META.unwind);
      if (stored !== undefined) intent = parseStoredJson('meta', stored) as UnwindIntent;
    }
    const before = this.confirmed();
    if (intent !== null) await this.unwind({ to: intent.to, reason: intent.reason });
    const confirmed = this.confirmed();
    using view = store.view();
    if (confirmed !== null) requireTipRecord(confirmed, readBlock(view, confirmed.height)?.ref ?? null);
    return {
      confirmed,
      tips: readTips(view),
      buildable: this.options.rules.buildState !== undefined,
      unwoundBlocks: (before?.height ?? -1) - (confirmed?.height ?? -1),
    };
  }

  async commit(blocks: readonly Verified<SealedBlock>[], depth: Depth): Promise<CommitReport> {
    if (blocks.length === 0) return { committed: [], failure: null, wanted: [], hashes: 0 };
    try {
      const done = await this.applyMerged(blocks, depth);
      return { committed: blocks.map((block) => block.ref), failure: null, ...done };
    } catch (error) {
      if (toSynclineError(error).fault !== 'peer') throw error;
      if (blocks.length === 1) return { committed: [], failure: failureOf(blocks, error), wanted: [], hashes: 0 };
    }
    // Some block of the batch is false: replay from the last good root, one by one, to name it.
    const committed: BlockRef[] = [];
    const wanted: Need[] = [];
    let hashes = 0;
    for (const block of blocks) {
      try {
        const done = await this.applyMerged([block], depth);
        hashes += done.hashes;
        wanted.push(...done.wanted);
      } catch (error) {
        if (toSynclineError(error).fault !== 'peer') throw error;
        return { committed, failure: failureOf([block], error), wanted, hashes };
      }
      committed.push(block.ref);
    }
    return { committed, failure: null, wanted, hashes };
  }

  private async applyMerged(blocks: readonly Verified<SealedBlock>[], depth: Depth): Promise<Applied> {
    const { rules, store } = this.options;
    using view = store.view();
    if (view.get('meta', META.unwind) !== undefined) {
      throw new SynclineError('UNWIND_PENDING', 'bug', 'a block was offered in the middle of a roll-back');
    }
    const overlay = new StateOverlay(view);
    requireLinked(this.confirmedIn(readTips(view)), blocks);
    const index = new IndexOverlay(view);
    const writes: Write[] = [];
    for (const block of blocks) {
      const recorder = new TransitionRecorder(overlay);
      try {
        await rules.execute(recorder, block);
      } catch (error) {
        throw atHeight(toSynclineError(error), block);
      }
      addBlockWrites(writes, block, { state: recorder.finish(), index: index.write(block.index) });
    }
    const last = blocks[blocks.length - 1] as Verified<SealedBlock>; // commit() refuses empty batches
    const changed = overlay.changedKeys();
    for (const key of changed) writes.push({ table: 'state', key, value: overlay.get('state', key) ?? null });
    const hashes =
      depth === 'tries' ? this.commitTries(overlay, changed, last, writes) : this.leavePending(view, writes);
    const tips = { ...readTips(view), [this.options.tips.confirmed]: last.ref };
    writes.push({ table: 'meta', key: META.tips, value: encodeTips(tips) });
    writes.push({ table: 'meta', key: META.counts, value: encodeJson(addCounts(readCounts(view), blocks)) });
    const wanted = this.newWants(view, blocks);
    for (const need of wanted) writes.push({ table: 'wanted', key: wantedKey(need), value: encodeJson(need) });
    store.commit(writes);
    return { hashes, wanted };
  }

  /** Hashes the tries, compares the root, and adds the new nodes to the writes. */
  private commitTries(
    overlay: StateOverlay,
    changed: readonly Uint8Array[],
    last: Verified<SealedBlock>,
    writes: Write[],
  ): number {
    if (readPendingState(overlay) !== null) {
      throw new SynclineError('STATE_PENDING', 'bug', 'a block was offered for tries that are still to be built');
    }
    const { height } = last.ref;
    const commitment = this.options.rules.commitState(overlay, changed, {
      height,
      protocolVersion: last.protocolVersion,
    });
    if (!equalBytes(commitment.root, last.stateRoot)) throw rootMismatch(last, commitment.root);
    for (const write of commitment.writes) writes.push(write);
    return commitment.hashes;
  }

  private leavePending(view: StateView, writes: Write[]): number {
    const pending = readPendingState(view);
    if (pending !== null && pending.stage.type !== 'flat') {
      throw new SynclineError('STATE_PENDING', 'bug', 'a block was offered while the state is being built');
    }
    const proven = pending?.proven ?? this.confirmedIn(readTips(view))?.height ?? -1;
    if (pending === null) writes.push(pendingStateWrite({ proven, stage: { type: 'flat' } }));
    return 0;
  }

  /** Late needs of the blocks, each once, without those already stored or already on the list. */
  private newWants(view: StateView, blocks: readonly SealedBlock[]): readonly Need[] {
    const found = new Map<string, Need>();
    for (const need of blocks.flatMap((block) => block.late)) {
      const key = lateKey(need);
      if (found.has(key) || view.get('wanted', wantedKey(need)) !== undefined) continue;
      if (this.options.rules.has?.(view, need)) continue;
      found.set(key, need);
    }
    return [...found.values()];
  }

  async unwind(request: UnwindRequest): Promise<BlockRef | null> {
    const { rules, store, tips: names, unwindStepBlocks = UNWIND_STEP_BLOCKS } = this.options;
    const from = this.confirmed();
    if (from === null || request.to >= from.height) return from;
    this.requireUnwindable(request);
    this.rebuild.reset();
    const intent: UnwindIntent = { from: { height: from.height, hash: toHex(from.hash) }, ...request };
    // Intent first: a crash between two steps goes on with the roll-back, whatever the sources then say.
    store.commit([{ table: 'meta', key: META.unwind, value: encodeJson(intent) }]);
    for (let top: number = from.height; top > request.to; ) {
      const bottom = Math.max(request.to, top - unwindStepBlocks);
      const last = bottom === request.to;
      const orphansLeft = top === from.height ? Math.max(0, ORPHANS_KEPT - (from.height - request.to)) : null;
      removeBlocks({ rules, store, tips: names, top, bottom, reason: request.reason, last, orphansLeft });
      top = bottom;
    }
    return this.confirmed();
  }

  /** Refuses before anything is written what could not be finished. */
  private requireUnwindable({ to, reason }: UnwindRequest): void {
    const { store, tips: names } = this.options;
    using view = store.view();
    const final = names.final === undefined ? null : (readTips(view)[names.final] ?? null);
    const undoable = view.get('undo', u64be(to + 1)) !== undefined;
    // That a block is final says nothing of a diff whose root was never compared.
    const proven = reason === 'invalid' ? (readPendingState(view)?.proven ?? null) : null;
    if (undoable && (final === null || to >= final.height || (proven !== null && to >= proven))) return;
    throw new SynclineError('UNDO_MISSING', 'caller', `blocks above ${to} cannot be rolled back: they are final`, {
      data: { to, final: final?.height ?? null },
    });
  }

  async commitParts(parts: readonly { need: Need; part: Verified<LatePart> }[]): Promise<void> {
    const { store } = this.options;
    using view = store.view();
    const counts = { ...readCounts(view) };
    const writes: Write[] = [];
    for (const { need, part } of parts) {
      writes.push({ table: 'wanted', key: wantedKey(need), value: null });
      writes.push({ table: 'quarantine', key: wantedKey(need), value: null });
      if (this.options.rules.has?.(view, need)) continue;
      for (const write of part.writes) writes.push(write);
      for (const [name, value] of Object.entries(part.counts)) counts[name] = (counts[name] ?? 0) + value;
    }
    if (writes.length === 0) return;
    store.commit([...writes, { table: 'meta', key: META.counts, value: encodeJson(counts) }]);
  }

  async advance(tips: Tips): Promise<void> {
    const { store, tips: names } = this.options;
    using view = store.view();
    const current = readTips(view);
    const next = { ...current, ...tips, [names.confirmed]: current[names.confirmed] ?? null };
    const writes: Write[] = [{ table: 'meta', key: META.tips, value: encodeTips(next) }];
    const final = names.final === undefined ? null : (next[names.final] ?? null);
    if (final !== null) {
      // What is final and proven is never unwound: its undo lists can go.
      const kept = Math.min(final.height, readPendingState(view)?.proven ?? final.height) + 1;
      for (const [key] of view.range('undo', { end: u64be(kept), limit: UNDO_DROPPED_MAX })) {
        writes.push({ table: 'undo', key, value: null });
      }
    }
    store.commit(writes);
  }

  async recordRejection(rejection: Rejection): Promise<void> {
    const { store } = this.options;
    using view = store.view();
    const sequence = readRejectionCount(view);
    store.commit([
      { table: 'reject', key: u64be(sequence), value: encodeJson(rejection) },
      ...(sequence < REJECTIONS_KEPT
        ? []
        : [{ table: 'reject', key: u64be(sequence - REJECTIONS_KEPT), value: null } as const]),
      { table: 'meta', key: META.rejectSequence, value: encodeJson(sequence + 1) },
    ]);
  }

  async recordQuarantine(entry: QuarantineEntry): Promise<void> {
    const key = Buffer.from(`${entry.what}\0${entry.id}`);
    const { store } = this.options;
    using view = store.view();
    if (view.get('wanted', key) === undefined) return;
    store.commit([{ table: 'quarantine', key, value: encodeJson(entry) }]);
  }

  private confirmed(): BlockRef | null {
    using view = this.options.store.view();
    return this.confirmedIn(readTips(view));
  }

  private confirmedIn(tips: Tips): BlockRef | null {
    const tip = tips[this.options.tips.confirmed] ?? null;
    return tip === null ? null : { height: tip.height, hash: tip.hash as Hash32 }; // confirmed blocks have a hash
  }
}

interface Applied {
  readonly hashes: number;
  readonly wanted: readonly Need[];
}

function wantedKey(need: Need): Uint8Array {
  return Buffer.from(lateKey(need));
}

interface BlockChanges {
  readonly state: readonly StateChange[];
  readonly index: readonly IndexChange[];
}

function addBlockWrites(writes: Write[], block: Verified<SealedBlock>, changes: BlockChanges): void {
  const { height } = block.ref;
  const key = u64be(height);
  writes.push({ table: 'block', key, value: encodeBlockRecord(block) });
  writes.push({ table: 'height', key: block.ref.hash, value: key });
  writes.push({ table: 'orphan', key: block.ref.hash, value: null }); // a branch may win back
  for (const [name, bytes] of Object.entries(block.parts)) {
    writes.push({ table: 'part', key: concatBytes(key, Buffer.from(name)), value: bytes });
  }
  for (const change of changes.state) {
    writes.push({ table: 'history', key: concatBytes(change.key, key), value: encodeBefore(change.before) });
  }
  for (const write of block.index) writes.push(write);
  const undo = encodeUndo({ state: changes.state.map((c) => c.key), index: changes.index });
  writes.push({ table: 'undo', key, value: undo });
}

function addCounts(
  counts: Readonly<Record<string, number>>,
  blocks: readonly SealedBlock[],
): Readonly<Record<string, number>> {
  const sum: Record<string, number> = { ...counts };
  for (const block of blocks) {
    for (const [name, value] of Object.entries(contribution(block))) sum[name] = (sum[name] ?? 0) + value;
  }
  return sum;
}

function requireLinked(tip: BlockRef | null, blocks: readonly SealedBlock[]): void {
  let height = tip === null ? -1 : tip.height;
  let hash: Uint8Array = tip === null ? ZERO_HASH : tip.hash;
  for (const block of blocks) {
    if (block.ref.height !== height + 1 || !equalBytes(block.parent, hash)) {
      throw new SynclineError('BLOCK_UNLINKED', 'bug', 'a block was offered to the applier that does not follow', {
        data: { expected: `${height + 1} on ${toHex(hash)}`, got: `${block.ref.height} on ${toHex(block.parent)}` },
      });
    }
    height = block.ref.height;
    hash = block.ref.hash;
  }
}

function requireIdentity(expected: string, got: string): void {
  if (expected === got) return;
  throw new SynclineError('STORE_OTHER_CHAIN', 'caller', 'the store belongs to another chain', {
    data: { expected, got, exitCode: 4, fix: 'choose another data folder, or start the network it belongs to' },
  });
}

function requireTipRecord(tip: BlockRef, stored: BlockRef | null): void {
  if (stored !== null && equalBytes(stored.hash, tip.hash)) return;
  throw new SynclineError('STORE_CORRUPT', 'local', 'the confirmed tip has no matching block record', {
    data: { expected: toHex(tip.hash), got: stored === null ? null : toHex(stored.hash), height: tip.height },
  });
}

function rootMismatch(block: SealedBlock, got: Uint8Array): SynclineError {
  const { height, hash } = block.ref;
  return new SynclineError('STATE_ROOT_MISMATCH', 'peer', `state root mismatch at height ${height}`, {
    data: { check: 'state-root', height, hash: toHex(hash), expected: toHex(block.stateRoot), got: toHex(got) },
  });
}

function atHeight(error: SynclineError, block: SealedBlock): SynclineError {
  return new SynclineError(error.code, error.fault, error.message, {
    data: { check: 'execute', ...error.data, height: block.ref.height, hash: toHex(block.ref.hash) },
    cause: error,
  });
}

function failureOf(blocks: readonly SealedBlock[], error: unknown): CommitReport['failure'] {
  const [block] = blocks as readonly [SealedBlock]; // called with exactly one
  return { height: block.ref.height, error: toPlainError(error) };
}

/** Runs one call after another, whatever their outcome. */
function createTurnstile(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work, work);
    last = mine.catch(() => {});
    return mine;
  };
}

export const ZERO_HASH = new Uint8Array(32) as Hash32;
/** A step of this size stays far below a second and a few megabytes of writes. */
const UNWIND_STEP_BLOCKS = 64;
/** In one transaction; the rest goes with the next advance. */
const UNDO_DROPPED_MAX = 10_000;
/** Older rejections are dropped: enough to explain a bad day. */
export const REJECTIONS_KEPT = 1000;
