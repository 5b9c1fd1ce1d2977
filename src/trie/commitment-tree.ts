import { rootsFromSorted, type SortedLeaves } from './build.ts';
import { trieError } from './errors.ts';
import { FELT_BYTES, isZeroFelt } from './felts.ts';
import type { PairHasher } from './hash-levels.ts';

/** Height of the trees behind a block's transaction, event and receipt commitments. */
export const COMMITMENT_HEIGHT = 64;

/**
 * Root of the tree with key = index and value = leaf: a block's commitment to an ordered list (Starknet
 * documentation, "Block structure", transactions and events commitment). 32 zero bytes for no leaves.
 *
 * @param leaves Flat 32-byte felts. A leaf that is zero counts as absent, as everywhere in the trie.
 * @throws {SynclineError} `TRIE_ARGUMENT` (fault `caller`): a broken length, a leaf that is no felt, or more leaves
 *   than a tree of this height holds.
 */
export function orderedRoot(hash: PairHasher, leaves: Uint8Array, height: number = COMMITMENT_HEIGHT): Uint8Array {
  return orderedRoots(hash, [leaves], height)[0] as Uint8Array; // One list, one root.
}

/** The roots of several lists, hashed together level by level. */
export function orderedRoots(
  hash: PairHasher,
  lists: readonly Uint8Array[],
  height: number = COMMITMENT_HEIGHT,
): Uint8Array[] {
  return rootsFromSorted(
    hash,
    lists.map((leaves) => indexed(leaves, height)),
  );
}

/** The leaves that are not zero, under their index as key. */
function indexed(leaves: Uint8Array, height: number): SortedLeaves {
  if (leaves.length % FELT_BYTES !== 0) {
    throw trieError('TRIE_ARGUMENT', 'caller', 'leaves are not whole felts', { got: leaves.length });
  }
  const keys = new Uint8Array(leaves.length);
  const values = new Uint8Array(leaves.length);
  const keyView = new DataView(keys.buffer);
  let at = 0;
  for (let from = 0; from < leaves.length; from += FELT_BYTES) {
    if (isZeroFelt(leaves, from)) continue;
    keyView.setUint32(at + FELT_BYTES - 4, from / FELT_BYTES); // A buffer holds fewer than 2^32 felts.
    values.set(leaves.subarray(from, from + FELT_BYTES), at);
    at += FELT_BYTES;
  }
  return { height, keys: keys.subarray(0, at), values: values.subarray(0, at) };
}
