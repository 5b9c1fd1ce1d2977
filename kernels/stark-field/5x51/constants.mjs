// The constants of variant B as AssemblyScript static data.
import { FULL_ROUNDS, P, PARTIAL_ROUNDS, pedersenPoints, poseidonConstants } from '../constants.mjs';
import { montgomeryLimbs, PAIR_BYTES, R } from './emitter.mjs';

/** The whole generated constants file of the kernel. */
export function constantsSource() {
  const { left, right, start } = pedersenPoints();
  const seeds = left.flatMap(({ x, y }, i) => [
    [x, right[i].x],
    [y, right[i].y],
  ]);
  const rounds = poseidonConstants();
  const first = 3 * (FULL_ROUNDS / 2);
  const last = first + PARTIAL_ROUNDS;
  return `/** Bytes of a pair of field elements: five vectors of two doubles. */
export const PAIR_BYTES: usize = ${PAIR_BYTES};
/** How many partial rounds a permutation has, in the middle of its full rounds. */
export const PARTIAL_ROUNDS: i32 = ${PARTIAL_ROUNDS};
/** 1, 2 and 1/2 in Montgomery form. */
export const ONE: usize = ${pairs([1n, 1n])};
export const TWO: usize = ${pairs([2n, 2n])};
export const HALF: usize = ${pairs([(P + 1n) / 2n, (P + 1n) / 2n])};
/** The Montgomery radix in Montgomery form: multiplying by it enters Montgomery form. */
export const RADIX: usize = ${pairs([R, R])};
/**
 * Half of the point that the lowest bit of each window selects, affine, x then y: 21 windows and the high base; the
 * left input's in lane 0, the right one's in lane 1.
 */
export const PEDERSEN_SEEDS: usize = ${pairs(...seeds)};
/** What the window without signs adds to every hash: the shift point and what signed windows lack, x then y. */
export const PEDERSEN_START: usize = ${pairs([start.x, start.x], [start.y, start.y])};
/** Hades round constants, five integer limbs each: of the full rounds before the partial ones, three a round. */
export const FIRST_CONSTANTS: usize = ${integers(rounds.slice(0, first))};
/** For the round after each full one of these: zeros for the first two elements, as partial rounds have none. */
export const TURN_CONSTANTS: usize = ${integers([0n, 0n, rounds[first]])};
/** For the round after each partial one: the third element's. */
export const PARTIAL_CONSTANTS: usize = ${integers([...rounds.slice(first + 1, last), rounds[last + 2]])};
/** Of the full rounds after the partial ones; three zeros follow the last. */
export const LAST_CONSTANTS: usize = ${integers([...rounds.slice(last), 0n, 0n, 0n])};
`;
}

/** Pairs of elements as vectors of doubles; each argument is the value of lane 0 and that of lane 1. */
function pairs(...values) {
  const rows = values.map(([a, b]) => {
    const [left, right] = [montgomeryLimbs(a, P), montgomeryLimbs(b, P)];
    return `  ${left.flatMap((limb, i) => [`${limb}.0`, `${right[i]}.0`]).join(', ')},\n`;
  });
  return `memory.data<f64>([\n${rows.join('')}], 16)`;
}

function integers(values) {
  return `memory.data<i64>([\n${values.map((value) => `  ${montgomeryLimbs(value, P).join(', ')},\n`).join('')}])`;
}
