/**
 * Keccak-256 of one message at a time.
 * @see https://keccak.team/keccak_specs_summary.html, the sponge with capacity 512 and the original padding: a bit 1,
 * zeros, a bit 1. (FIPS 202 puts two more bits before it for SHA3-256.)
 */
import { permute } from './gen/permutation';
import { DIGEST_BYTES, RATE, STATE } from './layout';

/** Hashes `length` bytes at `at` to 32 bytes at `out`. The message may lie anywhere, also around `out`. */
export function hash(at: usize, length: usize, out: usize): void {
  const blocks = length / RATE;
  start();
  absorb(at, blocks);
  finish(at + blocks * RATE, length % RATE, out);
}

/** Begins a message that comes in pieces. */
export function start(): void {
  const zero = i64x2.splat(0);
  for (let word: usize = 0; word < 208; word += 16) v128.store(STATE + word, zero);
}

/** Takes in `blocks` whole blocks from `at` on. */
export function absorb(at: usize, blocks: usize): void {
  for (const end = at + blocks * RATE; at < end; at += RATE) {
    for (let word: usize = 0; word < RATE; word += 8) mix(word, load<u64>(at + word));
    permute(STATE);
  }
}

/** Takes in the last bytes, fewer than a block, with the padding, and writes the digest to `out`. */
export function finish(at: usize, rest: usize, out: usize): void {
  let word: usize = 0;
  for (; word + 8 <= rest; word += 8) mix(word, load<u64>(at + word));
  mix(word, lastWord(at + word, rest - word));
  mix(RATE - 8, LAST_BIT);
  permute(STATE);
  for (word = 0; word < DIGEST_BYTES; word += 8) store<u64>(out + word, load<u64>(STATE + word));
}

/** The last `bytes` of a message, 0 to 7, and the first bit of the padding. */
export function lastWord(at: usize, bytes: usize): u64 {
  const first: u64 = (<u64>1) << ((<u64>bytes) << 3);
  return (load<u64>(at) & (first - 1)) | first;
}

/** The last bit of the padding, in the last word of a block. */
export const LAST_BIT: u64 = 0x8000000000000000;

function mix(word: usize, value: u64): void {
  store<u64>(STATE + word, load<u64>(STATE + word) ^ value);
}
