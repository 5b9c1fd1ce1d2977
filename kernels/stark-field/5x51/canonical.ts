/** Canonical felts, 32 bytes big-endian, into lanes and out of them. */
import { PAIR_BYTES, RADIX } from '../gen/constants-5x51';
import { leaveMontgomery, multiply } from '../gen/field-5x51';
import { FELT_BYTES, scratch } from './layout';

const MASK: i64 = (1 << 51) - 1;

/** Two felts to Montgomery form, one in each lane. */
export function readFelts(out: usize, lane0: usize, lane1: usize): void {
  readLimbs(out, lane0);
  readLimbs(out + 8, lane1);
  multiply(out, RADIX, out);
}

/** The two elements of a pair to canonical bytes. Owns scratch 0. */
export function writeFelts(lane0: usize, lane1: usize, a: usize): void {
  const limbs = scratch(0);
  leaveMontgomery(limbs, a);
  writeLimbs(lane0, limbs);
  writeLimbs(lane1, limbs + 8);
}

/** Whether either element of a pair is a multiple of P. Owns scratch 0 and 1. */
export function hasZero(a: usize): bool {
  const bytes = scratch(1);
  writeFelts(bytes, bytes + FELT_BYTES, a);
  return isZeroFelt(bytes) || isZeroFelt(bytes + FELT_BYTES);
}

export function copyPair(out: usize, a: usize): void {
  memory.copy(out, a, PAIR_BYTES);
}

function isZeroFelt(bytes: usize): bool {
  return (load<i64>(bytes) | load<i64>(bytes, 8) | load<i64>(bytes, 16) | load<i64>(bytes, 24)) === 0;
}

/** Unsigned limbs as doubles, 16 bytes apart. */
function readLimbs(out: usize, bytes: usize): void {
  const w0 = bswap<i64>(load<i64>(bytes, 24));
  const w1 = bswap<i64>(load<i64>(bytes, 16));
  const w2 = bswap<i64>(load<i64>(bytes, 8));
  const w3 = bswap<i64>(load<i64>(bytes));
  store<f64>(out, <f64>(w0 & MASK));
  store<f64>(out, <f64>(((w0 >>> 51) | (w1 << 13)) & MASK), 16);
  store<f64>(out, <f64>(((w1 >>> 38) | (w2 << 26)) & MASK), 32);
  store<f64>(out, <f64>(((w2 >>> 25) | (w3 << 39)) & MASK), 48);
  store<f64>(out, <f64>(w3 >>> 12), 64);
}

/** Integer limbs of a value in [-P, 0], 16 bytes apart, to the bytes of the value plus P; P itself becomes 0. */
function writeLimbs(bytes: usize, limbs: usize): void {
  let l0 = load<i64>(limbs);
  let l1 = load<i64>(limbs, 16);
  let l2 = load<i64>(limbs, 32);
  let l3 = load<i64>(limbs, 48);
  let l4 = load<i64>(limbs, 64);
  if (l4 < 0) {
    l0 += 1;
    l3 += 17 << 39;
    l4 += 1 << 47;
    l1 += l0 >> 51;
    l2 += l1 >> 51;
    l3 += l2 >> 51;
    l4 += l3 >> 51;
    l0 &= MASK;
    l1 &= MASK;
    l2 &= MASK;
    l3 &= MASK;
  }
  store<i64>(bytes, bswap<i64>(l0 | (l1 << 51)), 24);
  store<i64>(bytes, bswap<i64>((l1 >>> 13) | (l2 << 38)), 16);
  store<i64>(bytes, bswap<i64>((l2 >>> 26) | (l3 << 25)), 8);
  store<i64>(bytes, bswap<i64>((l3 >>> 39) | (l4 << 12)));
}
