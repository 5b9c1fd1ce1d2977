import type { Need } from '../chain.ts';
import type { SourceLimits, Survey } from '../source.ts';
import type { RangePolicy } from './policy.ts';
import { endTurn, type SourceBook, type SourceState } from './source-book.ts';

/**
 * The range scheduler: which height is asked for, of whom, and when. It decides and does nothing: events go in,
 * commands come out, time is an argument. Memory is bounded by the window in blocks and bytes; every wait has an
 * end; a height that a source could not serve goes to another.
 *
 * The life of a slot: `open` (parts missing) → `examining` → `open` again (more needs, or rejected) or `sealed` →
 * `handed` (in the channel to the applier) → committed and gone, or back to `open` when the applier refuses it.
 */
export interface RangeState {
  readonly policy: RangePolicy;
  /** What to ask for first at any height. */
  readonly firstNeeds: readonly Need[];
  /** First height that is not committed. */
  base: number;
  /** First height that is not handed over. */
  next: number;
  /** Last height wanted, inclusive. */
  limit: number;
  readonly slots: Map<number, Slot>;
  readonly books: Map<string, SourceBook>;
  readonly requests: Map<number, Request>;
  nextRequest: number;
  /** Smoothed size of a block in bytes. */
  blockBytes: number;
  heldBytes: number;
  /** Highest height of which a source has delivered anything: claims up to here are backed. */
  delivered: number;
}

export interface Slot {
  readonly height: number;
  phase: 'open' | 'examining' | 'sealed' | 'handed';
  wants: Want[];
  bytes: number;
  /** `wanted` parts given up for this height. */
  absent: string[];
  attempts: number;
  retryAtMs: number;
  /** Sources whose bytes for this height were rejected. */
  readonly avoid: Set<string>;
  /** Since when this height is asked for. */
  openedAtMs: number;
  /**
   * Set once parts of several sources did not fit together: from then on each attempt takes all parts from one
   * source, so that the next refusal names the one at fault. Holds the sources that had their turn.
   */
  alone: Set<string> | null;
  /** Whose turn it is. */
  lead: string | null;
  /** More parts came while the candidates were being examined. */
  dirty: boolean;
  stallTold: boolean;
}

export interface Want {
  /** As the chain asked for it. */
  readonly origin: Need;
  /** What is asked for now: the origin or one of its fallbacks. */
  need: Need;
  readonly tried: Map<string, 'absent' | 'failed'>;
  fallbacks: readonly Need[];
  rounds: number;
}

export interface Request {
  readonly id: number;
  readonly source: string;
  readonly height: number;
  readonly parts: readonly string[];
  readonly sentAtMs: number;
}

export type RangeEvent =
  | { readonly type: 'source'; readonly source: { id: string; parts: readonly string[]; limits: SourceLimits } }
  | { readonly type: 'survey'; readonly source: string; readonly survey: Survey }
  | { readonly type: 'unreachable'; readonly source: string; readonly retryAfterMs: number | null }
  | {
      readonly type: 'fetched';
      readonly request: number;
      readonly bytes: number;
      readonly delivered: readonly string[];
      readonly absent: readonly string[];
    }
  | {
      readonly type: 'failed';
      readonly request: number;
      readonly fault: 'source' | 'peer';
      readonly retryAfterMs: number | null;
    }
  | { readonly type: 'sealed'; readonly height: number; readonly bytes: number; readonly from: readonly string[] }
  | { readonly type: 'needs'; readonly height: number; readonly needs: readonly Need[] }
  /** The rules or the applier refused the height. Fault `source`: nobody lied, ask again. */
  | {
      readonly type: 'refused';
      readonly height: number;
      readonly fault: 'source' | 'peer';
      readonly blamed: readonly string[];
    }
  | { readonly type: 'committed'; readonly height: number }
  /** A source is on a branch that was not chosen. */
  | { readonly type: 'aside'; readonly source: string; readonly forMs: number }
  /** A source proved to lie outside a slot, e.g. while forks were compared. */
  | { readonly type: 'strike'; readonly source: string }
  /** The confirmed tip moved by other means: begin again above it. */
  | { readonly type: 'reset'; readonly base: number }
  | { readonly type: 'limit'; readonly limit: number }
  | { readonly type: 'tick' };

export type RangeCommand =
  | {
      readonly type: 'fetch';
      readonly request: number;
      readonly source: string;
      readonly height: number;
      readonly parts: readonly string[];
      readonly id?: string;
      readonly timeoutMs: number;
    }
  | { readonly type: 'cancel'; readonly request: number }
  | { readonly type: 'examine'; readonly height: number; readonly absent: readonly string[] }
  /** Forget the candidates (and the sealed block) of a height. */
  | { readonly type: 'drop'; readonly height: number }
  | { readonly type: 'hand'; readonly height: number }
  /** Empty the channel: what is in it no longer follows, or will be handed over again. */
  | { readonly type: 'recall' }
  | { readonly type: 'wake'; readonly atMs: number }
  | { readonly type: 'source'; readonly id: string; readonly state: SourceState; readonly untilMs: number }
  | { readonly type: 'stalled'; readonly height: number; readonly parts: readonly string[] };

export function createRange(options: { policy: RangePolicy; firstNeeds: readonly Need[]; base: number }): RangeState {
  return {
    policy: options.policy,
    firstNeeds: options.firstNeeds,
    base: options.base,
    next: options.base,
    limit: Number.POSITIVE_INFINITY,
    slots: new Map(),
    books: new Map(),
    requests: new Map(),
    nextRequest: 1,
    blockBytes: options.policy.blockBytesGuess,
    heldBytes: 0,
    delivered: options.base - 1,
  };
}

/**
 * The highest height that the sources together claim to deliver from `base` on without a hole; `base - 1` if none.
 * Only what a block is sealed from counts: each sealing part needs somebody who has it, or one of its fallbacks.
 */
export function reachable(state: RangeState): number {
  const sealing = state.firstNeeds.filter((need) => need.weight === 'seal');
  if (sealing.length === 0) return reachOf([...state.books.values()], state.base);
  let reach = Number.POSITIVE_INFINITY;
  for (const need of sealing) {
    const books = [...state.books.values()].filter((book) => optionsOf(need).some((one) => book.parts.has(one.part)));
    reach = Math.min(reach, reachOf(books, state.base));
  }
  return reach;
}

function reachOf(books: readonly SourceBook[], base: number): number {
  let reach = base - 1;
  for (let grew = true; grew; ) {
    grew = false;
    for (const book of books) {
      const span = book.spans.find(({ from, to }) => from <= reach + 1 && to > reach);
      if (span === undefined) continue;
      reach = span.to;
      grew = true;
    }
  }
  return reach;
}

/** A need and what may stand in for it, in order. */
export function optionsOf(need: Need): readonly Need[] {
  return [need, ...(need.fallbacks ?? [])];
}

export function startOver(state: RangeState, slot: Slot, nowMs: number, commands: RangeCommand[]): void {
  cancelRequests(state, slot.height, commands);
  commands.push({ type: 'drop', height: slot.height });
  state.heldBytes -= slot.bytes;
  slot.bytes = 0;
  slot.phase = 'open';
  slot.absent = [];
  slot.lead = null;
  slot.dirty = false;
  slot.wants = state.firstNeeds.map((need) => wantOf(atHeight(need, slot.height)));
  slot.openedAtMs = nowMs;
}

export function examine(slot: Slot, commands: RangeCommand[]): void {
  if (slot.phase !== 'open') return;
  slot.phase = 'examining';
  slot.dirty = false;
  commands.push({ type: 'examine', height: slot.height, absent: [...slot.absent] });
}

export function closeRequest(state: RangeState, id: number): Request | undefined {
  const request = state.requests.get(id);
  if (request === undefined) return undefined;
  state.requests.delete(id);
  const book = state.books.get(request.source);
  if (book) endTurn(book, 'block');
  return request;
}

export function cancelRequests(state: RangeState, height: number, commands: RangeCommand[]): void {
  for (const request of [...state.requests.values()]) {
    if (request.height !== height) continue;
    closeRequest(state, request.id);
    commands.push({ type: 'cancel', request: request.id });
  }
}

export function forget(state: RangeState, height: number): void {
  const slot = state.slots.get(height);
  if (slot === undefined) return;
  state.heldBytes -= slot.bytes;
  state.slots.delete(height);
}

export function wantOf(need: Need): Want {
  return { origin: need, need, tried: new Map(), fallbacks: need.fallbacks ?? [], rounds: 0 };
}

export function atHeight(need: Need, height: number): Need {
  const moved = { ...need, height: height as Need['height'] };
  if (need.fallbacks === undefined) return moved;
  return { ...moved, fallbacks: need.fallbacks.map((fallback) => atHeight(fallback, height)) };
}

export function backoff(policy: RangePolicy, attempts: number): number {
  return Math.min(policy.retryMaxMs, policy.retryBaseMs * 2 ** Math.min(16, Math.max(0, attempts - 1)));
}

/** Whether parts of the block may still come. */
export function isUnsealed(slot: Slot): boolean {
  return slot.phase === 'open' || slot.phase === 'examining';
}
