import { bitAt, concatPaths, KEY_BITS, matchPath, pathBit, pathTail, sharedBits, slicePath } from './bits.ts';
import { equalFelts, FELT_BYTES, isZeroFelt } from './felts.ts';
import { hashed, NONE, type NodeRef, type Nodes } from './node.ts';
import type { PageSet } from './page-set.ts';

/** Changes of one trie: keys strictly ascending, zero to delete. */
export interface SortedEntries {
  readonly keys: readonly Uint8Array[];
  /** Where in the arena the value of the first key is; the others follow. */
  readonly valuesAt: number;
}

/**
 * Applies inserts, overwrites and deletes to tries, loading only the paths they touch, without hashing: new inner nodes
 * come back without a hash.
 *
 * The result is canonical (Starknet documentation, "Merkle-Patricia trie"): every binary node has two non-empty
 * halves and no edge follows an edge. A subtree whose content did not change comes back as the very same node.
 */
export class TrieEdit {
  private readonly pages: PageSet;
  private readonly nodes: Nodes;
  private keys: readonly Uint8Array[] = [];
  private valuesAt = 0;
  /** Position in a key of the bit at depth 0. */
  private base = 0;
  private removed = false;

  constructor(pages: PageSet) {
    this.pages = pages;
    this.nodes = pages.nodes;
  }

  /** Applies `entries` to the trie that is open in the page set, whose root is `root`. Returns its new root. */
  apply(root: NodeRef, entries: SortedEntries): NodeRef {
    this.keys = entries.keys;
    this.valuesAt = entries.valuesAt;
    this.base = KEY_BITS - this.pages.height;
    this.removed = false;
    const after = this.update(root, 0, 0, entries.keys.length);
    this.keys = [];
    return after;
  }

  /** Whether the last call removed a leaf: otherwise the trie lost no node, but for edges that were cut in two. */
  get removedLeaves(): boolean {
    return this.removed;
  }

  /** Here and in all methods below `[lo, hi)` are the entries below the node at `depth`: they share its path. */
  private update(ref: NodeRef, depth: number, lo: number, hi: number): NodeRef {
    if (lo === hi) return ref;
    if (ref === NONE) return this.build(depth, lo, hi);
    if (ref < 0) return depth === this.pages.height ? this.updateLeaf(ref, lo) : this.updateStub(ref, depth, lo, hi);
    return this.nodes.lengthOf(ref) === 0 ? this.updateBinary(ref, depth, lo, hi) : this.updateEdge(ref, depth, lo, hi);
  }

  private updateLeaf(leaf: NodeRef, lo: number): NodeRef {
    if (this.deletes(lo)) {
      this.removed = true;
      return NONE;
    }
    const { bytes } = this.nodes.arena;
    return equalFelts(bytes, this.valueAt(lo), bytes, this.nodes.hashAt(leaf)) ? leaf : this.leaf(lo);
  }

  private updateStub(stub: NodeRef, depth: number, lo: number, hi: number): NodeRef {
    const before = this.pages.load(this.key(lo), depth, stub);
    const after = this.update(before, depth, lo, hi);
    if (after !== before) return after;
    this.pages.forget(this.key(lo), depth);
    return stub;
  }

  private updateBinary(node: NodeRef, depth: number, lo: number, hi: number): NodeRef {
    const { nodes } = this;
    const middle = this.split(depth, lo, hi);
    const left = this.update(nodes.leftOf(node), depth + 1, lo, middle);
    const right = this.update(nodes.rightOf(node), depth + 1, middle, hi);
    if (left === nodes.leftOf(node) && right === nodes.rightOf(node)) return node;
    return this.join(left, right, depth, this.key(lo));
  }

  private updateEdge(edge: NodeRef, depth: number, lo: number, hi: number): NodeRef {
    const { nodes } = this;
    const start = this.base + depth;
    const length = nodes.lengthOf(edge);
    const child = nodes.childOf(edge);
    // The entries are sorted, so the one that leaves the edge first is the first or the last.
    const path = nodes.pathOf(edge);
    const first = matchPath(this.key(lo), start, path, length);
    const last = hi - lo === 1 ? first : matchPath(this.key(hi - 1), start, path, length);
    const shared = Math.min(first, last);
    if (shared === length) return this.hang(edge, this.update(child, depth + shared, lo, hi));
    const after = this.extend(this.key(lo), depth, shared, this.updateFork(edge, shared, depth, lo, hi));
    // Deletes of absent keys fork the edge and join it again: still the same edge, no need to hash it.
    const same = nodes.isEdge(after) && nodes.childOf(after) === child && nodes.lengthOf(after) === length;
    return same ? edge : after;
  }

  /** `edge` with what became of its child. */
  private hang(edge: NodeRef, child: NodeRef): NodeRef {
    const { nodes } = this;
    if (child === nodes.childOf(edge)) return edge;
    if (child === NONE) return NONE;
    if (nodes.isEdge(child)) return this.lengthen(nodes.pathOf(edge), nodes.lengthOf(edge), child);
    return nodes.addEdge(child, nodes.lengthOf(edge), nodes.pathAt(edge));
  }

  /** Some entries leave `edge` after `shared` bits: what stands at that point once they are applied. */
  private updateFork(edge: NodeRef, shared: number, depth: number, lo: number, hi: number): NodeRef {
    const { nodes } = this;
    const fork = depth + shared;
    const length = nodes.lengthOf(edge);
    const child = nodes.childOf(edge);
    const restLength = length - shared - 1;
    const path = nodes.pathOf(edge);
    const onRight = pathBit(path, length, shared) === 1;
    const rest = restLength === 0 ? child : this.edge(pathTail(path, restLength), restLength, child);
    const middle = this.split(fork, lo, hi);
    const left = this.update(onRight ? NONE : rest, fork + 1, lo, middle);
    const right = this.update(onRight ? rest : NONE, fork + 1, middle, hi);
    return this.join(left, right, fork, this.key(lo));
  }

  /** The canonical subtree of the non-zero entries alone, where nothing stood before. */
  private build(depth: number, start: number, end: number): NodeRef {
    let lo = start;
    let hi = end;
    while (lo < hi && this.deletes(lo)) lo++;
    while (lo < hi && this.deletes(hi - 1)) hi--;
    if (lo === hi) return NONE;
    const key = this.key(lo);
    const bits = this.base + depth;
    if (hi - lo === 1) {
      return this.extend(key, depth, KEY_BITS - bits, this.leaf(lo));
    }
    const shared = sharedBits(key, this.key(hi - 1), bits, KEY_BITS);
    const fork = depth + shared;
    const middle = this.split(fork, lo, hi);
    // Neither half is empty: the first and the last entry are not zero and part here.
    const left = this.build(fork + 1, lo, middle);
    const right = this.build(fork + 1, middle, hi);
    return this.extend(key, depth, shared, this.join(left, right, fork, key));
  }

  /** The node at `depth` on the way of `path` above two halves, either of which may have become empty. */
  private join(left: NodeRef, right: NodeRef, depth: number, path: Uint8Array): NodeRef {
    if (left !== NONE && right !== NONE) return this.nodes.addBinary(left, right);
    const bit = left === NONE ? 1 : 0;
    let survivor = left === NONE ? right : left;
    if (survivor === NONE) return NONE;
    if (survivor < 0 && depth + 1 < this.pages.height) {
      // An edge below must be merged into this one; anything else stays where it is.
      const loaded = this.pages.loadSibling(path, depth + 1, bit, survivor);
      if (this.nodes.isEdge(loaded)) survivor = loaded;
    }
    return this.lengthen(Uint8Array.of(bit), 1, survivor);
  }

  /** Puts the `length` bits of `key` from `depth` above a subtree. */
  private extend(key: Uint8Array, depth: number, length: number, ref: NodeRef): NodeRef {
    if (ref === NONE || length === 0) return ref;
    const start = this.base + depth;
    return this.lengthen(slicePath(key, start, start + length), length, ref);
  }

  /** The first entry of `[lo, hi)` whose bit at `depth` is 1, or `hi`. */
  private split(depth: number, lo: number, hi: number): number {
    const position = this.base + depth;
    let low = lo;
    let high = hi;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (bitAt(this.key(middle), position) === 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private key(index: number): Uint8Array {
    return this.keys[index] as Uint8Array; // index < keys.length in every range
  }

  private valueAt(index: number): number {
    return this.valuesAt + index * FELT_BYTES;
  }

  private deletes(index: number): boolean {
    return isZeroFelt(this.nodes.arena.bytes, this.valueAt(index));
  }

  private leaf(index: number): NodeRef {
    return hashed(this.valueAt(index));
  }

  private edge(path: Uint8Array, length: number, child: NodeRef): NodeRef {
    return this.nodes.addEdge(child, length, this.nodes.arena.add(path));
  }

  /** An edge of `length` bits above `ref`, merged with it if it is an edge. A hash must not stand for an edge. */
  private lengthen(path: Uint8Array, length: number, ref: NodeRef): NodeRef {
    const { nodes } = this;
    if (!nodes.isEdge(ref)) return this.edge(path, length, ref);
    const merged = concatPaths(path, length, nodes.pathOf(ref), nodes.lengthOf(ref));
    return this.edge(merged, length + nodes.lengthOf(ref), nodes.childOf(ref));
  }
}
