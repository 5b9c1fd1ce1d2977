import { hashPairs } from '../hash-levels.ts';
import { countNodes, NODE_BYTES, requireRoom } from './arguments.ts';
import { merkleError } from './errors.ts';
import { emptyNode, type MerkleHasher } from './merkle-hasher.ts';

export interface AppendOnlyTreeOptions {
  readonly hasher: MerkleHasher;
  /** Levels above the leaves, 1 to 48. */
  readonly height: number;
  /** Where a tree goes on. Default: it is empty. */
  readonly from?: AppendOnlyFrontier;
}

/** All that is needed to go on. */
export interface AppendOnlyFrontier {
  readonly size: number;
  /**
   * The roots of the complete subtrees that the leaves make up, 32 bytes each, the smallest first: one for each bit
   * that is set in `size`.
   */
  readonly nodes: Uint8Array;
}

/** An append-only tree of which only the right edge is kept: it knows its root, but no other leaf or path. */
export interface AppendOnlyTree {
  /**
   * Appends leaves, 32 bytes each, hashing level by level.
   * @throws {SynclineError} `MERKLE_ARGUMENT`, `MERKLE_FULL` (fault `caller`). The tree is as before.
   */
  append(leaves: Uint8Array): void;
  /** The root, 32 bytes, the caller's to keep: a hash for each level. */
  root(): Uint8Array;
  /** A copy of what is needed to go on from here. */
  frontier(): AppendOnlyFrontier;
}

/** @throws {SynclineError} `MERKLE_ARGUMENT` (fault `caller`) for a height or a frontier out of bounds. */
export function createAppendOnlyTree({ hasher, height, from }: AppendOnlyTreeOptions): AppendOnlyTree {
  let size = from?.size ?? 0;
  requireRoom(size, 0, height);
  let edge = from === undefined ? [] : readEdge(from, height);

  return {
    append: (leaves) => {
      const count = countNodes(leaves);
      requireRoom(size, count, height);
      edge = growEdge(hasher, edge, leaves, height);
      size += count;
    },
    root: () => {
      let node: Uint8Array | null = null;
      for (let level = 0; level < height; level++) {
        const left: Uint8Array | null = edge[level] ?? null;
        if (left !== null) node = hashPairs(hasher.hashPairs, left, node ?? emptyNode(hasher, level));
        else if (node !== null) node = hashPairs(hasher.hashPairs, node, emptyNode(hasher, level));
      }
      return (edge[height] ?? node ?? emptyNode(hasher, height)).slice();
    },
    frontier: () => {
      const nodes = edge.filter((node) => node !== null);
      const flat = new Uint8Array(nodes.length * NODE_BYTES);
      for (const [i, node] of nodes.entries()) flat.set(node, i * NODE_BYTES);
      return { size, nodes: flat };
    },
  };
}

/** By level, the root of the complete subtree that waits for its right neighbour; null where there is none. */
type Edge = readonly (Uint8Array | null)[];

function growEdge(hasher: MerkleHasher, edge: Edge, leaves: Uint8Array, height: number): Edge {
  const grown: (Uint8Array | null)[] = [];
  let nodes = leaves;
  for (let level = 0; level <= height; level++) {
    const waiting = edge[level] ?? null;
    const offset = waiting === null ? 0 : NODE_BYTES;
    const row = new Uint8Array(offset + nodes.length);
    if (waiting !== null) row.set(waiting);
    row.set(nodes, offset);
    const pairs = Math.floor(row.length / (2 * NODE_BYTES));
    const isOdd = row.length > pairs * 2 * NODE_BYTES;
    grown.push(isOdd ? row.slice(-NODE_BYTES) : null);
    nodes = hashRow(hasher, row, pairs);
  }
  return grown;
}

/** The parents of the first `pairs` pairs of a row. */
function hashRow(hasher: MerkleHasher, row: Uint8Array, pairs: number): Uint8Array {
  const left = new Uint8Array(pairs * NODE_BYTES);
  const right = new Uint8Array(pairs * NODE_BYTES);
  for (let i = 0; i < pairs; i++) {
    const at = 2 * i * NODE_BYTES;
    left.set(row.subarray(at, at + NODE_BYTES), i * NODE_BYTES);
    right.set(row.subarray(at + NODE_BYTES, at + 2 * NODE_BYTES), i * NODE_BYTES);
  }
  return hashPairs(hasher.hashPairs, left, right);
}

function readEdge({ size, nodes }: AppendOnlyFrontier, height: number): Edge {
  const edge: (Uint8Array | null)[] = [];
  let at = 0;
  for (let level = 0; level <= height; level++) {
    const isWaiting = Math.floor(size / 2 ** level) % 2 === 1;
    edge.push(isWaiting ? nodes.slice(at, at + NODE_BYTES) : null);
    if (isWaiting) at += NODE_BYTES;
  }
  if (at === nodes.length) return edge;
  throw merkleError('MERKLE_ARGUMENT', 'caller', 'the frontier does not fit its size', {
    size,
    expected: at,
    got: nodes.length,
  });
}
