import { trieError } from './errors.ts';
import { addLength, FELT_BYTES } from './felts.ts';
import { type NodeRef, type Nodes, pathBytes, UNHASHED } from './node.ts';

/**
 * A hash of felt pairs as a batch: `out[i] = h(left[i], right[i])`, all flat buffers of 32-byte big-endian felts.
 * What it returns is changed here, and may be used again by its next call.
 */
export type PairHasher = (left: Uint8Array, right: Uint8Array) => Uint8Array;

/**
 * Sorts the nodes from `ref` down that wait for a hash into `levels`: level 0 depends on no other of them, level n on
 * one in level n - 1. Counted from the bottom, so that tries of any depth share their batches.
 * @returns The level of `ref`, -1 if it needs no hashing.
 */
export function collectUnhashed(nodes: Nodes, ref: NodeRef, levels: NodeRef[][]): number {
  if (ref < 0 || nodes.hashAt(ref) !== UNHASHED) return -1;
  let below = collectUnhashed(nodes, nodes.leftOf(ref), levels); // Of an edge, its child.
  if (nodes.lengthOf(ref) === 0) below = Math.max(below, collectUnhashed(nodes, nodes.rightOf(ref), levels));
  const level = below + 1;
  let own = levels[level];
  if (own === undefined) {
    own = [];
    levels[level] = own;
  }
  own.push(ref);
  return level;
}

/**
 * Hashes all levels, one batch each. @returns The number of hashes made.
 * @throws {SynclineError} `TRIE_INVARIANT` (fault `bug`) if the hasher answers with another length.
 */
export function hashLevels(nodes: Nodes, hash: PairHasher, levels: readonly (readonly NodeRef[])[]): number {
  let count = 0;
  for (const level of levels) {
    hashLevel(nodes, hash, level);
    count += level.length;
  }
  return count;
}

function hashLevel(nodes: Nodes, hash: PairHasher, level: readonly NodeRef[]): void {
  const { arena } = nodes;
  const left = new Uint8Array(level.length * FELT_BYTES);
  const right = new Uint8Array(level.length * FELT_BYTES);
  const leftView = new DataView(left.buffer);
  const rightView = new DataView(right.buffer);
  let at = 0;
  for (const node of level) {
    const length = nodes.lengthOf(node);
    arena.copyFelt(nodes.hashAt(nodes.leftOf(node)), leftView, at); // Of an edge, its child.
    if (length === 0) {
      arena.copyFelt(nodes.hashAt(nodes.rightOf(node)), rightView, at);
    } else {
      const size = pathBytes(length);
      arena.copyBytes(nodes.pathAt(node), size, rightView, at + FELT_BYTES - size);
    }
    at += FELT_BYTES;
  }
  at = arena.add(hashPairs(hash, left, right));
  for (const node of level) {
    const length = nodes.lengthOf(node);
    if (length > 0) addLength(arena.bytes, at, length);
    nodes.setHash(node, at);
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
