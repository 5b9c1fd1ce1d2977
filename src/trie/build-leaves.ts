import { toHex } from '../lib/index.ts';
import { requireHeight, requireKey, requireValue } from './arguments.ts';
import { KEY_BITS } from './bits.ts';
import type { SortedLeaves } from './build.ts';
import { forkOf } from './build-keys.ts';
import { trieError } from './errors.ts';
import { FELT_BYTES, isCanonicalFelt, isZeroFelt } from './felts.ts';

/** Leaves one call may build from at once; above, the buffers would pass what an engine allows. */
export const BUILD_LEAVES_MAX = 2 ** 22;

/**
 * What a trie is built on, ascending by key: its leaves, and stubs for subtrees that are already done, of which only
 * the hash and any one key are left. Grows as needed.
 */
export class LeafRun {
  /** Flat keys and, of the same length, values or hashes. Only the first `count` felts of either mean something. */
  keys: Uint8Array;
  felts: Uint8Array;
  /** The position behind the last bit of the way to each: 256 for a leaf, less for a stub. */
  ends: Int16Array;
  count = 0;

  /** @param capacity How many to have room for at first. */
  constructor(capacity: number) {
    this.keys = new Uint8Array(capacity * FELT_BYTES);
    this.felts = new Uint8Array(capacity * FELT_BYTES);
    this.ends = new Int16Array(capacity);
  }

  /** Adds leaves, which must have been checked. */
  addLeaves(keys: Uint8Array, values: Uint8Array): void {
    const count = keys.length / FELT_BYTES;
    this.reserve(count);
    this.keys.set(keys, this.count * FELT_BYTES);
    this.felts.set(values, this.count * FELT_BYTES);
    this.ends.fill(KEY_BITS, this.count, this.count + count);
    this.count += count;
  }

  /** Adds one leaf or stub. */
  add(key: Uint8Array, felt: Uint8Array, end: number): void {
    this.reserve(1);
    this.keys.set(key, this.count * FELT_BYTES);
    this.felts.set(felt, this.count * FELT_BYTES);
    this.ends[this.count] = end;
    this.count += 1;
  }

  private reserve(count: number): void {
    const needed = this.count + count;
    if (needed <= this.ends.length) return;
    const grown = new LeafRun(Math.max(needed, 2 * this.ends.length));
    grown.keys.set(this.keys);
    grown.felts.set(this.felts);
    grown.ends.set(this.ends);
    this.keys = grown.keys;
    this.felts = grown.felts;
    this.ends = grown.ends;
  }
}

/**
 * Checks leaves that are to be built from.
 * @param before The key after which they must begin, if any.
 * @returns How many they are.
 * @throws {SynclineError} `TRIE_UNSORTED`, `TRIE_ARGUMENT` (both fault `caller`).
 */
export function requireSortedLeaves({ height, keys, values }: SortedLeaves, before: Uint8Array | null = null): number {
  requireHeight(height);
  const count = keys.length / FELT_BYTES;
  if (!Number.isInteger(count) || keys.length !== values.length) {
    throw trieError('TRIE_ARGUMENT', 'caller', 'keys and values are not equally many felts', {
      keyBytes: keys.length,
      valueBytes: values.length,
    });
  }
  if (count === 0) return 0;
  requireAscending(keys, before);
  // They ascend, so none is greater than the last.
  requireKey(keys.subarray(keys.length - FELT_BYTES), height);
  requireValues(values);
  return count;
}

function requireAscending(keys: Uint8Array, before: Uint8Array | null): void {
  if (before !== null) {
    const border = new DataView(new ArrayBuffer(2 * FELT_BYTES));
    const bytes = new Uint8Array(border.buffer);
    bytes.set(before);
    bytes.set(keys.subarray(0, FELT_BYTES), FELT_BYTES);
    if (forkOf(border, 0, FELT_BYTES) < 0) throw unsorted(keys, 0);
  }
  const view = new DataView(keys.buffer, keys.byteOffset, keys.byteLength);
  for (let at = FELT_BYTES; at < keys.length; at += FELT_BYTES) {
    if (forkOf(view, at - FELT_BYTES, at) < 0) throw unsorted(keys, at);
  }
}

function unsorted(keys: Uint8Array, at: number) {
  const got = toHex(keys.subarray(at, at + FELT_BYTES));
  return trieError('TRIE_UNSORTED', 'caller', 'keys do not ascend strictly', { index: at / FELT_BYTES, got });
}

function requireValues(values: Uint8Array): void {
  for (let at = 0; at < values.length; at += FELT_BYTES) {
    if (!isCanonicalFelt(values, at)) requireValue(values.subarray(at, at + FELT_BYTES)); // It throws.
    if (isZeroFelt(values, at)) {
      throw trieError('TRIE_ARGUMENT', 'caller', 'a leaf is zero, which means absent', { index: at / FELT_BYTES });
    }
  }
}
