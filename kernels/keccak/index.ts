/**
 * Keccak-256, the original padding, over many messages of any length. The host puts messages anywhere in this
 * memory, usually at INPUT, and reads digests from OUT or wherever it has them written.
 */
import { CAPACITY, INPUT, INPUT_BYTES, OUT, SCRATCH, SCRATCH_BYTES, TABLE } from './layout';

export { hashBatch } from './batch';
export { permute, permutePair } from './gen/permutation';
export { absorb, finish, hash, start } from './sponge';

/** Messages that one batch takes. */
export const capacity: i32 = CAPACITY;
/** Addresses and sizes of the buffers. */
export const input: usize = INPUT;
export const inputBytes: usize = INPUT_BYTES;
export const table: usize = TABLE;
export const out: usize = OUT;
export const scratch: usize = SCRATCH;
export const scratchBytes: usize = SCRATCH_BYTES;
