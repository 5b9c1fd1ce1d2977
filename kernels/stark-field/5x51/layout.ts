/**
 * Memory of the kernel, addresses in bytes. Static data lies in page 0, what the kernel writes from page 1 on;
 * one instance has one owner, so all of it is scratch.
 */
import { PAIR_BYTES, WINDOWS_PER_INPUT } from '../gen/constants-5x51';

/** Pairs of felts that a call takes, and half as many pairs of lanes. */
export const CAPACITY: i32 = 2048;
export const LANE_PAIRS: usize = <usize>CAPACITY / 2;

/** Bytes of a canonical felt, of an affine point in each lane, of one such point, and of a window of 256 points. */
export const FELT_BYTES: usize = 32;
export const POINT_PAIR_BYTES: usize = 2 * PAIR_BYTES;
export const POINT_BYTES: usize = PAIR_BYTES;
export const WINDOW_BYTES: usize = 256 * POINT_BYTES;

/** Canonical felts in and out. LEFT and RIGHT adjoin: together they take 2·CAPACITY felts. */
export const LEFT: usize = 0x10000;
export const RIGHT: usize = LEFT + <usize>CAPACITY * FELT_BYTES;
export const OUT: usize = RIGHT + <usize>CAPACITY * FELT_BYTES;

/** Affine accumulators, and the table points to add to them. Room for the tables' makings at start. */
export const ACCUMULATORS: usize = OUT + <usize>CAPACITY * FELT_BYTES;
export const OPERANDS: usize = ACCUMULATORS + LANE_PAIRS * POINT_PAIR_BYTES;

/** Denominators of a batch and their running products; PRODUCTS starts with 1 and is one longer. */
export const DIFFERENCES: usize = OPERANDS + LANE_PAIRS * POINT_PAIR_BYTES;
export const PRODUCTS: usize = DIFFERENCES + LANE_PAIRS * PAIR_BYTES;

/** Pairs of elements for the formulas, then two Hades states of three. */
export const SCRATCH: usize = PRODUCTS + (LANE_PAIRS + 1) * PAIR_BYTES;
export const STATES: usize = SCRATCH + 16 * PAIR_BYTES;
export const STATE_BYTES: usize = 3 * PAIR_BYTES;

/** Pedersen tables: 28 windows of the left input, then 28 of the right. Even addresses: bit 0 is a sign. */
export const TABLE: usize = (STATES + 2 * STATE_BYTES + 63) & ~63;
export const END: usize = TABLE + 2 * <usize>WINDOWS_PER_INPUT * WINDOW_BYTES;

/** Address of one of the scratch pairs. Each user says which it owns. */
export function scratch(index: usize): usize {
  return SCRATCH + index * PAIR_BYTES;
}
