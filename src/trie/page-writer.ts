import { compareBytes } from '../lib/index.ts';
import { Arena } from './arena.ts';
import { KEY_BITS, setBit, writePath } from './bits.ts';
import type { NodeRef, Nodes } from './node.ts';
import { PAGE_BYTES_MAX, PAGE_LEVELS, pageDepthOf, pageEndOf, slotOf, writeHeader, writeNode } from './page.ts';
import type { PageSet } from './page-set.ts';

/** One record to write; a null value deletes it. */
export interface TrieWrite {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/** Writes the pages of one trie after the other, and gives all of them in the end. All nodes must have been hashed. */
export class PageWriter {
  private readonly pages: PageSet;
  private readonly nodes: Nodes;
  private base = 0;
  /** The way to the node at hand, as a key; bits below its depth mean nothing. */
  private readonly path = new Uint8Array(KEY_BITS / 8);
  /** Pages being written, one inside the other: at most one for each depth of pages. */
  private readonly drafts: DataView[] = [];
  /** The pages of the trie at hand, by depth. As they are written from left to right, each list ascends by key. */
  private readonly byDepth: Draft[][] = Array.from({ length: KEY_BITS / PAGE_LEVELS }, () => []);
  private readonly out = new Arena(PAGE_BYTES_MAX);
  private drafted: Draft[] = [];

  constructor(pages: PageSet) {
    this.pages = pages;
    this.nodes = pages.nodes;
  }

  /**
   * Writes what turns the stored records into the trie below `root`, which is open in the page set, ascending by key, one
   * per key: the pages that are new or touched, and nulls for those of `shrunk` in which no node is left.
   *
   * Each is a change: a page stays touched only if its top changed or moved, and then its bytes do.
   *
   * @param shrunk Keys of touched pages of this trie, in any order.
   */
  write(root: NodeRef, shrunk: readonly Uint8Array[]): void {
    this.base = KEY_BITS - this.pages.height;
    if (root >= 0) this.emit(root, 0);
    let drafts = this.byDepth.flat();
    for (const pages of this.byDepth) pages.length = 0;
    const empty = missingFrom(drafts, shrunk);
    if (empty.length > 0) drafts = drafts.concat(empty).sort(compareDrafts);
    for (const draft of drafts) this.drafted.push(draft);
  }

  /** All that was written. The values are views of one buffer. */
  finish(): TrieWrite[] {
    const bytes = this.out.copyAll();
    const writes: TrieWrite[] = [];
    for (const { key, at, length } of this.drafted) {
      writes.push({ key, value: length === 0 ? null : bytes.subarray(at, at + length) });
    }
    return writes;
  }

  clear(): void {
    this.out.clear();
    this.drafted = [];
    for (const pages of this.byDepth) pages.length = 0;
  }

  /** Writes the page whose top node is `top`, at `depth` on the present path, and all loaded pages below it. */
  private emit(top: NodeRef, depth: number): void {
    const { nodes, pages, path } = this;
    const index = pageDepthOf(depth) / PAGE_LEVELS;
    const page = this.draftAt(index);
    const start = writeHeader(nodes, page, top, slotOf(path, pages.height, depth), depth, pages.height);
    const length = this.place(page, start, top, depth);
    const at = this.out.add(new Uint8Array(page.buffer, 0, length));
    this.byDepth[index]?.push({ key: pages.keyAt(path, depth), at, length });
  }

  /** Writes `node` at `at` of a page, and behind it the nodes below it in the same page. Returns where they end. */
  private place(page: DataView, at: number, node: NodeRef, depth: number): number {
    const { nodes } = this;
    const next = writeNode(nodes, page, at, node);
    const length = nodes.lengthOf(node);
    if (length === 0) {
      setBit(this.path, this.base + depth, 0);
      const middle = this.descend(page, next, nodes.leftOf(node), depth + 1);
      setBit(this.path, this.base + depth, 1);
      return this.descend(page, middle, nodes.rightOf(node), depth + 1);
    }
    const child = nodes.childOf(node);
    const end = depth + length;
    // Most edges lead to a leaf or into a page that was not loaded: nothing to see there.
    if (child < 0 && (end === this.pages.height || end >= pageEndOf(depth))) return next;
    writePath(this.path, this.base + depth, nodes.pathOf(node), length);
    return end < pageEndOf(depth) ? this.descend(page, next, child, end) : this.leave(next, child, end);
  }

  private descend(page: DataView, at: number, child: NodeRef, depth: number): number {
    if (depth === this.pages.height) return at;
    if (pageDepthOf(depth) === depth) return this.leave(at, child, depth);
    // A hash of a node of the very page that is being written: an edge from above, which used to lead to it, was cut
    // inside the page. The node stays part of it.
    return this.place(page, at, child < 0 ? this.pages.load(this.path, depth, child) : child, depth);
  }

  /** Writes the pages below, if they were loaded; returns `at`, where the page above goes on. */
  private leave(at: number, child: NodeRef, depth: number): number {
    if (child >= 0) this.emit(child, depth);
    return at;
  }

  private draftAt(index: number): DataView {
    this.drafts[index] ??= new DataView(new ArrayBuffer(PAGE_BYTES_MAX));
    return this.drafts[index];
  }
}

/** A page before its bytes have their place. */
interface Draft {
  readonly key: Uint8Array;
  /** Where in the writer's buffer it is, and how long; 0 to delete the record. */
  readonly at: number;
  readonly length: number;
}

function compareDrafts(a: Draft, b: Draft): number {
  return compareBytes(a.key, b.key);
}

/** Deletions of the `keys` that are not among `drafts`, which ascend. */
function missingFrom(drafts: readonly Draft[], keys: readonly Uint8Array[]): Draft[] {
  const missing: Draft[] = [];
  let next = 0;
  for (const key of keys.toSorted(compareBytes)) {
    for (; next < drafts.length && compareBytes((drafts[next] as Draft).key, key) < 0; next++);
    const draft = drafts[next];
    if (draft === undefined || compareBytes(draft.key, key) !== 0) missing.push({ key, at: 0, length: 0 });
  }
  return missing;
}
