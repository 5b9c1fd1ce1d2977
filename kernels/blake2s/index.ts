/**
 * Blake2s-256 over felts, as in Starknet's compiled class hashes of version 2. The host writes canonical felts (32
 * bytes, big-endian, below P) to INPUT, calls, and reads OUT.
 */
import { CAPACITY, INPUT, OUT, STATE } from './layout';

// The reduction is here for the tests: no message is known whose digest lies at its bounds.
export { absorb, finish, reduce, start } from './felts';

/** Felts that one call takes. */
export const capacity: i32 = CAPACITY;
export const input: usize = INPUT;
export const out: usize = OUT;
/** The digest before its reduction: 32 bytes, little-endian. */
export const state: usize = STATE;
