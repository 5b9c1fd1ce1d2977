import { SynclineError, toHex } from '../../lib/index.ts';
import { decodeNode, type HexaryErrorCode, type HexaryNode, hashOf } from './node.ts';
import { type Place, pathNibbles, pathText } from './place.ts';

/** Stored nodes. They are decoded, not hashed again: what is stored was verified. */
export interface HexaryNodeReader {
  /**
   * The node with that hash. Both ways to key a store are served. What it returns is copied at once.
   * @param path The nibbles that lead to it, one per byte.
   */
  get(hash: Uint8Array, path: Uint8Array): Uint8Array | undefined;
}

/** A stored trie. */
export interface StoredTrie {
  readonly reader: HexaryNodeReader;
  /** 32 bytes; that of the empty trie, which has no nodes, is known. */
  readonly root: Uint8Array;
}

/** A node as it is stored: a copy, or a view into that of its parent. */
export interface StoredNode {
  readonly encoded: Uint8Array;
  readonly node: HexaryNode;
}

/** @throws {SynclineError} `TRIE_NODE_MISSING`, `TRIE_NODE_CORRUPT` (fault `local`). */
export function loadNode(reader: HexaryNodeReader, place: Place): StoredNode {
  const encoded = place.reference.type === 'inline' ? place.reference.encoded : loadEncoded(reader, place);
  let node: HexaryNode;
  try {
    node = decodeNode(encoded);
  } catch (error) {
    throw storeError('TRIE_NODE_CORRUPT', 'a trie node does not decode', place, error);
  }
  if (!fits(node, place)) throw storeError('TRIE_NODE_CORRUPT', 'a trie node does not fit the key length', place);
  return { encoded, node };
}

function loadEncoded(reader: HexaryNodeReader, place: Place): Uint8Array {
  const bytes = reader.get(hashOf(place.reference), pathNibbles(place));
  if (bytes !== undefined) return new Uint8Array(bytes);
  throw storeError('TRIE_NODE_MISSING', 'a trie node is missing', place);
}

/** Leaves end where keys do, all other nodes above. */
function fits(node: HexaryNode, { path, depth }: Place): boolean {
  const full = 2 * path.length;
  if (node.type === 'branch') return depth < full;
  const bottom = depth + node.path.length;
  return node.type === 'leaf' ? bottom === full : bottom < full;
}

function storeError(code: HexaryErrorCode, message: string, place: Place, cause?: unknown): SynclineError {
  const data = { path: pathText(place), reference: toHex(place.reference.encoded) };
  return new SynclineError(code, 'local', message, { data, ...(cause === undefined ? {} : { cause }) });
}
