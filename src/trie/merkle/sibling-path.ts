import { toHex } from '../../lib/index.ts';
import { hashPairs, type PairHasher } from '../hash-levels.ts';
import type { TrieReader } from '../page-set.ts';
import { NODE_BYTES, requireHeight, requireIndex, requireNode } from './arguments.ts';
import { merkleError } from './errors.ts';
import type { MerkleHasher } from './merkle-hasher.ts';
import { NodePages } from './node-pages.ts';

/** A place in a stored tree. */
export interface MerklePlace {
  readonly prefix: Uint8Array;
  readonly height: number;
  readonly index: number;
}

/** A leaf and what proves it. */
export interface SiblingPath {
  /** 32 bytes; zero for an empty place. */
  readonly leaf: Uint8Array;
  /** The node beside each one on the way to the root, the leaf's neighbour first: `height` times 32 bytes. */
  readonly siblings: Uint8Array;
}

/**
 * The leaf at a place and its siblings. Both are the caller's to keep.
 * @throws {SynclineError} `MERKLE_ARGUMENT` (`caller`); `MERKLE_RECORD_CORRUPT` (`local`).
 */
export function readSiblingPath(
  reader: TrieReader,
  hasher: MerkleHasher,
  { prefix, height, index }: MerklePlace,
): SiblingPath {
  requireHeight(height);
  requireIndex(index, height);
  const pages = new NodePages(reader, hasher, prefix);
  const siblings = new Uint8Array(height * NODE_BYTES);
  for (let level = 0; level < height; level++) {
    pages.copyNode(level, siblingOf(indexAt(index, level)), siblings, level * NODE_BYTES);
  }
  return { leaf: pages.node(0, index), siblings };
}

/** What is claimed of a tree. */
export interface LeafClaim extends SiblingPath {
  /** The tree's root, 32 bytes: trusted. */
  readonly root: Uint8Array;
  readonly height: number;
  readonly index: number;
}

/**
 * Verifies that `leaf` is at `index` of the tree with this root. That nodes are canonical elements is for the parser
 * of the peer's message to see to; the hasher throws at others.
 * @throws {SynclineError} `MERKLE_PROOF_INVALID` (fault `peer`), with `expected` and `got`; `MERKLE_ARGUMENT` (fault
 *   `caller`) for a root, height or index out of bounds.
 */
export function verifySiblingPath(hash: PairHasher, { root, height, index, leaf, siblings }: LeafClaim): void {
  requireHeight(height);
  requireIndex(index, height);
  requireNode(root);
  if (leaf.length !== NODE_BYTES || siblings.length !== height * NODE_BYTES) {
    throw invalid('it does not have a node for each level', height * NODE_BYTES, siblings.length);
  }
  let node = leaf;
  for (let level = 0; level < height; level++) {
    const sibling = siblings.subarray(level * NODE_BYTES, (level + 1) * NODE_BYTES);
    const isLeft = indexAt(index, level) % 2 === 0;
    node = isLeft ? hashPairs(hash, node, sibling) : hashPairs(hash, sibling, node);
  }
  if (toHex(node) !== toHex(root)) throw invalid('it leads to another root', toHex(root), toHex(node));
}

/** Indexes exceed 32 bits, so no shifts. */
function indexAt(index: number, level: number): number {
  return Math.floor(index / 2 ** level);
}

function siblingOf(index: number): number {
  return index % 2 === 0 ? index + 1 : index - 1;
}

function invalid(reason: string, expected: string | number, got: string | number) {
  const data = { reason, expected, got };
  return merkleError('MERKLE_PROOF_INVALID', 'peer', `sibling path is invalid: ${reason}`, data);
}
