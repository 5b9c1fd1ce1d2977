import { keccak_256 } from '@noble/hashes/sha3.js';
import type { KeccakHasher } from './keccak/keccak-hasher.ts';

/**
 * Keccak-256 with the original padding, as on Ethereum; not SHA3-256. Returns 32 bytes.
 * @param hasher Whoever holds one hashes with it, some ten times as fast.
 */
export function keccak256(bytes: Uint8Array, hasher?: Pick<KeccakHasher, 'hash'>): Uint8Array {
  return hasher === undefined ? keccak_256(bytes) : hasher.hash(bytes);
}

/**
 * The low 250 bits of Keccak-256 as a canonical felt, 32 bytes big-endian: the hash behind entry point selectors and
 * Cairo 0 class hashes.
 * @param hasher As for `keccak256`.
 * @see https://docs.starknet.io, "Hash functions", Starknet Keccak.
 */
export function starknetKeccak(bytes: Uint8Array, hasher?: Pick<KeccakHasher, 'hash'>): Uint8Array {
  const digest = keccak256(bytes, hasher);
  digest[0] = (digest[0] as number) & 0x03; // A digest has 32 bytes; 250 = 31·8 + 2.
  return digest;
}
