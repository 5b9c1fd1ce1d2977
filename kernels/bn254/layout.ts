/**
 * Memory of the kernel, addresses in bytes. Static data lies in page 0, what is written to from page 1 on; one
 * instance has one owner.
 */
import { ELEMENT_BYTES } from './gen/constants';

export const FIELD_BYTES: usize = 32;
/** Words of a state, and how many of them take input. */
export const WIDTH: usize = 4;
export const RATE: usize = 3;

/** Canonical fields that fit in LEFT, as in RIGHT, which adjoins: lists and states may fill both. */
export const CAPACITY: i32 = 2048;
export const LEFT: usize = 0x10000;
export const RIGHT: usize = LEFT + <usize>CAPACITY * FIELD_BYTES;
/** Canonical fields out, as many as both inputs together: permuted states. */
export const OUT: usize = RIGHT + <usize>CAPACITY * FIELD_BYTES;

/** The four words of the state at work, and two elements beside it. */
export const STATE: usize = OUT + 2 * <usize>CAPACITY * FIELD_BYTES;
export const SPARE: usize = STATE + WIDTH * ELEMENT_BYTES;

export const END: usize = SPARE + 2 * ELEMENT_BYTES;
