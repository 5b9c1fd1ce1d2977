import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countFeltPairs, countFelts, writeCount } from './felt-bytes.ts';
import { feltList, feltOf, P } from './testing/felt-samples.ts';

const outOfRange = expect.objectContaining({ code: 'FELT_OUT_OF_RANGE', fault: 'caller' });
const badLength = expect.objectContaining({ code: 'FELT_LENGTH', fault: 'caller' });

describe('countFelts', () => {
  test('takes every value up to P - 1', () => {
    expect(countFelts(feltList([0n, 1n, P - 1n, P - 2n, 2n ** 251n, 2n ** 251n + 16n * 2n ** 192n + 5n]))).toBe(6);
    expect(countFelts(new Uint8Array())).toBe(0);
  });

  test.each([
    ['P', P],
    ['P + 1', P + 1n],
    ['one in the seventeenth step above P', 2n ** 251n + 18n * 2n ** 192n],
    ['2^251 + 2^200', 2n ** 251n + 2n ** 200n],
    ['2^252', 2n ** 252n],
    ['2^256 - 1', 2n ** 256n - 1n],
  ])('refuses %s and names its place', (_, value) => {
    expect(() => countFelts(feltList([0n, value]))).toThrow(
      expect.objectContaining({ code: 'FELT_OUT_OF_RANGE', data: expect.objectContaining({ index: 1 }) }),
    );
  });

  test('agrees with integer comparison around P', () => {
    const near = fc.oneof(
      fc.bigInt({ min: P - 2n ** 10n, max: P + 2n ** 10n }),
      fc.bigInt({ min: 2n ** 251n, max: 2n ** 251n + 2n ** 198n }),
      fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
    );
    fc.assert(
      fc.property(near, (value) => {
        if (value < P) expect(countFelts(feltOf(value))).toBe(1);
        else expect(() => countFelts(feltOf(value))).toThrow(outOfRange);
      }),
      { numRuns: 500 },
    );
  });

  test('refuses part of a felt', () => {
    expect(() => countFelts(new Uint8Array(33))).toThrow(badLength);
  });
});

test('pairs of different length are refused', () => {
  expect(() => countFeltPairs(new Uint8Array(64), new Uint8Array(32))).toThrow(badLength);
  expect(() => countFeltPairs(new Uint8Array(32), feltOf(P))).toThrow(outOfRange);
});

test('a count is written as a felt', () => {
  const out = new Uint8Array(64);
  writeCount(out, 32, 0x1_02_03_04_05_06);
  expect(out).toEqual(feltList([0n, 0x1_02_03_04_05_06n]));
});
