/**
 * How long a remote wants to be left alone, from its `Retry-After` header (RFC 9110, 10.2.3): whole seconds or an
 * HTTP date. Held between one second, since a zero would have us ask in a loop, and ten minutes, since a remote
 * must not be able to switch itself off for good.
 *
 * @param header Value as received, null when there was none; an unreadable one counts as none.
 * @param nowMs  Milliseconds since the Unix epoch, for dates.
 * @returns Milliseconds; `RETRY_AFTER_DEFAULT_MS` without a usable header.
 */
export function parseRetryAfterMs(header: string | null, nowMs: number): number {
  const text = header?.trim() ?? '';
  if (/^[0-9]{1,9}$/.test(text)) return bounded(Number(text) * 1000);
  const dateMs = text.endsWith('GMT') ? Date.parse(text) : Number.NaN;
  return Number.isNaN(dateMs) ? RETRY_AFTER_DEFAULT_MS : bounded(dateMs - nowMs);
}

/** What clients of the feeder gateway wait after a 429 that says nothing more. */
export const RETRY_AFTER_DEFAULT_MS = 10_000;

function bounded(ms: number): number {
  return Math.min(Math.max(ms, 1000), 600_000);
}
