import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex } from '../lib/index.ts';
import { updateTries } from './binary-trie.ts';
import { rootsFromSorted } from './build.ts';
import { buildTries, type TrieLeaves } from './build-tries.ts';
import { zeroFelt } from './felts.ts';
import type { TrieWrite } from './page-writer.ts';
import { definedRoot, felt, MemoryPages, mixPairs, toNumber } from './testing.ts';

type Content = ReadonlyMap<bigint, bigint>;

const HEIGHTS = [1, 3, 4, 8, 13, 64, 251];
const flat = (numbers: readonly (bigint | number)[]) => concatBytes(...numbers.map(felt));
const text = (writes: readonly TrieWrite[]) =>
  writes.map(({ key, value }) => [toHex(key), value === null ? null : toHex(value)]);

/** Keys that meet: few distinct ones, sharing prefixes of all lengths, and some anywhere. */
function contents(height: number, maxLength: number): fc.Arbitrary<Content> {
  const top = 2n ** BigInt(height) - 1n;
  const near = fc.tuple(fc.constantFrom(0n, top, top / 3n, top / 5n), fc.nat(height - 1));
  const key = fc.oneof(
    near.map(([base, bit]) => base ^ (1n << BigInt(bit))),
    fc.bigInt({ min: 0n, max: top < 40n ? top : 40n }),
    fc.bigInt({ min: 0n, max: top }),
  );
  return fc.array(fc.tuple(key, fc.bigInt(1n, 99n)), { maxLength }).map((entries) => new Map(entries));
}

function leaves(prefix: Uint8Array, height: number, content: Content): TrieLeaves {
  const entries = [...content].sort(([a], [b]) => (a < b ? -1 : 1));
  return { prefix, height, keys: flat(entries.map(([key]) => key)), values: flat(entries.map(([, value]) => value)) };
}

/** What `updateTries` makes of the same content in an empty store. */
function updated(tries: readonly { prefix: Uint8Array; height: number; content: Content }[]) {
  const updates = tries.map(({ prefix, height, content }) => ({
    prefix,
    height,
    entries: [...content].map(([key, value]) => ({ key: felt(key), value: felt(value) })),
  }));
  return updateTries(new MemoryPages(), mixPairs, updates);
}

/** Many leaves with keys all over the trie; the same in every run. */
function spread(count: number): Content {
  const keys = mixPairs(flat(Array.from({ length: count }, (_, i) => i)), new Uint8Array(count * 32));
  return new Map(
    Array.from({ length: count }, (_, i) => [toNumber(keys.subarray(i * 32, (i + 1) * 32)), BigInt(i + 1)]),
  );
}

describe('tries built from sorted leaves', () => {
  for (const height of HEIGHTS) {
    it(`have the very roots, pages and number of hashes of updates to an empty store, at height ${height}`, () => {
      fc.assert(
        fc.property(contents(height, 24), (content) => {
          const prefix = Uint8Array.of(7, 8);
          const built = buildTries(mixPairs, [leaves(prefix, height, content)]);
          const expected = updated([{ prefix, height, content }]);
          expect(text(built.writes)).toEqual(text(expected.writes));
          expect(built.roots).toEqual(expected.roots);
          expect(built.hashes).toBe(expected.hashes);
        }),
        { numRuns: 150 },
      );
    });
  }

  it('come out together as they would alone, whatever their heights and the order of their prefixes', () => {
    const one = fc
      .constantFrom(...HEIGHTS)
      .chain((height) => contents(height, 8).map((content) => ({ height, content })));
    const prefixes = fc.uniqueArray(fc.integer({ min: 0, max: 999 }), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 12 }), prefixes, (tries, numbers) => {
        const placed = tries.map((trie, i) => ({ ...trie, prefix: felt(numbers[i] as number) }));
        const built = buildTries(
          mixPairs,
          placed.map(({ prefix, height, content }) => leaves(prefix, height, content)),
        );
        const expected = updated(placed);
        expect(text(built.writes)).toEqual(text(expected.writes));
        expect(built.roots).toEqual(expected.roots);
        expect(built.hashes).toBe(expected.hashes);
      }),
      { numRuns: 150 },
    );
  });

  it('have the roots by definition and by the other builder', () => {
    fc.assert(
      fc.property(contents(64, 16), contents(251, 16), (first, second) => {
        const tries = [leaves(Uint8Array.of(1), 64, first), leaves(Uint8Array.of(2), 251, second)];
        const { roots } = buildTries(mixPairs, tries);
        expect(roots.map(toNumber)).toEqual([definedRoot(mixPairs, 64, first), definedRoot(mixPairs, 251, second)]);
        expect(roots).toEqual(rootsFromSorted(mixPairs, tries));
      }),
      { numRuns: 60 },
    );
  });

  it('agree with updates on thousands of leaves spread over the trie', () => {
    const prefix = Uint8Array.of(1);
    const content = spread(6000);
    const built = buildTries(mixPairs, [leaves(prefix, 251, content)]);
    const expected = updated([{ prefix, height: 251, content }]);
    expect(text(built.writes)).toEqual(text(expected.writes));
    expect(built.roots).toEqual(expected.roots);
    expect(built.hashes).toBe(expected.hashes);
    expect(built.hashes / content.size).toBeCloseTo(2.25, 1);
  });

  it('share batches: many small ones take no more calls than one', () => {
    let calls = 0;
    const counting = (left: Uint8Array, right: Uint8Array) => {
      calls += 1;
      return mixPairs(left, right);
    };
    const all = Array.from({ length: 300 }, (_, i) =>
      leaves(
        felt(i),
        64,
        new Map([
          [5n, 1n],
          [7n, 2n],
          [9n, 3n],
        ]),
      ),
    );
    const { hashes } = buildTries(counting, all);
    expect(calls).toBe(5); // The leaf at 9; 5 and 7 join; the edge above them; 9 joins; the edge to the root.
    expect(hashes).toBe(300 * 7);
  });

  it('are nothing when they are empty', () => {
    const empty = { prefix: Uint8Array.of(1), height: 8, keys: flat([]), values: flat([]) };
    expect(buildTries(mixPairs, [empty])).toEqual({ roots: [zeroFelt()], writes: [], hashes: 0 });
    expect(buildTries(mixPairs, [])).toEqual({ roots: [], writes: [], hashes: 0 });
  });

  it('leave the input as it was and take views of larger buffers', () => {
    const padded = (part: Uint8Array) =>
      concatBytes(Uint8Array.of(9, 9, 9), part, Uint8Array.of(9)).subarray(3, 3 + part.length);
    const plain = leaves(Uint8Array.of(1), 251, spread(50));
    const moved = { ...plain, keys: padded(plain.keys), values: padded(plain.values) };
    expect(text(buildTries(mixPairs, [moved]).writes)).toEqual(text(buildTries(mixPairs, [plain]).writes));
    expect(moved.keys).toEqual(plain.keys);
    expect(moved.values).toEqual(plain.values);
  });
});

describe('a build', () => {
  const build = (height: number, keys: Uint8Array, values: Uint8Array) => () =>
    buildTries(mixPairs, [{ prefix: Uint8Array.of(1), height, keys, values }]);
  const argument = expect.objectContaining({ code: 'TRIE_ARGUMENT', fault: 'caller' });

  it('refuses keys that do not ascend', () => {
    const unsorted = expect.objectContaining({ code: 'TRIE_UNSORTED', fault: 'caller' });
    expect(build(8, flat([2, 1]), flat([1, 1]))).toThrow(unsorted);
    expect(build(8, flat([1, 2, 2]), flat([1, 1, 1]))).toThrow(unsorted);
    expect(build(251, flat([1n << 200n, 1]), flat([1, 1]))).toThrow(unsorted);
  });

  it('refuses values that are zero or no felts, keys out of bounds, heights and lengths that are none', () => {
    expect(build(8, flat([1, 2]), flat([1, 0]))).toThrow(argument);
    expect(build(8, flat([1, 2]), concatBytes(felt(1), new Uint8Array(32).fill(0xff)))).toThrow(argument);
    expect(build(8, flat([1, 256]), flat([1, 1]))).toThrow(argument);
    expect(build(251, flat([1n << 251n]), flat([1]))).toThrow(argument);
    expect(build(8, flat([1, 2]), flat([1]))).toThrow(argument);
    expect(build(8, new Uint8Array(33), new Uint8Array(33))).toThrow(argument);
    for (const height of [0, 252, 1.5, Number.NaN]) expect(build(height, flat([]), flat([]))).toThrow(argument);
  });

  it('refuses more leaves than it has room for, before it makes room', () => {
    const count = 2 ** 16;
    const keys = new Uint8Array(count * 32);
    const view = new DataView(keys.buffer);
    for (let i = 0; i < count; i++) view.setUint32(i * 32 + 28, i + 1);
    const tries = Array.from({ length: 65 }, (_, i) => ({ prefix: felt(i), height: 32, keys, values: keys }));
    expect(() => buildTries(mixPairs, tries)).toThrow(argument);
  });

  it('refuses tries that share a key space, and a hasher that answers short', () => {
    const trie = (...prefix: number[]) => leaves(Uint8Array.from(prefix), 8, new Map([[1n, 1n]]));
    const duplicate = expect.objectContaining({ code: 'TRIE_DUPLICATE', fault: 'bug' });
    expect(() => buildTries(mixPairs, [trie(1, 2), trie(3), trie(1)])).toThrow(duplicate);
    expect(() => buildTries(mixPairs, [trie(4), trie(4)])).toThrow(duplicate);
    const short = (left: Uint8Array) => left.subarray(32);
    expect(() => buildTries(short, [trie(1)])).toThrow(
      expect.objectContaining({ code: 'TRIE_INVARIANT', fault: 'bug' }),
    );
  });
});
