import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FinalClaim } from '../source.ts';
import type { BlockRef, Hash32, Height } from '../types.ts';
import { judgeClaim, remedyFor, type StoredBlock } from './judge.ts';

const hash = (byte: number) => new Uint8Array(32).fill(byte) as Hash32;
const ref = (height: number, byte: number): BlockRef => ({ height: height as Height, hash: hash(byte) });
const block = (height: number, byte = 1, root = 2): StoredBlock => ({ ref: ref(height, byte), stateRoot: hash(root) });
const claimOf = (height: number, byte: number | null, root: number | null): FinalClaim => ({
  height: height as Height,
  hash: byte === null ? null : hash(byte),
  stateRoot: root === null ? null : hash(root),
  reference: 'somewhere',
});

describe('a claim of what is final', () => {
  it.each([
    ['hash and root', 1, 2],
    ['the hash alone', 1, null],
    ['the root alone', null, 2],
    ['the height alone', null, null],
  ])('that agrees by %s moves the final tip to our block', (_by, byte, root) => {
    expect(judgeClaim(claimOf(7, byte, root), block(7), null)).toEqual({ type: 'advance', to: ref(7, 1) });
    expect(judgeClaim(claimOf(7, byte, root), block(7), ref(6, 9))).toEqual({ type: 'advance', to: ref(7, 1) });
  });

  it('waits for our block, however far behind we are', () => {
    expect(judgeClaim(claimOf(7, 1, 2), null, null)).toEqual({ type: 'wait' });
    expect(judgeClaim(claimOf(7, 1, 2), null, ref(3, 1))).toEqual({ type: 'wait' });
  });

  it('at or below the final tip is no news when it agrees', () => {
    expect(judgeClaim(claimOf(7, 1, 2), block(7), ref(7, 1))).toEqual({ type: 'known' });
    expect(judgeClaim(claimOf(7, 1, 2), block(7), ref(9, 5))).toEqual({ type: 'known' });
  });

  it('contradicts by its hash first, then by its root, above the final tip and below', () => {
    for (const final of [null, ref(3, 1), ref(9, 1)]) {
      expect(judgeClaim(claimOf(7, 8, 9), block(7), final)).toEqual({
        type: 'contradiction',
        field: 'hash',
        expected: hash(8),
        got: hash(1),
      });
      expect(judgeClaim(claimOf(7, 1, 9), block(7), final)).toMatchObject({ field: 'state root', got: hash(2) });
      expect(judgeClaim(claimOf(7, null, 9), block(7), final)).toMatchObject({ expected: hash(9) });
    }
  });

  it('never moves the final tip down, nor to a block that is not ours, nor when something differs', () => {
    const byte = fc.integer({ min: 0, max: 3 });
    const height = fc.integer({ min: 0, max: 20 });
    fc.assert(
      fc.property(
        fc.tuple(height, fc.option(byte), fc.option(byte)),
        fc.option(fc.tuple(byte, byte)),
        fc.option(height),
        ([at, claimedHash, claimedRoot], ours, finalAt) => {
          const stored = ours === null ? null : block(at, ours[0], ours[1]);
          const final = finalAt === null ? null : ref(finalAt, 1);
          const verdict = judgeClaim(claimOf(at, claimedHash, claimedRoot), stored, final);
          const differs =
            stored !== null &&
            ((claimedHash !== null && claimedHash !== ours?.[0]) ||
              (claimedRoot !== null && claimedRoot !== ours?.[1]));
          expect(verdict.type === 'wait').toBe(stored === null);
          expect(verdict.type === 'contradiction').toBe(differs);
          if (verdict.type === 'advance') {
            expect(verdict.to).toBe(stored?.ref);
            expect(verdict.to.height).toBeGreaterThan(final?.height ?? -1);
          }
        },
      ),
    );
  });
});

describe('a contradiction', () => {
  it('leads back to what was agreed when the sources still show our branch', () => {
    expect(remedyFor({ height: 9, times: 1, final: ref(4, 1), branch: 'ours' })).toEqual({ type: 'unwind', to: 4 });
    expect(remedyFor({ height: 9, times: 1, final: null, branch: 'ours' })).toEqual({ type: 'unwind', to: -1 });
  });

  it('is compared again when the sources led us elsewhere, and later when nobody could be asked', () => {
    expect(remedyFor({ height: 9, times: 1, final: null, branch: 'left' })).toEqual({ type: 'compare' });
    expect(remedyFor({ height: 9, times: 1, final: null, branch: 'unknown' })).toEqual({ type: 'later' });
  });

  it('halts the second time, and at once when it is about what was agreed', () => {
    expect(remedyFor({ height: 9, times: 2, final: ref(4, 1), branch: 'ours' }).type).toBe('halt');
    for (const height of [3, 4]) {
      expect(remedyFor({ height, times: 1, final: ref(4, 1), branch: 'ours' }).type).toBe('halt');
    }
  });

  it('never costs what was agreed, and ends after two rounds', () => {
    const height = fc.integer({ min: 0, max: 20 });
    const branch = fc.constantFrom('ours' as const, 'left' as const, 'unknown' as const);
    fc.assert(
      fc.property(height, fc.integer({ min: 1, max: 3 }), fc.option(height), branch, (at, times, finalAt, shown) => {
        const final = finalAt === null ? null : ref(finalAt, 1);
        const remedy = remedyFor({ height: at, times, final, branch: shown });
        if (remedy.type === 'unwind') {
          expect(remedy.to).toBe(final?.height ?? -1);
          expect(remedy.to).toBeLessThan(at);
        }
        if (times > 1 || (final !== null && at <= final.height)) expect(remedy.type).toBe('halt');
        else expect(remedy.type).not.toBe('halt');
      }),
    );
  });
});
