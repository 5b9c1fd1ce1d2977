/**
 * Poseidon over the STARK field, four Hades permutations of width 3 at a time.
 * @see https://docs.starknet.io, "Hash functions", Poseidon; https://eprint.iacr.org/2019/458
 */
import {
  FIRST_CONSTANTS,
  HALF,
  LAST_CONSTANTS,
  PAIR_BYTES,
  PARTIAL_CONSTANTS,
  PARTIAL_ROUNDS,
  TURN_CONSTANTS,
  TWO,
} from '../gen/constants-5x51';
import { add, boundPartial, enterPartial, enterRounds, fullRound, leavePartial, partialRound } from '../gen/field-5x51';
import { copyPair, readFelts, writeFelts } from './canonical';
import { CAPACITY, FELT_BYTES, LEFT, OUT, RIGHT, STATE_BYTES, STATES, scratch } from './layout';

/** Bytes of a round constant, and of a full round's three. */
const CONSTANT_BYTES: usize = 40;
const ROUND_BYTES: usize = 3 * CONSTANT_BYTES;

/** Felts a chain of the sponge has in the input buffers, which the four share evenly. */
const CHAIN_FELTS: usize = <usize>CAPACITY / 2;

/**
 * Hashes `count` pairs from LEFT and RIGHT to OUT: the permutation of [left, right, 2], element 0. A count that is
 * no multiple of four hashes what lies behind as well.
 */
export function poseidon(count: i32): void {
  for (let k: usize = 0; k < <usize>count; k += 4) {
    for (let way: usize = 0; way < 2; way++) {
      const state = STATES + way * STATE_BYTES;
      const offset = (k + 2 * way) * FELT_BYTES;
      readFelts(state, LEFT + offset, LEFT + offset + FELT_BYTES);
      readFelts(state + PAIR_BYTES, RIGHT + offset, RIGHT + offset + FELT_BYTES);
      copyPair(state + 2 * PAIR_BYTES, TWO);
    }
    permute();
    spongeWrite(OUT + k * FELT_BYTES);
  }
}

/** Begins one of the four sponges, 0 to 3: its state becomes zero. */
export function spongeStart(chain: usize): void {
  const lane = STATES + (chain >> 1) * STATE_BYTES + (chain & 1) * 8;
  for (let limb: usize = 0; limb < STATE_BYTES; limb += 16) store<f64>(lane + limb, 0);
}

/**
 * Absorbs `steps` pairs of felts into every sponge. Sponge c finds its felts one after the other, at most
 * CHAIN_FELTS, from LEFT + c·CHAIN_FELTS·32 on; padding is the caller's. Element 0 of all four goes to OUT.
 */
export function spongeAbsorb(steps: i32): void {
  const chainBytes = CHAIN_FELTS * FELT_BYTES;
  const felts = scratch(6);
  for (let step: usize = 0; step < <usize>steps; step++) {
    for (let way: usize = 0; way < 2; way++) {
      const state = STATES + way * STATE_BYTES;
      for (let lane: usize = 0; lane < 2; lane++) {
        const at = LEFT + 2 * way * chainBytes + (2 * step + lane) * FELT_BYTES;
        readFelts(felts, at, at + chainBytes);
        add(state + lane * PAIR_BYTES, state + lane * PAIR_BYTES, felts);
      }
    }
    permute();
  }
  spongeWrite(OUT);
}

function spongeWrite(out: usize): void {
  writeFelts(out, out + FELT_BYTES, STATES);
  writeFelts(out + 2 * FELT_BYTES, out + 3 * FELT_BYTES, STATES + STATE_BYTES);
}

function permute(): void {
  const a = STATES;
  const b = STATES + STATE_BYTES;
  enterRounds(a, b, FIRST_CONSTANTS);
  for (let round: usize = 1; round < 4; round++) fullRound(a, b, FIRST_CONSTANTS + round * ROUND_BYTES);
  fullRound(a, b, TURN_CONSTANTS);
  enterPartial(a, b, HALF);
  for (let round = 0; round < PARTIAL_ROUNDS; round++) {
    partialRound(a, b, PARTIAL_CONSTANTS + <usize>round * CONSTANT_BYTES);
    if ((round & 3) === 3) boundPartial(a, b);
  }
  leavePartial(a, b, LAST_CONSTANTS);
  for (let round: usize = 1; round < 5; round++) fullRound(a, b, LAST_CONSTANTS + round * ROUND_BYTES);
}
