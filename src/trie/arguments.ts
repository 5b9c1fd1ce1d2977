import { toHex } from '../lib/index.ts';
import { KEY_BITS } from './bits.ts';
import { trieError } from './errors.ts';
import { FELT_BYTES, isCanonicalFelt } from './felts.ts';

/** Height of Starknet's state tries, and the greatest supported: a key is a felt below 2^251. */
export const HEIGHT_MAX = 251;

/** @throws {SynclineError} `TRIE_ARGUMENT` (fault `caller`) unless `height` is an integer from 1 to 251. */
export function requireHeight(height: number): void {
  if (Number.isInteger(height) && height >= 1 && height <= HEIGHT_MAX) return;
  throw trieError('TRIE_ARGUMENT', 'caller', 'trie height is not 1 to 251', { got: height });
}

/**
 * A key with a bit above the height is refused, not cut: two keys must never mean one leaf, or a false diff could
 * carry a true root.
 * @throws {SynclineError} `TRIE_ARGUMENT` (fault `caller`) unless `key` is 32 bytes and below `2^height`.
 */
export function requireKey(key: Uint8Array, height: number): void {
  if (key.length === FELT_BYTES && isBelowPower(key, height)) return;
  throw trieError('TRIE_ARGUMENT', 'caller', 'key is not a 32-byte number below 2^height', {
    got: toHex(key),
    height,
  });
}

/** @throws {SynclineError} `TRIE_ARGUMENT` (fault `caller`) unless `value` is a canonical felt of 32 bytes. */
export function requireValue(value: Uint8Array): void {
  if (value.length === FELT_BYTES && isCanonicalFelt(value)) return;
  throw trieError('TRIE_ARGUMENT', 'caller', 'value is not a 32-byte field element', { got: toHex(value) });
}

function isBelowPower(key: Uint8Array, height: number): boolean {
  const zeroBits = KEY_BITS - height;
  const whole = zeroBits >> 3;
  for (let i = 0; i < whole; i++) if (key[i] !== 0) return false;
  return (key[whole] as number) >> (8 - (zeroBits & 7)) === 0; // height >= 1, so whole < 32
}
