import type { Arena } from './arena.ts';
import { KEY_BITS, setBit, writePath } from './bits.ts';
import { type InnerNode, type Node, pathBytes } from './node.ts';
import { PAGE_BYTES_MAX, PAGE_LEVELS, pageDepthOf, pageEndOf, slotOf, writeHeader, writeNode } from './page.ts';
import type { PageSet } from './page-set.ts';

/** One record to write; a null value deletes it. */
export interface TrieWrite {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/**
 * The records that turn what is stored into the trie below `root`, ascending by key, one per key: the pages that are
 * new or touched, and nulls for touched pages in which no node is left. All nodes must have been hashed.
 *
 * Each is a change: a page stays touched only if its top changed or moved, and then its bytes do.
 */
export function collectWrites(pages: PageSet, root: Node | null): TrieWrite[] {
  const writer = new PageWriter(pages);
  if (root !== null && (root.type === 'binary' || root.type === 'edge')) writer.emit(root, 0);
  return writer.finish();
}

class PageWriter {
  private readonly pages: PageSet;
  private readonly arena: Arena;
  private readonly base: number;
  private readonly writes: { readonly id: string; readonly write: TrieWrite }[] = [];
  /** The way to the node at hand, as a key; bits below its depth mean nothing. */
  private readonly path = new Uint8Array(KEY_BITS / 8);
  /** Pages being written, one inside the other: at most one for each depth of pages. */
  private readonly drafts: DataView[] = [];

  constructor(pages: PageSet) {
    this.pages = pages;
    this.arena = pages.arena;
    this.base = KEY_BITS - pages.height;
  }

  /** Writes the page whose top node is `top`, at `depth` on the present path, and all loaded pages below it. */
  emit(top: InnerNode, depth: number): void {
    const { arena, pages, path } = this;
    const draft = this.draftAt(depth);
    const start = writeHeader(arena, draft, top, slotOf(path, pages.height, depth), depth, pages.height);
    const length = this.place(draft, start, top, depth);
    const id = pages.idAt(path, depth);
    const key = pages.touched.get(id) ?? pages.keyAt(path, depth);
    pages.touched.delete(id);
    this.writes.push({ id, write: { key, value: new Uint8Array(draft.buffer.slice(0, length)) } });
  }

  /** All records, once every page has been emitted. */
  finish(): TrieWrite[] {
    for (const [id, key] of this.pages.touched) this.writes.push({ id, write: { key, value: null } });
    this.pages.touched.clear();
    return this.writes.sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ write }) => write);
  }

  /** Writes `node` at `at` of a page, and behind it the nodes below it in the same page. Returns where they end. */
  private place(draft: DataView, at: number, node: InnerNode, depth: number): number {
    const next = writeNode(this.arena, draft, at, node);
    if (node.type === 'binary') {
      setBit(this.path, this.base + depth, 0);
      const middle = this.descend(draft, next, node.left, depth + 1);
      setBit(this.path, this.base + depth, 1);
      return this.descend(draft, middle, node.right, depth + 1);
    }
    const end = depth + node.length;
    // Most edges lead to a leaf or into a page that was not loaded: nothing to see there.
    if (node.child.type === 'leaf' || (node.child.type === 'stub' && end >= pageEndOf(depth))) return next;
    const path = this.arena.view(node.pathAt, pathBytes(node.length));
    writePath(this.path, this.base + depth, path, node.length);
    return end < pageEndOf(depth) ? this.descend(draft, next, node.child, end) : this.leave(next, node.child, end);
  }

  private descend(draft: DataView, at: number, child: Node, depth: number): number {
    if (child.type === 'leaf') return at;
    if (pageDepthOf(depth) === depth) return this.leave(at, child, depth);
    // A stub for a node of the very page that is being written: an edge from above, which used to lead to it, was cut
    // inside the page. The node stays part of it.
    const node = child.type === 'stub' ? this.pages.load(this.path, depth, child) : child;
    return this.place(draft, at, node, depth);
  }

  /** Writes the pages below, if they were loaded; returns `at`, where the page above goes on. */
  private leave(at: number, child: Node, depth: number): number {
    if (child.type === 'binary' || child.type === 'edge') this.emit(child, depth);
    return at;
  }

  private draftAt(depth: number): DataView {
    const index = pageDepthOf(depth) / PAGE_LEVELS;
    this.drafts[index] ??= new DataView(new ArrayBuffer(PAGE_BYTES_MAX));
    return this.drafts[index];
  }
}
