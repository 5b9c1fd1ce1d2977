import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bitAt,
  concatPaths,
  matchPath,
  pathBit,
  pathTail,
  setBit,
  sharedBits,
  slicePath,
  startsPath,
  writePath,
} from './bits.ts';

/** 32 bytes, and the same as a string of 256 binary digits: the plain reading every function is held against. */
const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
const digits = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
const span = fc.tuple(fc.nat(256), fc.nat(256)).map(([a, b]) => (a < b ? { start: a, end: b } : { start: b, end: a }));
const pathDigits = (path: Uint8Array, length: number) => digits(path).slice(path.length * 8 - length);

describe('bit strings', () => {
  it('a path is the bits of its span, right-aligned with zeros before them', () => {
    fc.assert(
      fc.property(key, span, (bytes, { start, end }) => {
        const path = slicePath(bytes, start, end);
        expect(path.length).toBe((end - start + 7) >> 3);
        expect(pathDigits(path, end - start)).toBe(digits(bytes).slice(start, end));
      }),
    );
  });

  it('shared bits count to the first difference and no further than the span', () => {
    fc.assert(
      fc.property(key, span, fc.nat(255), (bytes, { start, end }, flip) => {
        const other = bytes.slice();
        setBit(other, flip, 1 - bitAt(bytes, flip));
        const expected = flip >= start && flip < end ? flip - start : end - start;
        expect(sharedBits(bytes, other, start, end)).toBe(expected);
      }),
    );
  });

  it('a key matches the path cut from it, up to the first bit that was changed', () => {
    fc.assert(
      fc.property(key, span, fc.nat(255), (bytes, { start, end }, flip) => {
        const path = slicePath(bytes, start, end);
        expect(matchPath(bytes, start, path, end - start)).toBe(end - start);
        const other = bytes.slice();
        setBit(other, flip, 1 - bitAt(bytes, flip));
        const expected = flip >= start && flip < end ? flip - start : end - start;
        expect(matchPath(other, start, path, end - start)).toBe(expected);
      }),
    );
  });

  it('a written path changes only its own span before the next byte border', () => {
    fc.assert(
      fc.property(key, key, span, (bytes, source, { start, end }) => {
        const length = end - start;
        const written = bytes.slice();
        writePath(written, start, slicePath(source, start, end), length);
        expect(digits(written).slice(0, end)).toBe(digits(bytes).slice(0, start) + digits(source).slice(start, end));
        const border = length === 0 ? end : (end + 7) & ~7;
        expect(digits(written).slice(border)).toBe(digits(bytes).slice(border));
      }),
    );
  });

  it('cutting a path in two and joining it gives the path again', () => {
    fc.assert(
      fc.property(key, span, fc.nat(256), (bytes, { start, end }, cut) => {
        const length = end - start;
        const at = Math.min(cut, length);
        const whole = slicePath(bytes, start, end);
        const low = pathTail(whole, length - at);
        expect(low).toEqual(slicePath(bytes, start + at, end));
        expect(concatPaths(slicePath(bytes, start, start + at), at, low, length - at)).toEqual(whole);
        if (at < length) expect(pathBit(whole, length, at)).toBe(bitAt(bytes, start + at));
      }),
    );
  });

  it('a path with a bit beyond its length does not pass', () => {
    expect(startsPath(Uint8Array.of(0xff, 0x07), 1, 3)).toBe(true);
    expect(startsPath(Uint8Array.of(0x00, 0x08), 1, 3)).toBe(false);
    expect(startsPath(Uint8Array.of(0xff), 0, 8)).toBe(true);
  });
});
