import { describe, expect, it } from 'vitest';
import { parseRetryAfterMs } from './retry-after.ts';

const nowMs = Date.parse('2026-01-05T10:00:00Z');

describe('the pause a remote asks for', () => {
  it.each([
    ['7', 7_000],
    [' 30 ', 30_000],
    ['Mon, 05 Jan 2026 10:00:45 GMT', 45_000],
    [null, 10_000],
    ['soon', 10_000],
    ['-5', 10_000],
    ['1.5', 10_000],
    ['2026-01-05', 10_000],
    ['99999999999999999999', 10_000],
    ['0', 1_000],
    ['Mon, 05 Jan 2026 09:00:00 GMT', 1_000],
    ['999999999', 600_000],
    ['Mon, 05 Jan 2032 10:00:00 GMT', 600_000],
  ])('of %j is %i ms', (header, expected) => expect(parseRetryAfterMs(header, nowMs)).toBe(expected));
});
