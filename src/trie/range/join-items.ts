import { toHex } from '../../lib/index.ts';
import { bitAt, KEY_BITS, sharedBits, slicePath } from '../bits.ts';
import { hashed, NONE, type NodeRef, type Nodes } from '../node.ts';
import { proofInvalid } from './errors.ts';

/** A piece of a binary trie in key order: a leaf at depth = height, or a subtree known by its hash. */
export interface BinaryItem {
  /** 32 bytes; the bits behind `depth` are zero. */
  readonly key: Uint8Array;
  readonly depth: number;
  /** Where in the arena its value or hash is. */
  readonly hashAt: number;
}

/**
 * The one trie that consists of these items, its inner nodes not yet hashed; `NONE` without items. The branch above
 * two neighbours stands where they first differ.
 *
 * @param items Ascending by key.
 * @throws {SynclineError} `RANGE_PROOF_INVALID` (fault `peer`) when an item lies inside a subtree, or when a subtree
 *   has no sibling: it would stand under an edge, and whether it is an edge itself its hash does not tell.
 */
export function joinItems(nodes: Nodes, height: number, items: readonly BinaryItem[]): NodeRef {
  const base = KEY_BITS - height;
  for (const [index, item] of items.entries()) {
    const before = items[index - 1];
    if (before === undefined) continue;
    const fork = sharedBits(before.key, item.key, base, KEY_BITS);
    if (fork < before.depth && fork < item.depth) continue;
    throw proofInvalid('an item lies inside a closed subtree', `a path outside of ${toHex(before.key)}`, item.key);
  }
  return items.length === 0 ? NONE : new Joiner(nodes, height, items).join(0, items.length, 0);
}

class Joiner {
  private readonly nodes: Nodes;
  private readonly height: number;
  private readonly base: number;
  private readonly items: readonly BinaryItem[];

  constructor(nodes: Nodes, height: number, items: readonly BinaryItem[]) {
    this.nodes = nodes;
    this.height = height;
    this.base = KEY_BITS - height;
    this.items = items;
  }

  /** The subtree at `depth` of the items `[from, to)`, at least one, which share their first `depth` bits. */
  join(from: number, to: number, depth: number): NodeRef {
    const first = this.items[from] as BinaryItem; // from < to <= items.length
    if (to - from === 1) return this.single(first, depth);
    const last = this.items[to - 1] as BinaryItem;
    const fork = depth + sharedBits(first.key, last.key, this.base + depth, KEY_BITS);
    const middle = this.firstRight(from, to, fork);
    const left = this.join(from, middle, fork + 1);
    const right = this.join(middle, to, fork + 1);
    return this.under(first.key, depth, fork, this.nodes.addBinary(left, right));
  }

  private single(item: BinaryItem, depth: number): NodeRef {
    if (item.depth === this.height) return this.under(item.key, depth, item.depth, hashed(item.hashAt));
    if (item.depth !== depth) throw proofInvalid('a closed subtree has lost its sibling', item.depth, depth);
    return hashed(item.hashAt);
  }

  /** `child`, no edge, which stands at depth `bottom`, with the edge from `depth` to it where they differ. */
  private under(key: Uint8Array, depth: number, bottom: number, child: NodeRef): NodeRef {
    if (bottom === depth) return child;
    const pathAt = this.nodes.arena.add(slicePath(key, this.base + depth, this.base + bottom));
    return this.nodes.addEdge(child, bottom - depth, pathAt);
  }

  /** The first of the items `[from, to)` with bit 1 at depth `fork`, by halving. The first has 0, the last 1. */
  private firstRight(from: number, to: number, fork: number): number {
    let low = from;
    let high = to - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (bitAt((this.items[middle] as BinaryItem).key, this.base + fork) === 0) low = middle;
      else high = middle;
    }
    return high;
  }
}
