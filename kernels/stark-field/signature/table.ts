/** The window tables of the two bases of a verification, built once for each key in some 5 ms. */

import { addBatch, doubleBatch, enqueue, startPoints } from '../9x29/points';
import { FELT_BYTES, POINT_BYTES, POINTS } from '../9x29/workspace';
import { ELEMENT_BYTES, RADIX } from '../gen/constants-9x29';
import { multiply, readCanonical } from '../gen/field-9x29';
import { bitsOf } from '../windows';
import { BASES, TABLE, WINDOW_BITS, WINDOW_POINTS, WINDOWS } from './layout';

/** Of a digit without its highest bit. */
const LOW_DIGIT: i32 = (1 << (WINDOW_BITS - 1)) - 1;

/**
 * Builds the tables of the points in BASES, which must be on the curve. A bit j of the signs stands for 2^j·base or,
 * where it is clear, for its opposite; so a window stands for an odd multiple of 2^(its lowest bit)·base, positive if
 * its highest bit is set. Only those multiples are stored, 1, 3, 5 and so on: index v is for the digit v without its
 * highest bit. None of them is the point at infinity.
 */
export function buildTables(): void {
  startPoints();
  for (let side = 0; side < 2; side++) {
    const first = entry(side, 0, 0);
    const base = BASES + <usize>side * 2 * FELT_BYTES;
    readElement(first, base);
    readElement(first + ELEMENT_BYTES, base + FELT_BYTES);
  }
  for (let window = 0; window < WINDOWS; window++) startWindow(window);
  for (let index: usize = 1; index < WINDOW_POINTS; index++) {
    let queued = 0;
    for (let side = 0; side < 2; side++) {
      for (let window = 0; window < WINDOWS; window++) {
        enqueue(queued++, entry(side, window, index), entry(side, window, index - 1), twice(side, window));
      }
    }
    addBatch(queued);
  }
}

/**
 * Puts the table points that the signs at `signs` select on a list from `out` on, bit 0 set for those to be subtracted.
 * @returns The address behind them.
 */
export function selectPoints(out: usize, signs: usize, side: i32): usize {
  let at = out;
  for (let window = 0; window < WINDOWS; window++, at += 4) {
    const digit = bitsOf(signs, WINDOW_BITS * window, WINDOW_BITS);
    const clear = (digit >>> (WINDOW_BITS - 1)) ^ 1;
    store<u32>(at, <u32>entry(side, window, <usize>((digit ^ -clear) & LOW_DIGIT)) | clear);
  }
  return at;
}

/** From the first points of a window: their doubles, and the first points of the next one. */
function startWindow(window: i32): void {
  for (let side = 0; side < 2; side++) enqueue(side, twice(side, window), entry(side, window, 0), 0);
  doubleBatch(2);
  if (window + 1 === WINDOWS) return;
  for (let bit = 1; bit < WINDOW_BITS; bit++) {
    for (let side = 0; side < 2; side++) {
      const next = entry(side, window + 1, 0);
      enqueue(side, next, bit === 1 ? twice(side, window) : next, 0);
    }
    doubleBatch(2);
  }
}

function entry(side: i32, window: i32, index: usize): usize {
  return TABLE + (<usize>(side * WINDOWS + window) * WINDOW_POINTS + index) * POINT_BYTES;
}

/** Twice the first point of a window: the distance of its points. */
function twice(side: i32, window: i32): usize {
  return POINTS + <usize>(side * WINDOWS + window) * POINT_BYTES;
}

function readElement(out: usize, felt: usize): void {
  readCanonical(out, felt);
  multiply(out, out, RADIX);
}
