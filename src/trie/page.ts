import { type SynclineError, toHex } from '../lib/index.ts';
import { HEIGHT_MAX } from './arguments.ts';
import { bitAt, KEY_BITS, startsPath } from './bits.ts';
import { trieError } from './errors.ts';
import { FELT_BYTES, isCanonicalFelt, isZeroFelt } from './felts.ts';
import { hashed, type NodeRef, type Nodes, pathBytes } from './node.ts';

/**
 * How nodes are stored. A page holds every node of one trie whose **top** lies in the four levels `[4k, 4k + 4)`
 * below one path of `4k` bits: at most 15 nodes. An edge belongs to the page of its top, however far it reaches.
 *
 * Key:
 *
 *     prefix ‖ depth (1 byte, 4k) ‖ the page's path: 4k bits, first bit first, last byte padded with zeros
 *
 * Value:
 *
 *     0        1          2
 *     +--------+----------+------------------------------+- - - - - - - - - - - - - - - - - - - -
 *     | 0x01   | slot of  | in the page of depth 0 only: | the nodes in preorder: a node, then those
 *     | format | the top  | height (1) ‖ root hash (32)  | of its left half, then of its right half
 *     +--------+----------+------------------------------+- - - - - - - - - - - - - - - - - - - -
 *
 *     binary node:  0x00 ‖ left hash (32) ‖ right hash (32)
 *     edge:         length (1) ‖ path, as an integer (ceil(length / 8)) ‖ child hash (32)
 *
 *     slots:                1                 depth 4k
 *                   2               3               4k + 1
 *               4       5       6       7               4k + 2
 *             8   9  10  11  12  13  14  15                 4k + 3
 *
 * A child hash at depth = height is the leaf's value. So every hash of the trie is stored once, in the parent, and
 * a binary node can be hashed again without reading the page of its untouched half. Which children follow is told by
 * their depth: those above depth `4k + 4` are in the page, and its nodes always form one tree. The top of that tree
 * is the node in slot 1, or else the binary node in which an edge from a page above ends. A page is a function of
 * the trie's content alone, whatever the history; a page without nodes is not stored.
 */
export const PAGE_LEVELS = 4;
const PAGE_FORMAT = 1;
const HEADER_BYTES = 2;
const ROOT_BYTES = 1 + FELT_BYTES;
const NODES_MAX = 2 ** PAGE_LEVELS - 1;

/** No page is longer: 15 binary nodes in the root page. An edge, with a path of 32 bytes, is no longer than one. */
export const PAGE_BYTES_MAX = HEADER_BYTES + ROOT_BYTES + NODES_MAX * (1 + 2 * FELT_BYTES);

/** The depth at which the page of a node at `depth` begins. */
export function pageDepthOf(depth: number): number {
  return depth & ~(PAGE_LEVELS - 1);
}

/** The depth at which the pages below that of a node at `depth` begin. */
export function pageEndOf(depth: number): number {
  return pageDepthOf(depth) + PAGE_LEVELS;
}

/** The slot, 1 to 15, of the node at `depth` on the way of `path`. */
export function slotOf(path: Uint8Array, height: number, depth: number): number {
  let slot = 1;
  for (let at = pageDepthOf(depth); at < depth; at++) slot = slot * 2 + bitAt(path, KEY_BITS - height + at);
  return slot;
}

/** Bytes of a page's key after the prefix, at most. */
export const LABEL_BYTES_MAX = 1 + KEY_BITS / 8;

/**
 * Writes the part of a page's key after the prefix, for the page of the node at `depth` on the way of `path`.
 * @returns Its length.
 */
export function writeLabel(target: Uint8Array, path: Uint8Array, height: number, depth: number): number {
  const pageDepth = pageDepthOf(depth);
  const size = pathBytes(pageDepth);
  const first = (KEY_BITS - height) >> 3;
  const shift = (KEY_BITS - height) & 7;
  target[0] = pageDepth;
  for (let i = 0; i < size; i++) {
    const next = first + i + 1 < path.length ? (path[first + i + 1] as number) : 0;
    target[1 + i] = ((path[first + i] as number) << shift) | (next >> (8 - shift)); // Inside: pageDepth <= height.
  }
  if ((pageDepth & 7) !== 0) target[size] = (target[size] as number) & 0xf0;
  return 1 + size;
}

/**
 * Writes what stands before the nodes of the page whose top is `top`, at `depth`, in slot `topSlot`.
 * @returns The offset of the first node.
 */
export function writeHeader(
  nodes: Nodes,
  out: DataView,
  top: NodeRef,
  topSlot: number,
  depth: number,
  height: number,
): number {
  out.setUint8(0, PAGE_FORMAT);
  out.setUint8(1, topSlot);
  if (depth > 0) return HEADER_BYTES;
  out.setUint8(HEADER_BYTES, height);
  nodes.arena.copyFelt(nodes.hashAt(top), out, HEADER_BYTES + 1);
  return HEADER_BYTES + ROOT_BYTES;
}

/** Writes one inner node, hashed like its children, at `at` of a page. @returns The offset behind it. */
export function writeNode(nodes: Nodes, out: DataView, at: number, node: NodeRef): number {
  const { arena } = nodes;
  const length = nodes.lengthOf(node);
  out.setUint8(at, length);
  if (length === 0) {
    arena.copyFelt(nodes.hashAt(nodes.leftOf(node)), out, at + 1);
    arena.copyFelt(nodes.hashAt(nodes.rightOf(node)), out, at + 1 + FELT_BYTES);
    return at + 1 + 2 * FELT_BYTES;
  }
  const size = pathBytes(length);
  arena.copyBytes(nodes.pathAt(node), size, out, at + 1);
  arena.copyFelt(nodes.hashAt(nodes.childOf(node)), out, at + 1 + size);
  return at + 1 + size + FELT_BYTES;
}

/** The height a root page names, unchecked; 0 when it is too short to name one. */
export function peekHeight(bytes: Uint8Array): number {
  return bytes[HEADER_BYTES] ?? 0;
}

/** A page in the arena, and what it must agree with. */
export interface PagePlace {
  /** The full store key, for errors. */
  readonly key: Uint8Array;
  /** Where in the arena the page is. */
  readonly at: number;
  readonly length: number;
  readonly height: number;
  /** Depth of the page's top and the slot it must be in. */
  readonly topDepth: number;
  readonly topSlot: number;
  /** Where the hash of the top is, which its parent knows; null for the root page, which names it itself. */
  readonly topHashAt: number | null;
}

/** Reads pages: each becomes its top, the rest of the page below it, and the hashes of what other pages hold. */
export class PageDecoder {
  private readonly nodes: Nodes;
  private bytes: Uint8Array = NO_BYTES;
  private place: PagePlace = NOWHERE;
  private pageEnd = 0;
  /** The page's end, and how far it has been read. */
  private end = 0;
  private at = 0;

  constructor(nodes: Nodes) {
    this.nodes = nodes;
  }

  /**
   * @returns The page's top.
   * @throws {SynclineError} `TRIE_PAGE_CORRUPT` (fault `local`) unless it is exactly what this module writes.
   */
  decode(place: PagePlace): NodeRef {
    this.bytes = this.nodes.arena.bytes;
    this.place = place;
    this.pageEnd = pageEndOf(place.topDepth);
    this.at = place.at;
    this.end = place.at + place.length;
    return this.page();
  }

  private page(): NodeRef {
    const { at, height, topDepth, topSlot, topHashAt } = this.place;
    this.take(HEADER_BYTES);
    if (this.bytes[at] !== PAGE_FORMAT) throw this.corrupt('the format is unknown');
    if (this.bytes[at + 1] !== topSlot) throw this.corrupt('the top node is not in the slot its parent names');
    let hashAt = topHashAt;
    if (topDepth === 0) {
      hashAt = this.take(ROOT_BYTES) + 1;
      const sound = height >= 1 && height <= HEIGHT_MAX; // It may have been read off the page itself.
      if (!sound || this.bytes[hashAt - 1] !== height)
        throw this.corrupt('the page belongs to a trie of another height');
      this.requireHash(hashAt);
    }
    const top = this.node(topDepth, hashAt ?? 0); // Null for the root page alone.
    if (topSlot !== 1 && this.nodes.isEdge(top)) throw this.corrupt('an edge ends in an edge');
    if (this.at !== this.end) throw this.corrupt('bytes follow the last node');
    return top;
  }

  private node(depth: number, hashAt: number): NodeRef {
    const at = this.take(1);
    const length = this.bytes[at] as number; // Inside the page.
    return length === 0 ? this.binary(depth, hashAt) : this.edge(depth, hashAt, length);
  }

  private binary(depth: number, hashAt: number): NodeRef {
    const at = this.take(2 * FELT_BYTES);
    const left = this.child(depth + 1, at);
    const right = this.child(depth + 1, at + FELT_BYTES);
    return this.nodes.addBinary(left, right, hashAt);
  }

  private edge(depth: number, hashAt: number, length: number): NodeRef {
    const end = depth + length;
    if (end > this.place.height) throw this.corrupt('an edge reaches below the leaves');
    const pathAt = this.take(pathBytes(length));
    if (!startsPath(this.bytes, pathAt, length)) throw this.corrupt('a path has bits beyond its length');
    const child = this.child(end, this.take(FELT_BYTES));
    if (this.nodes.isEdge(child)) throw this.corrupt('an edge ends in an edge');
    return this.nodes.addEdge(child, length, pathAt, hashAt);
  }

  /** A child at `depth` whose hash is at `at`: the next node of this page, or else a leaf or another page's. */
  private child(depth: number, at: number): NodeRef {
    this.requireHash(at);
    return depth < this.pageEnd && depth < this.place.height ? this.node(depth, at) : hashed(at);
  }

  /** A hash or value must be a canonical felt, and not zero, which would mean "absent". */
  private requireHash(at: number): void {
    if (isCanonicalFelt(this.bytes, at) && !isZeroFelt(this.bytes, at)) return;
    throw this.corrupt('a hash is zero or not a field element');
  }

  /** The offset of the next `length` bytes, which are read. */
  private take(length: number): number {
    const { at } = this;
    this.at += length;
    if (this.at > this.end) throw this.corrupt('the page is truncated');
    return at;
  }

  private corrupt(reason: string): SynclineError {
    const data = { key: toHex(this.place.key), reason, bytes: this.place.length };
    return trieError('TRIE_PAGE_CORRUPT', 'local', `trie page is corrupt: ${reason}`, data);
  }
}

const NO_BYTES = new Uint8Array(0);
const NOWHERE: PagePlace = { key: NO_BYTES, at: 0, length: 0, height: 0, topDepth: 0, topSlot: 0, topHashAt: null };
