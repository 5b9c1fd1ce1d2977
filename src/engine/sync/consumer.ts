import { equalBytes, fromPlainError, isAbort, SynclineError, toHex, toSynclineError } from '../../lib/index.ts';
import type { Need, SealedBlock, Verified } from '../chain.ts';
import type { CommitReport } from '../commit/index.ts';
import {
  type BlockRecord,
  type PendingState,
  type RebuildReport,
  readParts,
  readPendingState,
  ZERO_HASH,
} from '../commit/index.ts';
import type { UnwindReason } from '../events.ts';
import { chooseStateWork, type StateWork } from '../modes/index.ts';
import type { BlockRef } from '../types.ts';
import { withDeadline } from './deadline.ts';
import type { FinalHands, FinalWatch } from './final-watch.ts';
import type { ForkOutcome, ForkResolver } from './fork-resolver.ts';
import type { SyncOptions } from './options.ts';
import type { Producer } from './producer.ts';
import { type Rejections, rejectionOf } from './rejections.ts';
import type { Suspicion } from './survey.ts';

export interface ConsumerOptions {
  readonly sync: SyncOptions;
  readonly producer: Producer;
  readonly forks: ForkResolver;
  readonly rejections: Rejections;
  readonly confirmed: BlockRef | null;
  /** Whether the chain's rules can build all tries at once. */
  readonly buildable: boolean;
  readonly target: () => number | null;
  readonly final: () => BlockRef | null;
  readonly finality: FinalWatch;
  /** Whether the tip is near: then blocks are committed one at a time. */
  readonly following: () => boolean;
  readonly onCommitted: (confirmed: BlockRef | null, wanted: readonly Need[]) => void;
  /** Blocks above the height were removed. */
  readonly onUnwound: (to: number) => void;
  /** The tries are being built: `done` of `total` entries, or roughly so. */
  readonly onBuilding: (progress: {
    readonly done: number;
    readonly total: number;
    readonly etaS: number | null;
  }) => void;
  readonly onHalt: (reason: string) => void;
}

/** A build of the state tries under way. */
export interface StateBuilding {
  readonly stage: string;
  /** Of this stage, 0 to 1. */
  readonly share: number;
  readonly sinceMs: number;
  readonly etaS: number | null;
}

/**
 * The consumer: takes verified blocks in order, has them applied and committed, one batch at a time. It alone moves
 * the confirmed tip, so it also resolves forks: what is stored changes in one place.
 */
export class Consumer {
  private readonly options: ConsumerOptions;
  private tip: BlockRef | null;
  private suspected: Suspicion | null = null;
  private lookedLast = false;
  /** Since when every look says that the chain was rolled back, null when the last did not. */
  private shrunkSinceMs: number | null = null;
  private busyMsTotal = 0;
  private underBuild: StateBuilding | null = null;

  constructor(options: ConsumerOptions) {
    this.options = options;
    this.tip = options.confirmed;
  }

  get confirmed(): BlockRef | null {
    return this.tip;
  }

  /** Time spent applying and committing: against the wall clock it tells whether the applier is the bottleneck. */
  get busyMs(): number {
    return this.busyMsTotal;
  }

  /** Something suggests that the sources left our branch: look into it before the next block. */
  suspectFork(suspicion: Suspicion): void {
    this.suspected ??= suspicion;
    this.options.producer.channel.changed.ring();
  }

  /** How far the build of the state is, null while none is under way. */
  get building(): StateBuilding | null {
    return this.underBuild;
  }

  /** Something changed that the next step may depend on. */
  poke(): void {
    this.options.producer.channel.changed.ring();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { producer, sync } = this.options;
    while (!signal.aborted) {
      try {
        // Never two looks without a batch between them: suspicions must not starve the chain.
        if (this.suspected !== null && !(this.lookedLast && producer.channel.items > 0)) {
          this.lookedLast = true;
          await this.lookIntoFork(signal);
          continue;
        }
        if (this.options.finality.isDue(this.tip)) {
          await this.options.finality.settle(this.hands(signal));
          continue;
        }
        this.lookedLast = false;
        const work = this.nextWork();
        if (work === 'build') {
          await this.build();
          continue;
        }
        const blocks = this.takeBatch(work);
        if (blocks.length > 0) await this.apply(blocks, work, signal);
        // What was taken may all have been recalled, with good blocks behind it that nobody will announce again.
        else if (producer.channel.items === 0) await producer.channel.changed.wait(signal);
      } catch (error) {
        if (isAbort(error, signal)) return;
        sync.log.error('the applier failed', { message: String(error) });
        throw error;
      }
    }
  }

  private hands(signal: AbortSignal): FinalHands {
    return {
      tip: () => this.tip,
      resolveFork: () => this.resolveFork(signal),
      unwind: (to) => this.unwindTo(to, 'invalid'),
      halt: this.options.onHalt,
    };
  }

  private async unwindTo(to: number, reason: UnwindReason): Promise<void> {
    this.underBuild = null;
    const { sync, producer, onCommitted, onUnwound } = this.options;
    this.tip = await sync.apply.unwind({ to, reason });
    onUnwound(this.tip?.height ?? -1);
    producer.dispatch({ type: 'reset', base: nextHeight(this.tip) });
    onCommitted(this.tip, []);
  }

  private nextWork(): StateWork {
    const { sync, buildable, target } = this.options;
    const outlook = { buildable, confirmed: this.tip?.height ?? -1, target: target() };
    return chooseStateWork({ ...outlook, stage: this.pending()?.stage.type ?? null }, sync.statePolicy);
  }

  private pending(): PendingState | null {
    using view = this.options.sync.store.view();
    return readPendingState(view);
  }

  /** One step towards proving the pending state. */
  private async build(): Promise<void> {
    const { sync, onCommitted } = this.options;
    const startedMs = sync.env.nowMs();
    const report = await sync.apply.rebuild();
    this.busyMsTotal += sync.env.nowMs() - startedMs;
    switch (report.type) {
      case 'working':
        this.noteBuilding(report);
        return;
      case 'proven':
        this.underBuild = null;
        sync.log.info('the state is proven', { height: report.at?.height ?? -1, hashes: report.hashes });
        onCommitted(this.tip, []);
        return;
      case 'false':
        await this.onFalseState(report);
        return;
      default:
        report satisfies never;
    }
  }

  private noteBuilding({ stage, done, share }: Extract<RebuildReport, { type: 'working' }>): void {
    const { sync, onBuilding } = this.options;
    const nowMs = sync.env.nowMs();
    const before = this.underBuild;
    const sinceMs = before?.stage === stage && before.share <= share ? before.sinceMs : nowMs;
    const etaS = share > 0 ? ((nowMs - sinceMs) * (1 - share)) / share / 1000 : null;
    this.underBuild = { stage, share, sinceMs, etaS };
    // Keys are spread evenly, so the share of the key space tells how many entries there are.
    if (share > 0) onBuilding({ done, total: Math.round(done / share), etaS });
  }

  /** The search ended at a block with a false state diff: it goes, with all above it, and is fetched elsewhere. */
  private async onFalseState({ culprit, got }: Extract<RebuildReport, { type: 'false' }>): Promise<void> {
    const { sync, producer, rejections } = this.options;
    const { height } = culprit.ref;
    const blamed = [...new Set(Object.values(culprit.from))];
    const error = new SynclineError('STATE_ROOT_MISMATCH', 'peer', `state root mismatch at height ${height}`, {
      data: { check: 'state-root', expected: toHex(culprit.stateRoot), got, hash: toHex(culprit.ref.hash) },
    });
    const evidence = this.storedEvidence(culprit);
    await rejections.keep(rejectionOf(error, { height, blamed, nowMs: sync.env.nowMs() }), evidence);
    await this.unwindTo(height - 1, 'invalid');
    producer.dispatch({ type: 'refused', height, fault: 'peer', blamed });
  }

  private storedEvidence({ ref, from }: BlockRecord): { part: string; bytes: Uint8Array; from: string }[] {
    using view = this.options.sync.store.view();
    return readParts(view, ref.height).map(({ part, bytes }) => ({ part, bytes, from: from[part] ?? 'unknown' }));
  }

  private takeBatch(work: StateWork): Verified<SealedBlock>[] {
    const { producer, sync, following } = this.options;
    const { batchBlocksMax, flatBlocksMax } = sync.pipelinePolicy;
    const itemsMax = work === 'flat' ? flatBlocksMax : following() ? 1 : batchBlocksMax;
    return producer.channel
      .take(itemsMax)
      .filter((item) => item.epoch === producer.epoch)
      .map((item) => item.block);
  }

  private async apply(blocks: readonly Verified<SealedBlock>[], work: StateWork, signal: AbortSignal): Promise<void> {
    const { sync, producer } = this.options;
    const linked = linkedPrefix(this.tip, blocks);
    if (linked.length > 0) {
      const startedMs = sync.env.nowMs();
      const report = await (work === 'flat' ? sync.apply.commitFlat(linked) : sync.apply.commit(linked));
      this.busyMsTotal += sync.env.nowMs() - startedMs;
      await this.onReport(report, linked);
      if (report.failure !== null) return;
    }
    const odd = blocks[linked.length];
    if (odd === undefined || odd.ref.height !== nextHeight(this.tip)) return;
    if (signal.aborted) return;
    await this.onUnlinked(odd, signal);
    producer.dispatch({ type: 'tick' });
  }

  private async onReport(report: CommitReport, blocks: readonly Verified<SealedBlock>[]): Promise<void> {
    const { producer, rejections, sync } = this.options;
    const last = report.committed[report.committed.length - 1];
    if (last !== undefined) {
      this.tip = last;
      producer.committed(last.height);
      this.options.onCommitted(last, report.wanted);
    }
    if (report.failure === null) return;
    const { height } = report.failure;
    const error = fromPlainError(report.failure.error);
    const culprit = blocks.find((block) => block.ref.height === height);
    const blamed = [...new Set(Object.values(culprit?.from ?? {}))];
    await rejections.keep(rejectionOf(error, { height, blamed, nowMs: sync.env.nowMs() }), evidenceOf(culprit));
    producer.dispatch({ type: 'refused', height, fault: 'peer', blamed });
  }

  /** The next block does not follow our tip: it is on another branch, or our tip is. */
  private async onUnlinked(block: Verified<SealedBlock>, signal: AbortSignal): Promise<void> {
    const { producer, rejections, sync } = this.options;
    const blamed = [...new Set(Object.values(block.from))];
    if (this.tip === null) {
      const error = unlinked(block, ZERO_HASH);
      await rejections.keep(rejectionOf(error, { height: 0, blamed, nowMs: sync.env.nowMs() }), evidenceOf(block));
      producer.dispatch({ type: 'refused', height: block.ref.height, fault: 'peer', blamed });
      return;
    }
    const tip = this.tip;
    if ((await this.resolveFork(signal)) === 'moved') return;
    const error = unlinked(block, tip.hash);
    await rejections.keep(
      rejectionOf(error, { height: block.ref.height, blamed, nowMs: sync.env.nowMs() }),
      evidenceOf(block),
    );
    for (const source of blamed) this.putAside(source);
    producer.dispatch({ type: 'refused', height: block.ref.height, fault: 'source', blamed });
  }

  private async lookIntoFork(signal: AbortSignal): Promise<void> {
    const suspicion = this.suspected;
    this.suspected = null;
    if (this.tip === null || suspicion === null) return;
    this.options.sync.log.info('a fork is suspected', { reason: suspicion.reason, height: this.tip.height });
    const before = this.tip;
    const outcome = await this.resolveFork(signal);
    // Who claims another block and cannot show it is not heard again at once. Who only lags says nothing false.
    if (outcome === 'kept' && this.tip === before && suspicion.kind === 'other') this.putAside(suspicion.source);
  }

  /** Whether the confirmed tip moved (or everything halted), stands, or nobody could tell. */
  private async resolveFork(signal: AbortSignal): Promise<'moved' | 'kept' | 'unknown'> {
    const { forks, sync, onHalt } = this.options;
    if (this.tip === null) return 'unknown';
    const outcome = await this.askAboutFork(forks, this.tip, signal);
    if (outcome.type !== 'unwind' || !outcome.rolledBack) this.shrunkSinceMs = null;
    switch (outcome.type) {
      case 'unknown':
        return 'unknown';
      case 'keep':
        for (const source of outcome.dissenters) this.putAside(source);
        return 'kept';
      case 'halt':
        onHalt(outcome.reason);
        return 'moved';
      case 'unwind': {
        if (outcome.rolledBack && !this.isShrunkForLong()) return 'unknown';
        this.shrunkSinceMs = null;
        sync.log.warn('rolling back', { from: this.tip.height, to: outcome.to, source: outcome.leader });
        await this.unwindTo(outcome.to, 'reorg');
        return 'moved';
      }
      default:
        outcome satisfies never;
        return 'unknown';
    }
  }

  /** A search that takes too long is given up: blocks wait meanwhile. */
  private async askAboutFork(forks: ForkResolver, tip: BlockRef, signal: AbortSignal): Promise<ForkOutcome> {
    const { sync, final } = this.options;
    const limit = { timeoutMs: FORK_SEARCH_MS, signal, what: 'the search for a common block' };
    try {
      return await withDeadline(sync.env, limit, (inner) => forks.resolve(tip, final(), inner));
    } catch (error) {
      if (signal.aborted || toSynclineError(error).code !== 'SOURCE_TIMEOUT') throw error;
      return { type: 'unknown' };
    }
  }

  /** A head that is lower for a moment may be a stale answer: a roll-back is believed at the second look. */
  private isShrunkForLong(): boolean {
    const { sync } = this.options;
    const nowMs = sync.env.nowMs();
    this.shrunkSinceMs ??= nowMs;
    return nowMs - this.shrunkSinceMs >= sync.pipelinePolicy.pollMs / 2;
  }

  private putAside(source: string): void {
    const { producer, sync } = this.options;
    sync.notify({ type: 'source', id: source, state: 'aside', reason: 'on another branch than ours' });
    producer.dispatch({ type: 'aside', source, forMs: sync.pipelinePolicy.asideMs });
  }
}

function nextHeight(tip: BlockRef | null): number {
  return tip === null ? 0 : tip.height + 1;
}

/** The longest run from the start that follows `tip` link by link. */
function linkedPrefix(
  tip: BlockRef | null,
  blocks: readonly Verified<SealedBlock>[],
): readonly Verified<SealedBlock>[] {
  let height = nextHeight(tip);
  let hash: Uint8Array = tip?.hash ?? ZERO_HASH;
  let count = 0;
  for (const block of blocks) {
    if (block.ref.height !== height || !equalBytes(block.parent, hash)) break;
    hash = block.ref.hash;
    height++;
    count++;
  }
  return blocks.slice(0, count);
}

function unlinked(block: SealedBlock, expected: Uint8Array): SynclineError {
  return new SynclineError('PARENT_MISMATCH', 'source', `block ${block.ref.height} does not follow our tip`, {
    data: { check: 'parent', expected: toHex(expected), got: toHex(block.parent), hash: toHex(block.ref.hash) },
  });
}

/** The parts of a sealed block as evidence: its raw bytes are gone by the time it is applied. */
function evidenceOf(block: SealedBlock | undefined): { part: string; bytes: Uint8Array; from: string }[] {
  if (block === undefined) return [];
  return Object.entries(block.parts).map(([part, bytes]) => ({ part, bytes, from: block.from[part] ?? 'unknown' }));
}

const FORK_SEARCH_MS = 60_000;
