import { concatBytes, equalBytes, toHex } from '../lib/index.ts';
import { Arena } from './arena.ts';
import { KEY_BITS, setBit } from './bits.ts';
import { trieError } from './errors.ts';
import { NONE, type NodeRef, Nodes } from './node.ts';
import { LABEL_BYTES_MAX, PageDecoder, peekHeight, slotOf, writeLabel } from './page.ts';

/** Reads stored node pages by full key, the trie's prefix included. What it returns is copied at once. */
export interface TrieReader {
  get(key: Uint8Array): Uint8Array | undefined;
}

/**
 * The pages of the tries of one call, one trie at a time: reads them and keeps account of those an edit touches. A page
 * that turns out unchanged is forgotten again, so what remains at the end is either rewritten or deleted.
 */
export class PageSet {
  readonly nodes: Nodes;
  /** The keys of touched pages, in the order in which they were read. */
  private touched: Uint8Array[] = [];
  private reader: TrieReader = NO_READER;
  private prefix: Uint8Array = NO_BYTES;
  private openHeight = 0;
  private readonly decoder: PageDecoder;
  private readonly label = new Uint8Array(LABEL_BYTES_MAX);

  constructor(nodes: Nodes) {
    this.nodes = nodes;
    this.decoder = new PageDecoder(nodes);
  }

  /** From here on pages are of this trie. */
  open(reader: TrieReader, prefix: Uint8Array, height: number): this {
    this.reader = reader;
    this.prefix = prefix;
    this.openHeight = height;
    return this;
  }

  /** Forgets all tries, and the nodes too. */
  clear(): void {
    this.nodes.clear();
    this.takeTouched();
    this.open(NO_READER, NO_BYTES, 0);
  }

  /** The keys of the pages that were touched since the last call, in the order in which they were read. */
  takeTouched(): readonly Uint8Array[] {
    const { touched } = this;
    this.touched = [];
    return touched;
  }

  /** Height of the present trie. */
  get height(): number {
    return this.openHeight;
  }

  /** The root node, or `NONE` when the trie is empty. */
  loadRoot(): NodeRef {
    return this.find(NO_BYTES, 0, null);
  }

  /** The node in memory that `stub`, a hash, stands for, at `depth` on the way of `path`: the top of its page. */
  load(path: Uint8Array, depth: number, stub: NodeRef): NodeRef {
    const node = this.find(path, depth, this.nodes.hashAt(stub));
    if (node !== NONE) return node;
    throw trieError('TRIE_PAGE_MISSING', 'local', 'a trie page is missing', {
      key: toHex(this.keyAt(path, depth)),
    });
  }

  /** Like `load`, for the child on side `bit` of the node at `depth - 1` on the way of `path`. */
  loadSibling(path: Uint8Array, depth: number, bit: number, stub: NodeRef): NodeRef {
    const sibling = new Uint8Array(path); // A copy; the slice of a Buffer would be a view.
    setBit(sibling, KEY_BITS - this.height + depth - 1, bit);
    const node = this.load(sibling, depth, stub);
    // Only an edge is lifted out of its page by the caller; a binary node stays where it is.
    if (!this.nodes.isEdge(node)) this.forget(sibling, depth);
    return node;
  }

  /**
   * The page of the node at `depth` on the way of `path` stays as it is stored. It must be the last one read that was
   * not forgotten: what is below a page that stays was not touched either.
   */
  forget(path: Uint8Array, depth: number): void {
    const key = this.keyAt(path, depth);
    const last = this.touched.pop();
    if (last !== undefined && equalBytes(last, key)) return;
    throw trieError('TRIE_INVARIANT', 'bug', 'a page was left behind below one that stays', {
      expected: toHex(key),
      got: last === undefined ? null : toHex(last),
    });
  }

  /** Store key of the page of the node at `depth` on the way of `path`. */
  keyAt(path: Uint8Array, depth: number): Uint8Array {
    const { prefix, label } = this;
    const length = writeLabel(label, path, this.height, depth);
    const key = new Uint8Array(prefix.length + length);
    key.set(prefix);
    for (let i = 0; i < length; i++) key[prefix.length + i] = label[i] as number; // Inside.
    return key;
  }

  private find(path: Uint8Array, depth: number, topHashAt: number | null): NodeRef {
    const key = this.keyAt(path, depth);
    const bytes = this.reader.get(key);
    if (bytes === undefined) return NONE;
    const at = this.nodes.arena.add(bytes);
    const { length } = bytes;
    const { height } = this;
    this.touched.push(key);
    const topSlot = slotOf(path, height, depth);
    return this.decoder.decode({ key, at, length, height, topDepth: depth, topSlot, topHashAt });
  }
}

const NO_BYTES = new Uint8Array(0);
const NO_READER: TrieReader = { get: () => undefined };

/** The root hash of a trie whose height only its root page tells, or null when the trie is empty. */
export function loadStoredRoot(reader: TrieReader, prefix: Uint8Array): Uint8Array | null {
  const bytes = reader.get(concatBytes(prefix, Uint8Array.of(0))); // Depth 0 has no path.
  if (bytes === undefined) return null;
  const nodes = new Nodes(new Arena(bytes.length));
  const root = new PageSet(nodes).open({ get: () => bytes }, prefix, peekHeight(bytes)).loadRoot();
  return root === NONE ? null : nodes.hashOf(root);
}
