// The constants of variant A as AssemblyScript static data.
import { P, pedersenPoints, poseidonConstants } from '../constants.mjs';
import { ELEMENT_BYTES, montgomeryLimbs, R } from './emitter.mjs';

/** The whole generated constants file of the kernel. */
export function constantsSource() {
  const { left, right, start } = pedersenPoints();
  const coordinates = (points) => points.flatMap(({ x, y }) => [x, y]);
  return `/** Bytes of a field element: nine 32-bit limbs. */
export const ELEMENT_BYTES: usize = ${ELEMENT_BYTES};
/** 1 in Montgomery form. */
export const ONE: usize = ${data([1n])};
/** 2 in Montgomery form. */
export const TWO: usize = ${data([2n])};
/** The Montgomery radix in Montgomery form: multiplying by it enters Montgomery form. */
export const RADIX: usize = ${data([R])};
/**
 * Half of the point that the lowest bit of each window selects, affine, x then y: 21 windows and the high base for
 * the left input, then as many for the right.
 */
export const PEDERSEN_SEEDS: usize = ${data(coordinates([...left, ...right]))};
/** What the window without signs adds to every hash: the shift point and what signed windows lack, affine. */
export const PEDERSEN_START: usize = ${data(coordinates([start]))};
/** Compressed Hades round constants in the order of use, balanced limbs. */
export const POSEIDON_CONSTANTS: usize = ${data(poseidonConstants(), { balanced: true })};
`;
}

function data(values, options) {
  const numbers = values.flatMap((value) => montgomeryLimbs(value, P, options));
  return `memory.data<i32>([\n${rows(numbers)}])`;
}

function rows(numbers) {
  let text = '';
  for (let i = 0; i < numbers.length; i += 9) text += `  ${numbers.slice(i, i + 9).join(', ')},\n`;
  return text;
}
