import type { Arena } from './arena.ts';

/**
 * A subtree as its parent knows it. From 0 up it is the number of an inner node in memory. Below, it is known by its
 * hash alone, whose place in the arena is the bitwise complement: at depth = height that is a leaf, which has its value
 * for a hash and is never zero; elsewhere a subtree that stayed in the store.
 */
export type NodeRef = number;

/** The empty trie. No place in an arena has this complement. */
export const NONE: NodeRef = -(2 ** 31);

/** A leaf, or a subtree that stays in the store, by the place of its value or hash. */
export function hashed(hashAt: number): NodeRef {
  return ~hashAt;
}

/**
 * The inner nodes of tries that are being changed: complete along the paths that are touched, and ending in hashes
 * everywhere else. A node has a number and is never changed; an edit makes new ones, and a new one has no hash until the
 * level it belongs to is hashed. Hashes, values and paths lie in the arena.
 *
 *     binary node   two non-empty halves                 h(left, right)
 *     edge          1 or more bits without a branch,     (h(child, path) + length) mod P
 *                   then a binary node or a leaf
 *
 * Each property is one array over all nodes: a block takes some fifty thousand, and as objects, creating and collecting
 * them cost as much as everything else that is done to them.
 */
export class Nodes {
  readonly arena: Arena;
  /** Of an edge its length, of a binary node 0. */
  private lengths: Uint8Array;
  /** Of an edge its child, of a binary node the left one. */
  private firsts: Int32Array;
  /** Of an edge the place of its path, of a binary node the right child. */
  private seconds: Int32Array;
  private hashes: Int32Array;
  private count = 0;

  constructor(arena: Arena, capacity = 64) {
    this.arena = arena;
    this.lengths = new Uint8Array(capacity);
    this.firsts = new Int32Array(capacity);
    this.seconds = new Int32Array(capacity);
    this.hashes = new Int32Array(capacity);
  }

  addBinary(left: NodeRef, right: NodeRef, hashAt: number = UNHASHED): NodeRef {
    return this.add(0, left, right, hashAt);
  }

  /**
   * @param child  Never an edge. If it is known by its hash alone, that is a leaf's or a binary node's.
   * @param pathAt Where the path is: `pathBytes(length)` bytes as `bits.ts` describes them.
   */
  addEdge(child: NodeRef, length: number, pathAt: number, hashAt: number = UNHASHED): NodeRef {
    return this.add(length, child, pathAt, hashAt);
  }

  private add(length: number, first: number, second: number, hashAt: number): NodeRef {
    const node = this.count++;
    if (node === this.lengths.length) this.grow();
    this.lengths[node] = length;
    this.firsts[node] = first;
    this.seconds[node] = second;
    this.hashes[node] = hashAt;
    return node;
  }

  /** Whether it is an edge in memory. */
  isEdge(ref: NodeRef): boolean {
    return ref >= 0 && this.lengthOf(ref) > 0;
  }

  /** Bits of an inner node's path: 0 for a binary node. */
  lengthOf(node: NodeRef): number {
    return this.lengths[node] as number; // Here and below: nodes are below the count.
  }

  leftOf(binary: NodeRef): NodeRef {
    return this.firsts[binary] as number;
  }

  rightOf(binary: NodeRef): NodeRef {
    return this.seconds[binary] as number;
  }

  childOf(edge: NodeRef): NodeRef {
    return this.firsts[edge] as number;
  }

  pathAt(edge: NodeRef): number {
    return this.seconds[edge] as number;
  }

  /** The bytes of an edge's path, not to be written to. */
  pathOf(edge: NodeRef): Uint8Array {
    return this.arena.view(this.pathAt(edge), pathBytes(this.lengthOf(edge)));
  }

  /** Where the hash of a subtree is, or `UNHASHED`. */
  hashAt(ref: NodeRef): number {
    return ref < 0 ? ~ref : (this.hashes[ref] as number);
  }

  /** The hash of a subtree, which it must have, in a buffer of its own. */
  hashOf(ref: NodeRef): Uint8Array {
    return this.arena.felt(this.hashAt(ref));
  }

  setHash(node: NodeRef, hashAt: number): void {
    this.hashes[node] = hashAt;
  }

  /** Forgets all nodes, and all that is in the arena. */
  clear(): void {
    this.arena.clear();
    this.count = 0;
    if (this.lengths.length > NODES_KEPT_MAX) this.resize(NODES_KEPT_MAX);
  }

  private grow(): void {
    this.resize(2 * this.lengths.length);
  }

  private resize(capacity: number): void {
    this.lengths = resized(this.lengths, new Uint8Array(capacity));
    this.firsts = resized(this.firsts, new Int32Array(capacity));
    this.seconds = resized(this.seconds, new Int32Array(capacity));
    this.hashes = resized(this.hashes, new Int32Array(capacity));
  }
}

/** The `hashAt` of a new inner node before its level is hashed. */
export const UNHASHED = -1;

/** Bytes of a path of `length` bits. */
export function pathBytes(length: number): number {
  return (length + 7) >> 3;
}

function resized<List extends Uint8Array | Int32Array>(from: List, to: List): List {
  to.set(from.subarray(0, to.length));
  return to;
}

/** Room kept from one use to the next: 3.4 MB, enough for a large block. */
const NODES_KEPT_MAX = 2 ** 18;
