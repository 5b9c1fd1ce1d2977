/**
 * Nodes in memory. A trie that is being changed is a tree of these, complete along the paths that are touched and
 * ending in stubs everywhere else. Nodes are never changed in place: an edit makes new ones, and a new inner node
 * has no hash until the level it belongs to is hashed. Hashes, values and paths lie in an `Arena`.
 */
export type Node = Leaf | Stub | InnerNode;

/** A node that has children and so lives in a page. */
export type InnerNode = Binary | Edge;

/** A value at depth = height. Never zero: zero means absent. */
export interface Leaf {
  readonly type: 'leaf';
  /** Where the value is. */
  readonly hashAt: number;
}

/** A subtree that stayed in the store: only its hash is known. */
export interface Stub {
  readonly type: 'stub';
  readonly hashAt: number;
}

/** Two non-empty halves: `h(left, right)`. */
export interface Binary {
  readonly type: 'binary';
  /** Where the hash is, or `UNHASHED`. */
  hashAt: number;
  readonly left: Node;
  readonly right: Node;
}

/** `length` ≥ 1 bits without a branch, then a binary node or a leaf: `(h(child, path) + length) mod P`. */
export interface Edge {
  readonly type: 'edge';
  /** Where the hash is, or `UNHASHED`. */
  hashAt: number;
  readonly length: number;
  /** Where the path is: `pathBytes(length)` bytes as `bits.ts` describes them. */
  readonly pathAt: number;
  /** Never an edge. A stub here stands for a binary node. */
  readonly child: Leaf | Stub | Binary;
}

/** The `hashAt` of a new inner node before its level is hashed. */
export const UNHASHED = -1;

/** Bytes of a path of `length` bits. */
export function pathBytes(length: number): number {
  return (length + 7) >> 3;
}
