import { concatBytes } from '../../lib/index.ts';
import type { TrieReader } from '../page-set.ts';
import type { TrieWrite } from '../page-writer.ts';
import { NODE_BYTES } from './arguments.ts';
import type { MerkleHasher } from './merkle-hasher.ts';
import { createPage, decodePage, encodePage, PAGE_LEVELS, slotOf } from './node-page.ts';

/**
 * The stored nodes of one tree during one call: reads their pages and keeps what is changed. A page's key is the
 * tree's prefix, a zero byte, the number of its lowest level divided by four in one byte, and its index among the
 * pages of that level in six, big-endian. So keys of one level sort as the nodes stand.
 */
export class NodePages {
  private readonly reader: TrieReader;
  private readonly empty: Uint8Array;
  private readonly prefix: Uint8Array;
  private readonly pages = new Map<number, Page>();
  /** By band, the page of empty nodes. */
  private readonly blanks: Uint8Array[] = [];
  /** The page used last: mostly the next one too. */
  private latest: Page | null = null;

  constructor(reader: TrieReader, hasher: MerkleHasher, prefix: Uint8Array) {
    this.reader = reader;
    this.empty = hasher.empty;
    this.prefix = prefix;
  }

  /** Copies the node at `index` of `level`, counted from the leaves, to offset `to` of `target`. */
  copyNode(level: number, index: number, target: Uint8Array, to: number): void {
    const page = this.pageOf(level, index);
    const at = slotOf(level % PAGE_LEVELS, index) * NODE_BYTES;
    for (let i = 0; i < NODE_BYTES; i++) target[to + i] = page.nodes[at + i] as number; // Inside of the page.
  }

  /** Replaces the node by the bytes from `from` on. */
  setNode(level: number, index: number, source: Uint8Array, from: number): void {
    const page = this.pageOf(level, index);
    const at = slotOf(level % PAGE_LEVELS, index) * NODE_BYTES;
    for (let i = 0; i < NODE_BYTES; i++) page.nodes[at + i] = source[from + i] as number; // The caller has 32 there.
    page.isChanged = true;
  }

  /** The node in a buffer of its own. */
  node(level: number, index: number): Uint8Array {
    const out = new Uint8Array(NODE_BYTES);
    this.copyNode(level, index, out, 0);
    return out;
  }

  /** The records of changed pages, ascending by key. */
  writes(): TrieWrite[] {
    const changed = [...this.pages.values()].filter((page) => page.isChanged).sort((a, b) => a.id - b.id);
    return changed.flatMap(({ id, key, nodes, isStored }) => {
      const value = encodePage(nodes, this.blank(Math.floor(id / BAND_IDS)));
      return value === null && !isStored ? [] : [{ key, value }];
    });
  }

  private pageOf(level: number, index: number): Page {
    const band = Math.floor(level / PAGE_LEVELS);
    const id = band * BAND_IDS + Math.floor(index / (16 >> (level % PAGE_LEVELS)));
    if (this.latest?.id === id) return this.latest;
    let page = this.pages.get(id);
    if (page === undefined) {
      page = this.load(id, band);
      this.pages.set(id, page);
    }
    this.latest = page;
    return page;
  }

  private load(id: number, band: number): Page {
    const key = pageKey(this.prefix, band, id % BAND_IDS);
    const nodes = new Uint8Array(this.blank(band));
    const record = this.reader.get(key);
    if (record !== undefined) decodePage(nodes, record, key);
    return { id, key, nodes, isStored: record !== undefined, isChanged: false };
  }

  private blank(band: number): Uint8Array {
    let blank = this.blanks[band];
    if (blank === undefined) {
      blank = createPage(this.empty, band);
      this.blanks[band] = blank;
    }
    return blank;
  }
}

interface Page {
  /** Band and index in one number; sorts as the keys do. */
  readonly id: number;
  readonly key: Uint8Array;
  readonly nodes: Uint8Array;
  readonly isStored: boolean;
  isChanged: boolean;
}

function pageKey(prefix: Uint8Array, band: number, index: number): Uint8Array {
  const rest = new Uint8Array(8);
  const view = new DataView(rest.buffer);
  view.setUint16(0, band); // A zero byte and the band.
  view.setUint16(2, Math.floor(index / 2 ** 32));
  view.setUint32(4, index % 2 ** 32);
  return concatBytes(prefix, rest);
}

/** Above the index of any page: heights reach 48, and 2^44 pages hold 2^48 leaves. */
const BAND_IDS = 2 ** 44;
