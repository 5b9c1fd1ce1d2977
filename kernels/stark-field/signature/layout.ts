/** Memory of the signature kernel behind the workspace, addresses in bytes. One instance has one owner. */
import { FELT_BYTES, POINT_BYTES, WORKSPACE_END } from '../9x29/workspace';

/**
 * Width of a window, and how many a scalar has. A bit more would save a tenth of a sum's 18 us, as the inversions of the
 * rounds stay, but the tables of 324 KiB would nearly double.
 */
export const WINDOW_BITS: i32 = 7;
export const WINDOWS: i32 = 36;

/** Canonical coordinates in: x and y of G, then of the key. */
export const BASES: usize = (WORKSPACE_END + 63) & ~63;

/** Signs in: 32 bytes for each base, big-endian. */
export const SIGNS: usize = BASES + 4 * FELT_BYTES;

/** Canonical x out, of the sum and of the difference. */
export const OUT: usize = SIGNS + 2 * FELT_BYTES;

/** The windows of G, then those of the key. */
export const WINDOW_POINTS: usize = 1 << (WINDOW_BITS - 1);
export const TABLE: usize = OUT + 2 * FELT_BYTES;
export const END: usize = TABLE + 2 * <usize>WINDOWS * WINDOW_POINTS * POINT_BYTES;
