/** Memory of the hash kernel behind the workspace, addresses in bytes. One instance has one owner: all of it is scratch. */
import { ELEMENT_BYTES } from '../gen/constants-9x29';
import { WINDOW_BITS, WINDOWS_PER_INPUT } from '../gen/windows';
import { FELT_BYTES, POINT_BYTES, WORKSPACE_END } from './workspace';

/** Pairs, or half the felts, that fit in the buffers below. */
export const CAPACITY: i32 = 2048;

/** Canonical felts in and out. LEFT and RIGHT adjoin: together they take one list of 2·CAPACITY felts. */
export const LEFT: usize = (WORKSPACE_END + 63) & ~63;
export const RIGHT: usize = LEFT + <usize>CAPACITY * FELT_BYTES;
export const OUT: usize = RIGHT + <usize>CAPACITY * FELT_BYTES;

/** The Hades state. */
export const STATE: usize = OUT + <usize>CAPACITY * FELT_BYTES;

/** Points of a window of the table. */
export const WINDOW_POINTS: usize = 1 << (WINDOW_BITS - 1);
export const WINDOW_BYTES: usize = WINDOW_POINTS * POINT_BYTES;

/** The sums of the upper windows of short inputs: one for each number of windows below them, left, then right. */
export const TAILS: usize = (STATE + 3 * ELEMENT_BYTES + 63) & ~63;

/** Pedersen tables: the windows of the right input, then those of the left, whose last has a point more. */
export const TABLE: usize = TAILS + 2 * <usize>WINDOWS_PER_INPUT * POINT_BYTES;
export const END: usize = TABLE + 2 * <usize>WINDOWS_PER_INPUT * WINDOW_BYTES + POINT_BYTES;
