import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex } from '../../lib/index.ts';
import {
  type IndexedProof,
  insertIndexedKeys,
  proveIndexedKey,
  readIndexedLeaf,
  readLowLeaf,
  readMerkleRoot,
  verifyIndexedProof,
  writeIndexedEntries,
} from './index.ts';
import { definedLeaves, definedRoot, element, mixHasher, OrderedRecords } from './testing.ts';

const prefix = Uint8Array.of(9);
const height = 12;

type Place = { readonly key: Uint8Array; readonly value: Uint8Array | null } | null;

/** A store with the keys 0 to 3 in the first places, and these places. */
function started(): { readonly store: OrderedRecords; readonly places: Place[] } {
  const store = new OrderedRecords();
  const keys = [0, 1, 2, 3].map(element);
  store.apply(insertIndexedKeys(store, mixHasher, { prefix, height, size: 0, keys }).writes);
  return { store, places: keys.map((key) => ({ key, value: null })) };
}

/** Keys from 4 on, so that they collide at times, up to large ones. */
const someKey = fc.oneof(fc.bigInt({ min: 4n, max: 60n }), fc.bigInt({ min: 61n, max: 2n ** 250n }));

describe('insertIndexedKeys', () => {
  test('any batches of keys and gaps make the defined tree', () => {
    const batches = fc.array(fc.array(fc.option(someKey, { freq: 4 }), { maxLength: 12 }), { maxLength: 5 });
    fc.assert(
      fc.property(batches, (some) => {
        const { store, places } = started();
        const known = new Set<bigint>();
        for (const batch of some) {
          const keys = batch.map((key) => {
            if (key === null || known.has(key)) return null;
            known.add(key);
            return element(key);
          });
          const result = insertIndexedKeys(store, mixHasher, { prefix, height, size: places.length, keys });
          store.apply(result.writes);
          places.push(...keys.map((key) => (key === null ? null : { key, value: null })));
          expect(result.size).toBe(places.length);
          const root = definedRoot(mixHasher, height, definedLeaves(mixHasher, places));
          expect(toHex(result.root)).toBe(toHex(root));
        }
        expect(toHex(readMerkleRoot(store, mixHasher, { prefix, height }))).toBe(
          toHex(definedRoot(mixHasher, height, definedLeaves(mixHasher, places))),
        );
      }),
      { numRuns: 80 },
    );
  });

  test('one batch and key by key leave the same records', () => {
    const keys = [90, 5, null, 40, 41, 8, null, 2 ** 40].map((key) => (key === null ? null : element(key)));
    const [together, apart] = [started().store, started().store];
    together.apply(insertIndexedKeys(together, mixHasher, { prefix, height, size: 4, keys }).writes);
    for (const [i, key] of keys.entries()) {
      apart.apply(insertIndexedKeys(apart, mixHasher, { prefix, height, size: 4 + i, keys: [key] }).writes);
    }
    expect(together.dump()).toEqual(apart.dump());
  });

  test('a key that is there, stored or in the same batch, is refused and named', () => {
    const { store } = started();
    const insert = (...keys: number[]) =>
      insertIndexedKeys(store, mixHasher, { prefix, height, size: 4, keys: keys.map(element) });
    const refused = (key: number) =>
      expect.objectContaining({ code: 'MERKLE_KEY_EXISTS', fault: 'peer', data: { key: toHex(element(key)) } });
    expect(() => insert(10, 3)).toThrow(refused(3));
    expect(() => insert(0)).toThrow(refused(0));
    expect(() => insert(10, 11, 10)).toThrow(refused(10));
    store.apply(insert(10).writes);
    expect(() => insert(9, 10, 11)).toThrow(refused(10));
  });

  test('a tree without key 0 has no leaf before its first', () => {
    const missing = expect.objectContaining({ code: 'MERKLE_RECORD_MISSING', fault: 'local' });
    const keys = [element(5)];
    expect(() => insertIndexedKeys(new OrderedRecords(), mixHasher, { prefix, height, size: 0, keys })).toThrow(
      missing,
    );
  });

  test('refuses what does not fit', () => {
    const { store } = started();
    const insert = (change: object) =>
      insertIndexedKeys(store, mixHasher, { prefix, height, size: 4, keys: [element(9)], ...change });
    const refused = expect.objectContaining({ code: 'MERKLE_ARGUMENT', fault: 'caller' });
    expect(() => insert({ keys: [new Uint8Array(31)] })).toThrow(refused);
    expect(() => insert({ height: 49 })).toThrow(refused);
    const full = expect.objectContaining({ code: 'MERKLE_FULL', fault: 'caller' });
    expect(() => insert({ height: 2 })).toThrow(full);
    expect(() => insert({ size: 2 ** height })).toThrow(full);
  });

  test('nothing to insert changes nothing but the size', () => {
    const { store } = started();
    const root = toHex(readMerkleRoot(store, mixHasher, { prefix, height }));
    for (const keys of [[], [null, null]]) {
      const result = insertIndexedKeys(store, mixHasher, { prefix, height, size: 4, keys });
      expect([toHex(result.root), result.size, result.writes]).toEqual([root, 4 + keys.length, []]);
    }
  });
});

describe('writeIndexedEntries', () => {
  const entry = fc.record({ key: fc.bigInt({ min: 0n, max: 40n }), value: fc.bigInt({ min: 0n, max: 5n }) });

  test('any batches of new and known keys make the defined tree, whatever the cut', () => {
    fc.assert(
      fc.property(fc.array(fc.array(entry, { maxLength: 10 }), { maxLength: 5 }), (batches) => {
        const places: { key: Uint8Array; value: Uint8Array }[] = [];
        const store = new OrderedRecords();
        for (const batch of [[{ key: 0n, value: 0n }], ...batches]) {
          const entries = batch.map(({ key, value }) => ({ key: element(key), value: element(value) }));
          const result = writeIndexedEntries(store, mixHasher, { prefix, height, size: places.length, entries });
          store.apply(result.writes);
          for (const { key, value } of entries) {
            const known = places.find((place) => toHex(place.key) === toHex(key));
            if (known === undefined) places.push({ key, value });
            else known.value = value;
          }
          expect(result.size).toBe(places.length);
          const root = definedRoot(mixHasher, height, definedLeaves(mixHasher, places));
          expect(toHex(result.root)).toBe(toHex(root));
        }
        for (const { key, value } of places) {
          expect(toHex(readIndexedLeaf(store, prefix, key)?.value as Uint8Array)).toBe(toHex(value));
        }
      }),
      { numRuns: 80 },
    );
  });

  test('keys alone do not go into a tree of values', () => {
    const store = new OrderedRecords();
    const entries = [{ key: element(0), value: element(1) }];
    store.apply(writeIndexedEntries(store, mixHasher, { prefix, height, size: 0, entries }).writes);
    const refused = expect.objectContaining({ code: 'MERKLE_ARGUMENT', fault: 'caller' });
    const keys = [element(7)];
    expect(() => insertIndexedKeys(store, mixHasher, { prefix, height, size: 1, keys })).toThrow(refused);
  });
});

describe('proofs of keys', () => {
  const store = new OrderedRecords();
  const entries = [0, 10, 5, 2 ** 33, 77].map((key) => ({ key: element(key), value: element(key + 1) }));
  const { root, writes } = writeIndexedEntries(store, mixHasher, { prefix, height, size: 0, entries });
  store.apply(writes);
  const claimOf = (key: number) => ({ root, height, hasValues: true, key: element(key), proof: proofOf(key) });

  function proofOf(key: number): IndexedProof {
    const proof = proveIndexedKey(store, mixHasher, { prefix, height, key: element(key) });
    if (proof === null) throw new Error('the tree is not empty');
    return proof;
  }

  test('the leaf before a key is found', () => {
    const low = (key: number) => BigInt(toHex(readLowLeaf(store, prefix, element(key))?.key as Uint8Array));
    expect([1, 5, 9, 10, 76, 78, 2 ** 34].map(low)).toEqual([0n, 5n, 5n, 10n, 10n, 77n, BigInt(2 ** 33)]);
    expect(readIndexedLeaf(store, prefix, element(6))).toBeNull();
    expect(readLowLeaf(new OrderedRecords(), prefix, element(6))).toBeNull();
  });

  test('show presence with the value, and absence before, between and behind', () => {
    for (const key of [0, 5, 10, 77, 2 ** 33]) {
      expect(verifyIndexedProof(mixHasher, claimOf(key))).toEqual({ isPresent: true, value: element(key + 1) });
    }
    for (const key of [1, 4, 6, 11, 76, 78, 2 ** 40]) {
      expect(verifyIndexedProof(mixHasher, claimOf(key))).toEqual({ isPresent: false, value: null });
    }
    expect(proveIndexedKey(new OrderedRecords(), mixHasher, { prefix, height, key: element(1) })).toBeNull();
  });

  test('a proof that hides a key, or of a changed leaf, is invalid', () => {
    const invalid = expect.objectContaining({ code: 'MERKLE_PROOF_INVALID', fault: 'peer' });
    const honest = claimOf(6);
    // Key 10 is there; the leaf of 0 does not reach it, and that of 77 lies behind.
    for (const key of [0, 77]) {
      expect(() => verifyIndexedProof(mixHasher, { ...claimOf(10), proof: proofOf(key) })).toThrow(invalid);
    }
    for (const change of [
      { nextKey: element(11) },
      { nextIndex: 2 },
      { nextIndex: -1 },
      { key: element(4) },
      { value: element(9) },
      { value: null },
      { nextKey: new Uint8Array(31) },
      { nextKey: element(0) },
    ]) {
      const proof = { ...honest.proof, leaf: { ...honest.proof.leaf, ...change } };
      expect(() => verifyIndexedProof(mixHasher, { ...honest, proof })).toThrow(invalid);
    }
    for (const index of [0, 3, -1, 2 ** height, 0.5]) {
      expect(() => verifyIndexedProof(mixHasher, { ...honest, proof: { ...honest.proof, index } })).toThrow(invalid);
    }
    expect(() => verifyIndexedProof(mixHasher, { ...honest, root: element(3) })).toThrow(invalid);
    expect(() => verifyIndexedProof(mixHasher, { ...honest, hasValues: false })).toThrow(invalid);
  });

  test('a leaf record that does not decode is told', () => {
    const broken = new OrderedRecords();
    for (const [key, value] of store.records)
      broken.records.set(key, key.startsWith('0x0901') ? value.slice(1) : value);
    const corrupt = expect.objectContaining({ code: 'MERKLE_RECORD_CORRUPT', fault: 'local' });
    expect(() => readIndexedLeaf(broken, prefix, element(5))).toThrow(corrupt);
    expect(() => readLowLeaf(broken, prefix, element(6))).toThrow(corrupt);
  });
});
