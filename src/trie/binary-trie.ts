/**
 * The binary Merkle-Patricia trie of Starknet, kept in pages and changed in place (Starknet documentation,
 * "Merkle-Patricia trie"; `page.ts` for the stored form):
 *
 *     leaf    value                               empty trie  0
 *     binary  h(left, right)                      edge        (h(child, path) + length) mod P
 *
 * One call may change many tries: a block touches hundreds of contracts, and the hash is cheap only in batches.
 * So all tries are first restructured without hashing, then hashed together level by level from the leaves up.
 */

import { compareBytes, equalBytes, toHex } from '../lib/index.ts';
import { Arena } from './arena.ts';
import { requireHeight, requireKey, requireValue } from './arguments.ts';
import { applyEntries, type SortedEntries } from './edit.ts';
import { trieError } from './errors.ts';
import { zeroFelt } from './felts.ts';
import { collectUnhashed, hashLevels, type PairHasher } from './hash-levels.ts';
import { lookUp } from './lookup.ts';
import type { InnerNode, Node } from './node.ts';
import { loadStoredRoot, PageSet, type TrieReader } from './page-set.ts';
import { collectWrites, type TrieWrite } from './page-writer.ts';

/** One leaf to set: a key of 32 bytes below `2^height`, a felt of 32 bytes. The value 0 deletes. */
export interface TrieEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** The changes of one trie. */
export interface TrieUpdate {
  /**
   * The trie's own part of the key space: every record key starts with it, and no other key of the store does. No
   * prefix may begin another's: prefixes of one length are safe, or of one length behind a first byte each.
   */
  readonly prefix: Uint8Array;
  /** Bits of a key that count, 1 to 251. The same in every call. */
  readonly height: number;
  /** In any order; of two entries for one key the last wins. */
  readonly entries: readonly TrieEntry[];
}

export interface TrieResult {
  /** The new root of each update, in order; 32 zero bytes for an empty trie. */
  readonly roots: readonly Uint8Array[];
  /** What to store, ascending by key, one per key, only records that change. */
  readonly writes: readonly TrieWrite[];
  /** Pair hashes computed. */
  readonly hashes: number;
}

/**
 * Applies changes to any number of tries. Nothing is stored: the caller writes `writes` before the next call.
 *
 * @param reader The records as the writes of all former calls left them.
 * @param hash   Pedersen or Poseidon pairs. Called once per level, over all tries.
 * @throws {SynclineError} `TRIE_DUPLICATE` (`bug`) for two updates with one prefix, or with a prefix that begins another; `TRIE_ARGUMENT` (`caller`);
 *   `TRIE_PAGE_CORRUPT`, `TRIE_PAGE_MISSING` (`local`); whatever `reader` and `hash` throw.
 */
export function updateTries(reader: TrieReader, hash: PairHasher, updates: readonly TrieUpdate[]): TrieResult {
  requireApart(updates);
  const arena = new Arena(expectedBytes(updates));
  const edits = updates.map((update) => editTrie(reader, arena, update));
  const levels: InnerNode[][] = [];
  for (const { after } of edits) if (after !== null) collectUnhashed(after, levels);
  const hashes = hashLevels(arena, hash, levels);
  const roots = edits.map(({ after }) => (after === null ? zeroFelt() : arena.felt(after.hashAt)));
  const writes = edits
    .filter(({ before, after }) => after !== before)
    .sort((a, b) => compareBytes(a.pages.prefix, b.pages.prefix))
    .flatMap(({ pages, after }) => collectWrites(pages, after));
  return { roots, writes, hashes };
}

/**
 * The root of a stored trie; 32 zero bytes when it is empty.
 * @throws {SynclineError} `TRIE_PAGE_CORRUPT` (`local`).
 */
export function readRoot(reader: TrieReader, prefix: Uint8Array): Uint8Array {
  return loadStoredRoot(reader, prefix) ?? zeroFelt();
}

/**
 * The value of a key in a stored trie; 32 zero bytes when it is absent.
 * @throws {SynclineError} `TRIE_ARGUMENT` (`caller`); `TRIE_PAGE_CORRUPT`, `TRIE_PAGE_MISSING` (`local`).
 */
export function readLeaf(reader: TrieReader, prefix: Uint8Array, height: number, key: Uint8Array): Uint8Array {
  requireHeight(height);
  requireKey(key, height);
  const { arena, leaf } = lookUp(reader, prefix, height, key);
  return leaf === null ? zeroFelt() : arena.felt(leaf.hashAt);
}

/** One trie between the edit of its structure and the hashing. */
interface EditedTrie {
  readonly pages: PageSet;
  readonly before: Node | null;
  readonly after: Node | null;
}

function editTrie(reader: TrieReader, arena: Arena, update: TrieUpdate): EditedTrie {
  requireHeight(update.height);
  const entries = sortEntries(arena, update);
  const pages = new PageSet(reader, arena, update.prefix, update.height);
  const before = pages.loadRoot();
  return { pages, before, after: applyEntries(pages, before, entries) };
}

function sortEntries(arena: Arena, update: TrieUpdate): SortedEntries {
  for (const { key, value } of update.entries) {
    requireKey(key, update.height);
    requireValue(value);
  }
  const keys: Uint8Array[] = [];
  const values: Uint8Array[] = [];
  // The sort is stable: equal keys keep their order, and each overwrites the one before.
  for (const { key, value } of update.entries.toSorted((a, b) => compareBytes(a.key, b.key))) {
    const last = keys.at(-1);
    const at = last !== undefined && compareBytes(last, key) === 0 ? keys.length - 1 : keys.length;
    keys[at] = key;
    values[at] = value;
  }
  return { keys, valuesAt: arena.addAll(values) };
}

/** Sorted, a prefix stands right before those that begin with it. */
function requireApart(updates: readonly TrieUpdate[]): void {
  const prefixes = updates.map(({ prefix }) => prefix).sort(compareBytes);
  for (const [index, prefix] of prefixes.entries()) {
    const next = prefixes[index + 1];
    if (next === undefined || !equalBytes(prefix, next.subarray(0, prefix.length))) continue;
    throw trieError('TRIE_DUPLICATE', 'bug', 'two updates of one call share a key space', {
      prefix: toHex(prefix),
      other: toHex(next),
    });
  }
}

/**
 * Bytes to begin the arena with, so that it seldom grows: a change among 100,000 leaves reads 1.4 KiB of pages and
 * makes 0.3 KiB of hashes, in smaller tries less (measured). A batch of many shares most of its pages.
 */
function expectedBytes(updates: readonly TrieUpdate[]): number {
  let entries = 0;
  for (const update of updates) entries += update.entries.length;
  return 4096 + 2048 * Math.min(entries, 8192);
}
