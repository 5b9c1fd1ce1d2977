import { compareBytes, concatBytes, isZeroBytes, readU64be, toHex, u64be } from '../../lib/index.ts';
import { NODE_BYTES } from './arguments.ts';
import { merkleError } from './errors.ts';
import type { ListHasher } from './merkle-hasher.ts';

/**
 * A leaf of an indexed tree: it names the leaf with the next larger key, so one leaf proves that all keys between are
 * absent. The last leaf in key order names key 0 at place 0.
 */
export interface IndexedLeaf {
  /** 32 bytes, as all elements here. Keys are compared as big-endian numbers. */
  readonly key: Uint8Array;
  /** Null in trees that hold keys alone. */
  readonly value: Uint8Array | null;
  readonly nextKey: Uint8Array;
  readonly nextIndex: number;
}

/** A leaf and its place. */
export interface PlacedLeaf extends IndexedLeaf {
  readonly index: number;
}

/**
 * The hashes of leaves, 32 bytes each: over key, value if there is one, next key and next index.
 * @throws {SynclineError} `MERKLE_ARGUMENT` (fault `caller`) if some have a value and some not.
 */
export function hashLeaves(hash: ListHasher, leaves: readonly IndexedLeaf[]): Uint8Array {
  const withValue = leaves.filter(({ value }) => value !== null).length;
  if (withValue !== 0 && withValue !== leaves.length) {
    throw merkleError('MERKLE_ARGUMENT', 'caller', 'leaves of keys alone and leaves with values in one tree', {
      leaves: leaves.length,
      withValue,
    });
  }
  return hash(concatBytes(...leaves.flatMap(elementsOf)), withValue === 0 ? 3 : 4);
}

function elementsOf({ key, value, nextKey, nextIndex }: IndexedLeaf): Uint8Array[] {
  const next = new Uint8Array(NODE_BYTES);
  next.set(u64be(nextIndex), NODE_BYTES - 8);
  return value === null ? [key, nextKey, next] : [key, value, nextKey, next];
}

/** Whether `key` lies between a leaf and the next, both excluded. */
export function skips({ key, nextKey }: IndexedLeaf, wanted: Uint8Array): boolean {
  return compareBytes(key, wanted) < 0 && (isZeroBytes(nextKey) || compareBytes(wanted, nextKey) < 0);
}

/** Store key of a leaf: the tree's prefix, a one, and the leaf's key; so the store's order is that of the keys. */
export function leafRecordKey(prefix: Uint8Array, key: Uint8Array): Uint8Array {
  return concatBytes(prefix, LEAF_RECORDS, key);
}

/** Next key; own index and next index in eight bytes each, big-endian; then the value if there is one. */
export function encodeLeafRecord({ index, value, nextKey, nextIndex }: PlacedLeaf): Uint8Array {
  return concatBytes(nextKey, u64be(index), u64be(nextIndex), value ?? new Uint8Array());
}

/** @throws {SynclineError} `MERKLE_RECORD_CORRUPT` (fault `local`). */
export function decodeLeafRecord(recordKey: Uint8Array, record: Uint8Array): PlacedLeaf {
  const hasValue = record.length === KEY_RECORD_BYTES + NODE_BYTES;
  if (!hasValue && record.length !== KEY_RECORD_BYTES) {
    throw merkleError('MERKLE_RECORD_CORRUPT', 'local', 'a leaf does not decode', {
      key: toHex(recordKey),
      bytes: record.length,
    });
  }
  return {
    key: recordKey.slice(-NODE_BYTES),
    value: hasValue ? record.slice(KEY_RECORD_BYTES) : null,
    nextKey: record.slice(0, NODE_BYTES),
    index: readU64be(record, NODE_BYTES),
    nextIndex: readU64be(record, NODE_BYTES + 8),
  };
}

const LEAF_RECORDS = Uint8Array.of(1);
const KEY_RECORD_BYTES = NODE_BYTES + 16;
