import { KEY_BITS } from './bits.ts';
import { forkOf } from './build-keys.ts';
import type { LeafRun } from './build-leaves.ts';
import { FELT_BYTES, zeroFelt } from './felts.ts';
import { PAGE_LEVELS, pageDepthOf } from './page.ts';

/**
 * The nodes of tries that are being built, as numbers into flat buffers. Of n leaves and stubs
 *
 *     0 .. n - 1     are the leaves and stubs themselves, in key order, the tries one behind the other
 *     n + i          is the binary node at which the ways of leaf i and leaf i + 1 part
 *     2n + x         is the edge that ends in x, a leaf, stub or binary node
 *
 * The binary node between two neighbours stands where their keys first differ. So one pass over the leaves with a
 * stack of the binary nodes whose right half is not complete finds them all, and the place of a node and of its parent
 * give the edge between (the Cartesian tree of the neighbours' common prefix lengths).
 *
 * All typed arrays here are indexed by nodes of this numbering only, which keeps their reads inside.
 */
export class FlatNodes {
  readonly leafCount: number;
  /** The number of the first edge, 2n. */
  readonly edgesFrom: number;
  /** Keys of the leaves; of a stub, any key below it. */
  readonly keys: DataView;
  /** Values and hashes by node. */
  readonly felts: Uint8Array;
  readonly feltView: DataView;
  /** Where in a key each node begins. Of an edge of length 0, which is no node, where it would. */
  readonly position: Int16Array;
  /** One more than the highest level of a child; 0 for leaves, stubs and whatever is not to be hashed now. */
  readonly level: Uint8Array;
  /** The children of binary node n + i, at i. */
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** Binary nodes on the way to the latest leaf whose right half is not complete, from the root down. */
  private readonly open = new Int32Array(KEY_BITS);
  private openCount = 0;

  constructor({ count, keys, felts, ends }: LeafRun) {
    this.leafCount = count;
    this.edgesFrom = 2 * count;
    this.keys = new DataView(keys.buffer, keys.byteOffset, count * FELT_BYTES);
    this.felts = new Uint8Array(4 * count * FELT_BYTES);
    this.felts.set(felts.subarray(0, count * FELT_BYTES));
    this.feltView = new DataView(this.felts.buffer);
    this.position = new Int16Array(4 * count);
    this.position.set(ends.subarray(0, count));
    this.level = new Uint8Array(4 * count); // A path of 251 bits has no more nodes than that.
    this.left = new Int32Array(count);
    this.right = new Int32Array(count);
  }

  /**
   * Finds the nodes of one whole trie, of the leaves `[start, end)`.
   * @param base Position of the first bit of its keys.
   * @returns Its root, or null for no leaves.
   */
  addTrie(start: number, end: number, base: number): number | null {
    if (start === end) return null;
    this.connect(start, end);
    return this.hang(this.close(end - 1, -1), base);
  }

  /**
   * Finds the nodes of one trie of which all leaves so far are here, and more will follow on the right. What those can
   * still change are the pages on the way to the last leaf, and they must be written whole; so every node in one of
   * them is taken out of this piece (its level becomes 0).
   *
   * @returns What the next piece begins with in place of all leaves: the leaves that hang from such a page, the last
   *   leaf, and as stubs the nodes that stand right below such a page; ascending.
   */
  addPiece(base: number): number[] {
    const carried: number[] = [];
    this.connect(0, this.leafCount);
    for (const node of this.open.subarray(0, this.openCount)) this.carry(this.leftOf(node), base, carried);
    carried.push(this.leafCount - 1);
    return carried;
  }

  /** The value or hash of a node, in a buffer of its own; zero for none. */
  feltOf(node: number | null): Uint8Array {
    return node === null ? zeroFelt() : this.felts.slice(node * FELT_BYTES, (node + 1) * FELT_BYTES);
  }

  /** A key below a node, as a view. */
  keyOf(node: number): Uint8Array {
    const { buffer, byteOffset } = this.keys;
    return new Uint8Array(buffer, byteOffset + this.leafOf(node) * FELT_BYTES, FELT_BYTES);
  }

  /** A leaf below `node`, or itself. */
  leafOf(node: number): number {
    const end = this.endOf(node);
    return end < this.leafCount ? end : end - this.leafCount;
  }

  /** Where an edge ends; any other node is its own. */
  endOf(node: number): number {
    return node < this.edgesFrom ? node : node - this.edgesFrom;
  }

  leftOf(binary: number): number {
    return this.left[binary - this.leafCount] as number;
  }

  rightOf(binary: number): number {
    return this.right[binary - this.leafCount] as number;
  }

  positionOf(node: number): number {
    return this.position[node] as number;
  }

  levelOf(node: number): number {
    return this.level[node] as number;
  }

  /** Adds the binary nodes between the leaves `[start, end)`; those to the last leaf stay open. */
  private connect(start: number, end: number): void {
    this.openCount = 0;
    for (let leaf = start; leaf + 1 < end; leaf++) {
      const fork = forkOf(this.keys, leaf * FELT_BYTES, (leaf + 1) * FELT_BYTES);
      const node = this.leafCount + leaf;
      this.left[leaf] = this.hang(this.close(leaf, fork), fork + 1);
      this.position[node] = fork;
      this.open[this.openCount++] = node;
    }
  }

  /** Completes the open nodes below position `fork`, with `latest` as right half; returns the topmost of them. */
  private close(latest: number, fork: number): number {
    let below = latest;
    for (; this.openCount > 0; this.openCount--) {
      const node = this.open[this.openCount - 1] as number;
      const position = this.positionOf(node);
      if (position < fork) break;
      const left = this.leftOf(node);
      const right = this.hang(below, position + 1);
      this.right[node - this.leafCount] = right;
      this.level[node] = 1 + Math.max(this.levelOf(left), this.levelOf(right));
      below = node;
    }
    return below;
  }

  /** Places `node` below a parent that ends at position `top`; returns the edge between, or `node` if there is none. */
  private hang(node: number, top: number): number {
    const edge = this.edgesFrom + node;
    this.position[edge] = top;
    if (top === this.position[node]) return node;
    this.level[edge] = 1 + this.levelOf(node);
    return edge;
  }

  /** Takes the nodes from `node` down out of this piece, as far as they are in the page of its parent. */
  private carry(node: number, base: number, carried: number[]): void {
    const depth = this.positionOf(node) - base;
    if (node < this.leafCount || depth % PAGE_LEVELS === 0) {
      carried.push(node); // It is no inner node, or its own page begins here, complete.
      return;
    }
    this.level[node] = 0;
    const end = this.endOf(node);
    if (end < this.leafCount || pageDepthOf(this.positionOf(end) - base) !== pageDepthOf(depth)) {
      carried.push(end);
      return;
    }
    this.level[end] = 0;
    this.carry(this.leftOf(end), base, carried);
    this.carry(this.rightOf(end), base, carried);
  }
}
