/**
 * Poseidon over the STARK field: Hades permutations of width 3.
 * @see https://docs.starknet.io, "Hash functions", Poseidon; https://eprint.iacr.org/2019/458
 */
import { ELEMENT_BYTES, ONE, POSEIDON_CONSTANTS, RADIX, TWO } from '../gen/constants-9x29';
import { add, fullRound, multiply, partialRounds, readCanonical, writeCanonical } from '../gen/field-9x29';
import { copyElement } from './invert';
import { LEFT, OUT, RIGHT, STATE } from './layout';
import { FELT_BYTES, scratch } from './workspace';

const ROUND_BYTES: usize = 3 * ELEMENT_BYTES;
const PARTIAL_CONSTANTS: usize = POSEIDON_CONSTANTS + 4 * ROUND_BYTES;
const LAST_CONSTANTS: usize = PARTIAL_CONSTANTS + 83 * ELEMENT_BYTES;

/** Hashes `count` pairs from LEFT and RIGHT to OUT: the permutation of [left, right, 2], element 0. */
export function poseidon(count: i32): void {
  for (let k: usize = 0; k < <usize>count; k++) {
    readFelt(STATE, LEFT + k * FELT_BYTES);
    readFelt(STATE + ELEMENT_BYTES, RIGHT + k * FELT_BYTES);
    copyElement(STATE + 2 * ELEMENT_BYTES, TWO);
    permute();
    writeCanonical(OUT + k * FELT_BYTES, STATE);
  }
}

/** Begins a sponge: the state is zero. */
export function spongeStart(): void {
  memory.fill(STATE, 0, ROUND_BYTES);
}

/** Absorbs 2·`pairs` felts that lie one after the other from LEFT on. */
export function spongeAbsorb(pairs: i32): void {
  for (let k: usize = 0; k < <usize>pairs; k++) {
    const felts = LEFT + 2 * k * FELT_BYTES;
    absorb(0, felts);
    absorb(1, felts + FELT_BYTES);
    permute();
  }
}

/** Absorbs the last felt (index `last` from LEFT on, none if negative) and the padding; the hash goes to OUT[slot]. */
export function spongeFinish(last: i32, slot: i32): void {
  if (last >= 0) absorb(0, LEFT + <usize>last * FELT_BYTES);
  const padded = STATE + (last >= 0 ? ELEMENT_BYTES : 0);
  add(padded, padded, ONE);
  permute();
  writeCanonical(OUT + <usize>slot * FELT_BYTES, STATE);
}

function absorb(lane: usize, felt: usize): void {
  const value = scratch(0);
  const element = STATE + lane * ELEMENT_BYTES;
  readFelt(value, felt);
  add(element, element, value);
}

/** Canonical bytes to Montgomery form. */
function readFelt(out: usize, felt: usize): void {
  readCanonical(out, felt);
  multiply(out, out, RADIX);
}

function permute(): void {
  for (let at = POSEIDON_CONSTANTS; at < PARTIAL_CONSTANTS; at += ROUND_BYTES) fullRound(STATE, at);
  partialRounds(STATE, PARTIAL_CONSTANTS);
  for (let at = LAST_CONSTANTS; at < LAST_CONSTANTS + 4 * ROUND_BYTES; at += ROUND_BYTES) fullRound(STATE, at);
}
