// The constants of the BN254 kernel as AssemblyScript static data.
import { ELEMENT_BYTES, montgomeryLimbs, R } from './emitter.mjs';
import { FULL_ROUNDS, P, PARTIAL_ROUNDS } from './parameters.mjs';

/** The whole generated constants file of the kernel. */
export function constantsSource({ full, partial, diagonal }) {
  const half = FULL_ROUNDS / 2;
  const external = [...full.slice(0, half), [partial[0], 0n, 0n, 0n], ...full.slice(half + 1), [0n, 0n, 0n, 0n]];
  const internal = [...partial.slice(1), full[half][0]];
  return `/** Bytes of a field element: nine 32-bit limbs. */
export const ELEMENT_BYTES: usize = ${ELEMENT_BYTES};
export const PARTIAL_ROUNDS: i32 = ${PARTIAL_ROUNDS};
/** The Montgomery radix in Montgomery form: multiplying by it enters Montgomery form. */
export const RADIX: usize = ${data([R])};
/** What each of the nine mixes around the full rounds adds: the constants of the round that follows it. */
export const EXTERNAL_CONSTANTS: usize = ${data(external.flat())};
/** What each partial round adds to word 0: the constant of the round that follows it. */
export const INTERNAL_CONSTANTS: usize = ${data(internal)};
/** The constants of the full round after the partial ones; that for word 0 stands above. */
export const FIRST_FULL_CONSTANTS: usize = ${data(full[half])};
/** The diagonal of the matrix of the partial rounds, less the 1 that it shares with all other entries. */
export const INTERNAL_DIAGONAL: usize = ${data(diagonal.map((entry) => entry - 1n))};
`;
}

function data(values) {
  const rows = values.map((value) => `  ${montgomeryLimbs(value, P).join(', ')},\n`);
  return `memory.data<i32>([\n${rows.join('')}])`;
}
