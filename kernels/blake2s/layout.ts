/**
 * Memory of the kernel, addresses in bytes. Static data lies in page 0, what is written to from page 1 on; one
 * instance has one owner.
 */

/** Felts that one call takes. */
export const CAPACITY: i32 = 2048;
export const FELT_BYTES: usize = 32;
export const BLOCK_BYTES: usize = 64;

/** Canonical felts in. */
export const INPUT: usize = 0x10000;
/** The felt that a list hashes to. */
export const OUT: usize = INPUT + <usize>CAPACITY * FELT_BYTES;
/** The eight words of the hash at work. */
export const STATE: usize = OUT + FELT_BYTES;
/** Encoded felts that wait to be taken in: up to a block from before, then those of one call. */
export const WORDS: usize = STATE + 32;
export const END: usize = WORDS + BLOCK_BYTES + <usize>CAPACITY * FELT_BYTES;
