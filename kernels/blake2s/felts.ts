/**
 * Blake2s over a list of felts: each becomes two or eight 32-bit words, and the digest is read as a felt.
 * @see https://github.com/starkware-libs/sequencer `crates/blake2s/src/lib.rs` at b29c0e8c61.
 */
import { compress, initialise } from './gen/compression';
import { BLOCK_BYTES, FELT_BYTES, INPUT, OUT, STATE, WORDS } from './layout';

/** Bytes that wait at WORDS, at most one block: the last block must not be taken in before it is known to be that. */
let waiting: usize = 0;
/** Bytes taken in. */
let taken: u64 = 0;

/** Begins a list. */
export function start(): void {
  initialise(STATE);
  waiting = 0;
  taken = 0;
}

/** Takes in the next `count` felts, which lie at INPUT. */
export function absorb(count: i32): void {
  let end = WORDS + waiting;
  for (let felt = INPUT; felt < INPUT + <usize>count * FELT_BYTES; felt += FELT_BYTES) end = encode(felt, end);
  let at = WORDS;
  for (; at + BLOCK_BYTES < end; at += BLOCK_BYTES) {
    taken += BLOCK_BYTES;
    compress(STATE, at, taken, 0);
  }
  waiting = end - at;
  memory.copy(WORDS, at, waiting);
}

/** Ends the list; its hash goes to OUT. */
export function finish(): void {
  memory.fill(WORDS + waiting, 0, BLOCK_BYTES - waiting);
  compress(STATE, WORDS, taken + waiting, 0xffffffff);
  reduce();
}

/**
 * Writes a felt as words, the high one first, each of them little-endian: two for a felt below 2^63, else eight, the
 * first with its top bit set, which is free in a felt. Returns where they end.
 */
function encode(felt: usize, at: usize): usize {
  const w3 = bswap<u64>(load<u64>(felt));
  const w2 = bswap<u64>(load<u64>(felt, 8));
  const w1 = bswap<u64>(load<u64>(felt, 16));
  const w0 = bswap<u64>(load<u64>(felt, 24));
  if ((w3 | w2 | w1) === 0 && <i64>w0 >= 0) {
    store<u64>(at, rotl<u64>(w0, 32));
    return at + 8;
  }
  store<u64>(at, rotl<u64>(w3, 32) | 0x80000000);
  store<u64>(at, rotl<u64>(w2, 32), 8);
  store<u64>(at, rotl<u64>(w1, 32), 16);
  store<u64>(at, rotl<u64>(w0, 32), 24);
  return at + FELT_BYTES;
}

/** The top 64 bits of P = 2^251 + 17·2^192 + 1. */
const P_TOP: i64 = (1 << 59) | 17;

/** Reads the digest as a little-endian integer and writes it modulo P, big-endian. */
export function reduce(): void {
  const d3 = load<u64>(STATE, 24);
  // Taking away P as often as 2^251 goes in leaves more than -P, as that is at most 31 times.
  const times: u64 = d3 >> 59;
  let r0 = load<u64>(STATE);
  let r1 = load<u64>(STATE, 8);
  let r2 = load<u64>(STATE, 16);
  const b0: u64 = r0 < times ? 1 : 0;
  const b1: u64 = r1 < b0 ? 1 : 0;
  const b2: u64 = r2 < b1 ? 1 : 0;
  r0 -= times;
  r1 -= b0;
  r2 -= b1;
  let r3: i64 = <i64>d3 - <i64>times * P_TOP - <i64>b2;
  if (r3 < 0) {
    r0 += 1;
    const c0: u64 = r0 === 0 ? 1 : 0;
    r1 += c0;
    const c1: u64 = r1 < c0 ? 1 : 0;
    r2 += c1;
    const c2: u64 = r2 < c1 ? 1 : 0;
    r3 += P_TOP + <i64>c2;
  }
  store<u64>(OUT, bswap<u64>(<u64>r3));
  store<u64>(OUT, bswap<u64>(r2), 8);
  store<u64>(OUT, bswap<u64>(r1), 16);
  store<u64>(OUT, bswap<u64>(r0), 24);
}
