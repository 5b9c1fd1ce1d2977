import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../lib/index.ts';
import { updateTries } from './binary-trie.ts';
import { rootFromSorted, rootsFromSorted } from './build.ts';
import { orderedRoot, orderedRoots } from './commitment-tree.ts';
import { zeroFelt } from './felts.ts';
import { definedRoot, felt, MemoryPages, mixPairs, toNumber } from './testing.ts';

const flat = (numbers: readonly (bigint | number)[]) => concatBytes(...numbers.map(felt));
const argument = expect.objectContaining({ code: 'TRIE_ARGUMENT', fault: 'caller' });

describe('the root of sorted leaves', () => {
  it('is the root by definition, for several tries at once', () => {
    const heights = [1, 2, 8, 64, 251];
    const lists = fc.tuple(
      ...heights.map((height) => fc.uniqueArray(fc.bigInt(0n, 2n ** BigInt(height) - 1n), { maxLength: 12 })),
    );
    fc.assert(
      fc.property(lists, (keyLists) => {
        const sorted = keyLists.map((keys) => [...keys].sort((a, b) => (a < b ? -1 : 1)));
        const tries = sorted.map((keys, i) => ({
          height: heights[i] as number,
          keys: flat(keys),
          values: flat(keys.map((key) => (key % 97n) + 1n)),
        }));
        const expected = sorted.map((keys, i) =>
          definedRoot(mixPairs, heights[i] as number, new Map(keys.map((key) => [key, (key % 97n) + 1n]))),
        );
        expect(rootsFromSorted(mixPairs, tries).map(toNumber)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('is zero without leaves and an edge over the whole height for one', () => {
    expect(rootFromSorted(mixPairs, 251, flat([]), flat([]))).toEqual(zeroFelt());
    const root = toNumber(rootFromSorted(mixPairs, 251, flat([77]), flat([5])));
    expect(root).toBe(toNumber(mixPairs(felt(5), felt(77))) + 251n);
  });

  it('is refused for unsorted or doubled keys, zero values, keys out of bounds and broken lengths', () => {
    const unsorted = expect.objectContaining({ code: 'TRIE_UNSORTED', fault: 'caller' });
    expect(() => rootFromSorted(mixPairs, 8, flat([2, 1]), flat([1, 1]))).toThrow(unsorted);
    expect(() => rootFromSorted(mixPairs, 8, flat([1, 1]), flat([1, 1]))).toThrow(unsorted);
    expect(() => rootFromSorted(mixPairs, 8, flat([1]), flat([0]))).toThrow(argument);
    expect(() => rootFromSorted(mixPairs, 8, flat([256]), flat([1]))).toThrow(argument);
    expect(() => rootFromSorted(mixPairs, 8, flat([1, 2]), flat([1]))).toThrow(argument);
    expect(() => rootFromSorted(mixPairs, 8, new Uint8Array(33), new Uint8Array(33))).toThrow(argument);
  });
});

describe('the root of an ordered list', () => {
  it('is that of the trie with the index as key, where a zero leaf is absent', () => {
    const leaf = fc.oneof(fc.bigInt(1n, 9n), fc.constant(0n));
    fc.assert(
      fc.property(fc.array(leaf, { maxLength: 40 }), fc.constantFrom(6, 64), (leaves, height) => {
        const root = toNumber(orderedRoot(mixPairs, flat(leaves), height));
        const present = leaves.map((value, index) => [BigInt(index), value] as const).filter(([, value]) => value > 0n);
        expect(root).toBe(definedRoot(mixPairs, height, new Map(present)));
        const entries = leaves.map((value, index) => ({ key: felt(index), value: felt(value) }));
        const update = { prefix: Uint8Array.of(1), height, entries };
        expect(toNumber(updateTries(new MemoryPages(), mixPairs, [update]).roots[0] as Uint8Array)).toBe(root);
      }),
    );
  });

  it('comes out the same alone and together with others', () => {
    const lists = [flat([]), flat([1]), flat([0, 0]), flat([1, 2, 3]), flat(Array.from({ length: 300 }, (_, i) => i))];
    expect(orderedRoots(mixPairs, lists)).toEqual(lists.map((list) => orderedRoot(mixPairs, list)));
    expect(orderedRoots(mixPairs, [])).toEqual([]);
  });

  it('shares batches between lists: one of edges and one of binary nodes a level', () => {
    let calls = 0;
    const counting = (left: Uint8Array, right: Uint8Array) => {
      calls += 1;
      return mixPairs(left, right);
    };
    const list = flat(Array.from({ length: 64 }, (_, i) => i + 1));
    orderedRoots(counting, [list, list, list]);
    expect(calls).toBe(7); // Six binary levels, then the edge above each root.
  });

  it('is refused for a broken length and for more leaves than the height holds', () => {
    expect(() => orderedRoot(mixPairs, new Uint8Array(31))).toThrow(argument);
    expect(() => orderedRoot(mixPairs, flat([1, 2, 3]), 1)).toThrow(argument);
  });
});
