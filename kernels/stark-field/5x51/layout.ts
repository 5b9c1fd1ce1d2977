/**
 * Memory of the kernel, addresses in bytes. Static data lies in page 0, what the kernel writes from page 1 on;
 * one instance has one owner, so all of it is scratch.
 */
import { PAIR_BYTES } from '../gen/constants-5x51';
import { WINDOW_BITS, WINDOWS_PER_INPUT } from '../gen/windows';

/** Pairs of felts that a call takes. */
export const CAPACITY: i32 = 2048;

/** Bytes of a canonical felt, of an affine point in each lane, and of one such point. */
export const FELT_BYTES: usize = 32;
export const POINT_PAIR_BYTES: usize = 2 * PAIR_BYTES;
export const POINT_BYTES: usize = PAIR_BYTES;

/** Canonical felts in and out. LEFT and RIGHT adjoin: together they take 2·CAPACITY felts. */
export const LEFT: usize = 0x10000;
export const RIGHT: usize = LEFT + <usize>CAPACITY * FELT_BYTES;
export const OUT: usize = RIGHT + <usize>CAPACITY * FELT_BYTES;

/** Pairs of lanes that are hashed together, and how many points each lane adds up at most. */
export const LANES: i32 = 32;
export const POINTS_MAX: i32 = 2 * WINDOWS_PER_INPUT;

/** For each lane the addresses of its points, 4 bytes each, bit 0 to negate; and how many there are in both of a pair. */
export const TERMS: usize = OUT + <usize>CAPACITY * FELT_BYTES;
export const COUNTS: usize = TERMS + <usize>(2 * LANES * POINTS_MAX) * 4;

/** The points that are left to add up; while the table is built, what it is made from. */
export const POINTS: usize = COUNTS + <usize>LANES * 4;

/** Sums that share an inversion. */
export const SUMS: i32 = LANES * (POINTS_MAX / 2);

/** The queue of a batch addition: addresses of sums and operands, 4 bytes each. */
export const QUEUE_OUT: usize = POINTS + <usize>(LANES * POINTS_MAX) * POINT_PAIR_BYTES;
export const QUEUE_A: usize = QUEUE_OUT + <usize>SUMS * 4;
export const QUEUE_B: usize = QUEUE_A + <usize>SUMS * 4;

/** Denominators of a batch and their running products; PRODUCTS starts with 1 and is one longer. */
export const DIFFERENCES: usize = (QUEUE_B + <usize>SUMS * 4 + 15) & ~15;
export const PRODUCTS: usize = DIFFERENCES + <usize>SUMS * PAIR_BYTES;

/** Pairs of elements for the formulas, then two Hades states of three. */
export const SCRATCH: usize = PRODUCTS + <usize>(SUMS + 1) * PAIR_BYTES;
export const STATES: usize = SCRATCH + 16 * PAIR_BYTES;
export const STATE_BYTES: usize = 3 * PAIR_BYTES;

/** Points of a window of the table. */
export const WINDOW_POINTS: usize = 1 << (WINDOW_BITS - 1);
export const WINDOW_BYTES: usize = WINDOW_POINTS * POINT_BYTES;

/** Sums of the upper windows of short inputs: one for each number of windows below them, left, then right. */
export const TAILS: usize = (STATES + 2 * STATE_BYTES + 63) & ~63;

/** Pedersen tables: the windows of the right input, then those of the left, whose last has a point more. */
export const TABLE: usize = TAILS + 2 * <usize>WINDOWS_PER_INPUT * POINT_BYTES;
export const END: usize = TABLE + 2 * <usize>WINDOWS_PER_INPUT * WINDOW_BYTES + POINT_BYTES;

/** Address of one of the scratch pairs. Each user says which it owns. */
export function scratch(index: usize): usize {
  return SCRATCH + index * PAIR_BYTES;
}
