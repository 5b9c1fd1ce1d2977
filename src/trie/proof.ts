import { type SynclineError, toHex } from '../lib/index.ts';
import { requireHeight, requireKey } from './arguments.ts';
import { bitAt, KEY_BITS, matchPath, startsPath } from './bits.ts';
import { trieError } from './errors.ts';
import { addLength, equalFelts, FELT_BYTES, isCanonicalFelt, isZeroFelt, zeroFelt } from './felts.ts';
import { hashPairs, type PairHasher } from './hash-levels.ts';
import { lookUp } from './lookup.ts';
import { type NodeRef, type Nodes, pathBytes } from './node.ts';
import type { TrieReader } from './page-set.ts';

/**
 * A node as a proof shows it: felts of 32 bytes, the edge's path as an integer of `length` bits. The same content as
 * a node of `starknet_getStorageProof` (Starknet JSON-RPC specification, `MERKLE_NODE`).
 */
export type ProofNode =
  | { readonly type: 'binary'; readonly left: Uint8Array; readonly right: Uint8Array }
  | { readonly type: 'edge'; readonly child: Uint8Array; readonly path: Uint8Array; readonly length: number };

/**
 * The nodes from the root to the leaf of `key`, root first; when the key is absent, to the edge that leads past it.
 * None for an empty trie. The buffers are the caller's to keep.
 * @throws {SynclineError} `TRIE_ARGUMENT` (`caller`); `TRIE_PAGE_CORRUPT`, `TRIE_PAGE_MISSING` (`local`).
 */
export function proveKey(reader: TrieReader, prefix: Uint8Array, height: number, key: Uint8Array): ProofNode[] {
  requireHeight(height);
  requireKey(key, height);
  const { nodes, path } = lookUp(reader, prefix, height, key);
  return path.map((node) => toProofNode(nodes, node));
}

function toProofNode(nodes: Nodes, node: NodeRef): ProofNode {
  const length = nodes.lengthOf(node);
  if (length === 0) {
    return { type: 'binary', left: nodes.hashOf(nodes.leftOf(node)), right: nodes.hashOf(nodes.rightOf(node)) };
  }
  const path = zeroFelt();
  path.set(nodes.pathOf(node), FELT_BYTES - pathBytes(length));
  return { type: 'edge', child: nodes.hashOf(nodes.childOf(node)), path, length };
}

/** What is to be proven and the proof. */
export interface KeyProof {
  /** The trie's hash. Called once, with all nodes as one batch. */
  readonly hash: PairHasher;
  /** The root the proof must lead from, 32 bytes: trusted. */
  readonly root: Uint8Array;
  readonly height: number;
  /** 32 bytes, below `2^height`. */
  readonly key: Uint8Array;
  /** From the peer: root first, not trusted. */
  readonly nodes: readonly ProofNode[];
}

/**
 * Verifies a proof and returns the value of its key: 32 zero bytes when the proof shows that the key is absent.
 *
 * The nodes must be exactly those from the root to the leaf, or to an edge that leaves the key's path.
 * @throws {SynclineError} `PROOF_INVALID` (fault `peer`), with `expected` and `got` for a hash that does not match;
 *   `TRIE_ARGUMENT` (fault `caller`) for a height or key out of bounds.
 */
export function verifyProof({ hash, root, height, key, nodes }: KeyProof): Uint8Array {
  requireHeight(height);
  requireKey(key, height);
  if (nodes.length > height) throw invalid('the proof has more nodes than the trie has levels', height, nodes.length);
  const hashes = hashNodes(hash, nodes);
  const base = KEY_BITS - height;
  let expected = root;
  let depth = 0;
  for (const [index, node] of nodes.entries()) {
    const got = hashes.subarray(index * FELT_BYTES, (index + 1) * FELT_BYTES);
    if (!equalFelts(got, 0, expected, 0)) {
      throw invalid('a node does not have the hash its parent names', toHex(expected), toHex(got));
    }
    const length = node.type === 'edge' ? node.length : 1;
    if (depth + length > height) throw invalid('the nodes reach below the leaves', height, depth + length);
    if (node.type === 'binary') {
      expected = bitAt(key, base + depth) === 0 ? node.left : node.right;
    } else {
      const path = node.path.subarray(FELT_BYTES - pathBytes(length));
      if (matchPath(key, base + depth, path, length) < length) {
        if (index !== nodes.length - 1) throw invalid('nodes follow the end of the proof', index + 1, nodes.length);
        return zeroFelt();
      }
      expected = node.child;
    }
    depth += length;
  }
  if (depth === height) return new Uint8Array(expected);
  // Without nodes, only the empty trie proves anything.
  if (nodes.length === 0 && isZeroFelt(root)) return zeroFelt();
  throw invalid('the proof ends before the leaf', height, depth);
}

function hashNodes(hash: PairHasher, nodes: readonly ProofNode[]): Uint8Array {
  const left = new Uint8Array(nodes.length * FELT_BYTES);
  const right = new Uint8Array(nodes.length * FELT_BYTES);
  for (const [index, node] of nodes.entries()) {
    requireNode(node);
    left.set(node.type === 'binary' ? node.left : node.child, index * FELT_BYTES);
    right.set(node.type === 'binary' ? node.right : node.path, index * FELT_BYTES);
  }
  const out = hashPairs(hash, left, right);
  for (const [index, node] of nodes.entries()) {
    if (node.type === 'edge') addLength(out, index * FELT_BYTES, node.length);
  }
  return out;
}

/** A length of 0 must not pass: an edge of no bits would have the hash of a binary node. */
function requireNode(node: ProofNode): void {
  const felts = node.type === 'binary' ? [node.left, node.right] : [node.child, node.path];
  for (const felt of felts) {
    if (felt.length !== FELT_BYTES || !isCanonicalFelt(felt)) {
      throw invalid('a node holds no field element', 'a felt of 32 bytes', toHex(felt));
    }
  }
  if (node.type === 'binary') return;
  if (!Number.isInteger(node.length) || node.length < 1 || node.length >= KEY_BITS) {
    throw invalid('an edge has an impossible length', '1 to 251', node.length);
  }
  const start = FELT_BYTES - pathBytes(node.length);
  const head = node.path.subarray(0, start);
  if (!head.every((byte) => byte === 0) || !startsPath(node.path, start, node.length)) {
    throw invalid('a path has bits beyond its length', `below 2^${node.length}`, toHex(node.path));
  }
}

function invalid(reason: string, expected: string | number, got: string | number): SynclineError {
  return trieError('PROOF_INVALID', 'peer', `trie proof is invalid: ${reason}`, { reason, expected, got });
}
