import { hash } from 'node:crypto';
import { type Hash32, parseHash32, type StateCommitment, type StateView } from '../../../engine/index.ts';
import { concatBytes, SynclineError, toHex } from '../../../lib/index.ts';
import { type PairHasher, type TrieEntry, updateTries } from '../../../trie/index.ts';
import { ADDRESS_BYTES } from '../params.ts';
import { ACCOUNT_PREFIX } from './accounts.ts';
import { sha256 } from './hashes.ts';

/** Sub-table of `trie` that holds the pages of the account trie. */
export const ACCOUNT_TRIE_PREFIX = Uint8Array.of(0x01);

/** Bits of a leaf's key that count, the most the trie takes. */
export const KEY_BITS = 251;

/**
 * Brings the account trie up to date and returns its root, the AppHash. The trie is the binary Patricia trie of
 * `trie/`, with sha256 where Starknet has Pedersen; README, section "AppHash", gives the formulas.
 *
 * @param view    The new accounts and the old trie.
 * @param changed State keys that differ.
 */
export function commitAccounts(view: StateView, changed: readonly Uint8Array[]): StateCommitment {
  const entries = changed.map((key) => trieEntry(key, view.get('state', key)));
  const reader = { get: (key: Uint8Array) => view.get('trie', key) };
  const updated = updateTries(reader, hashPairs, [{ prefix: ACCOUNT_TRIE_PREFIX, height: KEY_BITS, entries }]);
  return {
    writes: updated.writes.map(({ key, value }) => ({ table: 'trie', key, value })),
    root: parseHash32(updated.roots[0] as Uint8Array), // one update, one root
    hashes: updated.hashes + 2 * entries.length,
  };
}

/**
 * The leaf of one account: its key is the hash of the address, so that nobody chooses where in the trie an account
 * lies, and its value the hash of address, balance and nonce; zero (absent) for an account that is not there.
 */
export function trieEntry(key: Uint8Array, account: Uint8Array | undefined): TrieEntry {
  if (key.length !== 1 + ADDRESS_BYTES || key[0] !== ACCOUNT_PREFIX) {
    throw new SynclineError('STATE_KEY_UNKNOWN', 'bug', 'a changed state key is no account', {
      data: { got: toHex(key) },
    });
  }
  const address = key.subarray(1);
  return {
    key: truncate(sha256(address), KEY_MASK),
    value: account === undefined ? new Uint8Array(32) : truncate(sha256(concatBytes(address, account)), HASH_MASK),
  };
}

/** sha256 of each pair's 64 bytes, cut to 250 bits. */
export const hashPairs: PairHasher = (left, right) => {
  const out = new Uint8Array(left.length);
  const pair = new Uint8Array(64);
  for (let at = 0; at < left.length; at += 32) {
    pair.set(left.subarray(at, at + 32), 0);
    pair.set(right.subarray(at, at + 32), 32);
    out.set(hash('sha256', pair, 'buffer'), at);
    out[at] = (out[at] as number) & HASH_MASK; // at < out.length
  }
  return out;
};

/** Clears high bits of a hash the caller owns. */
function truncate(bytes: Hash32, mask: number): Uint8Array {
  bytes[0] = (bytes[0] as number) & mask; // 32 bytes
  return bytes;
}

/** Keeps the low 251 of 256 bits. */
const KEY_MASK = 0x07;

/**
 * Keeps the low 250: the trie adds an edge's length, at most 251, to a hash and takes the sum modulo
 * 2^251 + 17·2^192 + 1. From 250 bits the sum never wraps, and no hash is lost to the modulus.
 */
const HASH_MASK = 0x03;
