/** What the tests of this folder share: a cheap hash, a store with order, and trees as their definition has them. */
import { compareBytes, concatBytes, equalBytes, fromHex, toHex } from '../../lib/index.ts';
import type { TrieWrite } from '../page-writer.ts';
import { mixPairs } from '../testing.ts';
import type { IndexedReader } from './leaf-chain.ts';
import { createMerkleHasher, type MerkleHasher } from './merkle-hasher.ts';

/** A number as 32 bytes. */
export function element(value: bigint | number): Uint8Array {
  return fromHex(value.toString(16).padStart(64, '0'));
}

export function elements(values: readonly (bigint | number)[]): Uint8Array {
  return concatBytes(...values.map(element));
}

/** A hasher of no cryptographic worth that costs next to nothing; lists are folded from the left. */
export const mixHasher: MerkleHasher = createMerkleHasher({
  hashPairs: mixPairs,
  hashFixed: (flat, width) =>
    concatBytes(
      ...Array.from({ length: flat.length / 32 / width }, (_, list) =>
        Array.from({ length: width }, (_, i) =>
          flat.slice((list * width + i) * 32, (list * width + i + 1) * 32),
        ).reduce(mixPairs, element(width)),
      ),
    ),
});

/** A store in memory. */
export class OrderedRecords implements IndexedReader {
  readonly records = new Map<string, Uint8Array>();

  get(key: Uint8Array): Uint8Array | undefined {
    return this.records.get(toHex(key));
  }

  last(start: Uint8Array, end: Uint8Array): readonly [Uint8Array, Uint8Array] | undefined {
    const keys = [...this.records.keys()].map(fromHex);
    const inside = keys.filter((key) => compareBytes(key, start) >= 0 && compareBytes(key, end) < 0);
    const key = inside.sort(compareBytes).at(-1);
    return key === undefined ? undefined : [key, this.get(key) as Uint8Array]; // A key of the map.
  }

  apply(writes: readonly TrieWrite[]): void {
    for (const { key, value } of writes) {
      if (value === null) this.records.delete(toHex(key));
      else this.records.set(toHex(key), value);
    }
  }

  /** All records as text, by key. */
  dump(): [string, string][] {
    return [...this.records].map(([key, value]): [string, string] => [key, toHex(value)]).sort();
  }
}

/** The root by definition: all places of the least full tree that holds the leaves, then empty neighbours. */
export function definedRoot(hasher: MerkleHasher, height: number, leaves: readonly Uint8Array[]): Uint8Array {
  let nodes = [...leaves];
  for (let level = 0; level < height; level++) {
    const empty = hasher.empty.slice(level * 32, level * 32 + 32);
    if (nodes.length % 2 === 1 || nodes.length === 0) nodes.push(empty);
    nodes = Array.from({ length: Math.ceil(nodes.length / 2) }, (_, i) =>
      hasher.hashPairs(nodes[2 * i] as Uint8Array, nodes[2 * i + 1] ?? empty).slice(),
    );
  }
  return nodes[0] as Uint8Array; // One is left.
}

/** The leaves of an indexed tree by definition, from what stands in its places. */
export function definedLeaves(
  hasher: MerkleHasher,
  places: readonly ({ readonly key: Uint8Array; readonly value: Uint8Array | null } | null)[],
): Uint8Array[] {
  const sorted = places.filter((place) => place !== null).sort((a, b) => compareBytes(a.key, b.key));
  return places.map((place) => {
    if (place === null) return element(0);
    const next = sorted[sorted.findIndex(({ key }) => equalBytes(key, place.key)) + 1];
    const nextIndex = next === undefined ? 0 : places.indexOf(next);
    const fields = [
      place.key,
      ...(place.value === null ? [] : [place.value]),
      next?.key ?? element(0),
      element(nextIndex),
    ];
    return hasher.hashFixed(concatBytes(...fields), fields.length);
  });
}
