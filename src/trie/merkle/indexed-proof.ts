import { equalBytes, isZeroBytes, toHex } from '../../lib/index.ts';
import { NODE_BYTES, requireHeight, requireNode } from './arguments.ts';
import { merkleError } from './errors.ts';
import { hashLeaves, type IndexedLeaf, skips } from './indexed-leaf.ts';
import { readLowLeaf } from './indexed-tree.ts';
import type { IndexedReader } from './leaf-chain.ts';
import type { MerkleHasher, NodeHasher } from './merkle-hasher.ts';
import { readSiblingPath, verifySiblingPath } from './sibling-path.ts';

/** What shows that a key is in an indexed tree or not: its leaf, or the one before it, and where that is. */
export interface IndexedProof {
  readonly leaf: IndexedLeaf;
  readonly index: number;
  /** The node beside each one on the way to the root, the leaf's neighbour first: `height` times 32 bytes. */
  readonly siblings: Uint8Array;
}

/**
 * Proves that a key is in a stored tree, or that it is not. Null when the tree is empty, which its root shows.
 * @throws {SynclineError} `MERKLE_ARGUMENT` (`caller`); `MERKLE_RECORD_CORRUPT` (`local`).
 */
export function proveIndexedKey(
  reader: IndexedReader,
  hasher: MerkleHasher,
  { prefix, height, key }: { readonly prefix: Uint8Array; readonly height: number; readonly key: Uint8Array },
): IndexedProof | null {
  const found = readLowLeaf(reader, prefix, key);
  if (found === null) return null;
  const { index, ...leaf } = found;
  return { leaf, index, siblings: readSiblingPath(reader, hasher, { prefix, height, index }).siblings };
}

/** What is to be proven and the proof. */
export interface IndexedClaim {
  /** The tree's root, 32 bytes: trusted. */
  readonly root: Uint8Array;
  readonly height: number;
  /** Whether leaves of this tree have values. */
  readonly hasValues: boolean;
  readonly key: Uint8Array;
  /** From the peer, not trusted. */
  readonly proof: IndexedProof;
}

/**
 * Verifies a proof. That its elements are canonical is for the parser of the peer's message to see to; the hasher
 * throws at others.
 * @returns Whether the key is in the tree, and its value there: null in a tree of keys alone.
 * @throws {SynclineError} `MERKLE_PROOF_INVALID` (fault `peer`); `MERKLE_ARGUMENT` (fault `caller`) for a root, height
 *   or key out of bounds.
 */
export function verifyIndexedProof(
  hasher: NodeHasher,
  { root, height, hasValues, key, proof }: IndexedClaim,
): { readonly isPresent: boolean; readonly value: Uint8Array | null } {
  requireHeight(height);
  requireNode(key);
  const { leaf, index, siblings } = proof;
  requireLeaf(leaf, hasValues);
  if (!Number.isInteger(index) || index < 0 || index >= 2 ** height) throw invalid('its index is no place of the tree');
  verifySiblingPath(hasher.hashPairs, { root, height, index, leaf: hashLeaves(hasher.hashFixed, [leaf]), siblings });
  if (equalBytes(leaf.key, key)) return { isPresent: true, value: leaf.value };
  if (skips(leaf, key)) return { isPresent: false, value: null };
  throw invalid(`its leaf is neither that of ${toHex(key)} nor the one before`);
}

function requireLeaf({ key, value, nextKey, nextIndex }: IndexedLeaf, hasValues: boolean): void {
  if ((value !== null) !== hasValues) throw invalid('its leaf is of another kind of tree');
  for (const element of [key, nextKey, ...(value === null ? [] : [value])]) {
    if (element.length !== NODE_BYTES) throw invalid('its leaf has elements of other lengths');
  }
  if (!Number.isSafeInteger(nextIndex) || nextIndex < 0 || (isZeroBytes(nextKey) && nextIndex !== 0)) {
    throw invalid('its leaf names a next one that cannot be');
  }
}

function invalid(reason: string) {
  return merkleError('MERKLE_PROOF_INVALID', 'peer', `proof of a key is invalid: ${reason}`, { reason });
}
