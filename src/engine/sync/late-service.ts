import { concatBytes, createBell, isAbort, type Scope, type SynclineError, toSynclineError } from '../../lib/index.ts';
import {
  createLateNeeds,
  endLateTurn,
  hasRoom,
  type LateCommand,
  type LateEvent,
  lateKey,
  stepLate,
  waitsForTurn,
} from '../assemble/late-needs.ts';
import type { Candidate, Need } from '../chain.ts';
import { parseStoredJson, type QuarantineEntry } from '../commit/index.ts';
import type { Rejection } from '../events.ts';
import { createBook, type SourceBook } from '../range/index.ts';
import type { Source } from '../source.ts';
import { createAlarm } from './alarm.ts';
import { withDeadline } from './deadline.ts';
import { createGroupCommit } from './group-commit.ts';
import type { SyncOptions } from './options.ts';
import { type Rejections, rejectionOf } from './rejections.ts';

/**
 * Fetches late parts beside the block pipeline, within the same limits of each source. The list of what is wanted lives
 * in the store.
 */
export interface LateService {
  named(needs: readonly Need[]): void;
  /** Blocks above the height were removed: what they were the first to name is fetched no more. */
  unwound(to: number): void;
  /** A source has answered somebody else: it may be our turn. */
  turnsFreed(): void;
  /** Late parts that are wanted and not stored yet, as far as they are held in memory. */
  readonly pending: number;
  /** How often a source was asked for a part and gave it, or failed; what it does not have counts as neither. */
  answersOf(source: string): { readonly ok: number; readonly fail: number };
  /** Whether everything wanted is stored, or every source has been asked for it in vain at least once. */
  isSettled(): boolean;
}

export interface LateHooks {
  /** The book of a source that also serves blocks, to be shared with whoever asks for these; null for one that does not. */
  readonly bookOf: (source: string) => SourceBook | null;
  /** A turn at a source came free, or it is to be left alone for a while. */
  readonly onTurns: () => void;
  /** A part was stored, missed or quarantined. */
  readonly onChange: () => void;
  /** A source sent what is proven to be false. */
  readonly onLie: (source: string) => void;
}

export function createLateService(
  options: SyncOptions,
  scope: Scope,
  rejections: Rejections,
  { bookOf, onTurns, onChange, onLie }: LateHooks,
): LateService {
  const state = createLateNeeds(options.latePolicy);
  const sources = new Map(options.sources.map((source) => [source.id, source]));
  const answers = new Map(options.sources.map(({ id }) => [id, { ok: 0, fail: 0 }]));
  const roomBell = createBell();
  const commitPart = createGroupCommit(options.apply.commitParts);
  const controllers = new Map<number, AbortController>();
  /** What was refused last, by key, for the record of a quarantine. */
  const refusals = new Map<string, Rejection>();
  const alarm = createAlarm(options.env, scope, () => dispatch({ type: 'tick' }));

  function dispatch(event: LateEvent): void {
    const waited = waitsForTurn(state);
    for (const command of stepLate(state, event, options.env.nowMs())) carryOut(command);
    if (waited && !waitsForTurn(state)) onTurns(); // what was kept free is free for blocks
    if (hasRoom(state)) roomBell.ring();
  }

  function carryOut(command: LateCommand): void {
    switch (command.type) {
      case 'fetch':
        scope.spawn(() => fetchPart(command));
        return;
      case 'cancel':
        controllers.get(command.request)?.abort(new DOMException('no longer wanted', 'AbortError'));
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

  async function fetchPart({ request, need, source }: FetchCommand): Promise<void> {
    if (scope.signal.aborted) return;
    const controller = new AbortController();
    const { signal } = controller;
    controllers.set(request, controller);
    try {
      const outcome = await tryPart(sources.get(source) as Source, need, request, signal); // commands name known sources
      dispatch({ request, ...outcome });
      if (outcome.type === 'missed' && outcome.retryAfterMs !== null) onTurns();
      onChange();
    } catch (error) {
      if (!isAbort(error, signal)) throw error;
    } finally {
      controllers.delete(request);
    }
  }

  async function tryPart(source: Source, need: Need, request: number, signal: AbortSignal): Promise<Outcome> {
    let candidate: Candidate | null = null;
    try {
      candidate = await askFor(source, need, request, signal);
      if (candidate === null) return missed(`${source.id} has none`);
      const part = await options.verify.examinePart(need, candidate);
      signal.throwIfAborted();
      await commitPart({ need: originOf(request) ?? need, part });
      refusals.delete(lateKey(originOf(request) ?? need));
      noteAnswer(source, 'ok');
      return { type: 'stored' };
    } catch (thrown) {
      const error = toSynclineError(thrown);
      if (isAbort(thrown, signal) || (error.fault !== 'peer' && error.fault !== 'source')) throw thrown;
      noteAnswer(source, 'fail');
      if (candidate !== null) await keepRefusal(error, { need, candidate, request });
      if (error.fault === 'peer' && candidate !== null) onLie(source.id);
      const wait = error.data.retryAfterMs;
      return missed(`${source.id}: ${error.message}`, typeof wait === 'number' && candidate === null ? wait : null);
    }
  }

  async function askFor(source: Source, need: Need, request: number, signal: AbortSignal): Promise<Candidate | null> {
    const what = `${need.part} ${need.id ?? need.height} from ${source.id}`;
    const timeoutMs = source.limits.requestTimeoutMs ?? options.rangePolicy.requestTimeoutMs;
    try {
      return await withDeadline(options.env, { timeoutMs, signal, what }, (inner) => fetchOne(source, need, inner));
    } finally {
      // Blocks look first: late parts that wait have theirs when this one has come to its end.
      endLateTurn(state, request);
      if (!scope.signal.aborted) onTurns();
    }
  }

  /** As the block named it; undefined where it is no longer wanted. */
  function originOf(request: number): Need | undefined {
    return state.entries.get(state.requests.get(request)?.key ?? '')?.origin;
  }

  function noteAnswer({ id }: Source, outcome: 'ok' | 'fail'): void {
    const counted = answers.get(id);
    if (counted !== undefined) counted[outcome]++;
  }

  /** A lie is a rejection; what may be an honest difference is only kept, to be shown if nobody has better. */
  async function keepRefusal(
    error: SynclineError,
    { need, candidate, request }: { readonly need: Need; readonly candidate: Candidate; readonly request: number },
  ): Promise<void> {
    const where = { height: need.height, blamed: [candidate.from], nowMs: options.env.nowMs() };
    const rejection = { ...rejectionOf(error, where), ...(need.id === undefined ? {} : { id: need.id }) };
    const kept =
      error.fault === 'peer'
        ? await rejections.keep(rejection, [candidate])
        : { ...rejection, evidence: (await options.keepEvidence?.(rejection, [candidate])) ?? null };
    const origin = originOf(request);
    if (origin !== undefined) refusals.set(lateKey(origin), kept);
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

  for (const source of options.sources) {
    dispatch({ type: 'source', book: bookOf(source.id) ?? createBook(source, options.env.nowMs()) });
  }
  scope.spawn(refill);
  const abortAll = () => {
    for (const controller of controllers.values()) controller.abort(scope.signal.reason);
  };
  scope.signal.addEventListener('abort', abortAll, { once: true });

  return {
    named: (needs) => {
      if (needs.length > 0) dispatch({ type: 'named', needs });
    },
    unwound: (to) => {
      for (const [key, { origin }] of state.entries) if (origin.height > to) refusals.delete(key);
      dispatch({ type: 'unwound', to });
    },
    turnsFreed: () => {
      if (waitsForTurn(state)) dispatch({ type: 'tick' });
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

type FetchCommand = Extract<LateCommand, { type: 'fetch' }>;

type Outcome =
  | { readonly type: 'stored' }
  | { readonly type: 'missed'; readonly reason: string; readonly retryAfterMs: number | null };

function missed(reason: string, retryAfterMs: number | null = null): Outcome {
  return { type: 'missed', reason, retryAfterMs };
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
