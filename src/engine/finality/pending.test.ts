import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Hash32, Height } from '../types.ts';
import { addPending, type PendingClaim, sameClaim } from './pending.ts';

const pendingClaim = (height: number, byte: number | null = 1, source = 'a'): PendingClaim => ({
  source,
  claim: {
    height: height as Height,
    hash: byte === null ? null : (new Uint8Array(32).fill(byte) as Hash32),
    stateRoot: null,
    reference: `at ${height}`,
  },
});

describe('claims that wait', () => {
  it('stand in order of height, whatever the order they come in', () => {
    const claims = [5, 2, 9, 2].map((height, index) => pendingClaim(height, index));
    const pending = claims.reduce<readonly PendingClaim[]>((all, one) => addPending(all, one), []);
    expect(pending.map(({ claim }) => claim.height)).toEqual([2, 2, 5, 9]);
  });

  it('are kept once, wherever they were read', () => {
    const pending = addPending([], pendingClaim(5));
    expect(addPending(pending, { ...pendingClaim(5, 1, 'b') })).toBe(pending);
    expect(addPending(pending, pendingClaim(5, null))).toHaveLength(2);
    expect(addPending(pending, pendingClaim(5, 2))).toHaveLength(2);
  });

  it('are bounded: the lowest and the highest stay', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { minLength: 1 }), fc.integer({ min: 2, max: 8 }), (heights, countMax) => {
        const pending = heights.reduce<readonly PendingClaim[]>(
          (all, height) => addPending(all, pendingClaim(height), countMax),
          [],
        );
        const kept = pending.map(({ claim }) => Number(claim.height));
        expect(kept.length).toBe(Math.min(countMax, new Set(heights).size));
        expect(kept).toEqual([...kept].sort((a, b) => a - b));
        expect(kept[0]).toBe(Math.min(...heights));
        expect(kept.at(-1)).toBe(Math.max(...heights));
      }),
    );
  });

  it('are the same when height, hash and root are', () => {
    const { claim } = pendingClaim(5);
    expect(sameClaim(claim, { ...claim, reference: 'elsewhere' })).toBe(true);
    expect(sameClaim(claim, { ...claim, height: 6 as Height })).toBe(false);
    expect(sameClaim(claim, { ...claim, hash: null })).toBe(false);
    expect(sameClaim(claim, { ...claim, stateRoot: claim.hash })).toBe(false);
  });
});
