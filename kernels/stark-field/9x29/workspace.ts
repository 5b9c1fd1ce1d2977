/**
 * Memory that adding up points takes, the same in every module that does, addresses in bytes. Static data lies in
 * page 0, this from page 1 on, what the module has for itself behind it.
 */
import { ELEMENT_BYTES } from '../gen/constants-9x29';
import { WINDOWS_PER_INPUT } from '../gen/windows';

/** Bytes of a canonical felt, and of an affine point. */
export const FELT_BYTES: usize = 32;
export const POINT_BYTES: usize = 2 * ELEMENT_BYTES;

/** Lists of points that are added up together, and how many points each holds at most: both inputs of a Pedersen hash. */
export const LISTS: i32 = 64;
export const POINTS_MAX: i32 = 2 * WINDOWS_PER_INPUT;

/** For each list the addresses of its points, 4 bytes each, bit 0 to negate; and how many there are. */
export const TERMS: usize = 0x10000;
export const COUNTS: usize = TERMS + <usize>(LISTS * POINTS_MAX) * 4;

/** Sums of points, at most half as many for each list as it has points; while a table is built, doubled points. */
export const POINTS: usize = COUNTS + <usize>LISTS * 4;

/** Sums that share an inversion. */
export const SUMS: i32 = LISTS * (POINTS_MAX / 2);

/** The queue of a batch addition: addresses of sums and operands, 4 bytes each. */
export const QUEUE_OUT: usize = POINTS + <usize>SUMS * POINT_BYTES;
export const QUEUE_A: usize = QUEUE_OUT + <usize>SUMS * 4;
export const QUEUE_B: usize = QUEUE_A + <usize>SUMS * 4;

/** Denominators of a batch and their running products; PRODUCTS starts with 1 and is one longer. */
export const DIFFERENCES: usize = QUEUE_B + <usize>SUMS * 4;
export const PRODUCTS: usize = DIFFERENCES + <usize>SUMS * ELEMENT_BYTES;

/** Single elements: 48 for the point formulas and the inversion. */
export const SCRATCH: usize = PRODUCTS + <usize>(SUMS + 1) * ELEMENT_BYTES;
export const WORKSPACE_END: usize = SCRATCH + 48 * ELEMENT_BYTES;

/** Address of one of the scratch elements. Each user says which it owns. */
export function scratch(index: usize): usize {
  return SCRATCH + index * ELEMENT_BYTES;
}
