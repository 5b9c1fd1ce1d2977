/**
 * Affine addition on y² = x³ + x + b of pairs of points, in batches that share one inversion.
 * @see Montgomery, "Speeding the Pollard and elliptic curve methods of factorization", 1987, section 10.3.1.
 */
import { ONE, PAIR_BYTES } from '../gen/constants-5x51';
import { add, chordEnd, chordStart, multiply, square, subtract } from '../gen/field-5x51';
import { copyPair, hasZero } from './canonical';
import { DIFFERENCES, POINT_PAIR_BYTES, PRODUCTS, scratch } from './layout';

/**
 * Computes out[k] = a[k] + b[k] for `count` pairs of points that lie `aStep`, `bStep` and, for the sums, one pair of
 * points apart; `b` starts over every `bCycle` (a power of two). `out` may be `a`.
 *
 * @returns False, with nothing written, if two points to add have the same x; no input is known that leads there,
 * and the host falls back to a kernel that completes such sums.
 */
export function addBatch(
  count: usize,
  out: usize,
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  bCycle: usize,
): bool {
  const inverse = scratch(8);
  const single = scratch(9);
  const cycle = bCycle - 1;
  copyPair(PRODUCTS, ONE);
  for (let k: usize = 0; k < count; k++) {
    const product = PRODUCTS + k * PAIR_BYTES;
    const difference = DIFFERENCES + k * PAIR_BYTES;
    chordStart(product + PAIR_BYTES, difference, product, a + k * aStep, b + (k & cycle) * bStep);
  }
  const product = PRODUCTS + count * PAIR_BYTES;
  if (hasZero(product)) return false;
  invert(inverse, product);
  for (let k: usize = count; k-- > 0; ) {
    multiply(single, PRODUCTS + k * PAIR_BYTES, inverse);
    multiply(inverse, inverse, DIFFERENCES + k * PAIR_BYTES);
    chordEnd(out + k * POINT_PAIR_BYTES, single, a + k * aStep, b + (k & cycle) * bStep);
  }
  return true;
}

/** Doubles `count` pairs of points that lie `step` bytes apart; the pair behind each becomes its double. */
export function doubleBatch(count: usize, a: usize, step: usize): void {
  const inverse = scratch(8);
  const single = scratch(9);
  copyPair(PRODUCTS, ONE);
  for (let k: usize = 0; k < count; k++) {
    const difference = DIFFERENCES + k * PAIR_BYTES;
    const product = PRODUCTS + k * PAIR_BYTES;
    const y = a + k * step + PAIR_BYTES;
    add(difference, y, y);
    multiply(product + PAIR_BYTES, product, difference);
  }
  invert(inverse, PRODUCTS + count * PAIR_BYTES);
  for (let k: usize = count; k-- > 0; ) {
    multiply(single, PRODUCTS + k * PAIR_BYTES, inverse);
    multiply(inverse, inverse, DIFFERENCES + k * PAIR_BYTES);
    tangentEnd(a + k * step, single);
  }
}

/** Writes 2a behind a, given 1/(2y): slope (3x² + 1)/(2y). Owns scratch 10 to 12. */
function tangentEnd(a: usize, inverse: usize): void {
  const slope = scratch(10);
  const x = a + 2 * PAIR_BYTES;
  const y = x + PAIR_BYTES;
  const run = scratch(11);
  const squared = scratch(12);
  square(squared, a);
  add(slope, squared, squared);
  add(slope, slope, squared);
  add(slope, slope, ONE);
  multiply(slope, slope, inverse);
  square(squared, slope);
  subtract(x, squared, a);
  subtract(x, x, a);
  subtract(run, a, x);
  multiply(y, slope, run);
  subtract(y, y, a + PAIR_BYTES);
}

/**
 * out = 1/a by Fermat, 0 for 0. The exponent P - 2 is 2^251 + 2^196 + (2^192 - 1), so most of the work is one run of
 * 64 set bits used three times. Owns scratch 2 to 5.
 */
function invert(out: usize, a: usize): void {
  const run = scratch(2);
  const grown = scratch(3);
  const power = scratch(4);
  const base = scratch(5);
  copyPair(base, a);

  // run = a^(2^64 - 1), the number of set bits doubling from 1.
  copyPair(run, base);
  for (let bits = 1; bits < 64; bits <<= 1) {
    squareTimes(grown, run, bits);
    multiply(run, run, grown);
  }

  squareTimes(power, base, 55);
  multiply(power, power, base);
  squareTimes(power, power, 4);
  for (let i = 0; i < 3; i++) {
    squareTimes(power, power, 64);
    multiply(power, power, run);
  }
  copyPair(out, power);
}

function squareTimes(out: usize, a: usize, times: i32): void {
  square(out, a);
  for (let i = 1; i < times; i++) square(out, out);
}
