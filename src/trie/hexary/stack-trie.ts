import { toHex } from '../../lib/index.ts';
import { trieError } from '../errors.ts';
import { type KeccakFunctions, toKeccakInto } from './keccak.ts';
import { type NodeSink, Spine, spineBytes } from './spine.ts';

export interface StackTrieOptions extends KeccakFunctions {
  /** Bytes of every key, 1 to 64: 32 for account and storage tries, 40 for the atomic trie of the C-Chain. */
  readonly keyLength: number;
  /** Called for every node that is stored on its own: all of at least 32 bytes, and the root. */
  readonly onNode?: NodeSink;
  /**
   * Memory to build nodes in, at least `stackTrieBytes(keyLength)`: a region a WebAssembly kernel can hash without a
   * copy. Lent for the trie's life to this trie alone; it must not be detached meanwhile. Default: a buffer of its own.
   */
  readonly scratch?: Uint8Array;
}

/** Builds the root of a keccak Merkle-Patricia trie from its leaves in key order, in memory of one path. */
export interface StackTrie {
  /**
   * Adds the next leaf. `key` and `value` are copied.
   * @throws {SynclineError} `TRIE_ARGUMENT` for another key length, an empty value, or a finished trie;
   *   `TRIE_UNSORTED` for a key that is not above the one before (all fault `caller`). The trie is as before.
   */
  add(key: Uint8Array, value: Uint8Array): void;
  /**
   * The root, 32 bytes, the caller's to keep; `56e81f17…b421` without leaves. Ends the trie: no leaf can follow.
   * It may be asked for again.
   */
  root(): Uint8Array;
}

/**
 * @throws {SynclineError} `TRIE_ARGUMENT` (fault `caller`) for a key length or scratch memory out of bounds.
 * @see Ethereum yellow paper, appendix D; go-ethereum `trie/stacktrie.go` at 02b73d4ea7.
 */
export function createStackTrie(options: StackTrieOptions): StackTrie {
  const { keyLength, onNode, scratch } = options;
  requireKeyLength(keyLength);
  const spine = new Spine({ keyLength, keccakInto: toKeccakInto(options), onNode, scratch });
  let root: Uint8Array | null = null;
  return {
    add(key, value) {
      if (root !== null) throw trieError('TRIE_ARGUMENT', 'caller', 'the trie is finished', { root: toHex(root) });
      if (key.length !== keyLength) {
        throw trieError('TRIE_ARGUMENT', 'caller', 'key has another length', { expected: keyLength, got: key.length });
      }
      if (value.length === 0) {
        throw trieError('TRIE_ARGUMENT', 'caller', 'a value is empty, which means absent', { key: toHex(key) });
      }
      spine.addLeaf(key, value);
    },
    root() {
      root ??= spine.root();
      return root.slice();
    },
  };
}

/** Scratch memory a stack trie for keys of `keyLength` bytes needs, in bytes. */
export function stackTrieBytes(keyLength: number): number {
  requireKeyLength(keyLength);
  return spineBytes(keyLength);
}

/** Longest key supported; chosen: the longest in use have 40 bytes. */
export const KEY_BYTES_MAX = 64;

function requireKeyLength(keyLength: number): void {
  if (Number.isInteger(keyLength) && keyLength >= 1 && keyLength <= KEY_BYTES_MAX) return;
  throw trieError('TRIE_ARGUMENT', 'caller', `key length is not 1 to ${KEY_BYTES_MAX} bytes`, { got: keyLength });
}
