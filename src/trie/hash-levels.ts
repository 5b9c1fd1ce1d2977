import type { Arena } from './arena.ts';
import { trieError } from './errors.ts';
import { addLength, FELT_BYTES } from './felts.ts';
import { type InnerNode, type Node, pathBytes, UNHASHED } from './node.ts';

/**
 * A hash of felt pairs as a batch: `out[i] = h(left[i], right[i])`, all flat buffers of 32-byte big-endian felts.
 * What it returns is changed here, and may be used again by its next call.
 */
export type PairHasher = (left: Uint8Array, right: Uint8Array) => Uint8Array;

/**
 * Sorts the nodes below `node` that wait for a hash into `levels`: level 0 depends on no other of them, level n on
 * one in level n - 1. Counted from the bottom, so that tries of any depth share their batches.
 * @returns The node's own level, -1 if it needs no hashing.
 */
export function collectUnhashed(node: Node, levels: InnerNode[][]): number {
  if (node.type === 'leaf' || node.type === 'stub' || node.hashAt !== UNHASHED) return -1;
  const below =
    node.type === 'edge'
      ? collectUnhashed(node.child, levels)
      : Math.max(collectUnhashed(node.left, levels), collectUnhashed(node.right, levels));
  const level = below + 1;
  let nodes = levels[level];
  if (nodes === undefined) {
    nodes = [];
    levels[level] = nodes;
  }
  nodes.push(node);
  return level;
}

/**
 * Hashes all levels, one batch each. @returns The number of hashes made.
 * @throws {SynclineError} `TRIE_INVARIANT` (fault `bug`) if the hasher answers with another length.
 */
export function hashLevels(arena: Arena, hash: PairHasher, levels: readonly InnerNode[][]): number {
  let count = 0;
  for (const nodes of levels) {
    hashLevel(arena, hash, nodes);
    count += nodes.length;
  }
  return count;
}

function hashLevel(arena: Arena, hash: PairHasher, nodes: readonly InnerNode[]): void {
  const left = new Uint8Array(nodes.length * FELT_BYTES);
  const right = new Uint8Array(nodes.length * FELT_BYTES);
  const leftView = new DataView(left.buffer);
  const rightView = new DataView(right.buffer);
  let at = 0;
  for (const node of nodes) {
    if (node.type === 'binary') {
      arena.copyFelt(node.left.hashAt, leftView, at);
      arena.copyFelt(node.right.hashAt, rightView, at);
    } else {
      const size = pathBytes(node.length);
      arena.copyFelt(node.child.hashAt, leftView, at);
      arena.copyBytes(node.pathAt, size, rightView, at + FELT_BYTES - size);
    }
    at += FELT_BYTES;
  }
  at = arena.add(hashPairs(hash, left, right));
  for (const node of nodes) {
    if (node.type === 'edge') addLength(arena.bytes, at, node.length);
    node.hashAt = at;
    at += FELT_BYTES;
  }
}

/** Calls the hasher and checks that as many felts come back. An empty batch is not passed on. */
export function hashPairs(hash: PairHasher, left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length === 0) return left;
  const out = hash(left, right);
  if (out.length !== left.length) {
    throw trieError('TRIE_INVARIANT', 'bug', 'the pair hasher returned another number of felts', {
      expected: left.length / FELT_BYTES,
      got: out.length / FELT_BYTES,
    });
  }
  return out;
}
