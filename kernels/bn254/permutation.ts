/**
 * The Poseidon2 permutation of four words.
 * @see https://eprint.iacr.org/2023/323, section 5.
 *
 * The constants of a round are added where the one before it ends, as part of its last sum.
 */
import {
  ELEMENT_BYTES,
  EXTERNAL_CONSTANTS,
  FIRST_FULL_CONSTANTS,
  INTERNAL_CONSTANTS,
  INTERNAL_DIAGONAL,
  PARTIAL_ROUNDS,
} from './gen/constants';
import { add, mixExternal, multiplyAdd, power5, sumWords } from './gen/field';
import { SPARE, STATE } from './layout';

const STATE_BYTES: usize = 4 * ELEMENT_BYTES;

/** Permutes the state. */
export function permute(): void {
  mixExternal(STATE, EXTERNAL_CONSTANTS);
  fullRounds(EXTERNAL_CONSTANTS + STATE_BYTES);
  partialRounds();
  fullRounds(EXTERNAL_CONSTANTS + 5 * STATE_BYTES);
}

function fullRounds(constants: usize): void {
  for (const end = constants + 4 * STATE_BYTES; constants < end; constants += STATE_BYTES) {
    for (let word: usize = STATE; word < STATE + STATE_BYTES; word += ELEMENT_BYTES) power5(word, word);
    mixExternal(STATE, constants);
  }
}

function partialRounds(): void {
  const sum = SPARE;
  const shiftedSum = SPARE + ELEMENT_BYTES;
  for (let n: usize = 0; n < <usize>PARTIAL_ROUNDS; n++) {
    power5(STATE, STATE);
    sumWords(sum, STATE, INTERNAL_CONSTANTS + n * ELEMENT_BYTES);
    multiplyAdd(STATE, STATE, INTERNAL_DIAGONAL, shiftedSum);
    for (let at = ELEMENT_BYTES; at < STATE_BYTES; at += ELEMENT_BYTES) {
      multiplyAdd(STATE + at, STATE + at, INTERNAL_DIAGONAL + at, sum);
    }
  }
  for (let at = ELEMENT_BYTES; at < STATE_BYTES; at += ELEMENT_BYTES) {
    add(STATE + at, STATE + at, FIRST_FULL_CONSTANTS + at);
  }
}
