/**
 * Pedersen hashes of pairs: x of shift + left·bases + right·bases, as one addition for each 9-bit window.
 * @see https://docs.starkware.co/starkex/crypto/pedersen-hash-function.html
 */
import { ELEMENT_BYTES, ONE, PEDERSEN_START, WINDOWS_PER_INPUT } from '../gen/constants-9x29';
import {
  multiply,
  square,
  subtract,
  subtractFrom,
  subtractLazily,
  subtractTwice,
  writeCanonical,
} from '../gen/field-9x29';
import { copyElement, invert, isZero } from './invert';
import { ACCUMULATORS, FELT_BYTES, LEFT, OUT, POINT_BYTES, PRODUCTS, RIGHT, scratch } from './layout';
import { addBatch, enqueue, hasInfinities, startPoints } from './points';
import { tablePoint } from './table';

/** From this many pairs on, sharing an inversion in every window beats working without one; measured. */
const BATCH_MIN: i32 = 48;

/** Hashes `count` pairs from LEFT and RIGHT to OUT; inputs must be canonical, `count` at most CAPACITY. */
export function pedersen(count: i32): void {
  if (count >= BATCH_MIN || !hashProjective(count)) hashAffine(count);
}

/** Hashes any pairs. Traps if a sum ends at infinity: no such input is known, and the hash has no value there. */
export function hashAffine(count: i32): void {
  startPoints();
  const windows = 2 * WINDOWS_PER_INPUT;
  for (let window = 0; window < windows; window++) {
    const inputs = window < WINDOWS_PER_INPUT ? LEFT : RIGHT;
    for (let k = 0; k < count; k++) {
      const accumulator = ACCUMULATORS + <usize>k * POINT_BYTES;
      const before = window === 0 ? PEDERSEN_START : accumulator;
      enqueue(k, accumulator, before, tablePoint(inputs + <usize>k * FELT_BYTES, window));
    }
    addBatch(count);
  }
  if (hasInfinities()) unreachable();
  for (let k = 0; k < count; k++) {
    writeCanonical(OUT + <usize>k * FELT_BYTES, ACCUMULATORS + <usize>k * POINT_BYTES);
  }
}

/**
 * Hashes few pairs in Jacobian coordinates with one inversion at the end.
 * @returns False if a sum met its operand or its negative, where the formula fails; nothing is written then.
 */
function hashProjective(count: i32): bool {
  const inverse = scratch(8);
  const single = scratch(9);
  copyElement(PRODUCTS, ONE);
  for (let k = 0; k < count; k++) {
    sumProjective(<usize>k * FELT_BYTES);
    // The accumulator keeps x and z; y is not needed.
    const accumulator = ACCUMULATORS + <usize>k * POINT_BYTES;
    copyElement(accumulator, X);
    copyElement(accumulator + ELEMENT_BYTES, Z);
    const product = PRODUCTS + <usize>k * ELEMENT_BYTES;
    multiply(product + ELEMENT_BYTES, product, Z);
  }
  const product = PRODUCTS + <usize>count * ELEMENT_BYTES;
  if (isZero(product)) return false;
  invert(inverse, product);
  for (let k = count - 1; k >= 0; k--) {
    const accumulator = ACCUMULATORS + <usize>k * POINT_BYTES;
    multiply(single, inverse, PRODUCTS + <usize>k * ELEMENT_BYTES);
    multiply(inverse, inverse, accumulator + ELEMENT_BYTES);
    square(single, single);
    multiply(single, single, accumulator);
    writeCanonical(OUT + <usize>k * FELT_BYTES, single);
  }
  return true;
}

/** Leaves the sum of one pair in X, Y, Z. */
function sumProjective(offset: usize): void {
  copyElement(X, PEDERSEN_START);
  copyElement(Y, PEDERSEN_START + ELEMENT_BYTES);
  copyElement(Z, ONE);
  const windows = 2 * WINDOWS_PER_INPUT;
  for (let window = 0; window < windows; window++) {
    const inputs = window < WINDOWS_PER_INPUT ? LEFT : RIGHT;
    addProjective(tablePoint(inputs + offset, window));
  }
}

/**
 * Adds a table point to X, Y, Z: 8 multiplications and 3 squarings. Where the point equals the sum or its negative
 * h is 0, so z becomes 0 and stays so. Owns scratch 10 to 14.
 *
 * Calls, not one straight-line function: eleven products in a row outgrow the processor's cache of decoded
 * instructions, which cost a fifth.
 *
 * @see https://hyperelliptic.org/EFD/g1p/auto-shortw-jacobian.html#addition-madd
 */
function addProjective(tagged: usize): void {
  const b = tagged & ~1;
  const h = scratch(10);
  const r = scratch(11);
  const hh = scratch(12);
  const hhh = scratch(13);
  const v = scratch(14);
  square(hh, Z);
  multiply(h, b, hh);
  multiply(r, hh, Z);
  multiply(r, r, b + ELEMENT_BYTES);
  subtractLazily(h, h, X);
  subtractFrom(r, r, -(<i64>(tagged & 1)), Y);
  square(hh, h);
  multiply(hhh, hh, h);
  multiply(v, hh, X);
  multiply(Z, Z, h);
  square(hh, r);
  subtractTwice(X, hh, hhh, v);
  subtractLazily(v, v, X);
  multiply(v, v, r);
  multiply(hhh, hhh, Y);
  subtract(Y, v, hhh);
}

/** The Jacobian sum of the pair in hand. */
const X: usize = scratch(18);
const Y: usize = scratch(19);
const Z: usize = scratch(20);
