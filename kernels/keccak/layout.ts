/**
 * Memory of the kernel, addresses in bytes. Static data lies in page 0, what is written to from page 1 on; one
 * instance has one owner.
 */

/** Bytes a block takes in: 1600 bits less twice the 256 of the digest. */
export const RATE: usize = 136;
export const DIGEST_BYTES: usize = 32;

/** Messages that one batch takes. */
export const CAPACITY: i32 = 1024;
/** Bytes for copies of messages, and bytes that are lent to whoever builds messages in place. */
export const INPUT_BYTES: usize = 0x10000;
export const SCRATCH_BYTES: usize = 0x20000;

/** The state of a lone message, 25 words; the two states of a batch, word by word beside each other. */
export const STATE: usize = 0x10000;
export const PAIR: usize = STATE + 256;
/** The last blocks of both messages of a pair, padded. */
export const PADDED: usize = PAIR + 512;
/** Where a batch's messages are: address and length of each, 4 bytes each. */
export const TABLE: usize = PADDED + 512;
export const OUT: usize = TABLE + <usize>CAPACITY * 8;
export const INPUT: usize = OUT + <usize>CAPACITY * DIGEST_BYTES;
export const SCRATCH: usize = INPUT + INPUT_BYTES;
/** A message is read in whole words, so up to seven bytes behind it, which are not used. */
export const END: usize = SCRATCH + SCRATCH_BYTES + 8;
