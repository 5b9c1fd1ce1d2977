import type { TrieReader } from '../page-set.ts';
import type { TrieWrite } from '../page-writer.ts';
import { countNodes, requireHeight, requireRoom } from './arguments.ts';
import type { MerkleHasher } from './merkle-hasher.ts';
import { NodePages } from './node-pages.ts';
import { updateNodes } from './update-nodes.ts';

/** What leaves are appended to, and which. */
export interface MerkleAppend {
  /** Key space of the tree's records: no other tree's prefix may begin with it, nor it with another's. */
  readonly prefix: Uint8Array;
  /** Levels above the leaves, 1 to 48. */
  readonly height: number;
  /** Places used so far: where the first leaf goes. */
  readonly size: number;
  /** 32 bytes each. A zero leaf takes a place and is like none otherwise. */
  readonly leaves: Uint8Array;
}

export interface MerkleResult {
  /** 32 bytes, the caller's to keep. */
  readonly root: Uint8Array;
  /** Places used now. */
  readonly size: number;
  /** What to store, ascending by key, one per key. */
  readonly writes: readonly TrieWrite[];
  /** Pair hashes computed. */
  readonly hashes: number;
}

/**
 * Appends leaves to a stored append-only tree. Nothing is stored: the caller writes `writes` before the next call.
 *
 * A node is the hash of its two children, a place without a leaf is zero.
 *
 * @param reader The records as the writes of all former calls left them.
 * @throws {SynclineError} `MERKLE_ARGUMENT`, `MERKLE_FULL` (`caller`); `MERKLE_RECORD_CORRUPT` (`local`); whatever
 *   reader and hasher throw.
 */
export function appendLeaves(
  reader: TrieReader,
  hasher: MerkleHasher,
  { prefix, height, size, leaves }: MerkleAppend,
): MerkleResult {
  const count = countNodes(leaves);
  requireRoom(size, count, height);
  const pages = new NodePages(reader, hasher, prefix);
  if (count === 0) return { root: pages.node(height, 0), size, writes: [], hashes: 0 };
  const places = Array.from({ length: count }, (_, i) => size + i);
  const { root, hashes } = updateNodes(pages, hasher, height, places, leaves);
  return { root, size: size + count, writes: pages.writes(), hashes };
}

/**
 * The root of a stored tree, append-only or indexed, 32 bytes.
 * @throws {SynclineError} `MERKLE_ARGUMENT` (`caller`); `MERKLE_RECORD_CORRUPT` (`local`).
 */
export function readMerkleRoot(
  reader: TrieReader,
  hasher: MerkleHasher,
  { prefix, height }: { readonly prefix: Uint8Array; readonly height: number },
): Uint8Array {
  requireHeight(height);
  return new NodePages(reader, hasher, prefix).node(height, 0);
}
