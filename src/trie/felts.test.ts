import { describe, expect, it } from 'vitest';
import { addLength, isCanonicalFelt } from './felts.ts';
import { felt, toNumber } from './testing.ts';

const P = 2n ** 251n + 17n * 2n ** 192n + 1n;

describe('field elements', () => {
  it('are canonical below P only', () => {
    for (const value of [0n, 1n, 2n ** 251n, 2n ** 251n + 2n ** 192n, P - 2n, P - 1n]) {
      expect(isCanonicalFelt(felt(value))).toBe(true);
    }
    for (const value of [P, P + 1n, P + 2n ** 192n, 2n ** 251n + 2n ** 200n, 2n ** 252n, 2n ** 256n - 1n]) {
      expect(isCanonicalFelt(felt(value))).toBe(false);
    }
  });

  it('take an edge length modulo P, whatever carries or wraps', () => {
    const values = [0n, 5n, 255n, 2n ** 64n - 1n, 2n ** 248n - 1n, 2n ** 251n - 1n];
    for (let below = 1n; below <= 260n; below++) values.push(P - below);
    for (const value of values) {
      for (const length of [1, 2, 128, 250, 251]) {
        const bytes = new Uint8Array(96).fill(0xee);
        bytes.set(felt(value), 32);
        addLength(bytes, 32, length);
        expect(toNumber(bytes.subarray(32, 64))).toBe((value + BigInt(length)) % P);
        expect(bytes.subarray(0, 32).every((byte) => byte === 0xee)).toBe(true);
        expect(bytes.subarray(64).every((byte) => byte === 0xee)).toBe(true);
      }
    }
  });
});
