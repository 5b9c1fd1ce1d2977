/**
 * Memory of the kernel, addresses in bytes. Static data lies in page 0, what the kernel writes from page 1 on;
 * one instance has one owner, so all of it is scratch.
 */
import { ELEMENT_BYTES, WINDOWS_PER_INPUT } from '../gen/constants-9x29';

/** Pairs, or half the felts, that fit in the buffers below. */
export const CAPACITY: i32 = 2048;

/** Bytes of a canonical felt, of an affine point, and of a table window: 256 points. */
export const FELT_BYTES: usize = 32;
export const POINT_BYTES: usize = 2 * ELEMENT_BYTES;
export const WINDOW_BYTES: usize = 256 * POINT_BYTES;

/** Canonical felts in and out. LEFT and RIGHT adjoin: together they take one list of 2·CAPACITY felts. */
export const LEFT: usize = 0x10000;
export const RIGHT: usize = LEFT + <usize>CAPACITY * FELT_BYTES;
export const OUT: usize = RIGHT + <usize>CAPACITY * FELT_BYTES;

/** Affine accumulators, one for each pair; while the table is built, the chains of doubled halves. */
export const ACCUMULATORS: usize = OUT + <usize>CAPACITY * FELT_BYTES;

/** The queue of a batch addition: addresses of sums and operands, 4 bytes each. Bit 0 of `b` negates it. */
export const QUEUE_OUT: usize = ACCUMULATORS + <usize>CAPACITY * POINT_BYTES;
export const QUEUE_A: usize = QUEUE_OUT + <usize>CAPACITY * 4;
export const QUEUE_B: usize = QUEUE_A + <usize>CAPACITY * 4;

/** Denominators of a batch and their running products; PRODUCTS starts with 1 and is one longer. */
export const DIFFERENCES: usize = QUEUE_B + <usize>CAPACITY * 4;
export const PRODUCTS: usize = DIFFERENCES + <usize>CAPACITY * ELEMENT_BYTES;

/** Single elements: 24 for the point formulas and the inversion, then 3 of the Hades state. */
export const SCRATCH: usize = PRODUCTS + <usize>(CAPACITY + 1) * ELEMENT_BYTES;
export const STATE: usize = SCRATCH + 24 * ELEMENT_BYTES;

/** Pedersen tables: 28 windows of the left input, then 28 of the right. Even addresses, see QUEUE_B. */
export const TABLE: usize = (STATE + 3 * ELEMENT_BYTES + 63) & ~63;
export const END: usize = TABLE + 2 * <usize>WINDOWS_PER_INPUT * WINDOW_BYTES;

/** Address of one of the scratch elements. Each user below says which it owns. */
export function scratch(index: usize): usize {
  return SCRATCH + index * ELEMENT_BYTES;
}
