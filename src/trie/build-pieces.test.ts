import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex } from '../lib/index.ts';
import { LeafRun } from './build-leaves.ts';
import { FlatNodes } from './build-nodes.ts';
import { createTrieBuilder } from './build-pieces.ts';
import { buildTries } from './build-tries.ts';
import { zeroFelt } from './felts.ts';
import type { TrieWrite } from './page-writer.ts';
import { felt, mixPairs, toNumber } from './testing.ts';

const PREFIX = Uint8Array.of(5, 5);
const flat = (numbers: readonly (bigint | number)[]) => concatBytes(...numbers.map(felt));
const compare = (a: bigint, b: bigint) => (a < b ? -1 : 1);
const text = (writes: readonly TrieWrite[]) =>
  writes.map(({ key, value }): [string, string | null] => [toHex(key), value === null ? null : toHex(value)]);
const argument = expect.objectContaining({ code: 'TRIE_ARGUMENT', fault: 'caller' });

/** Ascending keys that meet at all depths. */
function sortedKeys(height: number, maxLength: number): fc.Arbitrary<bigint[]> {
  const top = 2n ** BigInt(height) - 1n;
  const near = fc.tuple(fc.constantFrom(0n, top, top / 3n, top / 5n), fc.nat(height - 1));
  const key = fc.oneof(
    near.map(([base, bit]) => base ^ (1n << BigInt(bit))),
    fc.bigInt({ min: 0n, max: top < 40n ? top : 40n }),
    fc.bigInt({ min: 0n, max: top }),
  );
  return fc.uniqueArray(key, { maxLength }).map((keys) => keys.sort(compare));
}

/** Many keys all over the trie; the same in every run. */
function spreadKeys(count: number): bigint[] {
  const keys = mixPairs(flat(Array.from({ length: count }, (_, i) => i)), new Uint8Array(count * 32));
  return Array.from({ length: count }, (_, i) => toNumber(keys.subarray(i * 32, (i + 1) * 32))).sort(compare);
}

/** Builds in pieces, from chunks of the given sizes over and over; the value of a leaf is its index + 1. */
function inPieces(height: number, keys: readonly bigint[], pieceLeaves: number, chunks: readonly number[]) {
  const builder = createTrieBuilder(mixPairs, { prefix: PREFIX, height, pieceLeaves });
  const parts: [string, string | null][][] = [];
  for (let at = 0, i = 0; at < keys.length; i++) {
    const part = keys.slice(at, at + (chunks[i % chunks.length] as number));
    parts.push(text(builder.add(flat(part), flat(part.map((_, index) => at + index + 1)))));
    at += part.length;
  }
  const { root, writes, hashes } = builder.finish();
  return { root, hashes, parts: [...parts, text(writes)] };
}

function whole(height: number, keys: readonly bigint[]) {
  const values = flat(keys.map((_, index) => index + 1));
  return buildTries(mixPairs, [{ prefix: PREFIX, height, keys: flat(keys), values }]);
}

describe('a trie built in pieces', () => {
  for (const height of [1, 3, 4, 8, 13, 64, 251]) {
    it(`is the one built at once, each page written once and each node hashed once, at height ${height}`, () => {
      const chunks = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
      fc.assert(
        fc.property(sortedKeys(height, 40), fc.integer({ min: 1, max: 12 }), chunks, (keys, pieceLeaves, sizes) => {
          const { root, hashes, parts } = inPieces(height, keys, pieceLeaves, sizes);
          const expected = whole(height, keys);
          expect(root).toEqual(expected.roots[0]);
          expect(hashes).toBe(expected.hashes);
          expect(parts.flat().sort()).toEqual(text(expected.writes).sort());
        }),
        { numRuns: 150 },
      );
    });
  }

  it('agrees on thousands of leaves, for pieces and chunks of unlike sizes, the pages of a piece ascending', () => {
    const keys = spreadKeys(5000);
    const expected = whole(251, keys);
    for (const [pieceLeaves, chunk] of [
      [100, 100],
      [1000, 5000],
      [1024, 77],
      [4999, 1250],
      [5000, 5000],
    ] as const) {
      const { root, hashes, parts } = inPieces(251, keys, pieceLeaves, [chunk]);
      expect(root).toEqual(expected.roots[0]);
      expect(hashes).toBe(expected.hashes);
      expect(parts.flat().sort()).toEqual(text(expected.writes).sort());
      if (chunk < pieceLeaves) for (const part of parts) expect(part).toEqual([...part].sort());
      expect(parts.filter((part) => part.length > 0).length).toBeLessThanOrEqual(Math.ceil(5000 / pieceLeaves));
    }
  });

  it('carries no more from piece to piece than 15 subtrees for each page on the way to the last leaf', () => {
    // Below each page on the way to the last key, all ones, both ends of all 15 other subtrees.
    const height = 248;
    const keys: bigint[] = [];
    for (let rest = height; rest > 0; rest -= 4) {
      const way = 2n ** BigInt(height) - 2n ** BigInt(rest);
      const size = 2n ** BigInt(rest - 4);
      for (let i = 0n; i < 15n; i++) keys.push(way + i * size, way + (i + 1n) * size - 1n);
    }
    keys.push(2n ** BigInt(height) - 1n);
    const distinct = [...new Set(keys)].sort(compare);
    const run = new LeafRun(1);
    run.addLeaves(flat(distinct), flat(distinct.map(() => 1)));
    expect(new FlatNodes(run).addPiece(256 - height)).toHaveLength(15 * (height / 4) + 1);
    const { root, parts } = inPieces(height, distinct, 64, [1000]);
    const expected = whole(height, distinct);
    expect(root).toEqual(expected.roots[0]);
    expect(parts.flat().sort()).toEqual(text(expected.writes).sort());
  });

  it('is empty without leaves, and one page for one leaf', () => {
    const builder = createTrieBuilder(mixPairs, { prefix: PREFIX, height: 251 });
    expect(builder.add(flat([]), flat([]))).toEqual([]);
    expect(builder.finish()).toEqual({ root: zeroFelt(), writes: [], hashes: 0 });
    const { root, hashes, parts } = inPieces(251, [77n], 1, [1]);
    expect(toNumber(root)).toBe(toNumber(mixPairs(felt(1), felt(77))) + 251n);
    expect(hashes).toBe(1);
    expect(parts.flat()).toHaveLength(1);
  });
});

describe('a trie builder', () => {
  it('refuses a chunk that does not ascend, in itself or after the last one, and goes on without it', () => {
    const builder = createTrieBuilder(mixPairs, { prefix: PREFIX, height: 8, pieceLeaves: 2 });
    const unsorted = expect.objectContaining({ code: 'TRIE_UNSORTED', fault: 'caller' });
    const writes = [...builder.add(flat([1, 2, 5]), flat([1, 2, 3]))];
    expect(() => builder.add(flat([5, 6]), flat([9, 9]))).toThrow(unsorted);
    expect(() => builder.add(flat([4]), flat([9]))).toThrow(unsorted);
    expect(() => builder.add(flat([7, 6]), flat([9, 9]))).toThrow(unsorted);
    expect(() => builder.add(flat([256]), flat([9]))).toThrow(argument);
    expect(() => builder.add(flat([6]), flat([0]))).toThrow(argument);
    expect(() => builder.add(flat([6, 7]), flat([9]))).toThrow(argument);
    writes.push(...builder.add(flat([9]), flat([4])));
    const { root, writes: rest } = builder.finish();
    const expected = whole(8, [1n, 2n, 5n, 9n]);
    expect(root).toEqual(expected.roots[0]);
    expect(text([...writes, ...rest]).sort()).toEqual(text(expected.writes).sort());
  });

  it('takes no more once its hasher has failed, rather than leave leaves out', () => {
    const failing = () => {
      throw new Error('out of order');
    };
    const builder = createTrieBuilder(failing, { prefix: PREFIX, height: 8, pieceLeaves: 1 });
    expect(() => builder.add(flat([0, 1, 128, 200]), flat([1, 1, 1, 1]))).toThrow('out of order');
    expect(() => builder.add(flat([201]), flat([1]))).toThrow(argument);
    expect(() => builder.finish()).toThrow(argument);
  });

  it('keeps its prefix whatever becomes of the buffer it came in', () => {
    const prefix = Buffer.from([5, 5]);
    const builder = createTrieBuilder(mixPairs, { prefix, height: 8 });
    prefix.fill(0);
    builder.add(flat([1]), flat([1]));
    expect(text(builder.finish().writes)).toEqual(text(whole(8, [1n]).writes));
  });

  it('ends once', () => {
    const builder = createTrieBuilder(mixPairs, { prefix: PREFIX, height: 8 });
    builder.finish();
    expect(() => builder.finish()).toThrow(argument);
    expect(() => builder.add(flat([1]), flat([1]))).toThrow(argument);
  });

  it('refuses a height or a size of pieces that is none', () => {
    for (const height of [0, 252, 7.5]) {
      expect(() => createTrieBuilder(mixPairs, { prefix: PREFIX, height })).toThrow(argument);
    }
    for (const pieceLeaves of [0, -1, 1.5, 2 ** 22 + 1, Number.POSITIVE_INFINITY]) {
      expect(() => createTrieBuilder(mixPairs, { prefix: PREFIX, height: 8, pieceLeaves })).toThrow(argument);
    }
  });
});
