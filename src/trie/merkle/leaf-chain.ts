import { compareBytes, concatBytes, equalBytes, isZeroBytes, toHex } from '../../lib/index.ts';
import type { TrieReader } from '../page-set.ts';
import type { TrieWrite } from '../page-writer.ts';
import { NODE_BYTES } from './arguments.ts';
import { merkleError } from './errors.ts';
import { decodeLeafRecord, encodeLeafRecord, leafRecordKey, type PlacedLeaf } from './indexed-leaf.ts';

/** Reads the records of indexed trees, whose leaves are found by key order too. What it returns is copied. */
export interface IndexedReader extends TrieReader {
  /** The record with the greatest key in `[start, end)`, or undefined when there is none. */
  last(start: Uint8Array, end: Uint8Array): readonly [key: Uint8Array, value: Uint8Array] | undefined;
}

/** A leaf that finds its place in the chain. */
export interface NewLeaf {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
  readonly index: number;
}

/** The chain of leaves of one stored tree during one call, in key order: what was read of it and what has changed. */
export class LeafChain {
  private readonly reader: IndexedReader;
  private readonly prefix: Uint8Array;
  /** Changed leaves by key. */
  private readonly changed = new Map<string, PlacedLeaf>();

  constructor(reader: IndexedReader, prefix: Uint8Array) {
    this.reader = reader;
    this.prefix = prefix;
  }

  /** The leaf with this key, or null. */
  find(key: Uint8Array): PlacedLeaf | null {
    const changed = this.changed.get(toHex(key));
    if (changed !== undefined) return changed;
    const recordKey = leafRecordKey(this.prefix, key);
    const record = this.reader.get(recordKey);
    return record === undefined ? null : decodeLeafRecord(recordKey, record);
  }

  /** The stored leaf with the greatest key up to `key`, as it is now; null when all stored keys are greater. */
  findUpTo(key: Uint8Array): PlacedLeaf | null {
    const start = leafRecordKey(this.prefix, new Uint8Array(NODE_BYTES));
    // Nothing sorts between a key and the same with a byte behind it.
    const found = this.reader.last(start, concatBytes(leafRecordKey(this.prefix, key), Uint8Array.of(0)));
    if (found === undefined) return null;
    const leaf = decodeLeafRecord(...found);
    return this.changed.get(toHex(leaf.key)) ?? leaf;
  }

  /** Changes a leaf, or adds one whose neighbours are seen to elsewhere. */
  put(leaf: PlacedLeaf): void {
    this.changed.set(toHex(leaf.key), leaf);
  }

  /**
   * Links new leaves between those that are there: runs of them that fall between the same two in one go. Before
   * each but that of key 0 there must be one.
   * @throws {SynclineError} `MERKLE_KEY_EXISTS` (`peer`); `MERKLE_RECORD_MISSING`, `MERKLE_RECORD_CORRUPT` (`local`).
   */
  insert(leaves: readonly NewLeaf[]): void {
    const sorted = leaves.toSorted((a, b) => compareBytes(a.key, b.key));
    for (let start = 0; start < sorted.length; ) {
      const first = sorted[start] as NewLeaf; // start < length
      const low = this.lowLeafOf(first.key);
      const after = low ?? LAST;
      let end = start + 1;
      while (end < sorted.length && isBefore((sorted[end] as NewLeaf).key, after.nextKey)) end += 1; // end < length
      this.link(low, sorted.slice(start, end), after);
      start = end;
    }
  }

  /** All changed leaves, ascending by place. */
  changedLeaves(): PlacedLeaf[] {
    return [...this.changed.values()].sort((a, b) => a.index - b.index);
  }

  /** The records of changed leaves, ascending by key. */
  writes(): TrieWrite[] {
    return [...this.changed.values()]
      .sort((a, b) => compareBytes(a.key, b.key))
      .map((leaf) => ({ key: leafRecordKey(this.prefix, leaf.key), value: encodeLeafRecord(leaf) }));
  }

  private lowLeafOf(key: Uint8Array): PlacedLeaf | null {
    const low = this.findUpTo(key);
    if (low === null) {
      if (isZeroBytes(key)) return null;
      throw merkleError('MERKLE_RECORD_MISSING', 'local', 'no leaf stands before a key', { key: toHex(key) });
    }
    if (equalBytes(low.key, key)) throw keyExists(key);
    return low;
  }

  /** Hangs a sorted run behind `low`; its last leaf takes over what followed. */
  private link(
    low: PlacedLeaf | null,
    run: readonly NewLeaf[],
    after: Pick<PlacedLeaf, 'nextKey' | 'nextIndex'>,
  ): void {
    for (const [i, leaf] of run.entries()) {
      const next = run[i + 1];
      if (next !== undefined && equalBytes(next.key, leaf.key)) throw keyExists(leaf.key);
      this.put({ ...leaf, nextKey: next?.key ?? after.nextKey, nextIndex: next?.index ?? after.nextIndex });
    }
    const first = run[0] as NewLeaf; // A run has at least one.
    if (low !== null) this.put({ ...low, nextKey: first.key, nextIndex: first.index });
  }
}

/** What follows the last leaf. */
const LAST = { nextKey: new Uint8Array(NODE_BYTES), nextIndex: 0 };

function isBefore(key: Uint8Array, nextKey: Uint8Array): boolean {
  return isZeroBytes(nextKey) || compareBytes(key, nextKey) < 0;
}

function keyExists(key: Uint8Array) {
  return merkleError('MERKLE_KEY_EXISTS', 'peer', 'a key is in the tree already', { key: toHex(key) });
}
