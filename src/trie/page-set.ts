import { concatBytes, toHex } from '../lib/index.ts';
import { Arena } from './arena.ts';
import { KEY_BITS, setBit } from './bits.ts';
import { trieError } from './errors.ts';
import type { InnerNode, Stub } from './node.ts';
import { decodePage, LABEL_BYTES_MAX, peekHeight, slotOf, writeLabel } from './page.ts';

/** Reads stored node pages by full key, the trie's prefix included. What it returns is copied at once. */
export interface TrieReader {
  get(key: Uint8Array): Uint8Array | undefined;
}

/**
 * The pages of one trie during one call: reads them and keeps account of those an edit touches. A page that turns
 * out unchanged is forgotten again, so what remains at the end is either rewritten or deleted.
 */
export class PageSet {
  readonly prefix: Uint8Array;
  readonly height: number;
  readonly arena: Arena;
  /** The keys of touched pages by id: the text of the key after the prefix. */
  readonly touched = new Map<string, Uint8Array>();
  private readonly reader: TrieReader;
  /** The label last written by `idAt`. */
  private readonly label = Buffer.alloc(LABEL_BYTES_MAX);
  private labelLength = 0;

  constructor(reader: TrieReader, arena: Arena, prefix: Uint8Array, height: number) {
    this.reader = reader;
    this.arena = arena;
    this.prefix = prefix;
    this.height = height;
  }

  /** The root node, or null when the trie is empty. */
  loadRoot(): InnerNode | null {
    return this.find(NO_PATH, 0, null);
  }

  /** The node a stub stands for, at `depth` on the way of `path`: the top of its page. */
  load(path: Uint8Array, depth: number, stub: Stub): InnerNode {
    const node = this.find(path, depth, stub.hashAt);
    if (node !== null) return node;
    throw trieError('TRIE_PAGE_MISSING', 'local', 'a trie page is missing', {
      key: toHex(this.keyAt(path, depth)),
    });
  }

  /** Like `load`, for the child on side `bit` of the node at `depth - 1` on the way of `path`. */
  loadSibling(path: Uint8Array, depth: number, bit: number, stub: Stub): InnerNode {
    const sibling = new Uint8Array(path); // A copy; the slice of a Buffer would be a view.
    setBit(sibling, KEY_BITS - this.height + depth - 1, bit);
    const node = this.load(sibling, depth, stub);
    // Only an edge is lifted out of its page by the caller; a binary node stays where it is.
    if (node.type === 'binary') this.forget(sibling, depth);
    return node;
  }

  /** The page of the node at `depth` on the way of `path` stays as it is stored. */
  forget(path: Uint8Array, depth: number): void {
    this.touched.delete(this.idAt(path, depth));
  }

  /** Id of the page of the node at `depth` on the way of `path`. Ids of one trie sort like its keys. */
  idAt(path: Uint8Array, depth: number): string {
    this.labelLength = writeLabel(this.label, path, this.height, depth);
    return this.label.toString('latin1', 0, this.labelLength);
  }

  /** Store key of the page of the node at `depth` on the way of `path`. */
  keyAt(path: Uint8Array, depth: number): Uint8Array {
    this.labelLength = writeLabel(this.label, path, this.height, depth);
    return this.labelledKey();
  }

  private labelledKey(): Uint8Array {
    const key = new Uint8Array(this.prefix.length + this.labelLength);
    key.set(this.prefix);
    for (let i = 0; i < this.labelLength; i++) key[this.prefix.length + i] = this.label[i] as number; // Inside.
    return key;
  }

  private find(path: Uint8Array, depth: number, topHashAt: number | null): InnerNode | null {
    const id = this.idAt(path, depth);
    const key = this.labelledKey();
    const bytes = this.reader.get(key);
    if (bytes === undefined) return null;
    const at = this.arena.add(bytes);
    const { length } = bytes;
    this.touched.set(id, key);
    const topSlot = slotOf(path, this.height, depth);
    return decodePage(this.arena, {
      key,
      at,
      length,
      height: this.height,
      topDepth: depth,
      topSlot,
      topHashAt,
    });
  }
}

/** The way to the root. */
const NO_PATH = new Uint8Array(0);

/** The root hash of a trie whose height only its root page tells, or null when the trie is empty. */
export function loadStoredRoot(reader: TrieReader, prefix: Uint8Array): Uint8Array | null {
  const bytes = reader.get(concatBytes(prefix, Uint8Array.of(0))); // Depth 0 has no path.
  if (bytes === undefined) return null;
  const arena = new Arena(bytes.length);
  const root = new PageSet({ get: () => bytes }, arena, prefix, peekHeight(bytes)).loadRoot();
  return root === null ? null : arena.felt(root.hashAt);
}
