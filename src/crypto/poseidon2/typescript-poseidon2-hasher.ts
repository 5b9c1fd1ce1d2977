import { fromHex, toHex } from '../../lib/index.ts';
import {
  BN254_MODULUS,
  FULL_ROUND_CONSTANTS,
  INTERNAL_DIAGONAL,
  PARTIAL_ROUND_CONSTANTS,
} from '../gen/poseidon2-parameters.ts';
import {
  countFieldGroups,
  countFieldPairs,
  countFields,
  FIELD_BYTES,
  RATE,
  requireState,
  WIDTH,
} from './bn254-field.ts';
import type { Poseidon2Hasher } from './poseidon2-hasher.ts';

/**
 * The plain twin of the kernel, on big integers and as the paper has it: the oracle of its tests and the fallback
 * where WebAssembly is missing. Some two thousand permutations a second.
 */
export function createTypescriptPoseidon2Hasher(): Poseidon2Hasher {
  return {
    variant: 'typescript',
    hashPairs: (left, right) => {
      countFieldPairs(left, right);
      const rights = readFields(right);
      return writeFields(readFields(left).map((value, i) => hashList([value, rights[i] as bigint]))); // equal lengths
    },
    hashFixed: (flat, width) => {
      countFieldGroups(flat, width);
      return writeFields(groups(readFields(flat), width).map(hashList));
    },
    hashMany: (lists) => {
      for (const list of lists) countFields(list);
      return writeFields(lists.map((list) => hashList(readFields(list))));
    },
    permute: (states) => {
      countFieldGroups(states, WIDTH);
      return writeFields(groups(readFields(states), WIDTH).flatMap(permute));
    },
    absorbTriples: (state, fields) => {
      requireState(state);
      countFieldGroups(fields, RATE);
      return writeFields(groups(readFields(fields), RATE).reduce(absorb, readFields(state)));
    },
  };
}

/** The sponge with the number of inputs, times 2^64, in word 3 at the start. */
function hashList(list: readonly bigint[]): bigint {
  const start = [0n, 0n, 0n, BigInt(list.length) << 64n];
  const blocks = list.length === 0 ? [[]] : groups(list, RATE);
  return blocks.reduce<readonly bigint[]>(absorb, start)[0] as bigint; // A state has four words.
}

/** Adds up to three inputs and permutes. */
function absorb(state: readonly bigint[], inputs: readonly bigint[]): bigint[] {
  return permute(state.map((word, i) => word + (inputs[i] ?? 0n)));
}

/** @see https://eprint.iacr.org/2023/323, section 5. */
function permute(words: readonly bigint[]): bigint[] {
  let state = mixExternal(words);
  const half = FULL_ROUND_CONSTANTS.length / 2;
  for (const constants of FULL_ROUND_CONSTANTS.slice(0, half)) state = fullRound(state, constants);
  for (const constant of PARTIAL_ROUND_CONSTANTS) state = partialRound(state, constant);
  for (const constants of FULL_ROUND_CONSTANTS.slice(half)) state = fullRound(state, constants);
  return state;
}

function fullRound(state: readonly bigint[], constants: readonly bigint[]): bigint[] {
  return mixExternal(state.map((word, i) => power5(word + (constants[i] as bigint)))); // four of both
}

function partialRound([first, ...others]: readonly bigint[], constant: bigint): bigint[] {
  const state = [power5((first as bigint) + constant), ...others]; // A state has four words.
  const sum = state.reduce((a, b) => a + b);
  return state.map((word, i) => (sum + word * ((INTERNAL_DIAGONAL[i] as bigint) - 1n)) % BN254_MODULUS);
}

function mixExternal(state: readonly bigint[]): bigint[] {
  return EXTERNAL_MATRIX.map((row) => row.reduce((sum, entry, i) => sum + entry * (state[i] as bigint), 0n)).map(
    (word) => word % BN254_MODULUS,
  );
}

function power5(value: bigint): bigint {
  const square = (value * value) % BN254_MODULUS;
  return (((square * square) % BN254_MODULUS) * value) % BN254_MODULUS;
}

function groups(values: readonly bigint[], width: number): bigint[][] {
  return Array.from({ length: Math.ceil(values.length / width) }, (_, i) => values.slice(i * width, (i + 1) * width));
}

function readFields(bytes: Uint8Array): bigint[] {
  return Array.from({ length: bytes.length / FIELD_BYTES }, (_, i) =>
    BigInt(toHex(bytes.subarray(i * FIELD_BYTES, (i + 1) * FIELD_BYTES))),
  );
}

function writeFields(values: readonly bigint[]): Uint8Array {
  return fromHex(values.map((value) => value.toString(16).padStart(2 * FIELD_BYTES, '0')).join(''));
}

/** The matrix of the full rounds: M4 of the paper's section 5.1. */
const EXTERNAL_MATRIX: readonly (readonly bigint[])[] = [
  [5n, 7n, 1n, 3n],
  [4n, 6n, 1n, 1n],
  [1n, 3n, 5n, 7n],
  [1n, 1n, 4n, 6n],
];
