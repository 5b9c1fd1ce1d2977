/**
 * Poseidon2 as a hash: a sponge that takes in three words at a time and starts with the number of inputs in the
 * fourth, times 2^64. An input that does not fill the last three words is followed by zeros; no input is three zeros.
 * @see AztecProtocol/aztec-packages v4.1.2, barretenberg `crypto/poseidon2/sponge/sponge.hpp`.
 */
import { ELEMENT_BYTES, RADIX } from './gen/constants';
import { add, multiply, readCanonical, writeCanonical } from './gen/field';
import { FIELD_BYTES, LEFT, OUT, RATE, RIGHT, SPARE, STATE, WIDTH } from './layout';
import { permute } from './permutation';

/** Hashes `count` pairs from LEFT and RIGHT to OUT. */
export function hashPairs(count: i32): void {
  for (let k: usize = 0; k < <usize>count * FIELD_BYTES; k += FIELD_BYTES) {
    start(2);
    read(STATE, LEFT + k);
    read(STATE + ELEMENT_BYTES, RIGHT + k);
    permute();
    writeCanonical(OUT + k, STATE);
  }
}

/** Hashes `count` lists of `width` fields, one behind the other from LEFT on, to OUT. */
export function hashLists(count: i32, width: i32): void {
  let list = LEFT;
  for (let k: usize = 0; k < <usize>count; k++) {
    start(width);
    const rest = width % <i32>RATE;
    const triples = width / <i32>RATE;
    absorb(list, triples);
    if (rest > 0 || width === 0) finish(list + <usize>triples * RATE * FIELD_BYTES, rest);
    writeCanonical(OUT + k * FIELD_BYTES, STATE);
    list += <usize>width * FIELD_BYTES;
  }
}

/** Permutes `count` states of four fields from LEFT to OUT. */
export function permuteStates(count: i32): void {
  for (let k: usize = 0; k < <usize>count; k++) {
    loadState(LEFT + k * WIDTH * FIELD_BYTES);
    permute();
    storeState(OUT + k * WIDTH * FIELD_BYTES);
  }
}

/** Begins a hash of `length` fields. */
export function start(length: u32): void {
  memory.fill(STATE, 0, WIDTH * ELEMENT_BYTES);
  // length·2^64: bit 64 is bit 6 of limb 2.
  const capacity = STATE + 3 * ELEMENT_BYTES;
  const bits = (<u64>length) << 6;
  store<u32>(capacity, <u32>(bits & 0x1fffffff), 8);
  store<u32>(capacity, <u32>(bits >> 29), 12);
  multiply(capacity, capacity, RADIX);
}

/** Takes in `triples` times three fields from `at` on, with a permutation after each three. */
export function absorb(at: usize, triples: i32): void {
  for (let i = 0; i < triples; i++) {
    finish(at, RATE);
    at += RATE * FIELD_BYTES;
  }
}

/** Takes in `count` fields, at most three, and permutes. */
export function finish(at: usize, count: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const word = STATE + i * ELEMENT_BYTES;
    read(SPARE, at + i * FIELD_BYTES);
    add(word, word, SPARE);
  }
  permute();
}

/** Writes word 0 of the state. */
export function squeeze(out: usize): void {
  writeCanonical(out, STATE);
}

/** Reads and writes a state as four canonical fields. */
export function loadState(from: usize): void {
  for (let i: usize = 0; i < WIDTH; i++) read(STATE + i * ELEMENT_BYTES, from + i * FIELD_BYTES);
}

export function storeState(to: usize): void {
  for (let i: usize = 0; i < WIDTH; i++) writeCanonical(to + i * FIELD_BYTES, STATE + i * ELEMENT_BYTES);
}

/** Canonical bytes to Montgomery form. */
function read(out: usize, field: usize): void {
  readCanonical(out, field);
  multiply(out, out, RADIX);
}
