import type { Need } from '../chain.ts';
import { endTurn, lateReadyAtMs, noteBusy, type SourceBook, takeTurn } from '../range/index.ts';

/**
 * Late needs: content named by a block (a class by its hash) that arrives on its own and never holds up a block.
 * Deduplicated over all blocks in flight; sources are tried in turn, then the need's fallbacks in order; what
 * nobody can give is quarantined and tried again later, with back-off. Pure, like the range scheduler, with which it
 * shares the book of each source: limits, turns and the wish to be left alone hold for both.
 */
export interface LateState {
  readonly policy: LatePolicy;
  readonly entries: Map<string, LateEntry>;
  readonly books: Map<string, SourceBook>;
  /** Under way, by number. */
  readonly requests: Map<number, LateRequest>;
  nextRequest: number;
}

export interface LateRequest {
  readonly key: string;
  readonly source: string;
  /** Until the source's answer is in; what is done with it takes no turn of the source. */
  holdsTurn: boolean;
}

export interface LatePolicy {
  readonly concurrencyMax: number;
  /** Needs held at once; further ones stay in the store's list until there is room. */
  readonly entriesMax: number;
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
}

export const defaultLatePolicy: LatePolicy = {
  concurrencyMax: 4,
  entriesMax: 4096,
  retryBaseMs: 5_000,
  retryMaxMs: 600_000,
};

interface LateEntry {
  /** As the block named it. */
  readonly origin: Need;
  /** What is being tried now: the origin or one of its fallbacks. */
  need: Need;
  fallbacks: readonly Need[];
  readonly tried: Set<string>;
  /** Number of the request under way. */
  request: number | null;
  /** Times in a row that sources asked to be left alone. */
  busyInRow: number;
  rounds: number;
  retryAtMs: number;
  lastReason: string;
}

export type LateEvent =
  | { readonly type: 'source'; readonly book: SourceBook }
  | { readonly type: 'named'; readonly needs: readonly Need[] }
  | { readonly type: 'stored'; readonly request: number }
  /** The source has none, failed, or what it sent was refused; or it asked to be left alone for a time. */
  | {
      readonly type: 'missed';
      readonly request: number;
      readonly reason: string;
      readonly retryAfterMs: number | null;
    }
  /** Blocks above the height are gone, and what they were the first to name is wanted no more. */
  | { readonly type: 'unwound'; readonly to: number }
  | { readonly type: 'tick' };

export type LateCommand =
  | { readonly type: 'fetch'; readonly request: number; readonly need: Need; readonly source: string }
  | { readonly type: 'cancel'; readonly request: number }
  | { readonly type: 'quarantine'; readonly need: Need; readonly reason: string }
  | { readonly type: 'wake'; readonly atMs: number };

export function createLateNeeds(policy: LatePolicy): LateState {
  return { policy, entries: new Map(), books: new Map(), requests: new Map(), nextRequest: 1 };
}

/** Identity of a late need: fallbacks of one need share it. */
export function lateKey(need: Need): string {
  return `${need.part}\0${need.id ?? need.height}`;
}

export function hasRoom(state: LateState): boolean {
  return state.entries.size < state.policy.entriesMax;
}

export function stepLate(state: LateState, event: LateEvent, nowMs: number): readonly LateCommand[] {
  const commands: LateCommand[] = [];
  switch (event.type) {
    case 'source':
      state.books.set(event.book.id, event.book);
      break;
    case 'named':
      for (const need of event.needs) addNeed(state, need, nowMs);
      break;
    case 'stored': {
      const request = closeRequest(state, event.request);
      if (request !== undefined) state.entries.delete(request.key);
      break;
    }
    case 'missed':
      onMissed(state, event, nowMs);
      break;
    case 'unwound':
      dropAbove(state, event.to, commands);
      break;
    case 'tick':
      break;
    default:
      event satisfies never;
  }
  schedule(state, nowMs, commands);
  return commands;
}

/** A source has answered, or failed. Whoever shares its turns may look, before this state is told what came of it. */
export function endLateTurn(state: LateState, request: number): void {
  const open = state.requests.get(request);
  if (open !== undefined) returnTurn(state, open);
}

/** Whether late parts wait for a turn at some source. */
export function waitsForTurn(state: LateState): boolean {
  return [...state.books.values()].some((book) => book.lateWaiting);
}

function addNeed(state: LateState, need: Need, nowMs: number): void {
  const key = lateKey(need);
  if (state.entries.has(key) || !hasRoom(state)) return;
  state.entries.set(key, {
    origin: need,
    need,
    fallbacks: need.fallbacks ?? [],
    tried: new Set(),
    request: null,
    busyInRow: 0,
    rounds: 0,
    retryAtMs: nowMs,
    lastReason: 'not asked yet',
  });
}

/** Forgets a request; undefined where it was cancelled before. */
function closeRequest(state: LateState, id: number): LateRequest | undefined {
  const request = state.requests.get(id);
  if (request === undefined) return undefined;
  state.requests.delete(id);
  returnTurn(state, request);
  return request;
}

function returnTurn(state: LateState, request: LateRequest): void {
  const book = state.books.get(request.source);
  if (request.holdsTurn && book !== undefined) endTurn(book, 'late');
  request.holdsTurn = false;
}

function onMissed(state: LateState, event: Extract<LateEvent, { type: 'missed' }>, nowMs: number): void {
  const request = closeRequest(state, event.request);
  if (request === undefined) return;
  const entry = state.entries.get(request.key) as LateEntry; // an entry goes with its request
  const book = state.books.get(request.source) as SourceBook; // only known sources are asked
  entry.request = null;
  entry.lastReason = event.reason;
  if (event.retryAfterMs !== null) noteBusy(book, nowMs, event.retryAfterMs);
  // Who is busy has not been asked yet; but who is busy whenever it is asked has as good as none.
  if (event.retryAfterMs !== null && entry.busyInRow++ < BUSY_MAX) return;
  entry.busyInRow = 0;
  entry.tried.add(request.source);
}

function dropAbove(state: LateState, height: number, commands: LateCommand[]): void {
  for (const [key, { origin, request }] of state.entries) {
    if (origin.height <= height) continue;
    state.entries.delete(key);
    if (request === null) continue;
    closeRequest(state, request);
    commands.push({ type: 'cancel', request });
  }
}

function schedule(state: LateState, nowMs: number, commands: LateCommand[]): void {
  let wakeAtMs = Number.POSITIVE_INFINITY;
  for (const book of state.books.values()) book.lateWaiting = false;
  for (const [key, entry] of state.entries) {
    if (state.requests.size >= state.policy.concurrencyMax) return; // an answer will bring us back
    if (entry.request !== null) continue;
    if (waitsForAnother(state, entry)) continue; // the other's outcome will bring us back
    if (entry.retryAtMs > nowMs) {
      wakeAtMs = Math.min(wakeAtMs, entry.retryAtMs);
      continue;
    }
    const choice = chooseSource(state, entry, nowMs);
    if (choice.type === 'wait') {
      wakeAtMs = Math.min(wakeAtMs, choice.untilMs);
      continue;
    }
    if (choice.type === 'none') {
      giveUpForNow(state, entry, nowMs, commands);
      if (!hasRoom(state)) {
        state.entries.delete(key); // others wait for its place; the stored list brings it back
        continue;
      }
      // Those that waited for it have their turn now.
      wakeAtMs = Math.min(wakeAtMs, entry.rounds === 1 && isWaitedFor(state, key) ? nowMs : entry.retryAtMs);
      continue;
    }
    send(state, key, entry, choice.book, commands);
  }
  if (wakeAtMs !== Number.POSITIVE_INFINITY) commands.push({ type: 'wake', atMs: wakeAtMs });
}

function send(state: LateState, key: string, entry: LateEntry, book: SourceBook, commands: LateCommand[]): void {
  const request = state.nextRequest++;
  takeTurn(book, 'late');
  state.requests.set(request, { key, source: book.id, holdsTurn: true });
  entry.request = request;
  commands.push({ type: 'fetch', request, need: entry.need, source: book.id });
}

/** Until the other is stored, or nobody could give it: then one tries without. */
function waitsForAnother(state: LateState, { origin: { after } }: LateEntry): boolean {
  return after !== undefined && state.entries.get(`${after.part}\0${after.id}`)?.rounds === 0;
}

function isWaitedFor(state: LateState, key: string): boolean {
  for (const { origin } of state.entries.values()) {
    if (origin.after !== undefined && `${origin.after.part}\0${origin.after.id}` === key) return true;
  }
  return false;
}

type Choice =
  | { readonly type: 'source'; readonly book: SourceBook }
  /** Somebody could have it and is busy: look again then, or when an answer comes. */
  | { readonly type: 'wait'; readonly untilMs: number }
  | { readonly type: 'none' };

/** The next untried source; moves on to the next fallback when all have been tried. */
function chooseSource(state: LateState, entry: LateEntry, nowMs: number): Choice {
  for (;;) {
    let untilMs = Number.POSITIVE_INFINITY;
    let isBusy = false;
    for (const book of state.books.values()) {
      if (!book.parts.has(entry.need.part) || entry.tried.has(book.id)) continue;
      const readyAtMs = lateReadyAtMs(book, nowMs);
      if (readyAtMs <= nowMs) return { type: 'source', book };
      if (readyAtMs === Number.POSITIVE_INFINITY) book.lateWaiting = true;
      untilMs = Math.min(untilMs, readyAtMs);
      isBusy = true;
    }
    if (isBusy) return { type: 'wait', untilMs };
    const [fallback, ...further] = entry.fallbacks;
    if (fallback === undefined) return { type: 'none' };
    entry.need = fallback;
    entry.fallbacks = further;
    entry.tried.clear();
  }
}

function giveUpForNow(state: LateState, entry: LateEntry, nowMs: number, commands: LateCommand[]): void {
  const { retryBaseMs, retryMaxMs } = state.policy;
  if (entry.rounds === 0) commands.push({ type: 'quarantine', need: entry.origin, reason: entry.lastReason });
  entry.retryAtMs = nowMs + Math.min(retryMaxMs, retryBaseMs * 2 ** Math.min(16, entry.rounds));
  entry.rounds++;
  entry.need = entry.origin;
  entry.fallbacks = entry.origin.fallbacks ?? [];
  entry.tried.clear();
}

/** Chosen: with the waits that sources ask for, this is minutes. */
const BUSY_MAX = 8;
