import {
  type Channel,
  createBell,
  createChannel,
  isAbort,
  type Scope,
  type SynclineError,
  toSynclineError,
} from '../../lib/index.ts';
import type { Candidate, Need, SealedBlock, Verified } from '../chain.ts';
import { createRange, type RangeCommand, type RangeEvent, type RangeState, stepRange } from '../range/index.ts';
import type { Delivery, Source } from '../source.ts';
import type { Height } from '../types.ts';
import { type Alarm, createAlarm } from './alarm.ts';
import { withDeadline } from './deadline.ts';
import type { SyncOptions } from './options.ts';
import { type Rejections, rejectionOf } from './rejections.ts';

/** A verified block on its way to the applier. Items of an older epoch were recalled. */
export interface HandedBlock {
  readonly epoch: number;
  readonly block: Verified<SealedBlock>;
}

export interface ProducerStart {
  readonly firstNeeds: readonly Need[];
  readonly base: number;
  /** A request has ended, and with it somebody's turn at a source. */
  readonly onAnswered: () => void;
}

/**
 * The producer: carries out what the range scheduler decides. It fetches, has candidates examined, and hands sealed
 * blocks to the channel in order. It never looks inside a block.
 */
export class Producer {
  readonly channel: Channel<HandedBlock>;
  readonly state: RangeState;
  private readonly options: SyncOptions;
  private readonly scope: Scope;
  private readonly rejections: Rejections;
  private readonly onAnswered: () => void;
  private readonly sources: ReadonlyMap<string, Source>;
  private readonly candidates = new Map<number, Candidate[]>();
  private readonly sealed = new Map<number, Verified<SealedBlock>>();
  private readonly requests = new Map<number, AbortController>();
  /** Changes when a height's candidates are dropped: an answer of an older one is nobody's. */
  private readonly versions = new Map<number, number>();
  private handQueue: number[] = [];
  private readonly handBell = createBell();
  private epochNow = 0;
  private readonly alarm: Alarm;

  constructor(options: SyncOptions, scope: Scope, rejections: Rejections, { onAnswered, ...start }: ProducerStart) {
    const { channelBlocks, channelBytes } = options.pipelinePolicy;
    this.options = options;
    this.scope = scope;
    this.rejections = rejections;
    this.onAnswered = onAnswered;
    this.sources = new Map(options.sources.map((source) => [source.id, source]));
    this.channel = createChannel({ itemsMax: channelBlocks, bytesMax: channelBytes });
    this.alarm = createAlarm(options.env, scope, () => this.dispatch({ type: 'tick' }));
    this.state = createRange({ policy: options.rangePolicy, ...start });
    scope.signal.addEventListener('abort', () => this.abortRequests(scope.signal.reason), { once: true });
    scope.spawn((signal) => this.handOver(signal));
  }

  get epoch(): number {
    return this.epochNow;
  }

  dispatch(event: RangeEvent): void {
    for (const command of stepRange(this.state, event, this.options.env.nowMs())) this.carryOut(command);
  }

  /** A sealed block that waits or was handed over, for blame. */
  sealedAt(height: number): Verified<SealedBlock> | undefined {
    return this.sealed.get(height);
  }

  committed(height: number): void {
    for (const done of [...this.sealed.keys()]) if (done <= height) this.drop(done);
    this.dispatch({ type: 'committed', height });
  }

  private carryOut(command: RangeCommand): void {
    switch (command.type) {
      case 'fetch':
        this.scope.spawn(() => this.fetch(command));
        return;
      case 'cancel':
        this.requests.get(command.request)?.abort(new DOMException('no longer needed', 'AbortError'));
        this.requests.delete(command.request);
        return;
      case 'examine':
        this.scope.spawn(() => this.examine(command.height, command.absent));
        return;
      case 'drop':
        this.drop(command.height);
        return;
      case 'hand':
        this.handQueue.push(command.height);
        this.handBell.ring();
        return;
      case 'recall':
        this.epochNow++;
        this.handQueue = [];
        this.channel.clear();
        return;
      case 'wake':
        this.alarm.setAtMs(command.atMs);
        return;
      case 'source': {
        const waitMs = Math.max(0, command.untilMs - this.options.env.nowMs());
        const reason = command.state === 'ok' ? 'usable again' : `left alone for ${Math.ceil(waitMs)} ms`;
        this.options.notify({ type: 'source', id: command.id, state: command.state, reason });
        return;
      }
      case 'stalled': {
        const height = command.height as Height;
        const reason = `no source delivers ${command.parts.join(', ')}`;
        this.options.notify({ type: 'stalled', span: { from: height, to: height }, reason });
        return;
      }
      default:
        command satisfies never;
    }
  }

  private abortRequests(reason: unknown): void {
    for (const controller of this.requests.values()) controller.abort(reason);
  }

  private async fetch(command: Extract<RangeCommand, { type: 'fetch' }>): Promise<void> {
    const source = this.sources.get(command.source);
    if (source === undefined) return;
    const { request, height, parts } = command;
    if (this.scope.signal.aborted) return;
    const controller = new AbortController();
    this.requests.set(request, controller);
    const { signal } = controller;
    const wanted = { height: height as Height, parts, ...(command.id === undefined ? {} : { id: command.id }) };
    try {
      const limit = { timeoutMs: command.timeoutMs, signal, what: `block ${height} from ${source.id}` };
      const deliveries = await withDeadline(this.options.env, limit, (inner) =>
        collect(source.fetch(wanted, { signal: inner })),
      );
      if (signal.aborted) return;
      this.onDeliveries(command, deliveries);
    } catch (error) {
      if (isAbort(error, signal)) return;
      this.onFetchError(command, toSynclineError(error));
    } finally {
      this.requests.delete(request);
      this.onAnswered();
    }
  }

  private onDeliveries(command: Extract<RangeCommand, { type: 'fetch' }>, deliveries: readonly Delivery[]): void {
    const { request, height, source } = command;
    const held = this.candidates.get(height) ?? [];
    let bytes = 0;
    const delivered: string[] = [];
    const absent: string[] = [];
    for (const delivery of deliveries) {
      if (delivery.type === 'absent') {
        absent.push(delivery.part);
        continue;
      }
      // The first of a part stands, e.g. when a hedged request is answered twice: then blame has one address.
      if (held.some((candidate) => candidate.part === delivery.part)) continue;
      held.push({ part: delivery.part, bytes: delivery.bytes, from: source });
      delivered.push(delivery.part);
      bytes += delivery.bytes.length;
    }
    this.candidates.set(height, held);
    this.dispatch({ type: 'fetched', request, bytes, delivered, absent });
  }

  private onFetchError(command: Extract<RangeCommand, { type: 'fetch' }>, error: SynclineError): void {
    if (error.fault !== 'source' && error.fault !== 'peer') throw error;
    const { request, source, height } = command;
    const wait = error.data.retryAfterMs;
    this.options.log.debug('request failed', { source, height, code: error.code, message: error.message });
    this.options.notify({ type: 'source', id: source, state: 'failed', reason: `${error.code}: ${error.message}` });
    this.dispatch({
      type: 'failed',
      request,
      fault: error.fault,
      retryAfterMs: typeof wait === 'number' ? wait : null,
    });
  }

  private async examine(height: number, absent: readonly string[]): Promise<void> {
    const version = this.versions.get(height) ?? 0;
    const candidates = this.candidates.get(height) ?? [];
    try {
      const found = await this.options.verify.examine({ height: height as Height, candidates, absent });
      if ((this.versions.get(height) ?? 0) !== version) return;
      if (found.type === 'needs') {
        this.dispatch({ type: 'needs', height, needs: found.needs });
        return;
      }
      this.candidates.delete(height);
      this.sealed.set(height, found.block);
      const from = Object.values(found.block.from);
      this.dispatch({ type: 'sealed', height, bytes: sealedBytes(found.block), from });
    } catch (thrown) {
      const error = toSynclineError(thrown);
      if (error.fault !== 'peer' && error.fault !== 'source') throw error;
      if ((this.versions.get(height) ?? 0) !== version) return;
      const blamed = blamedSources(error, candidates);
      await this.rejections.keep(rejectionOf(error, { height, blamed, nowMs: this.options.env.nowMs() }), candidates);
      if ((this.versions.get(height) ?? 0) !== version) return;
      this.dispatch({ type: 'refused', height, fault: error.fault, blamed });
    }
  }

  private async handOver(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const height = this.handQueue.shift();
      if (height === undefined) {
        await this.handBell.wait(signal);
        continue;
      }
      const epoch = this.epochNow;
      const block = this.sealed.get(height);
      if (block !== undefined) await this.channel.send({ epoch, block }, sealedBytes(block), signal);
    }
  }

  private drop(height: number): void {
    this.candidates.delete(height);
    this.sealed.delete(height);
    if (this.versions.size > VERSIONS_MAX) this.forgetVersions(height);
    this.versions.set(height, (this.versions.get(height) ?? 0) + 1);
  }

  /** Versions of heights long committed are of no use; answers for them find no slot anyway. */
  private forgetVersions(around: number): void {
    for (const height of this.versions.keys()) {
      if (Math.abs(height - around) > VERSIONS_MAX / 4) this.versions.delete(height);
    }
  }
}

async function collect(deliveries: AsyncIterable<Delivery>): Promise<readonly Delivery[]> {
  const all: Delivery[] = [];
  for await (const delivery of deliveries) {
    all.push(delivery);
    if (all.length > DELIVERIES_MAX) break;
  }
  return all;
}

/** Sources of the parts the error names; without names, of all candidates. */
function blamedSources(error: SynclineError, candidates: readonly Candidate[]): readonly string[] {
  const { parts } = error.data;
  const named = Array.isArray(parts) ? candidates.filter((candidate) => parts.includes(candidate.part)) : [];
  return [...new Set((named.length > 0 ? named : candidates).map((candidate) => candidate.from))];
}

/** What a sealed block weighs in memory, roughly. */
function sealedBytes(block: SealedBlock): number {
  let bytes = 1024;
  for (const part of Object.values(block.parts)) bytes += part.length;
  for (const write of block.index) bytes += 64 + write.key.length + (write.value?.length ?? 0);
  return bytes;
}

/** A block has a handful of parts; more answers to one request are noise. */
const DELIVERIES_MAX = 64;
const VERSIONS_MAX = 4096;
