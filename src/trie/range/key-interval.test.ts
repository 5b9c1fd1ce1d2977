import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../lib/index.ts';
import { isAtOrBehind, KeyInterval, nextKey } from './key-interval.ts';

/** Two bytes, so that every key under a path can be looked at. */
const BITS = 16;
const key = fc.nat(2 ** BITS - 1);
const bytes = (number: number) => Uint8Array.of(number >> 8, number & 0xff);
/** First and last key that begin with the first `bits` bits of `path`. */
const under = (path: number, bits: number) => {
  const size = 2 ** (BITS - bits);
  return { first: path - (path % size), last: path - (path % size) + size - 1 };
};

describe('a key interval', () => {
  it('has all keys under a path on the side it names', () => {
    const bound = fc.option(key, { freq: 5 });
    fc.assert(
      fc.property(key, bound, key, fc.nat(BITS), (a, b, path, bits) => {
        const [start, end] = b === null || a < b ? [a, b] : [b, a];
        fc.pre(start !== end);
        const { first, last } = under(path, bits);
        const sides = new Set(
          [first, last].map((at) => (at < start ? 'left' : end !== null && at >= end ? 'right' : 'inside')),
        );
        // The path itself has zeros behind its bits, as walks make it.
        const side = new KeyInterval(bytes(start), end === null ? null : bytes(end)).sideOf(bytes(first), bits);
        expect(side).toBe(sides.size === 1 ? [...sides][0] : 'straddling');
        if (end !== null) expect(isAtOrBehind(bytes(first), bits, bytes(end))).toBe(first >= end);
      }),
      { numRuns: 1000 },
    );
  });

  it('the next key is one above, and there is none behind the last', () => {
    fc.assert(
      fc.property(key, (number) => {
        const next = nextKey(bytes(number));
        expect(next === null ? null : toHex(next)).toBe(number === 0xffff ? null : toHex(bytes(number + 1)));
      }),
    );
    expect(nextKey(bytes(0xffff))).toBeNull();
    expect(nextKey(bytes(0x00ff))).toEqual(bytes(0x0100));
  });
});
