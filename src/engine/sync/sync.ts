import { type Bell, createBell, createScope, isAbort, type Scope } from '../../lib/index.ts';
import { type Recovery, readBlock, readPendingState, readTips, type WriterUsage } from '../commit/index.ts';
import { initialSyncState, type Mode, nextMode, type SyncState } from '../modes/index.ts';
import { optionsOf, reachable } from '../range/index.ts';
import type { Survey } from '../source.ts';
import type { BlockRef, Hash32 } from '../types.ts';
import { Consumer } from './consumer.ts';
import { createFinalWatch, type FinalWatch } from './final-watch.ts';
import { createForkResolver } from './fork-resolver.ts';
import { createLateService, type LateService } from './late-service.ts';
import { type MeteredVerifier, meterSource, meterVerifier } from './meters.ts';
import type { SyncOptions } from './options.ts';
import { Producer } from './producer.ts';
import { createProgressMeter } from './progress.ts';
import { watchProvisional } from './provisional-watch.ts';
import { createRejections } from './rejections.ts';
import { type Suspicion, surveyForever } from './survey.ts';

/** How a run ended: on request, at the height asked for, or for safety. */
export type SyncEnd =
  | { readonly type: 'stopped' }
  | { readonly type: 'reached'; readonly confirmed: BlockRef }
  | { readonly type: 'halted'; readonly reason: string };

export interface SourceReport {
  readonly id: string;
  readonly standing: string;
  readonly state: string;
  readonly ok: number;
  readonly fail: number;
  readonly strikes: number;
  readonly head: number | null;
  readonly latencyMs: number;
  /** Of parts that it delivered, as they are verified: inflated. */
  readonly receivedBytes: number;
}

/** What the sync knows of itself right now. */
export interface SyncReport {
  readonly mode: Mode;
  readonly reason: string;
  readonly serving: boolean;
  readonly confirmed: BlockRef | null;
  readonly target: number | null;
  /** Its hash, where a source has named it as its head; a claim. */
  readonly targetHash: Hash32 | null;
  /** Blocks a second over the last minute. */
  readonly rate: number;
  readonly etaS: number | null;
  readonly rejected: number;
  readonly sources: readonly SourceReport[];
  /** Where the time goes: a full window says the applier is slow, an empty channel says the sources are. */
  readonly pipeline: {
    readonly window: number;
    readonly windowBytes: number;
    readonly requests: number;
    readonly channel: number;
    /** Time in which blocks, or the state, were worked on; commits are part of it. */
    readonly applierBusyMs: number;
    /** Time in which there was something to verify. */
    readonly verifierBusyMs: number;
    /** Of the writer, as it said within the last second. */
    readonly commits: number;
    readonly commitMs: number;
    readonly bottleneck: 'fetch' | 'verify' | 'apply' | 'none';
  };
  readonly latePending: number;
  /** How far the build of the state tries is, null while none is under way. */
  readonly building: { readonly stage: string; readonly share: number; readonly etaS: number | null } | null;
  /** When the engine last did something, for liveness. */
  readonly tickedAtMs: number;
}

export interface Sync {
  /** Recovers the store, then syncs until the signal aborts, `until` is reached, or it halts. */
  run(signal: AbortSignal): Promise<SyncEnd>;
  report(): SyncReport;
  /** Rings after every commit and roll-back. */
  readonly changed: Bell;
}

export function createSync(options: SyncOptions): Sync {
  return new SyncRun(options);
}

class SyncRun implements Sync {
  readonly changed = createBell();
  private readonly options: SyncOptions;
  private readonly meter = createProgressMeter();
  private readonly heads = new Map<string, number>();
  private readonly headHashes = new Map<string, Hash32>();
  private readonly rejections;
  private readonly verifier: MeteredVerifier;
  private readonly receivedBytes = new Map<string, number>();
  private usage: WriterUsage = { commits: 0, commitMs: 0 };
  private state: SyncState = initialSyncState;
  private producer: Producer | null = null;
  private consumer: Consumer | null = null;
  private late: LateService | null = null;
  private finality: FinalWatch | null = null;
  private halt: string | null = null;
  private storeOpen = false;
  private endNow: (end: SyncEnd) => void = () => {};
  private tickedAtMs = 0;

  constructor(options: SyncOptions) {
    const { env, sources } = options;
    this.verifier = meterVerifier(options.verify, () => env.nowMs());
    const metered = sources.map((source) => meterSource(source, (bytes) => this.noteBytes(source.id, bytes)));
    this.options = { ...options, verify: this.verifier.host, sources: metered };
    this.rejections = createRejections(this.options);
  }

  async run(signal: AbortSignal): Promise<SyncEnd> {
    const { apply, verify, env, sources } = this.options;
    const recovery = await apply.recover();
    if (recovery.unwoundBlocks > 0) {
      this.options.log.info('finished an interrupted roll-back', { blocks: recovery.unwoundBlocks });
    }
    this.storeOpen = true;
    const firstNeeds = await verify.firstNeeds();
    const scope = createScope(signal);
    const ended = new Promise<SyncEnd>((resolve) => {
      this.endNow = resolve;
      signal.addEventListener('abort', () => resolve({ type: 'stopped' }), { once: true });
      if (signal.aborted) resolve({ type: 'stopped' });
    });
    try {
      const base = recovery.confirmed === null ? 0 : recovery.confirmed.height + 1;
      const producer = new Producer(this.options, scope, this.rejections, {
        firstNeeds,
        base,
        onAnswered: () => this.late?.turnsFreed(),
      });
      this.producer = producer;
      this.finality = createFinalWatch({
        sync: this.options,
        scope,
        rejections: this.rejections,
        onDue: () => this.consumer?.poke(),
        onAdvanced: () => this.changed.ring(),
      });
      const consumer = this.createConsumer(producer, this.finality, firstNeeds, recovery);
      this.consumer = consumer;
      if (this.options.until !== undefined) producer.dispatch({ type: 'limit', limit: this.options.until });
      // The scheduler knows those that serve blocks; the others are the watch on finality's and the late parts' affair.
      const serving = sources.filter((source) => source.parts.length > 0 && source.contentOnly !== true);
      for (const source of serving) producer.dispatch({ type: 'source', source });
      this.late = createLateService(this.options, scope, this.rejections, {
        bookOf: (source) => producer.state.books.get(source) ?? null,
        onTurns: () => producer.dispatch({ type: 'tick' }),
        onChange: () => this.onMoved(),
        onLie: (source) => producer.dispatch({ type: 'strike', source }),
      });
      this.meter.note(base, env.nowMs());
      this.onMoved();
      scope.spawn((inner) => consumer.run(inner));
      this.watchProvisional(scope);
      scope.spawn((inner) => this.tick(inner));
      scope.spawn((inner) => this.watchWriter(inner));
      for (const source of serving) scope.spawn((inner) => surveyForever(this.surveyor(producer), source, inner));
      return await Promise.race([ended, scope.done.then(() => ({ type: 'stopped' }) as const)]);
    } finally {
      await scope.close();
    }
  }

  report(): SyncReport {
    const { env, sources } = this.options;
    const nowMs = env.nowMs();
    const target = this.target();
    const rangeState = this.producer?.state;
    return {
      mode: this.state.mode,
      reason: this.state.reason,
      serving: this.state.serving,
      confirmed: this.consumer?.confirmed ?? null,
      target,
      targetHash: this.targetHash(target),
      rate: this.meter.rate(nowMs),
      etaS: target === null ? null : this.meter.etaS(target + 1, nowMs),
      rejected: this.rejections.count,
      sources: sources.map((source) => {
        const book = rangeState?.books.get(source.id);
        const anchor = this.finality?.report(source.id);
        // Those without a book give late parts alone.
        const late = book === undefined ? this.late?.answersOf(source.id) : undefined;
        return {
          id: source.id,
          standing: source.standing,
          state: book?.state ?? anchor?.state ?? 'ok',
          ok: book?.ok ?? anchor?.ok ?? late?.ok ?? 0,
          fail: book?.fail ?? anchor?.fail ?? late?.fail ?? 0,
          strikes: book?.strikes ?? 0,
          head: this.heads.get(source.id) ?? anchor?.head ?? null,
          latencyMs: Math.round(book?.latencyMs ?? 0),
          receivedBytes: this.receivedBytes.get(source.id) ?? 0,
        };
      }),
      pipeline: {
        window: rangeState?.slots.size ?? 0,
        windowBytes: rangeState?.heldBytes ?? 0,
        requests: rangeState?.requests.size ?? 0,
        channel: this.producer?.channel.items ?? 0,
        applierBusyMs: this.consumer?.busyMs ?? 0,
        verifierBusyMs: this.verifier.busyMs,
        ...this.usage,
        bottleneck: this.bottleneck(),
      },
      latePending: this.late?.pending ?? 0,
      building: this.consumer?.building ?? null,
      tickedAtMs: this.tickedAtMs,
    };
  }

  private createConsumer(
    producer: Producer,
    finality: FinalWatch,
    firstNeeds: Parameters<typeof createForkResolver>[0]['firstNeeds'],
    recovery: Recovery,
  ): Consumer {
    const forks = createForkResolver({
      sync: this.options,
      rejections: this.rejections,
      firstNeeds,
      askable: () => this.askable(producer),
      strike: (source) => producer.dispatch({ type: 'strike', source }),
    });
    return new Consumer({
      sync: this.options,
      producer,
      forks,
      finality,
      rejections: this.rejections,
      confirmed: recovery.confirmed,
      buildable: recovery.buildable,
      target: () => this.target(),
      final: () => this.finalTip(),
      following: () => this.state.mode === 'follow',
      onCommitted: (tip, wanted) => {
        this.meter.note(tip === null ? 0 : tip.height + 1, this.options.env.nowMs());
        this.options.provisional?.clear();
        this.late?.named(wanted);
        this.onMoved();
        this.changed.ring();
      },
      onUnwound: (to) => this.late?.unwound(to),
      onBuilding: (progress) => this.options.notify({ type: 'progress', phase: 'state', rate: 0, ...progress }),
      onHalt: (reason) => {
        this.halt = reason;
        this.onMoved();
      },
    });
  }

  private watchProvisional(scope: Scope): void {
    const { provisional: board } = this.options;
    if (board === undefined) return;
    const confirmed = () => this.consumer?.confirmed ?? null;
    watchProvisional({ sync: this.options, board, confirmed, following: () => this.state.mode === 'follow' }, scope);
  }

  private surveyor(producer: Producer) {
    const { pollMs, pollBehindMs } = this.options.pipelinePolicy;
    return {
      sync: this.options,
      producer,
      confirmed: () => this.consumer?.confirmed ?? null,
      suspectFork: (suspicion: Suspicion) => this.consumer?.suspectFork(suspicion),
      othersReach: (source: string, height: number) =>
        [...this.heads].some(([other, head]) => other !== source && head >= height),
      intervalMs: () => (this.nearTarget() ? pollMs : pollBehindMs),
      onSurvey: (source: string, survey: Survey) => {
        this.heads.set(source, survey.head?.height ?? -1);
        if (survey.head === null) this.headHashes.delete(source);
        else this.headHashes.set(source, survey.head.hash);
        // The scheduler hears of it next; the mode looks after that.
        queueMicrotask(() => this.onMoved());
      },
    };
  }

  /** Sources fit to be asked about forks: not cooling, not benched for lying. Being aside does not silence one. */
  private askable(producer: Producer) {
    const nowMs = this.options.env.nowMs();
    const sealing = producer.state.firstNeeds.filter((need) => need.weight === 'seal').flatMap(optionsOf);
    const serving = this.options.sources.filter((source) => sealing.some((need) => source.parts.includes(need.part)));
    const awake = serving.filter((source) => {
      const book = producer.state.books.get(source.id);
      return book !== undefined && book.coolUntilMs <= nowMs;
    });
    const trusted = awake.filter((source) => {
      const book = producer.state.books.get(source.id);
      return book !== undefined && (book.strikes < 1 || book.benchedUntilMs <= nowMs);
    });
    // Where all have lied, their word is still worth a question: what they show must verify anyway.
    return (trusted.length > 0 ? trusted : awake).map((source) => ({
      source,
      head: this.heads.get(source.id) ?? -1,
    }));
  }

  /** Once a second: progress for people, and the pulse for `/live`. */
  private async tick(signal: AbortSignal): Promise<void> {
    const { env, notify } = this.options;
    let told = '';
    while (!signal.aborted) {
      try {
        await env.sleep(1000, signal);
      } catch (error) {
        if (isAbort(error, signal)) return;
        throw error;
      }
      this.tickedAtMs = env.nowMs();
      const { target, confirmed, rate, etaS, mode } = this.report();
      if (target === null) continue;
      const done = confirmed === null ? 0 : confirmed.height + 1;
      const line = `${mode} ${done} ${target}`;
      if (line === told) continue;
      told = line;
      notify({ type: 'progress', phase: 'blocks', done, total: Math.max(done, target + 1), rate, etaS });
    }
  }

  private async watchWriter(signal: AbortSignal): Promise<void> {
    const { env, apply } = this.options;
    while (!signal.aborted) {
      this.usage = await apply.usage();
      await env.sleep(1000, signal);
    }
  }

  private noteBytes(source: string, bytes: number): void {
    this.receivedBytes.set(source, (this.receivedBytes.get(source) ?? 0) + bytes);
  }

  /** Called whenever a tip, the target or the outlook moved. */
  private onMoved(): void {
    const confirmed = this.consumer?.confirmed ?? null;
    const seen = {
      storeOpen: this.storeOpen,
      confirmed: confirmed?.height ?? -1,
      target: this.target(),
      statePending: this.statePending(),
      snapshotOffered: false,
      halt: this.halt,
    };
    if (seen.statePending) this.consumer?.poke(); // a nearer target may mean that the tries can be built
    const next = nextMode(this.state, seen, this.options.syncPolicy);
    if (next !== this.state) {
      const modeChanged = next.mode !== this.state.mode;
      this.state = next;
      if (modeChanged) this.options.notify({ type: 'mode', mode: next.mode, reason: next.reason });
    }
    if (this.halt !== null) this.endNow({ type: 'halted', reason: this.halt });
    const { until } = this.options;
    if (until !== undefined && confirmed !== null && confirmed.height >= until && !seen.statePending) {
      if (this.late?.isSettled() === false) return; // what the blocks named belongs to them
      this.endNow({ type: 'reached', confirmed });
    }
  }

  private statePending(): boolean {
    if (!this.storeOpen) return false;
    using view = this.options.store.view();
    return readPendingState(view) !== null;
  }

  private target(): number | null {
    const state = this.producer?.state;
    if (state === undefined) return null;
    const seen = [...state.books.values()].some((book) => book.surveyed);
    if (!seen) return null;
    const reach = Math.max(reachable(state), this.consumer?.confirmed?.height ?? -1);
    return Math.min(reach, this.options.until ?? Number.POSITIVE_INFINITY);
  }

  private targetHash(target: number | null): Hash32 | null {
    for (const [source, height] of this.heads) {
      if (height === target) return this.headHashes.get(source) ?? null;
    }
    return null;
  }

  private nearTarget(): boolean {
    const target = this.target();
    if (target === null) return true;
    return target - (this.consumer?.confirmed?.height ?? -1) <= NEAR_BLOCKS;
  }

  private finalTip(): BlockRef | null {
    const name = this.options.tips.final;
    if (name === undefined) return null;
    using view = this.options.store.view();
    const tip = readTips(view)[name] ?? null;
    if (tip === null) return null;
    const hash = tip.hash ?? readBlock(view, tip.height)?.ref.hash ?? null;
    return hash === null ? null : { height: tip.height, hash: hash as Hash32 };
  }

  private bottleneck(): 'fetch' | 'verify' | 'apply' | 'none' {
    const producer = this.producer;
    if (producer === null || this.state.mode !== 'range') return 'none';
    const { channelBlocks } = this.options.pipelinePolicy;
    if (producer.channel.items >= channelBlocks / 2) return 'apply';
    let examining = 0;
    let open = 0;
    for (const slot of producer.state.slots.values()) {
      if (slot.phase === 'examining') examining++;
      else if (slot.phase === 'open') open++;
    }
    return examining > open ? 'verify' : 'fetch';
  }
}

/** Within this distance the head is asked for at the pace of the tip. */
const NEAR_BLOCKS = 64;
