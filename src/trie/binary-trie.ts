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
import { type SortedEntries, TrieEdit } from './edit.ts';
import { trieError } from './errors.ts';
import { zeroFelt } from './felts.ts';
import { collectUnhashed, hashLevels, type PairHasher } from './hash-levels.ts';
import { lookUp } from './lookup.ts';
import { NONE, type NodeRef, Nodes } from './node.ts';
import { loadStoredRoot, PageSet, type TrieReader } from './page-set.ts';
import { PageWriter, type TrieWrite } from './page-writer.ts';

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
  /** What to store, ascending by key, one per key, only records that change. Values are views of one buffer. */
  readonly writes: readonly TrieWrite[];
  /** Pair hashes computed. */
  readonly hashes: number;
}

/** Applies changes to stored tries, again and again. */
export interface TrieUpdater {
  /**
   * Applies changes to any number of tries. Nothing is stored: the caller writes `writes` before the next call.
   *
   * @param reader The records as the writes of all former calls left them.
   * @param hash   Pedersen or Poseidon pairs. Called once per level, over all tries.
   * @throws {SynclineError} `TRIE_DUPLICATE` (`bug`) for two updates with one prefix, or with a prefix that begins
   *   another; `TRIE_ARGUMENT` (`caller`); `TRIE_PAGE_CORRUPT`, `TRIE_PAGE_MISSING` (`local`); whatever `reader` and
   *   `hash` throw.
   */
  update(reader: TrieReader, hash: PairHasher, updates: readonly TrieUpdate[]): TrieResult;
}

/**
 * Makes an updater. It knows nothing of one call in the next, but keeps its room, up to some 20 MB: for whoever updates
 * tries block by block. Besides what making room costs, the engine drops code that it compiled for objects of a kind once
 * none of them is left, so a commit after a garbage collection took up to twice its time.
 */
export function createTrieUpdater(): TrieUpdater {
  let idle: UpdateRoom | null = new UpdateRoom();
  return {
    update(reader, hash, updates) {
      const room = idle ?? new UpdateRoom(); // The reader, or the hash, may call back.
      idle = null;
      try {
        return room.update(reader, hash, updates);
      } finally {
        room.clear();
        idle = room;
      }
    },
  };
}

/** Applies changes once, as an updater does. */
export function updateTries(reader: TrieReader, hash: PairHasher, updates: readonly TrieUpdate[]): TrieResult {
  return new UpdateRoom().update(reader, hash, updates);
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
  const { nodes, leaf } = lookUp(reader, prefix, height, key);
  return leaf === NONE ? zeroFelt() : nodes.hashOf(leaf);
}

/** What one update at a time works with. */
class UpdateRoom {
  private readonly nodes = new Nodes(new Arena(ROOM_BYTES), ROOM_NODES);
  private readonly pages = new PageSet(this.nodes);
  private readonly edit = new TrieEdit(this.pages);
  private readonly writer = new PageWriter(this.pages);

  update(reader: TrieReader, hash: PairHasher, updates: readonly TrieUpdate[]): TrieResult {
    requireApart(updates);
    const { nodes } = this;
    const edited = updates.map((update) => this.editTrie(reader, update));
    const levels: NodeRef[][] = [];
    for (const { after } of edited) collectUnhashed(nodes, after, levels);
    const hashes = hashLevels(nodes, hash, levels);
    const roots = edited.map(({ after }) => (after === NONE ? zeroFelt() : nodes.hashOf(after)));
    edited.sort(comparePrefixes);
    for (const { update, before, after, shrunk } of edited) {
      if (after === before) continue;
      this.pages.open(reader, update.prefix, update.height);
      this.writer.write(after, shrunk);
    }
    return { roots, writes: this.writer.finish(), hashes };
  }

  clear(): void {
    this.pages.clear();
    this.writer.clear();
  }

  private editTrie(reader: TrieReader, update: TrieUpdate): EditedTrie {
    requireHeight(update.height);
    const entries = this.sortEntries(update);
    this.pages.open(reader, update.prefix, update.height);
    const before = this.pages.loadRoot();
    const after = this.edit.apply(before, entries);
    const touched = this.pages.takeTouched();
    // As long as all leaves stay, so do the tops of all pages: an edge that is cut still begins where it did.
    return { update, before, after, shrunk: this.edit.removedLeaves ? touched : [] };
  }

  private sortEntries(update: TrieUpdate): SortedEntries {
    for (const { key, value } of update.entries) {
      requireKey(key, update.height);
      requireValue(value);
    }
    const keys: Uint8Array[] = [];
    const values: Uint8Array[] = [];
    // The sort is stable: equal keys keep their order, and each overwrites the one before.
    for (const { key, value } of update.entries.toSorted(compareEntries)) {
      const last = keys.at(-1);
      const at = last !== undefined && compareBytes(last, key) === 0 ? keys.length - 1 : keys.length;
      keys[at] = key;
      values[at] = value;
    }
    return { keys, valuesAt: this.nodes.arena.addAll(values) };
  }
}

/** One trie between the edit of its structure and the hashing. */
interface EditedTrie {
  readonly update: TrieUpdate;
  readonly before: NodeRef;
  readonly after: NodeRef;
  /** Keys of pages in which no node may be left. */
  readonly shrunk: readonly Uint8Array[];
}

function compareEntries(a: TrieEntry, b: TrieEntry): number {
  return compareBytes(a.key, b.key);
}

function comparePrefixes(a: EditedTrie, b: EditedTrie): number {
  return compareBytes(a.update.prefix, b.update.prefix);
}

/** To begin with; it doubles as often as needed. */
const ROOM_BYTES = 2 ** 16;
const ROOM_NODES = 2 ** 10;

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
