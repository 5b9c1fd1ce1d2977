/**
 * Sums of multiples of two points of the STARK curve, for the verification of signatures: the generator and one key.
 * The host writes both points to BASES and builds the tables once; then, for each sum, it writes to SIGNS, calls, and
 * reads OUT.
 */
import { addTerms, closeTerms, sumsOf, termsOf } from '../9x29/lists';
import { addBatch, enqueue, isInfinite, startPoints } from '../9x29/points';
import { FELT_BYTES, POINT_BYTES } from '../9x29/workspace';
import { writeCanonical } from '../gen/field-9x29';
import { touchPoints } from '../windows';
import { BASES, END, OUT, SIGNS, WINDOW_BITS, WINDOWS } from './layout';
import { selectPoints } from './table';

export { buildTables } from './table';

/** Bits of a scalar's signs. */
export const signBits: i32 = WINDOW_BITS * WINDOWS;
/** Addresses of the buffers, and behind all that is used. */
export const bases: usize = BASES;
export const signs: usize = SIGNS;
export const out: usize = OUT;
export const end: usize = END;

/**
 * Writes x of a·G + b·Q and of a·G - b·Q to OUT, for the scalars a and b that the signs stand for. Both multiples come
 * out of their lists with any sign, so it is open which of the two x comes first.
 *
 * Whoever chooses the scalars can make sums degenerate: all are complete.
 */
export function addMultiples(): void {
  startPoints();
  for (let side = 0; side < 2; side++) {
    const terms = termsOf(side);
    const end = selectPoints(terms, SIGNS + <usize>side * FELT_BYTES, side);
    touchPoints(terms, end, POINT_BYTES);
    closeTerms(side, end);
  }
  addTerms(2);
  // The last batch, since the count of points at infinity is right only where each sum is an operand once.
  const sum = sumsOf(0) + POINT_BYTES;
  const difference = sum + POINT_BYTES;
  enqueue(0, sum, sumsOf(0), sumsOf(1));
  enqueue(1, difference, sumsOf(0), sumsOf(1) | 1);
  addBatch(2);
  writeX(OUT, sum);
  writeX(OUT + FELT_BYTES, difference);
}

/** The point at infinity, which has no x, becomes a value above all felts: every bit set. */
function writeX(bytes: usize, point: usize): void {
  if (isInfinite(point)) memory.fill(bytes, 0xff, FELT_BYTES);
  else writeCanonical(bytes, point);
}
