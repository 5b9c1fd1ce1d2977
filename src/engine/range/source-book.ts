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
  spans: { from: number; to: number }[];
  surveyed: boolean;
  inFlight: number;
  /** Token bucket for `limits.ratePerS`. */
  tokens: number;
  tokensAtMs: number;
  /** Book of slowness. */
  failuresInRow: number;
  coolUntilMs: number;
  /** Book of malice. */
  strikes: number;
  /** Strikes without a good block between them. */
  strikesInRow: number;
  benchedAtMs: number;
  benchedUntilMs: number;
  goodBlocks: number;
  /** Smoothed time of an answer. */
  latencyMs: number;
  ok: number;
  fail: number;
  state: SourceState;
}

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
    inFlight: 0,
    tokens: burst(source.limits),
    tokensAtMs: nowMs,
    failuresInRow: 0,
    coolUntilMs: 0,
    strikes: 0,
    strikesInRow: 0,
    benchedAtMs: 0,
    benchedUntilMs: 0,
    goodBlocks: 0,
    latencyMs: 0,
    ok: 0,
    fail: 0,
    state: 'ok',
  };
}

export function noteSurvey(book: SourceBook, survey: Survey): void {
  book.spans = survey.spans.map((span) => ({ from: span.from, to: span.to }));
  book.surveyed = true;
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
  book.coolUntilMs = Math.max(book.coolUntilMs, nowMs + (retryAfterMs ?? backoff));
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

/** On another branch than the one chosen: not false, but of no use for a while. */
export function noteAside(book: SourceBook, nowMs: number, untilMs: number): void {
  book.benchedAtMs = nowMs;
  book.benchedUntilMs = Math.max(book.benchedUntilMs, untilMs);
}

export function noteGoodBlock(book: SourceBook, policy: RangePolicy): void {
  book.goodBlocks++;
  book.strikesInRow = 0;
  if (book.goodBlocks >= policy.forgiveBlocks && book.strikes > 0) {
    book.goodBlocks = 0;
    book.strikes = Math.max(0, book.strikes - 1);
  }
}

/** It said it had this height and does not: its claim shrinks to what is below, until the next survey. */
export function noteBrokenClaim(book: SourceBook, height: number): void {
  book.spans = book.spans
    .map((span) => (span.from <= height && height <= span.to ? { from: span.from, to: height - 1 } : span))
    .filter((span) => span.to >= span.from);
}

export function claims(book: SourceBook, height: number): boolean {
  return book.spans.some((span) => span.from <= height && height <= span.to);
}

/** When a request may be sent: now, or the time to look again; never while the source is on the bench. */
export function readyAtMs(book: SourceBook, nowMs: number): number {
  if (book.inFlight >= book.limits.concurrencyMax) return Number.POSITIVE_INFINITY; // an answer will wake us
  return Math.max(book.benchedUntilMs, paceAtMs(book, nowMs));
}

/**
 * When a benched source may be asked after all, because nobody else can serve: a doubtful block, which will be
 * verified like any other, is better than none. The wait grows while it goes on sending false ones.
 */
export function lastResortAtMs(book: SourceBook, nowMs: number, policy: RangePolicy): number {
  if (book.inFlight >= book.limits.concurrencyMax) return Number.POSITIVE_INFINITY;
  const wait = Math.min(policy.retryMaxMs, policy.retryBaseMs * 2 ** Math.min(16, Math.max(0, book.strikesInRow - 1)));
  return Math.max(book.benchedAtMs + wait, paceAtMs(book, nowMs));
}

/** By cool-down and rate budget alone. */
function paceAtMs(book: SourceBook, nowMs: number): number {
  const { ratePerS } = book.limits;
  if (ratePerS === undefined) return Math.max(nowMs, book.coolUntilMs);
  refill(book, nowMs);
  const tokenAt = book.tokens >= 1 ? nowMs : nowMs + Math.ceil(((1 - book.tokens) / ratePerS) * 1000);
  return Math.max(nowMs, book.coolUntilMs, tokenAt);
}

export function takeTurn(book: SourceBook): void {
  book.inFlight++;
  if (book.limits.ratePerS !== undefined) book.tokens -= 1;
}

export function stateOf(book: SourceBook, nowMs: number): SourceState {
  if (book.benchedUntilMs > nowMs) return 'benched';
  return book.coolUntilMs > nowMs ? 'cooling' : 'ok';
}

function refill(book: SourceBook, nowMs: number): void {
  const rate = book.limits.ratePerS ?? 0;
  book.tokens = Math.min(burst(book.limits), book.tokens + ((nowMs - book.tokensAtMs) / 1000) * rate);
  book.tokensAtMs = nowMs;
}

function burst(limits: SourceLimits): number {
  return Math.max(1, limits.ratePerS ?? 1);
}
