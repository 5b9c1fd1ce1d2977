// The Poseidon2 instance over the BN254 scalar field with four words that Aztec uses, derived from its definition:
// nothing here is pasted.
// @see https://eprint.iacr.org/2023/323, sections 5 and 6; HorizenLabs/poseidon2 `poseidon2_rust_params.sage`;
// the results stand in AztecProtocol/aztec-packages v4.1.2, barretenberg `crypto/poseidon2/poseidon2_params.hpp`.
import { characteristicPolynomial, isIrreducible, multiplyMatrices } from './algebra.mjs';

/** The order of the BN254 curve (EIP-196), the modulus of its scalar field. */
export const P = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

export const WIDTH = 4;
export const FULL_ROUNDS = 8;
export const PARTIAL_ROUNDS = 56;

/** The matrix of the full rounds, M4 of the paper's section 5.1. */
export const EXTERNAL_MATRIX = [
  [5, 7, 1, 3],
  [4, 6, 1, 1],
  [1, 3, 5, 7],
  [1, 1, 4, 6],
];

/**
 * @returns `full`: four round constants for each of the 8 full rounds. `partial`: one for each of the 56 partial
 * rounds, for word 0. `diagonal`: of the matrix of the partial rounds, whose other entries are 1.
 */
export function poseidon2Parameters() {
  const bits = grainBits();
  const integer = () => Array.from({ length: FIELD_BITS }).reduce((value) => (value << 1n) | bits.next().value, 0n);
  const constant = () => {
    for (;;) {
      const value = integer();
      if (value < P) return value;
    }
  };
  const constants = (count) => Array.from({ length: count }, constant);
  const fullRounds = () => Array.from({ length: FULL_ROUNDS / 2 }, () => constants(WIDTH));
  const first = fullRounds();
  const partial = constants(PARTIAL_ROUNDS);
  const full = [...first, ...fullRounds()];
  for (;;) {
    const diagonal = Array.from({ length: WIDTH }, () => integer() % P);
    if (isSecure(matrixOf(diagonal))) return { full, partial, diagonal };
  }
}

const FIELD_BITS = 254;

/** The matrix with this diagonal and ones beside it. */
export function matrixOf(diagonal) {
  return diagonal.map((entry, i) => diagonal.map((_, j) => (i === j ? entry : 1n)));
}

/**
 * Whether partial rounds with this matrix leave no invariant subspace: the minimal polynomials of its first 2t powers
 * must be irreducible and of degree t (section 5.3). One of that degree is the characteristic polynomial.
 */
function isSecure(matrix) {
  let power = matrix;
  for (let i = 0; i < 2 * WIDTH; i++) {
    if (!isIrreducible(characteristicPolynomial(power, P), P)) return false;
    power = multiplyMatrices(power, matrix, P);
  }
  return true;
}

/**
 * The self-shrinking Grain shift register of 80 bits that Poseidon takes its constants from: of each two bits, the
 * second counts if the first is 1.
 * @see https://eprint.iacr.org/2019/458, appendix F.
 */
function* grainBits() {
  // A prime field, the S-box x^5, then the sizes, then thirty ones.
  const fields = [
    [1, 2],
    [0, 4],
    [FIELD_BITS, 12],
    [WIDTH, 12],
    [FULL_ROUNDS, 10],
    [PARTIAL_ROUNDS, 10],
    [2 ** 30 - 1, 30],
  ];
  const state = fields.flatMap(([value, width]) => [...value.toString(2).padStart(width, '0')].map(BigInt));
  const step = () => {
    const bit = [0, 13, 23, 38, 51, 62].reduce((sum, i) => sum ^ state[i], 0n);
    state.push(bit);
    state.shift();
    return bit;
  };
  for (let i = 0; i < 160; i++) step();
  for (;;) {
    const counts = step();
    const bit = step();
    if (counts === 1n) yield bit;
  }
}
