import type { Arena } from './arena.ts';
import { bitAt, concatPaths, KEY_BITS, matchPath, pathBit, pathTail, sharedBits, slicePath } from './bits.ts';
import { equalFelts, FELT_BYTES, isZeroFelt } from './felts.ts';
import { type Binary, type Edge, type Leaf, type Node, pathBytes, type Stub, UNHASHED } from './node.ts';
import type { PageSet } from './page-set.ts';

/** Changes of one trie: keys strictly ascending, zero to delete. */
export interface SortedEntries {
  readonly keys: readonly Uint8Array[];
  /** Where in the arena the value of the first key is; the others follow. */
  readonly valuesAt: number;
}

/**
 * Applies inserts, overwrites and deletes to the trie below `root`, loading only the paths they touch, without
 * hashing: new inner nodes come back without a hash.
 *
 * The result is canonical (Starknet documentation, "Merkle-Patricia trie"): every binary node has two non-empty
 * halves and no edge follows an edge. A subtree whose content did not change comes back as the very same object.
 */
export function applyEntries(pages: PageSet, root: Node | null, entries: SortedEntries): Node | null {
  return new TrieEdit(pages, entries).update(root, 0, 0, entries.keys.length);
}

/** In all methods `[lo, hi)` are the entries below the node at `depth`: they share its path. */
class TrieEdit {
  private readonly pages: PageSet;
  private readonly keys: readonly Uint8Array[];
  private readonly valuesAt: number;
  private readonly arena: Arena;
  /** Position in a key of the bit at depth 0. */
  private readonly base: number;

  constructor(pages: PageSet, entries: SortedEntries) {
    this.pages = pages;
    this.keys = entries.keys;
    this.valuesAt = entries.valuesAt;
    this.arena = pages.arena;
    this.base = KEY_BITS - pages.height;
  }

  update(node: Node | null, depth: number, lo: number, hi: number): Node | null {
    if (lo === hi) return node;
    if (node === null) return this.build(depth, lo, hi);
    switch (node.type) {
      case 'leaf':
        return this.updateLeaf(node, lo);
      case 'stub':
        return this.updateStub(node, depth, lo, hi);
      case 'binary':
        return this.updateBinary(node, depth, lo, hi);
      case 'edge':
        return this.updateEdge(node, depth, lo, hi);
      default:
        return node satisfies never;
    }
  }

  private updateLeaf(leaf: Leaf, lo: number): Leaf | null {
    if (this.deletes(lo)) return null;
    const { bytes } = this.arena;
    return equalFelts(bytes, this.valueAt(lo), bytes, leaf.hashAt) ? leaf : this.leaf(lo);
  }

  private updateStub(stub: Stub, depth: number, lo: number, hi: number): Node | null {
    const before = this.pages.load(this.key(lo), depth, stub);
    const after = this.update(before, depth, lo, hi);
    if (after !== before) return after;
    this.pages.forget(this.key(lo), depth);
    return stub;
  }

  private updateBinary(node: Binary, depth: number, lo: number, hi: number): Node | null {
    const middle = this.split(depth, lo, hi);
    const left = this.update(node.left, depth + 1, lo, middle);
    const right = this.update(node.right, depth + 1, middle, hi);
    if (left === node.left && right === node.right) return node;
    return this.join(left, right, depth, this.key(lo));
  }

  private updateEdge(edge: Edge, depth: number, lo: number, hi: number): Node | null {
    const start = this.base + depth;
    // The entries are sorted, so the one that leaves the edge first is the first or the last.
    const path = this.pathOf(edge);
    const first = matchPath(this.key(lo), start, path, edge.length);
    const last = hi - lo === 1 ? first : matchPath(this.key(hi - 1), start, path, edge.length);
    const shared = Math.min(first, last);
    if (shared === edge.length) return this.hang(edge, this.update(edge.child, depth + shared, lo, hi));
    const after = this.extend(this.key(lo), depth, shared, this.updateFork(edge, shared, depth, lo, hi));
    // Deletes of absent keys fork the edge and join it again: still the same edge, no need to hash it.
    const same = after?.type === 'edge' && after.child === edge.child && after.length === edge.length;
    return same ? edge : after;
  }

  /** `edge` with what became of its child. */
  private hang(edge: Edge, child: Node | null): Node | null {
    if (child === edge.child) return edge;
    if (child === null) return null;
    if (child.type === 'edge') return this.lengthen(this.pathOf(edge), edge.length, child);
    return { type: 'edge', hashAt: UNHASHED, length: edge.length, pathAt: edge.pathAt, child };
  }

  /** Some entries leave `edge` after `shared` bits: what stands at that point once they are applied. */
  private updateFork(edge: Edge, shared: number, depth: number, lo: number, hi: number): Node | null {
    const fork = depth + shared;
    const restLength = edge.length - shared - 1;
    const path = this.pathOf(edge);
    const rest = restLength === 0 ? edge.child : this.edge(pathTail(path, restLength), restLength, edge.child);
    const onRight = pathBit(path, edge.length, shared) === 1;
    const middle = this.split(fork, lo, hi);
    const left = this.update(onRight ? null : rest, fork + 1, lo, middle);
    const right = this.update(onRight ? rest : null, fork + 1, middle, hi);
    return this.join(left, right, fork, this.key(lo));
  }

  /** The canonical subtree of the non-zero entries alone, where nothing stood before. */
  private build(depth: number, start: number, end: number): Node | null {
    let lo = start;
    let hi = end;
    while (lo < hi && this.deletes(lo)) lo++;
    while (lo < hi && this.deletes(hi - 1)) hi--;
    if (lo === hi) return null;
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
  private join(left: Node | null, right: Node | null, depth: number, path: Uint8Array): Node | null {
    if (left !== null && right !== null) return { type: 'binary', hashAt: UNHASHED, left, right };
    const bit = left === null ? 1 : 0;
    let survivor = left ?? right;
    if (survivor === null) return null;
    if (survivor.type === 'stub') {
      // An edge below must be merged into this one; anything else stays where it is.
      const loaded = this.pages.loadSibling(path, depth + 1, bit, survivor);
      if (loaded.type === 'edge') survivor = loaded;
    }
    return this.lengthen(Uint8Array.of(bit), 1, survivor);
  }

  /** Puts the `length` bits of `key` from `depth` above `node`. */
  private extend(key: Uint8Array, depth: number, length: number, node: Node | null): Node | null {
    if (node === null || length === 0) return node;
    const start = this.base + depth;
    return this.lengthen(slicePath(key, start, start + length), length, node);
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
    return isZeroFelt(this.arena.bytes, this.valueAt(index));
  }

  private leaf(index: number): Leaf {
    return { type: 'leaf', hashAt: this.valueAt(index) };
  }

  private edge(path: Uint8Array, length: number, child: Edge['child']): Edge {
    return { type: 'edge', hashAt: UNHASHED, length, pathAt: this.arena.add(path), child };
  }

  /** An edge of `length` bits above `node`, merged with it if it is an edge. A stub must stand for a binary node. */
  private lengthen(path: Uint8Array, length: number, node: Node): Edge {
    if (node.type !== 'edge') return this.edge(path, length, node);
    const merged = concatPaths(path, length, this.pathOf(node), node.length);
    return this.edge(merged, length + node.length, node.child);
  }

  private pathOf(edge: Edge): Uint8Array {
    return this.arena.view(edge.pathAt, pathBytes(edge.length));
  }
}
