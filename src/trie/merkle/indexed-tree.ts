import { toHex } from '../../lib/index.ts';
import type { MerkleResult } from './append-leaves.ts';
import { requireNode, requireRoom } from './arguments.ts';
import { hashLeaves, type PlacedLeaf } from './indexed-leaf.ts';
import { type IndexedReader, LeafChain, type NewLeaf } from './leaf-chain.ts';
import type { MerkleHasher } from './merkle-hasher.ts';
import { NodePages } from './node-pages.ts';
import { updateNodes } from './update-nodes.ts';

/** An indexed tree as it is stored: where, how high, and how many of its places are used. */
export interface IndexedTree {
  /** Key space of the tree's records: no other tree's prefix may begin with it, nor it with another's. */
  readonly prefix: Uint8Array;
  /** Levels above the leaves, 1 to 48. */
  readonly height: number;
  /** Places used so far, empty ones among them: where the first new leaf goes. */
  readonly size: number;
}

export interface KeyInsertion extends IndexedTree {
  /** For each place from `size` on the key that takes it, 32 bytes; null for a place that stays empty. */
  readonly keys: readonly (Uint8Array | null)[];
}

/**
 * Inserts keys into a tree of keys alone, such as one of nullifiers. Nothing is stored: the caller writes `writes`
 * before the next call. The result does not depend on how insertions are cut into calls, only on places.
 *
 * The first keys of an empty tree must include 0, which stands before every other.
 *
 * @param reader The records as the writes of all former calls left them.
 * @throws {SynclineError} `MERKLE_KEY_EXISTS` (`peer`); `MERKLE_ARGUMENT`, `MERKLE_FULL` (`caller`);
 *   `MERKLE_RECORD_CORRUPT`, `MERKLE_RECORD_MISSING` (`local`); whatever reader and hasher throw.
 * @see AztecProtocol docs, "Indexed Merkle tree (nullifier tree)".
 */
export function insertIndexedKeys(
  reader: IndexedReader,
  hasher: MerkleHasher,
  { prefix, height, size, keys }: KeyInsertion,
): MerkleResult {
  requireRoom(size, keys.length, height);
  const leaves: NewLeaf[] = [];
  for (const [i, key] of keys.entries()) {
    if (key === null) continue;
    requireNode(key);
    leaves.push({ key, value: null, index: size + i });
  }
  const chain = new LeafChain(reader, prefix);
  chain.insert(leaves);
  return commit(reader, hasher, chain, { prefix, height, size: size + keys.length });
}

export interface EntryUpdate extends IndexedTree {
  /** Keys and their new values, 32 bytes each, in order: of several for one key the last counts. */
  readonly entries: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[];
}

/**
 * Writes entries to a tree of keys and values, such as one of public data: the value of a key that is there is
 * replaced in its place, a new key takes the next one. Otherwise as `insertIndexedKeys`.
 *
 * @throws {SynclineError} As `insertIndexedKeys`, without `MERKLE_KEY_EXISTS`.
 */
export function writeIndexedEntries(
  reader: IndexedReader,
  hasher: MerkleHasher,
  { prefix, height, size, entries }: EntryUpdate,
): MerkleResult {
  const chain = new LeafChain(reader, prefix);
  const added = new Map<string, NewLeaf>();
  requireRoom(size, 0, height);
  for (const { key, value } of entries) {
    requireNode(key);
    requireNode(value);
    const id = toHex(key);
    const known = added.get(id);
    const leaf = known === undefined ? chain.find(key) : null;
    if (leaf !== null) chain.put({ ...leaf, value });
    else added.set(id, { key, value, index: known?.index ?? size + added.size });
  }
  requireRoom(size, added.size, height);
  chain.insert([...added.values()]);
  return commit(reader, hasher, chain, { prefix, height, size: size + added.size });
}

/**
 * The leaf of a key in a stored tree, or null when the key is absent.
 * @throws {SynclineError} `MERKLE_ARGUMENT` (`caller`); `MERKLE_RECORD_CORRUPT` (`local`).
 */
export function readIndexedLeaf(reader: IndexedReader, prefix: Uint8Array, key: Uint8Array): PlacedLeaf | null {
  requireNode(key);
  return new LeafChain(reader, prefix).find(key);
}

/**
 * The leaf with the greatest key up to `key`: its own, or the one that shows its absence; null in an empty tree.
 * @throws {SynclineError} `MERKLE_ARGUMENT` (`caller`); `MERKLE_RECORD_CORRUPT` (`local`).
 */
export function readLowLeaf(reader: IndexedReader, prefix: Uint8Array, key: Uint8Array): PlacedLeaf | null {
  requireNode(key);
  return new LeafChain(reader, prefix).findUpTo(key);
}

/** Hashes what has changed, from the leaves up. */
function commit(
  reader: IndexedReader,
  hasher: MerkleHasher,
  chain: LeafChain,
  { prefix, height, size }: IndexedTree,
): MerkleResult {
  const pages = new NodePages(reader, hasher, prefix);
  const leaves = chain.changedLeaves();
  if (leaves.length === 0) return { root: pages.node(height, 0), size, writes: [], hashes: 0 };
  const indexes = leaves.map(({ index }) => index);
  const { root, hashes } = updateNodes(pages, hasher, height, indexes, hashLeaves(hasher.hashFixed, leaves));
  return { root, size, writes: [...pages.writes(), ...chain.writes()], hashes: hashes + leaves.length };
}
