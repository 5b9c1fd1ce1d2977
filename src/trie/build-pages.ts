import { KEY_BITS } from './bits.ts';
import { copyFelt, putPath } from './build-keys.ts';
import type { FlatNodes } from './build-nodes.ts';
import { FELT_BYTES } from './felts.ts';
import { pathBytes } from './node.ts';
import { LABEL_BYTES_MAX, PAGE_BYTES_MAX, PAGE_LEVELS, pageDepthOf, pageEndOf, slotOf, writeLabel } from './page.ts';
import type { TrieWrite } from './page-writer.ts';

/** A trie, or a piece of one, among nodes that were built together: the leaves `[start, end)` and what joins them. */
export interface TrieSpan {
  readonly prefix: Uint8Array;
  readonly height: number;
  readonly start: number;
  readonly end: number;
}

/**
 * The pages of all nodes that were hashed, in the form `page.ts` describes: trie by trie, each trie's ascending by
 * key. Keys and values are views of buffers they share.
 */
export function collectPages(nodes: FlatNodes, tries: readonly TrieSpan[]): TrieWrite[] {
  const encoder = new PageEncoder(nodes);
  const tops: number[][] = Array.from({ length: KEY_BITS / PAGE_LEVELS }, () => []);
  for (const trie of tries) {
    findTops(nodes, trie, tops);
    encoder.begin(trie);
    // By depth, then from left to right, is by page key.
    for (const bucket of tops) {
      if (bucket.length === 0) continue; // Of a small trie most are.
      for (const top of bucket) encoder.write(top);
      bucket.length = 0;
    }
  }
  return encoder.writes;
}

/** Puts the nodes with which pages of a trie begin into `tops[page depth / 4]`, from left to right. */
function findTops(nodes: FlatNodes, { height, start, end }: TrieSpan, tops: number[][]): void {
  const base = KEY_BITS - height;
  const addTops = (node: number) => {
    const depth = nodes.positionOf(node) - base;
    const edge = nodes.edgesFrom + node;
    const edgeDepth = nodes.positionOf(edge) - base;
    if (nodes.levelOf(edge) > 0 && edgeDepth % PAGE_LEVELS === 0) tops[edgeDepth / PAGE_LEVELS]?.push(edge);
    if (nodes.levelOf(node) === 0) return;
    // The parent is the edge above, or else the binary node one level up.
    const parentDepth = edgeDepth < depth ? edgeDepth : depth - 1;
    const pageDepth = pageDepthOf(depth);
    if (pageDepth > parentDepth) tops[pageDepth / PAGE_LEVELS]?.push(node);
  };
  for (let leaf = start; leaf < end; leaf++) {
    addTops(leaf);
    if (leaf + 1 < end) addTops(nodes.leafCount + leaf);
  }
}

/** Writes pages one behind the other into buffers that grow with their number. */
class PageEncoder {
  readonly writes: TrieWrite[] = [];
  private readonly nodes: FlatNodes;
  private prefix: Uint8Array = new Uint8Array(0);
  private height = 0;
  private base = 0;
  /** Position at which the pages below the present one begin. */
  private pageEnd = 0;
  private bytes = new Uint8Array(0);
  private view = new DataView(this.bytes.buffer);
  private used = 0;
  /** A key below the page's top, and the part of the page's key after the prefix. */
  private readonly path = new Uint8Array(FELT_BYTES);
  private readonly pathView = new DataView(this.path.buffer);
  private readonly label = new Uint8Array(LABEL_BYTES_MAX);

  constructor(nodes: FlatNodes) {
    this.nodes = nodes;
  }

  /** What is written from here on is of this trie. */
  begin({ prefix, height }: TrieSpan): void {
    this.prefix = prefix;
    this.height = height;
    this.base = KEY_BITS - height;
  }

  /** Writes the page that begins with the node `top`. */
  write(top: number): void {
    const { nodes } = this;
    this.reserve(this.prefix.length + LABEL_BYTES_MAX + PAGE_BYTES_MAX);
    copyFelt(nodes.keys, nodes.leafOf(top) * FELT_BYTES, this.pathView, 0);
    const depth = nodes.positionOf(top) - this.base;
    this.pageEnd = this.base + pageEndOf(depth);
    const keyAt = this.used;
    const valueAt = this.putKey(keyAt, depth);
    const end = this.putNode(this.putHeader(valueAt, top, depth), top);
    this.writes.push({ key: this.bytes.subarray(keyAt, valueAt), value: this.bytes.subarray(valueAt, end) });
    this.used = end;
  }

  private putKey(at: number, depth: number): number {
    const { bytes, prefix, label } = this;
    const labelAt = at + prefix.length;
    const length = writeLabel(label, this.path, this.height, depth);
    bytes.set(prefix, at);
    for (let i = 0; i < length; i++) bytes[labelAt + i] = label[i] as number; // Inside: no label is longer.
    return labelAt + length;
  }

  private putHeader(at: number, top: number, depth: number): number {
    const { view, height } = this;
    view.setUint8(at, PAGE_FORMAT);
    view.setUint8(at + 1, slotOf(this.path, height, depth));
    if (depth > 0) return at + 2;
    view.setUint8(at + 2, height);
    copyFelt(this.nodes.feltView, top * FELT_BYTES, view, at + 3);
    return at + 3 + FELT_BYTES;
  }

  /** Writes `node` at `at`, and behind it the nodes below it in the same page. Returns where they end. */
  private putNode(at: number, node: number): number {
    return this.nodes.endOf(node) === node ? this.putBinary(at, node) : this.putEdge(at, node);
  }

  private putBinary(at: number, node: number): number {
    const { nodes, view } = this;
    const left = nodes.leftOf(node);
    const right = nodes.rightOf(node);
    view.setUint8(at, 0);
    copyFelt(nodes.feltView, left * FELT_BYTES, view, at + 1);
    copyFelt(nodes.feltView, right * FELT_BYTES, view, at + 1 + FELT_BYTES);
    const next = at + 1 + 2 * FELT_BYTES;
    return this.putChild(this.putChild(next, left), right);
  }

  private putEdge(at: number, node: number): number {
    const { nodes, view } = this;
    const start = nodes.positionOf(node);
    const child = nodes.endOf(node);
    const end = nodes.positionOf(child);
    const childAt = at + 1 + pathBytes(end - start);
    view.setUint8(at, end - start);
    putPath(nodes.keys, nodes.leafOf(node) * FELT_BYTES, start, end, view, childAt);
    copyFelt(nodes.feltView, child * FELT_BYTES, view, childAt);
    return this.putChild(childAt + FELT_BYTES, child);
  }

  /** Goes on with a child, unless it is no inner node or another page's. */
  private putChild(at: number, node: number): number {
    const { nodes } = this;
    return node < nodes.leafCount || nodes.positionOf(node) >= this.pageEnd ? at : this.putNode(at, node);
  }

  private reserve(size: number): void {
    if (this.bytes.length - this.used >= size) return;
    const chunk = Math.max(size, Math.min(2 * this.bytes.length, CHUNK_BYTES_MAX));
    this.bytes = new Uint8Array(chunk);
    this.view = new DataView(this.bytes.buffer);
    this.used = 0;
  }
}

/** As `page.ts` has it; tests hold every page against one written there. */
const PAGE_FORMAT = 1;

/** Of the buffers pages share: enough that their number does not matter, and little to keep for the sake of one page. */
const CHUNK_BYTES_MAX = 2 ** 16;
