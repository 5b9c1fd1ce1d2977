import type { SourceLimits, Survey } from '../source.ts';
import type { RangePolicy } from './policy.ts';

/**
 * What the scheduler knows about one source. Slowness and malice are two books: a slow or busy source cools down
 * and is forgiven at its next answer, a lying one is benched for longer each time and forgiven only by good blocks.
 */
export interface SourceBook {
  readonly id: string;
  readonly parts: ReadonlySet<string>;
  readonly limits: SourceLimits;
  /** Ascending, apart, at most `SPANS_MAX`. */
  spans: { from: number; to: number }[];
  surveyed: boolean;
  /** Above this its claims are not believed until the time given: it broke one there. */
  claimCeiling: number | null;
  ceilingUntilMs: number;
  boastsInRow: number;
  /** Requests under way, those for late parts included. */
  inFlight: number;
  lateInFlight: number;
  /** Late parts wait for a turn at this source. */
  lateWaiting: boolean;
  lastTurn: Turn;
  /** Token bucket for `limits.ratePerS`. */
  tokens: number;
  tokensAtMs: number;
  /** Book of slowness. */
  failuresInRow: number;
  coolUntilMs: number;
  /** Until when it asked to be left alone: of the cool-down the part that holds for late parts too. */
  busyUntilMs: number;
  /** Book of malice. */
  strikes: number;
  /** Strikes without a good block between them. */
  strikesInRow: number;
  /** Times it was put aside without a good block between them. */
  asidesInRow: number;
  benchedAtMs: number;
  benchedUntilMs: number;
  goodBlocks: number;
  /** Smoothed time of an answer. */
  latencyMs: number;
  ok: number;
  fail: number;
  state: SourceState;
}

/** What a request is for: a block, or a part that arrives on its own. */
export type Turn = 'block' | 'late';

/** `ok`, `cooling` (slow, busy or away) or `benched` (sent something false, or is on another branch). */
export type SourceState = 'ok' | 'cooling' | 'benched';

export function createBook(
  source: { id: string; parts: readonly string[]; limits: SourceLimits },
  nowMs: number,
): SourceBook {
  return {
    id: source.id,
    parts: new Set(source.parts),
    limits: source.limits,
    spans: [],
    surveyed: false,
    claimCeiling: null,
    ceilingUntilMs: 0,
    boastsInRow: 0,
    inFlight: 0,
    lateInFlight: 0,
    lateWaiting: false,
    lastTurn: 'late',
    tokens: burst(source.limits),
    tokensAtMs: nowMs,
    failuresInRow: 0,
    coolUntilMs: 0,
    busyUntilMs: 0,
    strikes: 0,
    strikesInRow: 0,
    asidesInRow: 0,
    benchedAtMs: 0,
    benchedUntilMs: 0,
    goodBlocks: 0,
    latencyMs: 0,
    ok: 0,
    fail: 0,
    state: 'ok',
  };
}

export function noteSurvey(book: SourceBook, survey: Survey, nowMs: number): void {
  book.surveyed = true;
  book.failuresInRow = 0;
  book.spans = mergedSpans(survey.spans);
  if (book.claimCeiling === null) return;
  if (nowMs >= book.ceilingUntilMs) book.claimCeiling = null;
  else trimSpans(book, book.claimCeiling);
}

function mergedSpans(spans: readonly { from: number; to: number }[]): { from: number; to: number }[] {
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of [...spans].sort((a, b) => a.from - b.from)) {
    const last = merged[merged.length - 1];
    if (to < from) continue;
    if (last !== undefined && from <= last.to + 1) last.to = Math.max(last.to, to);
    else if (merged.length < SPANS_MAX) merged.push({ from, to });
  }
  return merged;
}

export function noteAnswer(book: SourceBook, latencyMs: number): void {
  book.ok++;
  book.failuresInRow = 0;
  book.latencyMs = book.latencyMs === 0 ? latencyMs : book.latencyMs * 0.8 + latencyMs * 0.2;
}

/** Slow, busy or away. `retryAfterMs` is the remote's own word and is obeyed. */
export function noteFailure(book: SourceBook, nowMs: number, policy: RangePolicy, retryAfterMs: number | null): void {
  book.fail++;
  // Requests that were under way together fail together: that is one failure.
  if (nowMs >= book.coolUntilMs) book.failuresInRow++;
  const backoff = Math.min(policy.coolMaxMs, policy.coolBaseMs * 2 ** Math.min(16, book.failuresInRow - 1));
  if (retryAfterMs === null) book.coolUntilMs = Math.max(book.coolUntilMs, nowMs + backoff);
  else noteBusy(book, nowMs, retryAfterMs);
}

/** It asked to be left alone, whoever asked: that holds for blocks and late parts alike. */
export function noteBusy(book: SourceBook, nowMs: number, retryAfterMs: number): void {
  book.busyUntilMs = Math.max(book.busyUntilMs, nowMs + retryAfterMs);
  book.coolUntilMs = Math.max(book.coolUntilMs, book.busyUntilMs);
}

/** Sent something false, and nobody else can have. */
export function noteStrike(book: SourceBook, nowMs: number, policy: RangePolicy): void {
  book.fail++;
  book.strikes++;
  book.strikesInRow++;
  book.benchedAtMs = nowMs;
  book.goodBlocks = 0;
  const penalty = Math.min(policy.strikeMaxMs, policy.strikeBaseMs * 4 ** Math.min(8, book.strikes - 1));
  book.benchedUntilMs = Math.max(book.benchedUntilMs, nowMs + penalty);
}

/** On another branch than the one chosen: not false, but of no use for a while, longer if it stays there. */
export function noteAside(book: SourceBook, nowMs: number, forMs: number): void {
  book.benchedAtMs = nowMs;
  const length = Math.min(ASIDE_MS_MAX, forMs * 2 ** Math.min(16, book.asidesInRow));
  book.asidesInRow++;
  book.benchedUntilMs = Math.max(book.benchedUntilMs, nowMs + length);
}

export function noteGoodBlock(book: SourceBook, policy: RangePolicy): void {
  book.goodBlocks++;
  book.strikesInRow = 0;
  book.asidesInRow = 0;
  if (book.goodBlocks >= policy.forgiveBlocks && book.strikes > 0) {
    book.goodBlocks = 0;
    book.strikes = Math.max(0, book.strikes - 1);
  }
}

/** It said it had this height and does not: a hole, until the next survey. */
export function noteHole(book: SourceBook, height: number): void {
  book.spans = book.spans
    .flatMap(({ from, to }) =>
      height < from || height > to
        ? [{ from, to }]
        : [
            { from, to: height - 1 },
            { from: height + 1, to },
          ],
    )
    .filter(({ from, to }) => to >= from);
}

/**
 * It claimed a height that nobody has shown yet, and does not have it. Its claims are believed only below, for a
 * while: a second for an honest source that announced a block a moment too early, longer each time for a boaster.
 */
export function noteBoast(book: SourceBook, height: number, nowMs: number): void {
  if (book.claimCeiling === null || height - 1 < book.claimCeiling) book.claimCeiling = height - 1;
  book.ceilingUntilMs = nowMs + Math.min(CEILING_MS_MAX, CEILING_MS_BASE * 2 ** Math.min(16, book.boastsInRow));
  book.boastsInRow++;
  trimSpans(book, book.claimCeiling);
}

function trimSpans(book: SourceBook, ceiling: number): void {
  book.spans = book.spans
    .map(({ from, to }) => ({ from, to: Math.min(to, ceiling) }))
    .filter(({ from, to }) => to >= from);
}

export function claims(book: SourceBook, height: number): boolean {
  return book.spans.some((span) => span.from <= height && height <= span.to);
}

/** When a block may be asked for: now, or the time to look again; never while the source is on the bench. */
export function readyAtMs(book: SourceBook, nowMs: number): number {
  if (!hasBlockTurn(book)) return Number.POSITIVE_INFINITY; // an answer will wake us
  return Math.max(book.benchedUntilMs, paceAtMs(book, nowMs));
}

/**
 * When a benched source may be asked after all, because nobody else can serve: a doubtful block, which will be
 * verified like any other, is better than none. The wait grows while it goes on sending false ones.
 */
export function lastResortAtMs(book: SourceBook, nowMs: number, policy: RangePolicy): number {
  if (!hasBlockTurn(book)) return Number.POSITIVE_INFINITY;
  const wait = Math.min(policy.retryMaxMs, policy.retryBaseMs * 2 ** Math.min(16, Math.max(0, book.strikesInRow - 1)));
  return Math.max(book.benchedAtMs + wait, paceAtMs(book, nowMs));
}

/**
 * When a late part may be asked for: now, or the time to look again. Neither bench nor the cool-down of a slow source
 * holds it up: content is checked against its own hash, whoever sends it, and waits longer each time by itself.
 */
export function lateReadyAtMs(book: SourceBook, nowMs: number): number {
  if (book.inFlight >= book.limits.concurrencyMax) return Number.POSITIVE_INFINITY;
  return Math.max(book.busyUntilMs, tokenAtMs(book, nowMs));
}

/**
 * Blocks have all turns that late parts leave. While some of these wait, the next free turn is theirs, up to their
 * share of all; where there is but one, the two alternate.
 */
function hasBlockTurn(book: SourceBook): boolean {
  const { concurrencyMax } = book.limits;
  const isOwed = book.lateWaiting && (concurrencyMax === 1 ? book.lastTurn === 'block' : hasShareLeft(book));
  return book.inFlight + (isOwed ? 1 : 0) < concurrencyMax;
}

function hasShareLeft({ lateInFlight, limits }: SourceBook): boolean {
  return lateInFlight < Math.max(1, Math.floor(limits.concurrencyMax * LATE_SHARE));
}

/** By cool-down and rate budget alone. */
function paceAtMs(book: SourceBook, nowMs: number): number {
  return Math.max(book.coolUntilMs, tokenAtMs(book, nowMs));
}

function tokenAtMs(book: SourceBook, nowMs: number): number {
  const { ratePerS } = book.limits;
  if (ratePerS === undefined) return nowMs;
  refill(book, nowMs);
  return book.tokens >= 1 ? nowMs : nowMs + Math.ceil(((1 - book.tokens) / ratePerS) * 1000);
}

export function takeTurn(book: SourceBook, turn: Turn): void {
  book.inFlight++;
  if (turn === 'late') book.lateInFlight++;
  book.lastTurn = turn;
  if (book.limits.ratePerS !== undefined) book.tokens -= 1;
}

export function endTurn(book: SourceBook, turn: Turn): void {
  book.inFlight--;
  if (turn === 'late') book.lateInFlight--;
}

export function stateOf(book: SourceBook, nowMs: number): SourceState {
  if (book.benchedUntilMs > nowMs) return 'benched';
  return book.coolUntilMs > nowMs ? 'cooling' : 'ok';
}

function refill(book: SourceBook, nowMs: number): void {
  const rate = book.limits.ratePerS ?? 0;
  // A clock that was set back must not cost tokens.
  const passedMs = Math.max(0, nowMs - book.tokensAtMs);
  book.tokens = Math.min(burst(book.limits), book.tokens + (passedMs / 1000) * rate);
  book.tokensAtMs = nowMs;
}

function burst(limits: SourceLimits): number {
  return Math.max(1, limits.ratePerS ?? 1);
}

/** Spans of one source that are remembered; what lies beyond is not asked of it. */
const SPANS_MAX = 1024;
/** Chosen: blocks are what everything waits for, and late parts must not fall behind for good. */
const LATE_SHARE = 0.25;
const CEILING_MS_BASE = 1_000;
const CEILING_MS_MAX = 60_000;
const ASIDE_MS_MAX = 600_000;
