/**
 * The canonical trie of a sorted list of leaves, hashed without storing a node: what the root must be, found by
 * another road than the incremental one in `binary-trie.ts`. Used for block commitments and to check a rebuilt
 * state.
 *
 * The branch above two neighbouring keys stands where they first differ; so one pass with a stack over the common
 * prefix lengths of neighbours finds all binary nodes, and the depths of a node and of its parent give the edge
 * between. Each node is hashed once: about 2.25 hashes per leaf for random keys.
 */

import { compareBytes } from '../lib/index.ts';
import { requireHeight, requireKey, requireValue } from './arguments.ts';
import { KEY_BITS, sharedBits, slicePath } from './bits.ts';
import { trieError } from './errors.ts';
import { addLength, FELT_BYTES, isZeroFelt, zeroFelt } from './felts.ts';
import { hashPairs, type PairHasher } from './hash-levels.ts';

/** Leaves as flat buffers of 32-byte felts: keys below `2^height`, strictly ascending; values not zero. */
export interface SortedLeaves {
  readonly height: number;
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
}

/**
 * The root of the trie of height `height` that holds `values[i]` under `keys[i]`; 32 zero bytes for no leaves.
 * @throws {SynclineError} `TRIE_UNSORTED`, `TRIE_ARGUMENT` (both fault `caller`).
 */
export function rootFromSorted(hash: PairHasher, height: number, keys: Uint8Array, values: Uint8Array): Uint8Array {
  return rootsFromSorted(hash, [{ height, keys, values }])[0] as Uint8Array; // One trie, one root.
}

/** The roots of several tries, hashed together: one batch of edges and one of binary nodes per level. */
export function rootsFromSorted(hash: PairHasher, tries: readonly SortedLeaves[]): Uint8Array[] {
  const forest = new Forest(tries);
  for (const trie of tries) forest.add(trie);
  const hashes = forest.hashAll(hash);
  return forest.roots.map((root) => (root < 0 ? zeroFelt() : hashes.slice(root * FELT_BYTES, (root + 1) * FELT_BYTES)));
}

/**
 * The nodes of all tries under one numbering: leaf i of the concatenated lists is node i, binary nodes follow. The
 * hash of a node is taken with the edge above it, as its parent sees it.
 */
class Forest {
  /** Each trie's root node, -1 when it is empty. */
  readonly roots: number[] = [];
  private readonly leafCount: number;
  private readonly leafKeys: Uint8Array[] = [];
  private readonly hashes: Uint8Array;
  /** Position in a key of the node itself, and of the first bit of the edge above it. */
  private readonly position: Int16Array;
  private readonly top: Int16Array;
  /** Any leaf below the node: the edge's path is a piece of its key. */
  private readonly sample: Int32Array;
  /** Children of binary node n at index n - leafCount, and how many binary levels it stands on, itself included. */
  private readonly left: Int32Array;
  private readonly right: Int32Array;
  private readonly level: Int32Array;
  /** Binary nodes by level, from 1. */
  private readonly levels: number[][] = [];
  private nodeCount: number;

  constructor(tries: readonly SortedLeaves[]) {
    let leaves = 0;
    for (const { values } of tries) leaves += Math.floor(values.length / FELT_BYTES);
    this.leafCount = leaves;
    this.nodeCount = leaves;
    this.hashes = new Uint8Array(2 * leaves * FELT_BYTES);
    this.position = new Int16Array(2 * leaves);
    this.top = new Int16Array(2 * leaves);
    this.sample = new Int32Array(2 * leaves);
    this.left = new Int32Array(leaves);
    this.right = new Int32Array(leaves);
    this.level = new Int32Array(leaves);
  }

  /** Finds the shape of one trie. */
  add(trie: SortedLeaves): void {
    requireSorted(trie);
    const base = KEY_BITS - trie.height;
    /** Binary nodes on the way to the latest leaf, from the root down, their right halves not yet complete. */
    const open: number[] = [];
    let latest = -1;
    for (let at = 0; at < trie.keys.length; at += FELT_BYTES) {
      const leaf = this.addLeaf(trie, at);
      if (latest >= 0) {
        const key = this.leafKeys[leaf - 1] as Uint8Array; // latest >= 0: a leaf of this trie precedes.
        const fork = base + sharedBits(key, this.leafKeys[leaf] as Uint8Array, base, KEY_BITS);
        const left = this.close(open, latest, fork);
        open.push(this.openBinary(left, fork));
      }
      latest = leaf;
    }
    const root = latest < 0 ? -1 : this.close(open, latest, -1);
    if (root >= 0) this.top[root] = base;
    this.roots.push(root);
  }

  private addLeaf(trie: SortedLeaves, at: number): number {
    const leaf = this.leafKeys.length;
    this.leafKeys.push(trie.keys.subarray(at, at + FELT_BYTES));
    this.hashes.set(trie.values.subarray(at, at + FELT_BYTES), leaf * FELT_BYTES);
    this.position[leaf] = KEY_BITS;
    this.sample[leaf] = leaf;
    return leaf;
  }

  private openBinary(left: number, position: number): number {
    const node = this.nodeCount++;
    this.position[node] = position;
    this.sample[node] = this.sample[left] as number; // A node of this forest.
    this.left[node - this.leafCount] = left;
    this.top[left] = position + 1;
    return node;
  }

  /** Completes the open nodes below position `fork` with `latest` as right half; returns the topmost of them. */
  private close(open: number[], latest: number, fork: number): number {
    let below = latest;
    for (let node = open.at(-1); node !== undefined && this.positionOf(node) > fork; node = open.at(-1)) {
      open.pop();
      this.right[node - this.leafCount] = below;
      this.top[below] = this.positionOf(node) + 1;
      this.setLevel(node, below);
      below = node;
    }
    return below;
  }

  private setLevel(node: number, right: number): void {
    const left = this.left[node - this.leafCount] as number; // Set when the node was opened.
    const level = 1 + Math.max(this.levelOf(left), this.levelOf(right));
    this.level[node - this.leafCount] = level;
    let nodes = this.levels[level];
    if (nodes === undefined) {
      nodes = [];
      this.levels[level] = nodes;
    }
    nodes.push(node);
  }

  private positionOf(node: number): number {
    return this.position[node] as number; // Nodes are below nodeCount.
  }

  private levelOf(node: number): number {
    return node < this.leafCount ? 0 : (this.level[node - this.leafCount] as number);
  }

  /** Hashes everything and returns the flat hashes by node. */
  hashAll(hash: PairHasher): Uint8Array {
    this.hashEdges(
      hash,
      this.leafKeys.map((_, leaf) => leaf),
    );
    for (const nodes of this.levels) {
      if (nodes === undefined) continue; // Level 0 holds the leaves, which are not hashed themselves.
      this.hashBinaries(hash, nodes);
      this.hashEdges(hash, nodes);
    }
    return this.hashes;
  }

  private hashBinaries(hash: PairHasher, nodes: readonly number[]): void {
    const left = new Uint8Array(nodes.length * FELT_BYTES);
    const right = new Uint8Array(nodes.length * FELT_BYTES);
    nodes.forEach((node, i) => {
      left.set(this.hashOf(this.left[node - this.leafCount] as number), i * FELT_BYTES); // A binary node.
      right.set(this.hashOf(this.right[node - this.leafCount] as number), i * FELT_BYTES);
    });
    this.store(nodes, hashPairs(hash, left, right));
  }

  /** Puts the edges above `nodes`, where there is one, on top of their hashes. */
  private hashEdges(hash: PairHasher, all: readonly number[]): void {
    const nodes = all.filter((node) => this.edgeLength(node) > 0);
    const children = new Uint8Array(nodes.length * FELT_BYTES);
    const paths = new Uint8Array(nodes.length * FELT_BYTES);
    nodes.forEach((node, i) => {
      const key = this.leafKeys[this.sample[node] as number] as Uint8Array; // Both set when the node was made.
      const path = slicePath(key, this.top[node] as number, this.positionOf(node));
      children.set(this.hashOf(node), i * FELT_BYTES);
      paths.set(path, (i + 1) * FELT_BYTES - path.length);
    });
    const out = hashPairs(hash, children, paths);
    nodes.forEach((node, i) => {
      addLength(out, i * FELT_BYTES, this.edgeLength(node));
    });
    this.store(nodes, out);
  }

  private edgeLength(node: number): number {
    return this.positionOf(node) - (this.top[node] as number);
  }

  private hashOf(node: number): Uint8Array {
    return this.hashes.subarray(node * FELT_BYTES, (node + 1) * FELT_BYTES);
  }

  private store(nodes: readonly number[], out: Uint8Array): void {
    nodes.forEach((node, i) => {
      this.hashes.set(out.subarray(i * FELT_BYTES, (i + 1) * FELT_BYTES), node * FELT_BYTES);
    });
  }
}

function requireSorted({ height, keys, values }: SortedLeaves): void {
  requireHeight(height);
  if (keys.length % FELT_BYTES !== 0 || keys.length !== values.length) {
    throw trieError('TRIE_ARGUMENT', 'caller', 'keys and values are not equally many felts', {
      keyBytes: keys.length,
      valueBytes: values.length,
    });
  }
  for (let at = 0; at < keys.length; at += FELT_BYTES) {
    const key = keys.subarray(at, at + FELT_BYTES);
    requireKey(key, height);
    requireValue(values.subarray(at, at + FELT_BYTES));
    if (isZeroFelt(values, at)) {
      throw trieError('TRIE_ARGUMENT', 'caller', 'a leaf is zero, which means absent', { index: at / FELT_BYTES });
    }
    if (at > 0 && compareBytes(keys.subarray(at - FELT_BYTES, at), key) >= 0) {
      throw trieError('TRIE_UNSORTED', 'caller', 'keys do not ascend strictly', { index: at / FELT_BYTES });
    }
  }
}
