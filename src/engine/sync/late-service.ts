import { concatBytes, createBell, isAbort, type Scope, toSynclineError } from '../../lib/index.ts';
import { createLateNeeds, hasRoom, type LateCommand, type LateEvent, stepLate } from '../assemble/late-needs.ts';
import type { Candidate, Need } from '../chain.ts';
import { parseStoredJson } from '../commit/index.ts';
import type { Source } from '../source.ts';
import { createAlarm } from './alarm.ts';
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
  const roomBell = createBell();
  const alarm = createAlarm(options.env, scope, () => dispatch({ type: 'tick' }));

  function dispatch(event: LateEvent): void {
    for (const command of stepLate(state, event, options.env.nowMs())) carryOut(command);
    if (hasRoom(state)) roomBell.ring();
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
        alarm.setAtMs(command.atMs);
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
    if (isQuarantined(options, need.part, id)) return; // told before, and not had since
    options.notify({ type: 'quarantine', what: need.part, id, reason });
    const entry = { what: need.part, id, reason, height: need.height, timeMs: options.env.nowMs() };
    await options.apply.recordQuarantine(entry);
  }

  /** Goes through the stored list again and again, for what an earlier run or an overflow left there. */
  async function refill(signal: AbortSignal): Promise<void> {
    let after: Uint8Array = new Uint8Array(0);
    while (!signal.aborted) {
      if (!hasRoom(state)) {
        await roomBell.wait(signal);
        continue;
      }
      // As many as there is room for, or those behind the first page would never have their turn.
      const room = Math.min(REFILL_PAGE, state.policy.entriesMax - state.entries.size);
      const page = storedWants(options, after, room);
      dispatch({ type: 'named', needs: page.needs });
      after = page.next;
      if (page.next.length === 0) await options.env.sleep(REFILL_MS, signal);
      else await options.env.sleep(REFILL_PAGE_MS, signal);
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

function isQuarantined(options: SyncOptions, part: string, id: string): boolean {
  using view = options.store.view();
  return view.get('quarantine', Buffer.from(`${part}\0${id}`)) !== undefined;
}

/** One page of the list, and the key to go on from; an empty one at the end. */
function storedWants(
  options: SyncOptions,
  start: Uint8Array,
  limit: number,
): { readonly needs: readonly Need[]; readonly next: Uint8Array } {
  using view = options.store.view();
  const needs: Need[] = [];
  let last: Uint8Array | null = null;
  for (const [key, value] of view.range('wanted', { start, limit })) {
    needs.push(parseStoredJson('wanted', value) as Need);
    last = key;
  }
  const more = last !== null && needs.length === limit;
  return { needs, next: more ? concatBytes(last as Uint8Array, new Uint8Array([0])) : new Uint8Array(0) };
}

const REFILL_PAGE = 256;
const REFILL_PAGE_MS = 250;
const REFILL_MS = 30_000;
