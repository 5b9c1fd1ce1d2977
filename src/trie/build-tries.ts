/**
 * Builds whole tries from sorted leaves, pages and all: what a state that was synced flat needs once, before it can be
 * changed block by block. Every node is hashed and written exactly once, 2.25 hashes a leaf for random keys against
 * the 5 to 20 of growing the same trie by updates.
 *
 * The result is, byte for byte, what `updateTries` stores for the same content, found by another road: the shape from
 * the common prefixes of neighbours (`build-nodes.ts`), then all hashes level by level (`build-hashes.ts`), then the
 * pages (`build-pages.ts`). A trie too large to be built at once is built in pieces (`build-pieces.ts`).
 */

import { compareBytes, equalBytes, toHex } from '../lib/index.ts';
import { KEY_BITS } from './bits.ts';
import type { SortedLeaves } from './build.ts';
import { hashNodes } from './build-hashes.ts';
import { BUILD_LEAVES_MAX, LeafRun, requireSortedLeaves } from './build-leaves.ts';
import { FlatNodes } from './build-nodes.ts';
import { collectPages, type TrieSpan } from './build-pages.ts';
import { trieError } from './errors.ts';
import type { PairHasher } from './hash-levels.ts';
import type { TrieWrite } from './page-writer.ts';

/** The whole content of one trie. */
export interface TrieLeaves extends SortedLeaves {
  /** The trie's own part of the key space, as in `TrieUpdate`. */
  readonly prefix: Uint8Array;
}

export interface TriesBuild {
  /** The root of each trie, in order; 32 zero bytes for an empty one. */
  readonly roots: readonly Uint8Array[];
  /** All pages, ascending by key, one per key. Keys and values are views of buffers they share: copy what you keep. */
  readonly writes: readonly TrieWrite[];
  /** Pair hashes computed: as many as there are nodes. */
  readonly hashes: number;
}

/**
 * Builds any number of tries together, so that small ones share batches. It takes some 500 bytes of memory a leaf,
 * pages included; of leaves in many small tries a few ten thousand at a time hash at full speed.
 *
 * Only the new pages come back: the store must hold none under these prefixes.
 *
 * @param hash Pedersen or Poseidon pairs, in batches of at most 2,048.
 * @throws {SynclineError} `TRIE_DUPLICATE` (`bug`) for two tries with one prefix, or with a prefix that begins
 *   another; `TRIE_UNSORTED`, `TRIE_ARGUMENT` (`caller`), the latter also for more than 2^22 leaves; `TRIE_INVARIANT`
 *   (`bug`); whatever `hash` throws.
 */
export function buildTries(hash: PairHasher, tries: readonly TrieLeaves[]): TriesBuild {
  const run = new LeafRun(requireLeaves(tries));
  const spans = tries.map(({ prefix, height, keys, values }): TrieSpan => {
    const start = run.count;
    run.addLeaves(keys, values);
    return { prefix, height, start, end: run.count };
  });
  const sorted = sortApart(spans);
  const nodes = new FlatNodes(run);
  const roots = spans.map(({ height, start, end }) => nodes.addTrie(start, end, KEY_BITS - height));
  const hashes = hashNodes(nodes, hash);
  return { roots: roots.map((root) => nodes.feltOf(root)), writes: collectPages(nodes, sorted), hashes };
}

/** How many leaves there are in all, once they have been checked. */
function requireLeaves(tries: readonly TrieLeaves[]): number {
  let count = 0;
  for (const trie of tries) count += requireSortedLeaves(trie);
  if (count <= BUILD_LEAVES_MAX) return count;
  throw trieError('TRIE_ARGUMENT', 'caller', 'too many leaves to build from at once', {
    expected: BUILD_LEAVES_MAX,
    got: count,
  });
}

/** The tries in order of their prefixes. Sorted, a prefix stands right before those that begin with it. */
function sortApart(tries: readonly TrieSpan[]): TrieSpan[] {
  const sorted = tries.toSorted((a, b) => compareBytes(a.prefix, b.prefix));
  for (const [index, { prefix }] of sorted.entries()) {
    const next = sorted[index + 1]?.prefix;
    if (next === undefined || !equalBytes(prefix, next.subarray(0, prefix.length))) continue;
    throw trieError('TRIE_DUPLICATE', 'bug', 'two tries of one call share a key space', {
      prefix: toHex(prefix),
      other: toHex(next),
    });
  }
  return sorted;
}
