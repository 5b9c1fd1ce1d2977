/**
 * Affine addition on y² = x³ + x + b in batches that share one inversion.
 * @see Montgomery, "Speeding the Pollard and elliptic curve methods of factorization", 1987, section 10.3.1.
 */
import { ELEMENT_BYTES, ONE } from '../gen/constants-9x29';
import { add, chordEnd, chordStart, multiply, square, subtract } from '../gen/field-9x29';
import { copyElement, invert, isZero } from './invert';
import { DIFFERENCES, POINT_BYTES, PRODUCTS, QUEUE_A, QUEUE_B, QUEUE_OUT, scratch } from './workspace';

/** How many sums of the running computation are the point at infinity; with any, every step goes one by one. */
let infinities: i32 = 0;

/** Forgets points at infinity of an earlier computation. */
export function startPoints(): void {
  infinities = 0;
}

export function hasInfinities(): bool {
  return infinities !== 0;
}

/** Puts out = a + b into the queue, or out = a - b with bit 0 of `b` set. */
export function enqueue(slot: i32, out: usize, a: usize, b: usize): void {
  const at = (<usize>slot) << 2;
  store<u32>(QUEUE_OUT + at, <u32>out);
  store<u32>(QUEUE_A + at, <u32>a);
  store<u32>(QUEUE_B + at, <u32>b);
}

/**
 * Computes the first `count` sums of the queue. An `out` may be its own `a`, but no other sum's operand.
 *
 * A zero among the denominators (equal or opposite points) makes the shared product zero. No input of a hash is known
 * that leads there, as it would give a discrete logarithm, but scalars of a signature are. All are computed, then one
 * complete sum at a time.
 */
export function addBatch(count: i32): void {
  const n = <usize>count;
  const inverse = scratch(8);
  const single = scratch(9);
  copyElement(PRODUCTS, ONE);
  for (let k: usize = 0; k < n; k++) {
    const at = PRODUCTS + k * ELEMENT_BYTES;
    chordStart(at + ELEMENT_BYTES, DIFFERENCES + k * ELEMENT_BYTES, at, operandA(k), operandB(k) & ~1);
  }
  const product = PRODUCTS + n * ELEMENT_BYTES;
  if (infinities !== 0 || isZero(product)) {
    for (let k: usize = 0; k < n; k++) addComplete(load<u32>(QUEUE_OUT + (k << 2)), operandA(k), operandB(k));
    return;
  }
  invert(inverse, product);
  for (let k: usize = n; k-- > 0; ) {
    multiply(single, inverse, PRODUCTS + k * ELEMENT_BYTES);
    multiply(inverse, DIFFERENCES + k * ELEMENT_BYTES, inverse);
    const b = operandB(k);
    chordEnd(load<u32>(QUEUE_OUT + (k << 2)), single, operandA(k), b & ~1, -(<i64>(b & 1)));
  }
}

/** Doubles the points of the queue: out = 2a. None may have y = 0, and the curve has no such point. */
export function doubleBatch(count: i32): void {
  const n = <usize>count;
  const inverse = scratch(8);
  const single = scratch(9);
  copyElement(PRODUCTS, ONE);
  for (let k: usize = 0; k < n; k++) {
    const difference = DIFFERENCES + k * ELEMENT_BYTES;
    const y = operandA(k) + ELEMENT_BYTES;
    add(difference, y, y);
    multiply(PRODUCTS + (k + 1) * ELEMENT_BYTES, PRODUCTS + k * ELEMENT_BYTES, difference);
  }
  invert(inverse, PRODUCTS + n * ELEMENT_BYTES);
  for (let k: usize = n; k-- > 0; ) {
    multiply(single, inverse, PRODUCTS + k * ELEMENT_BYTES);
    multiply(inverse, DIFFERENCES + k * ELEMENT_BYTES, inverse);
    tangentEnd(load<u32>(QUEUE_OUT + (k << 2)), single, operandA(k));
  }
}

export function copyPoint(out: usize, a: usize): void {
  memory.copy(out, a, POINT_BYTES);
}

function operandA(k: usize): usize {
  return load<u32>(QUEUE_A + (k << 2));
}

function operandB(k: usize): usize {
  return load<u32>(QUEUE_B + (k << 2));
}

/** out = a ± b for any two points, the point at infinity included. Owns scratch 10 and 11. */
function addComplete(out: usize, a: usize, tagged: usize): void {
  const difference = scratch(10);
  const height = scratch(11);
  const b = tagged & ~1;
  const flip = tagged & 1;
  if (isInfinite(a)) {
    infinities--;
    copyPoint(out, b);
    if (flip && !isInfinite(b)) negateY(out);
    return;
  }
  if (isInfinite(b)) {
    infinities--;
    if (out !== a) copyPoint(out, a);
    return;
  }
  subtract(difference, b, a);
  if (!isZero(difference)) {
    invert(difference, difference);
    chordEnd(out, difference, a, b, -(<i64>flip));
    return;
  }
  const ya = a + ELEMENT_BYTES;
  if (flip) subtract(height, ya, b + ELEMENT_BYTES);
  else add(height, ya, b + ELEMENT_BYTES);
  if (isZero(height)) {
    infinities++;
    store<i32>(out, INFINITE, TOP_LIMB);
    return;
  }
  // Equal points: their y sum is 2y, the denominator of the tangent.
  invert(height, height);
  tangentEnd(out, height, a);
}

/** out = 2a, given 1/(2y): slope (3x² + 1)/(2y). Owns scratch 14 to 17; `out` may be `a`. */
function tangentEnd(out: usize, inverse: usize, a: usize): void {
  const slope = scratch(14);
  const x = scratch(15);
  const run = scratch(16);
  const y = scratch(17);
  square(x, a);
  add(slope, x, x);
  add(slope, slope, x);
  add(slope, slope, ONE);
  multiply(slope, slope, inverse);
  square(x, slope);
  subtract(x, x, a);
  subtract(x, x, a);
  subtract(run, a, x);
  multiply(y, slope, run);
  subtract(out + ELEMENT_BYTES, y, a + ELEMENT_BYTES);
  copyElement(out, x);
}

export function negateY(point: usize): void {
  const y = point + ELEMENT_BYTES;
  subtract(scratch(14), y, y);
  subtract(y, scratch(14), y);
}

/** The point at infinity is marked by a top limb of x that no element reaches. */
export function isInfinite(a: usize): bool {
  return load<i32>(a, TOP_LIMB) === INFINITE;
}

const INFINITE: i32 = 0x7fffffff;
const TOP_LIMB: usize = 32;
