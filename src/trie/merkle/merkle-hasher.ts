import { hashPairs, type PairHasher } from '../hash-levels.ts';
import { MERKLE_HEIGHT_MAX, NODE_BYTES } from './arguments.ts';

/**
 * The hash functions of a tree, as batches over 32-byte field elements in flat buffers; a `Poseidon2Hasher` is one.
 * They decide which values are canonical, and throw at others.
 */
export interface NodeHasher {
  /** `out[i] = h(left[i], right[i])`: nodes from their children. */
  readonly hashPairs: PairHasher;
  /** Hashes of lists of `width` elements, one behind the other: the leaves of indexed trees. */
  readonly hashFixed: ListHasher;
}

/** One hash for each list of `width` elements. */
export type ListHasher = (flat: Uint8Array, width: number) => Uint8Array;

/** Hash functions together with what they make of nothing. */
export interface MerkleHasher extends NodeHasher {
  /** Roots of the empty trees of heights 0 to 48, 32 bytes each: zero, then each the hash of two of those before. */
  readonly empty: Uint8Array;
}

/** Prepares hash functions for trees: one hash for each level. To be made once and kept. */
export function createMerkleHasher(hasher: NodeHasher): MerkleHasher {
  const empty = new Uint8Array((MERKLE_HEIGHT_MAX + 1) * NODE_BYTES);
  for (let level = 0; level < MERKLE_HEIGHT_MAX; level++) {
    const below = empty.subarray(level * NODE_BYTES, (level + 1) * NODE_BYTES);
    empty.set(hashPairs(hasher.hashPairs, below, below), (level + 1) * NODE_BYTES);
  }
  return { hashPairs: hasher.hashPairs, hashFixed: hasher.hashFixed, empty };
}

/** The root of the empty tree of this height, as a view. */
export function emptyNode({ empty }: MerkleHasher, height: number): Uint8Array {
  return empty.subarray(height * NODE_BYTES, (height + 1) * NODE_BYTES);
}
