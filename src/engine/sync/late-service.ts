import { createBell, isAbort, type Scope, toSynclineError } from '../../lib/index.ts';
import { createLateNeeds, hasRoom, type LateCommand, type LateEvent, stepLate } from '../assemble/late-needs.ts';
import type { Candidate, Need } from '../chain.ts';
import { parseStoredJson } from '../commit/index.ts';
import type { Source } from '../source.ts';
import { withDeadline } from './deadline.ts';
import type { SyncOptions } from './options.ts';
import { type Rejections, rejectionOf } from './rejections.ts';

/** Fetches late parts beside the block pipeline. The list of what is wanted lives in the store. */
export interface LateService {
  named(needs: readonly Need[]): void;
  /** Late parts that are wanted and not stored yet, as far as they are held in memory. */
  readonly pending: number;
}

export function createLateService(options: SyncOptions, scope: Scope, rejections: Rejections): LateService {
  const state = createLateNeeds(options.latePolicy);
  const sources = new Map(options.sources.map((source) => [source.id, source]));
  const idle = createBell();

  function dispatch(event: LateEvent): void {
    for (const command of stepLate(state, event, options.env.nowMs())) carryOut(command);
    if (state.entries.size === 0) idle.ring();
  }

  function carryOut(command: LateCommand): void {
    switch (command.type) {
      case 'fetch':
        scope.spawn((signal) => fetchPart(command, signal));
        return;
      case 'quarantine':
        scope.spawn(() => quarantine(command.need, command.reason));
        return;
      case 'wake':
        scope.spawn(async (signal) => {
          await options.env.sleep(Math.max(1, command.atMs - options.env.nowMs()), signal);
          dispatch({ type: 'tick' });
        });
        return;
      default:
        command satisfies never;
    }
  }

  async function fetchPart(command: Extract<LateCommand, { type: 'fetch' }>, signal: AbortSignal): Promise<void> {
    const { key, need } = command;
    try {
      const source = sources.get(command.source) as Source; // commands only name registered sources
      const missed = await tryPart(source, need, key, signal);
      if (missed === null) dispatch({ type: 'stored', key });
      else dispatch({ type: 'missed', key, reason: missed });
    } catch (error) {
      if (!isAbort(error, signal)) throw error;
    }
  }

  /** Null when the part is stored; otherwise why this source did not help. */
  async function tryPart(source: Source, need: Need, key: string, signal: AbortSignal): Promise<string | null> {
    let candidate: Candidate | null = null;
    try {
      const what = `${need.part} ${need.id ?? need.height} from ${source.id}`;
      const limit = { timeoutMs: options.rangePolicy.requestTimeoutMs, signal, what };
      candidate = await withDeadline(options.env, limit, (inner) => fetchOne(source, need, inner));
      if (candidate === null) return `${source.id} has none`;
      const part = await options.verify.examinePart(need, candidate);
      const origin = state.entries.get(key)?.origin ?? need;
      await options.apply.commitParts([{ need: origin, part }]);
      return null;
    } catch (thrown) {
      const error = toSynclineError(thrown);
      if (isAbort(thrown, signal) || (error.fault !== 'peer' && error.fault !== 'source')) throw thrown;
      if (error.fault === 'peer' && candidate !== null) {
        const where = { height: need.height, blamed: [source.id], nowMs: options.env.nowMs() };
        await rejections.keep(rejectionOf(error, where), [candidate]);
      }
      return `${source.id}: ${error.message}`;
    }
  }

  async function quarantine(need: Need, reason: string): Promise<void> {
    const id = need.id ?? String(need.height);
    options.notify({ type: 'quarantine', what: need.part, id, reason });
    const entry = { what: need.part, id, reason, height: need.height, timeMs: options.env.nowMs() };
    await options.apply.recordQuarantine(entry);
  }

  /** Takes up what an earlier run, or an earlier overflow, left on the stored list. */
  async function refill(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (hasRoom(state)) dispatch({ type: 'named', needs: storedWants(options, state.policy.entriesMax) });
      if (state.entries.size > 0) await idle.wait(signal);
      else await options.env.sleep(REFILL_MS, signal);
    }
  }

  for (const source of options.sources) dispatch({ type: 'source', id: source.id, parts: source.parts });
  scope.spawn(refill);

  return {
    named: (needs) => {
      if (needs.length > 0) dispatch({ type: 'named', needs });
    },
    get pending() {
      return state.entries.size;
    },
  };
}

async function fetchOne(source: Source, need: Need, signal: AbortSignal): Promise<Candidate | null> {
  const request = { height: need.height, parts: [need.part], ...(need.id === undefined ? {} : { id: need.id }) };
  for await (const delivery of source.fetch(request, { signal })) {
    if (delivery.type === 'bytes') return { part: delivery.part, bytes: delivery.bytes, from: source.id };
  }
  return null;
}

function storedWants(options: SyncOptions, limit: number): readonly Need[] {
  using view = options.store.view();
  const needs: Need[] = [];
  for (const [, value] of view.range('wanted', { limit })) needs.push(parseStoredJson('wanted', value) as Need);
  return needs;
}

const REFILL_MS = 30_000;
