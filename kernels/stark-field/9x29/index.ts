/**
 * STARK-field hashes, variant A: nine signed 29-bit limbs, integer arithmetic only, for any WebAssembly engine.
 * The host writes canonical felts (32 bytes, big-endian, below P) to LEFT and RIGHT, calls, and reads OUT.
 */
import { WINDOWS_PER_INPUT } from '../gen/windows';
import { CAPACITY, END, LEFT, OUT, RIGHT, TAILS } from './layout';
import { buildTable } from './table';
import { POINT_BYTES } from './workspace';

// The field itself, for the tests at the bounds of its limbs.
export { multiply, readCanonical, square, subtract, writeCanonical } from '../gen/field-9x29';
export { pedersen } from './pedersen';
export { addBatch, enqueue, startPoints } from './points';
export { poseidon, spongeAbsorb, spongeFinish, spongeStart } from './poseidon';

/** Pairs that one call takes. */
export const capacity: i32 = CAPACITY;
/** Addresses of the buffers. LEFT and RIGHT adjoin. */
export const left: usize = LEFT;
export const right: usize = RIGHT;
export const out: usize = OUT;
/** Addresses of the point that stands for a left input of 0, of that for a right one, and behind all that is used. */
export const leftZero: usize = TAILS;
export const rightZero: usize = TAILS + <usize>WINDOWS_PER_INPUT * POINT_BYTES;
export const end: usize = END;

buildTable();
