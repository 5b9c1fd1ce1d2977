import type { StateView } from '../../../../engine/index.ts';
import { concatBytes } from '../../../../lib/index.ts';
import { ERA_BLOCKS, type EventList, eventIndexHeight, eventIndexKey, firstKeyBits } from '../../rules/index.ts';
import type { Work } from './work.ts';

/** What a list says about the blocks from some height on. */
export interface Bound {
  /** There is no wanted block below. */
  readonly height: number;
  /** Whether the block at that height is one. */
  readonly isHit: boolean;
}

export interface ListReaderOptions {
  readonly view: StateView;
  readonly list: EventList;
  /** Only entries that have one of these bits; 0: all. */
  readonly firstKeyBits: number;
  readonly work: Work;
}

/** Reads one list of the event index upwards, in pages that grow while they are read to the end. */
export class ListReader {
  readonly #options: ListReaderOptions;
  #page: readonly Bound[] = [];
  #at = 0;
  /** Entries below are in the page, or were. */
  #readTo = -1;
  #pageEntries = PAGE_ENTRIES_MIN;

  constructor(options: ListReaderOptions) {
    this.#options = options;
  }

  /**
   * The first entry from `height` on, or how far there is none: a list is followed from era to era, so that the caller
   * can stop in between. Heights must not descend from call to call.
   */
  seek(height: number): Bound {
    while ((this.#page[this.#at]?.height ?? height) < height) this.#at++;
    if (this.#at === this.#page.length && height >= this.#readTo) this.#read(height);
    return this.#page[this.#at] ?? { height: this.#readTo, isHit: false };
  }

  #read(height: number): void {
    const { view, list, work } = this.#options;
    const wanted = this.#options.firstKeyBits;
    this.#pageEntries = height === this.#readTo ? Math.min(this.#pageEntries * 4, PAGE_ENTRIES_MAX) : PAGE_ENTRIES_MIN;
    const eraEnd = (Math.floor(height / ERA_BLOCKS) + 1) * ERA_BLOCKS;
    const range = {
      start: eventIndexKey(list, height),
      end: concatBytes(eventIndexKey(list, eraEnd - 1), Uint8Array.of(0)),
      limit: this.#pageEntries,
    };
    const page: Bound[] = [];
    for (const [key, value] of view.range('index', range)) {
      page.push({ height: eventIndexHeight(key), isHit: wanted === 0 || (firstKeyBits(value) & wanted) !== 0 });
    }
    const last = page.at(-1);
    this.#readTo = last !== undefined && page.length === this.#pageEntries ? last.height + 1 : eraEnd;
    this.#page = page;
    this.#at = 0;
    work.spend(SEEK_COST + page.length * ENTRY_COST);
  }
}

/** Measured on LMDB: up to 8 entries take hardly longer than one. */
const PAGE_ENTRIES_MIN = 8;
const PAGE_ENTRIES_MAX = 512;
/** Measured on LMDB, microseconds. */
const SEEK_COST = 15;
const ENTRY_COST = 1.5;
