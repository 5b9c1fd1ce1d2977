/**
 * Affine addition on y² = x³ + x + b of pairs of points, in batches that share one inversion.
 * @see Montgomery, "Speeding the Pollard and elliptic curve methods of factorization", 1987, section 10.3.1.
 */
import { ONE, PAIR_BYTES } from '../gen/constants-5x51';
import { add, chordEnd, chordStart, multiply, square, subtract } from '../gen/field-5x51';
import { invertCanonical } from '../invert-canonical';
import { copyPair, hasZero, readFelts, writeFelts } from './canonical';
import { DIFFERENCES, FELT_BYTES, PRODUCTS, QUEUE_A, QUEUE_B, QUEUE_OUT, scratch } from './layout';

/** Puts out = a + b into the queue, for pairs of points. */
export function enqueue(slot: i32, out: usize, a: usize, b: usize): void {
  const at = (<usize>slot) << 2;
  store<u32>(QUEUE_OUT + at, <u32>out);
  store<u32>(QUEUE_A + at, <u32>a);
  store<u32>(QUEUE_B + at, <u32>b);
}

/**
 * Computes the first `count` sums of the queue. An `out` may be its own `a`, but no other sum's operand.
 *
 * @returns False, with nothing written, if two points to add have the same x; no input is known that leads there,
 * and the host falls back to a kernel that completes such sums.
 */
export function addBatch(count: i32): bool {
  const inverse = scratch(8);
  const single = scratch(9);
  copyPair(PRODUCTS, ONE);
  for (let k: usize = 0; k < <usize>count; k++) {
    const at = PRODUCTS + k * PAIR_BYTES;
    chordStart(
      at + PAIR_BYTES,
      DIFFERENCES + k * PAIR_BYTES,
      at,
      load<u32>(QUEUE_A + (k << 2)),
      load<u32>(QUEUE_B + (k << 2)),
    );
  }
  const product = PRODUCTS + <usize>count * PAIR_BYTES;
  if (hasZero(product)) return false;
  invert(inverse, product);
  for (let k: usize = <usize>count; k-- > 0; ) {
    multiply(single, PRODUCTS + k * PAIR_BYTES, inverse);
    multiply(inverse, inverse, DIFFERENCES + k * PAIR_BYTES);
    chordEnd(load<u32>(QUEUE_OUT + (k << 2)), single, load<u32>(QUEUE_A + (k << 2)), load<u32>(QUEUE_B + (k << 2)));
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
 * out = 1/a in both lanes, by one inversion of their product; 0 in both if either is 0. Owns scratch 2 to 5.
 */
function invert(out: usize, a: usize): void {
  const swapped = scratch(2);
  const product = scratch(3);
  const bytes = scratch(4);
  swapLanes(swapped, a);
  multiply(product, a, swapped);
  writeFelts(bytes, bytes + FELT_BYTES, product);
  invertCanonical(bytes, bytes);
  readFelts(product, bytes, bytes);
  multiply(out, product, swapped);
}

function swapLanes(out: usize, a: usize): void {
  for (let limb: usize = 0; limb < PAIR_BYTES; limb += 16) {
    const low = load<i64>(a + limb);
    store<i64>(out + limb, load<i64>(a + limb, 8));
    store<i64>(out + limb, low, 8);
  }
}
