import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes, toHex } from '../../lib/index.ts';
import {
  appendLeaves,
  createAppendOnlyTree,
  type LeafClaim,
  MERKLE_HEIGHT_MAX,
  readMerkleRoot,
  readSiblingPath,
  verifySiblingPath,
} from './index.ts';
import { definedRoot, element, elements, mixHasher, OrderedRecords } from './testing.ts';

const prefix = Uint8Array.of(7, 7);

/** Leaves told by their numbers, zeros among them. */
const someLeaves = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.bigInt({ min: 1n, max: 2n ** 250n }) },
    { weight: 1, arbitrary: fc.constant(0n) },
  ),
  { maxLength: 40 },
);

describe('appendLeaves', () => {
  test('any cut of the leaves into calls makes the defined root and the same records', () => {
    fc.assert(
      fc.property(fc.integer({ min: 6, max: 14 }), fc.array(someLeaves, { maxLength: 4 }), (height, parts) => {
        const all = parts.flat().slice(0, 2 ** height);
        const store = new OrderedRecords();
        let size = 0;
        for (const part of parts) {
          const leaves = elements(part.slice(0, 2 ** height - size));
          const result = appendLeaves(store, mixHasher, { prefix, height, size, leaves });
          store.apply(result.writes);
          size = result.size;
          expect(toHex(result.root)).toBe(toHex(readMerkleRoot(store, mixHasher, { prefix, height })));
        }
        expect(size).toBe(all.length);
        const root = definedRoot(mixHasher, height, all.map(element));
        expect(toHex(readMerkleRoot(store, mixHasher, { prefix, height }))).toBe(toHex(root));
        const atOnce = new OrderedRecords();
        atOnce.apply(appendLeaves(atOnce, mixHasher, { prefix, height, size: 0, leaves: elements(all) }).writes);
        expect(store.dump()).toEqual(atOnce.dump());
      }),
      { numRuns: 60 },
    );
  });

  test.each([1, 2, 3, 4, 5, 8])('a tree of height %i can be filled to its last place', (height) => {
    const leaves = Array.from({ length: 2 ** height }, (_, i) => element(i + 1));
    const store = new OrderedRecords();
    const { root, size, writes } = appendLeaves(store, mixHasher, {
      prefix,
      height,
      size: 0,
      leaves: concatBytes(...leaves),
    });
    store.apply(writes);
    expect(toHex(root)).toBe(toHex(definedRoot(mixHasher, height, leaves)));
    const full = expect.objectContaining({ code: 'MERKLE_FULL', fault: 'caller' });
    expect(() => appendLeaves(store, mixHasher, { prefix, height, size, leaves: element(1) })).toThrow(full);
  });

  test('zero leaves take places and write nothing', () => {
    const store = new OrderedRecords();
    const { root, size, writes } = appendLeaves(store, mixHasher, {
      prefix,
      height: 42,
      size: 0,
      leaves: elements([0, 0, 0]),
    });
    expect(toHex(root)).toBe(toHex(mixHasher.empty.slice(42 * 32, 43 * 32)));
    expect(size).toBe(3);
    expect(writes).toEqual([]);
  });

  test('places beyond 32 bits keep apart', () => {
    const store = new OrderedRecords();
    const height = MERKLE_HEIGHT_MAX;
    for (const size of [5, 2 ** 32 + 5, 2 ** 47 + 5]) {
      store.apply(appendLeaves(store, mixHasher, { prefix, height, size, leaves: element(size) }).writes);
    }
    const root = readMerkleRoot(store, mixHasher, { prefix, height });
    for (const index of [5, 2 ** 32 + 5, 2 ** 47 + 5]) {
      const path = readSiblingPath(store, mixHasher, { prefix, height, index });
      expect(toHex(path.leaf)).toBe(toHex(element(index)));
      verifySiblingPath(mixHasher.hashPairs, { root, height, index, ...path });
    }
  });

  test('records of one tree lie under its prefix, in key order', () => {
    const leaves = elements(Array.from({ length: 700 }, (_, i) => i + 1));
    const { writes } = appendLeaves(new OrderedRecords(), mixHasher, { prefix, height: 36, size: 250, leaves });
    const keys = writes.map(({ key }) => toHex(key));
    expect(keys.every((key) => key.startsWith('0x070700'))).toBe(true);
    expect(keys).toEqual([...new Set(keys)].sort());
    // 700 leaves from place 250: pages of sixteen, then 46, then few.
    expect(writes.length).toBeLessThan(60);
  });

  test('refuses what does not fit', () => {
    const refused = expect.objectContaining({ code: 'MERKLE_ARGUMENT', fault: 'caller' });
    const append = (change: object) =>
      appendLeaves(new OrderedRecords(), mixHasher, { prefix, height: 5, size: 0, leaves: element(1), ...change });
    for (const height of [0, 49, 1.5, Number.NaN]) expect(() => append({ height })).toThrow(refused);
    for (const size of [-1, 33, 0.5, Number.NaN]) expect(() => append({ size })).toThrow(refused);
    expect(() => append({ leaves: new Uint8Array(31) })).toThrow(refused);
  });

  test('a record that does not decode is told', () => {
    const store = new OrderedRecords();
    store.apply(appendLeaves(store, mixHasher, { prefix, height: 8, size: 0, leaves: elements([1, 2, 3]) }).writes);
    const corrupt = expect.objectContaining({ code: 'MERKLE_RECORD_CORRUPT', fault: 'local' });
    for (const [key, record] of [...store.records]) {
      for (const bad of [
        record.slice(0, -1),
        concatBytes(record, element(0)),
        new Uint8Array(3),
        new Uint8Array(4).fill(255),
      ]) {
        store.records.set(key, bad);
        expect(() => appendLeaves(store, mixHasher, { prefix, height: 8, size: 3, leaves: element(4) })).toThrow(
          corrupt,
        );
      }
      store.records.set(key, record);
    }
  });
});

describe('createAppendOnlyTree', () => {
  test('any cut, with a save between, makes the root of the stored tree', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 48 }), fc.array(someLeaves, { maxLength: 4 }), (height, parts) => {
        let tree = createAppendOnlyTree({ hasher: mixHasher, height });
        const all: bigint[] = [];
        for (const part of parts) {
          const fitting = part.slice(0, 2 ** height - all.length);
          tree.append(elements(fitting));
          all.push(...fitting);
          tree = createAppendOnlyTree({ hasher: mixHasher, height, from: tree.frontier() });
        }
        expect(tree.frontier().size).toBe(all.length);
        expect(toHex(tree.root())).toBe(toHex(definedRoot(mixHasher, height, all.map(element))));
      }),
      { numRuns: 60 },
    );
  });

  test('a full tree has its root for a frontier', () => {
    const tree = createAppendOnlyTree({ hasher: mixHasher, height: 2 });
    tree.append(elements([1, 2, 3, 4]));
    expect(tree.frontier()).toEqual({ size: 4, nodes: tree.root() });
    const full = expect.objectContaining({ code: 'MERKLE_FULL' });
    expect(() => tree.append(element(5))).toThrow(full);
    expect(tree.frontier().size).toBe(4);
  });

  test('refuses a frontier that does not fit its size', () => {
    const refused = expect.objectContaining({ code: 'MERKLE_ARGUMENT', fault: 'caller' });
    for (const from of [
      { size: 3, nodes: element(1) },
      { size: 4, nodes: elements([1, 2]) },
      { size: 0, nodes: element(1) },
      { size: 2 ** 9, nodes: element(1) },
    ]) {
      expect(() => createAppendOnlyTree({ hasher: mixHasher, height: 8, from })).toThrow(refused);
    }
  });
});

describe('sibling paths', () => {
  const height = 9;
  const leaves = elements(Array.from({ length: 300 }, (_, i) => (i % 7 === 0 ? 0 : i)));
  const store = new OrderedRecords();
  const { root, writes } = appendLeaves(store, mixHasher, { prefix, height, size: 0, leaves });
  store.apply(writes);
  const claimOf = (index: number): LeafClaim => ({
    root,
    height,
    index,
    ...readSiblingPath(store, mixHasher, { prefix, height, index }),
  });

  test('lead from any leaf to the root, also from places not yet used', () => {
    for (const index of [0, 1, 6, 7, 128, 255, 256, 298, 299, 300, 511]) {
      expect(() => verifySiblingPath(mixHasher.hashPairs, claimOf(index))).not.toThrow();
    }
    expect(toHex(claimOf(299).leaf)).toBe(toHex(element(299)));
    expect(toHex(claimOf(300).leaf)).toBe(toHex(element(0)));
  });

  test('a path for another leaf, place, root or height is invalid', () => {
    const invalid = expect.objectContaining({ code: 'MERKLE_PROOF_INVALID', fault: 'peer' });
    const claim = claimOf(57);
    const swapped = claim.siblings.slice();
    swapped[100] = (swapped[100] as number) ^ 1; // of 288
    for (const change of [
      { leaf: element(58) },
      { index: 56 },
      { index: 57 + 256 },
      { root: element(1) },
      { siblings: swapped },
      { siblings: claim.siblings.slice(32) },
      { siblings: concatBytes(claim.siblings, element(0)) },
      { height: 8, siblings: claim.siblings.slice(0, 256) },
      { leaf: new Uint8Array(31) },
    ]) {
      expect(() => verifySiblingPath(mixHasher.hashPairs, { ...claim, ...change })).toThrow(invalid);
    }
  });

  test('refuses places outside of the tree', () => {
    const refused = expect.objectContaining({ code: 'MERKLE_ARGUMENT', fault: 'caller' });
    for (const index of [-1, 512, 0.5]) {
      expect(() => readSiblingPath(store, mixHasher, { prefix, height, index })).toThrow(refused);
      expect(() => verifySiblingPath(mixHasher.hashPairs, { ...claimOf(0), index })).toThrow(refused);
    }
  });
});
