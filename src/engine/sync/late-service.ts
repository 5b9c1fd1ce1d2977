import { concatBytes, createBell, isAbort, type Scope, type SynclineError, toSynclineError } from '../../lib/index.ts';
import {
  createLateNeeds,
  hasRoom,
  type LateCommand,
  type LateEvent,
  lateKey,
  stepLate,
} from '../assemble/late-needs.ts';
import type { Candidate, Need } from '../chain.ts';
import { parseStoredJson, type QuarantineEntry } from '../commit/index.ts';
import type { Rejection } from '../events.ts';
import type { Source } from '../source.ts';
import { createAlarm } from './alarm.ts';
import { withDeadline } from './deadline.ts';
import { createGroupCommit } from './group-commit.ts';
import type { SyncOptions } from './options.ts';
import { type Rejections, rejectionOf } from './rejections.ts';

/** Fetches late parts beside the block pipeline. The list of what is wanted lives in the store. */
export interface LateService {
  named(needs: readonly Need[]): void;
  /** Late parts that are wanted and not stored yet, as far as they are held in memory. */
  readonly pending: number;
  /** How often a source was asked for a part and gave it, or failed; what it does not have counts as neither. */
  answersOf(source: string): { readonly ok: number; readonly fail: number };
  /** Whether everything wanted is stored, or every source has been asked for it in vain at least once. */
  isSettled(): boolean;
}

export interface LateHooks {
  /** A part was stored, missed or quarantined. */
  readonly onChange: () => void;
  /** A source sent what is proven to be false. */
  readonly onLie: (source: string) => void;
}

export function createLateService(
  options: SyncOptions,
  scope: Scope,
  rejections: Rejections,
  { onChange, onLie }: LateHooks,
): LateService {
  const state = createLateNeeds(options.latePolicy);
  const sources = new Map(options.sources.map((source) => [source.id, source]));
  const answers = new Map(options.sources.map(({ id }) => [id, { ok: 0, fail: 0 }]));
  const roomBell = createBell();
  const commitPart = createGroupCommit(options.apply.commitParts);
  /** What was refused last, by key, for the record of a quarantine. */
  const refusals = new Map<string, Rejection>();
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
      onChange();
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
      await commitPart({ need: origin, part });
      refusals.delete(key);
      noteAnswer(source, 'ok');
      return null;
    } catch (thrown) {
      const error = toSynclineError(thrown);
      if (isAbort(thrown, signal) || (error.fault !== 'peer' && error.fault !== 'source')) throw thrown;
      noteAnswer(source, 'fail');
      if (candidate !== null) refusals.set(key, await keepRefusal(error, need, candidate));
      if (error.fault === 'peer' && candidate !== null) onLie(source.id);
      return `${source.id}: ${error.message}`;
    }
  }

  function noteAnswer({ id }: Source, outcome: 'ok' | 'fail'): void {
    const counted = answers.get(id);
    if (counted !== undefined) counted[outcome]++;
  }

  /** A lie is a rejection; what may be an honest difference is only kept, to be shown if nobody has better. */
  async function keepRefusal(error: SynclineError, need: Need, candidate: Candidate): Promise<Rejection> {
    const where = { height: need.height, blamed: [candidate.from], nowMs: options.env.nowMs() };
    const rejection = { ...rejectionOf(error, where), ...(need.id === undefined ? {} : { id: need.id }) };
    if (error.fault === 'peer') return rejections.keep(rejection, [candidate]);
    const evidence = (await options.keepEvidence?.(rejection, [candidate])) ?? null;
    return { ...rejection, evidence };
  }

  async function quarantine(need: Need, reason: string): Promise<void> {
    const id = need.id ?? String(need.height);
    const refusal = refusals.get(lateKey(need));
    refusals.delete(lateKey(need));
    if (isQuarantined(options, need.part, id)) return; // told before, and not had since
    options.notify({ type: 'quarantine', what: need.part, id, reason });
    const common = { what: need.part, id, reason, height: need.height, timeMs: options.env.nowMs() };
    await options.apply.recordQuarantine({ ...common, refused: refusal === undefined ? null : refusedOf(refusal) });
    onChange();
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
    answersOf: (source) => answers.get(source) ?? { ok: 0, fail: 0 },
    isSettled: () => {
      if ([...state.entries.values()].some((entry) => entry.rounds === 0)) return false;
      using view = options.store.view();
      for (const [key] of view.range('wanted', {})) {
        if (view.get('quarantine', key) === undefined) return false;
      }
      return true;
    },
  };
}

function refusedOf({ check, expected, got, source, evidence }: Rejection): QuarantineEntry['refused'] {
  return { check, expected, got, source, evidence };
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
