import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../lib/index.ts';
import { bitAt, KEY_BITS, setBit, sharedBits, slicePath } from './bits.ts';
import { copyFelt, forkOf, putPath } from './build-keys.ts';

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

describe('keys in one buffer', () => {
  it('fork where their bits first differ, in ascending order only', () => {
    fc.assert(
      fc.property(key, fc.nat(KEY_BITS - 1), key, (first, position, tail) => {
        const second = first.slice();
        for (let at = position + 1; at < KEY_BITS; at++) setBit(second, at, bitAt(tail, at));
        setBit(first, position, 0);
        setBit(second, position, 1);
        const keys = viewOf(concatBytes(Uint8Array.of(1, 2, 3), first, second, first));
        expect(forkOf(keys, 3, 35)).toBe(sharedBits(first, second, 0, KEY_BITS));
        expect(forkOf(keys, 35, 67)).toBe(-1);
        expect(forkOf(keys, 3, 67)).toBe(-1);
      }),
    );
  });

  it('give any span as a path, writing no other byte', () => {
    const span = fc
      .tuple(fc.nat(KEY_BITS), fc.nat(KEY_BITS))
      .map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)]);
    fc.assert(
      fc.property(key, span, fc.nat(40), (bytes, [start, end], before) => {
        const out = new Uint8Array(before + 40).fill(0xee);
        const path = slicePath(bytes, start, end);
        const expected = out.slice();
        expected.set(path, before + 36 - path.length);
        putPath(
          viewOf(concatBytes(new Uint8Array(before).fill(0xff), bytes)),
          before,
          start,
          end,
          viewOf(out),
          before + 36,
        );
        expect(out).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it('are copied at any offset', () => {
    const from = Uint8Array.from({ length: 70 }, (_, i) => i);
    const out = new Uint8Array(40);
    copyFelt(viewOf(from), 5, viewOf(out), 3);
    expect(out).toEqual(concatBytes(new Uint8Array(3), from.slice(5, 37), new Uint8Array(5)));
  });
});
