/**
 * Memory of the kernel, addresses in bytes. Static data lies in page 0, what the kernel writes from page 1 on;
 * one instance has one owner, so all of it is scratch.
 */
import { ELEMENT_BYTES } from '../gen/constants-9x29';
import { WINDOW_BITS, WINDOWS_PER_INPUT } from '../gen/windows';

/** Pairs, or half the felts, that fit in the buffers below. */
export const CAPACITY: i32 = 2048;

/** Bytes of a canonical felt, and of an affine point. */
export const FELT_BYTES: usize = 32;
export const POINT_BYTES: usize = 2 * ELEMENT_BYTES;

/** Canonical felts in and out. LEFT and RIGHT adjoin: together they take one list of 2·CAPACITY felts. */
export const LEFT: usize = 0x10000;
export const RIGHT: usize = LEFT + <usize>CAPACITY * FELT_BYTES;
export const OUT: usize = RIGHT + <usize>CAPACITY * FELT_BYTES;

/** Pairs that are hashed together, and how many points each of them adds up at most. */
export const GROUP: i32 = 64;
export const POINTS_MAX: i32 = 2 * WINDOWS_PER_INPUT;

/** For each pair of a group the addresses of its points, 4 bytes each, bit 0 to negate; and how many there are. */
export const TERMS: usize = OUT + <usize>CAPACITY * FELT_BYTES;
export const COUNTS: usize = TERMS + <usize>(GROUP * POINTS_MAX) * 4;

/** Sums of points, at most half as many for each pair as it has points; while the table is built, doubled halves. */
export const POINTS: usize = COUNTS + <usize>GROUP * 4;

/** Sums that share an inversion. */
export const SUMS: i32 = GROUP * (POINTS_MAX / 2);

/** The queue of a batch addition: addresses of sums and operands, 4 bytes each. */
export const QUEUE_OUT: usize = POINTS + <usize>SUMS * POINT_BYTES;
export const QUEUE_A: usize = QUEUE_OUT + <usize>SUMS * 4;
export const QUEUE_B: usize = QUEUE_A + <usize>SUMS * 4;

/** Denominators of a batch and their running products; PRODUCTS starts with 1 and is one longer. */
export const DIFFERENCES: usize = QUEUE_B + <usize>SUMS * 4;
export const PRODUCTS: usize = DIFFERENCES + <usize>SUMS * ELEMENT_BYTES;

/** Single elements: 48 for the point formulas and the inversion, then 3 of the Hades state. */
export const SCRATCH: usize = PRODUCTS + <usize>(SUMS + 1) * ELEMENT_BYTES;
export const STATE: usize = SCRATCH + 48 * ELEMENT_BYTES;

/** Points of a window of the table. */
export const WINDOW_POINTS: usize = 1 << (WINDOW_BITS - 1);
export const WINDOW_BYTES: usize = WINDOW_POINTS * POINT_BYTES;

/** The sums of the upper windows of short inputs: one for each number of windows below them, left, then right. */
export const TAILS: usize = (STATE + 3 * ELEMENT_BYTES + 63) & ~63;

/** Pedersen tables: the windows of the right input, then those of the left, whose last has a point more. */
export const TABLE: usize = TAILS + 2 * <usize>WINDOWS_PER_INPUT * POINT_BYTES;
export const END: usize = TABLE + 2 * <usize>WINDOWS_PER_INPUT * WINDOW_BYTES + POINT_BYTES;

/** Address of one of the scratch elements. Each user below says which it owns. */
export function scratch(index: usize): usize {
  return SCRATCH + index * ELEMENT_BYTES;
}
