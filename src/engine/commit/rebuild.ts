import { equalBytes, SynclineError, toHex } from '../../lib/index.ts';
import type { ChainRules, StateBuild } from '../chain.ts';
import type { KeyRange, StateView, Store, Table, Write } from '../store.ts';
import type { BlockRef, Height, TipNames } from '../types.ts';
import { HistoricState } from './historic-state.ts';
import { type PendingStage, type PendingState, pendingStateWrite, readPendingState } from './pending-state.ts';
import { type BlockRecord, readBlock, readTips } from './records.ts';

/** What one step of a rebuild came to. */
export type RebuildReport =
  /** More steps are needed. Of `share`, 0 to 1, is done in this stage. */
  | { readonly type: 'working'; readonly stage: PendingStage['type']; readonly done: number; readonly share: number }
  /** The built root is the one in the header of the confirmed tip: the state is proven up to it. */
  | { readonly type: 'proven'; readonly at: BlockRef | null; readonly hashes: number }
  /** The block whose state diff is false; the state below it is right. */
  | { readonly type: 'false'; readonly culprit: BlockRecord; readonly got: string };

/**
 * Makes a pending state a proven one, step by step: removes the old tries, builds new ones over the whole flat state,
 * compares the root with the header of the confirmed tip, and where it differs searches the block from which on it
 * does. Every step is one commit, and what is stored tells where to go on.
 */
export class Rebuild {
  private readonly options: { readonly rules: ChainRules; readonly store: Store; readonly tips: TipNames };
  /** The build under way, of the state at a height; begun anew after a restart. */
  private current: { readonly height: number; readonly build: StateBuild } | null = null;
  private hashes = 0;

  constructor(options: Rebuild['options']) {
    this.options = options;
  }

  /** Forgets what is under way: the state has changed. */
  reset(): void {
    this.current = null;
    this.hashes = 0;
  }

  /** @throws {SynclineError} `STATE_NOT_PENDING`, `STATE_UNBUILDABLE` (fault `bug`), `STORE_CORRUPT` (fault `local`). */
  step(): RebuildReport {
    using view = this.options.store.view();
    const pending = readPendingState(view);
    if (pending === null) throw new SynclineError('STATE_NOT_PENDING', 'bug', 'there is no state to be built');
    const { stage } = pending;
    switch (stage.type) {
      case 'flat':
        return this.enter(pending, { type: 'wipe' });
      case 'wipe':
        return this.wipe(view, pending);
      case 'build':
        return this.build(view, pending, stage);
      case 'search':
        return this.search(view, pending, stage);
      default:
        return stage satisfies never;
    }
  }

  private enter({ proven }: PendingState, stage: PendingStage, writes: readonly Write[] = []): RebuildReport {
    this.options.store.commit([...writes, pendingStateWrite({ proven, stage })]);
    return { type: 'working', stage: stage.type, done: 0, share: 0 };
  }

  /** Removes some pages and derived values, the first that are left. */
  private wipe(view: StateView, pending: PendingState): RebuildReport {
    this.reset();
    const writes: Write[] = [];
    const remove = (table: Table, range: KeyRange) => {
      const limit = WIPED_PER_STEP - writes.length;
      if (limit <= 0) return;
      for (const [key] of view.range(table, { ...range, limit })) writes.push({ table, key, value: null });
    };
    remove('trie', {});
    for (const first of this.options.rules.derivedState ?? []) {
      remove('state', { start: Uint8Array.of(first), end: Uint8Array.of(first + 1) });
    }
    if (writes.length < WIPED_PER_STEP) return this.enter(pending, { type: 'build', cursor: null }, writes);
    this.options.store.commit(writes);
    return { type: 'working', stage: 'wipe', done: writes.length, share: 0 };
  }

  private build(
    view: StateView,
    { proven }: PendingState,
    { cursor }: Extract<PendingStage, { type: 'build' }>,
  ): RebuildReport {
    const tip = this.tip(view);
    if (tip === null) {
      // Everything was rolled back: nothing is left to be proven.
      this.options.store.commit([pendingStateWrite(null)]);
      return { type: 'proven', at: null, hashes: 0 };
    }
    const { height } = tip.ref;
    this.current ??= { height, build: this.begin(tip, cursor === null ? null : Buffer.from(cursor, 'hex')) };
    const piece = this.current.build.step(view);
    this.hashes += piece.hashes;
    if (piece.root === null) {
      const stage = { type: 'build', cursor: Buffer.from(piece.cursor).toString('hex') } as const;
      this.options.store.commit([...piece.writes, pendingStateWrite({ proven, stage })]);
      return { type: 'working', stage: 'build', done: piece.done, share: piece.share };
    }
    const { hashes } = this;
    this.reset();
    if (equalBytes(piece.root, tip.stateRoot)) {
      this.options.store.commit([...piece.writes, pendingStateWrite(null)]);
      return { type: 'proven', at: tip.ref, hashes };
    }
    const stage = { type: 'search', low: proven, high: height, got: toHex(piece.root) } as const;
    return this.enter({ proven, stage }, stage);
  }

  /** Halves the blocks in question by building the state in their middle, without storing it. */
  private search(
    view: StateView,
    pending: PendingState,
    { low, high, got }: Extract<PendingStage, { type: 'search' }>,
  ): RebuildReport {
    if (high - low <= 1) {
      const culprit = this.record(view, high);
      this.options.store.commit([pendingStateWrite({ proven: low, stage: { type: 'flat' } })]);
      return { type: 'false', culprit, got };
    }
    const middle = Math.floor((low + high) / 2);
    const record = this.record(view, middle);
    if (this.current?.height !== middle) this.current = { height: middle, build: this.begin(record, null) };
    const piece = this.current.build.step(new HistoricState(view, middle as Height));
    if (piece.root === null) return { type: 'working', stage: 'search', done: piece.done, share: piece.share };
    this.current = null;
    const right = equalBytes(piece.root, record.stateRoot);
    const stage: PendingStage = right
      ? { type: 'search', low: middle, high, got }
      : { type: 'search', low, high: middle, got: toHex(piece.root) };
    return this.enter({ proven: right ? middle : pending.proven, stage }, stage);
  }

  private begin({ ref, protocolVersion }: BlockRecord, cursor: Uint8Array | null): StateBuild {
    const { rules } = this.options;
    if (rules.buildState === undefined) {
      throw new SynclineError('STATE_UNBUILDABLE', 'bug', 'the chain has no rules to build its state at once');
    }
    return rules.buildState({ height: ref.height, protocolVersion }, cursor);
  }

  private tip(view: StateView): BlockRecord | null {
    const tip = readTips(view)[this.options.tips.confirmed] ?? null;
    return tip === null ? null : this.record(view, tip.height);
  }

  private record(view: StateView, height: number): BlockRecord {
    const record = readBlock(view, height);
    if (record !== null) return record;
    throw new SynclineError('STORE_CORRUPT', 'local', `the record of block ${height} is missing`, { data: { height } });
  }
}

/** Keys in one commit: a few megabytes at most. */
const WIPED_PER_STEP = 20_000;
