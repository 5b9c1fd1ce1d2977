// The numbers both kernel variants are built from, derived at build time from @scure/starknet and the definitions
// of the two hashes. Nothing here is pasted except the five Pedersen points, which that package does not export.
import { createHash } from 'node:crypto';
import { Point } from '@scure/starknet';

/** The STARK field prime. */
export const P = 2n ** 251n + 17n * 2n ** 192n + 1n;

/**
 * Window width of the Pedersen tables: of those that divide 252 and whose tables (6 MiB for 12 bits) fit a third-level
 * cache, the widest. Against 9 bits it saves a quarter of the sums, as long as table points are read ahead of their use.
 */
export const WINDOW_BITS = 12;

/** An input is 252 bits: 21 windows of 12. */
export const WINDOWS_PER_INPUT = 252 / WINDOW_BITS;

/** The generated file about windows that both variants share. */
export function windowsSource() {
  return `/** Bits of a Pedersen window, and how many windows an input has. */
export const WINDOW_BITS: i32 = ${WINDOW_BITS};
export const WINDOWS_PER_INPUT: i32 = ${WINDOWS_PER_INPUT};
`;
}

/**
 * Shift point and the four bases of the Pedersen hash: low 248 bits and high 4 bits of each input.
 * @see https://github.com/starkware-libs/cairo-lang `src/starkware/crypto/signature/pedersen_params.json`,
 * entries 0, 2, 250, 254 and 502 of CONSTANT_POINTS; the same five stand in @scure/starknet `index.ts`.
 */
const PEDERSEN_POINTS = [
  [
    2089986280348253421170679821480865132823066470938446095505822317253594081284n,
    1713931329540660377023406109199410414810705867260802078187082345529207694986n,
  ],
  [
    996781205833008774514500082376783249102396023663454813447423147977397232763n,
    1668503676786377725805489344771023921079126552019160156920634619255970485781n,
  ],
  [
    2251563274489750535117886426533222435294046428347329203627021249169616184184n,
    1798716007562728905295480679789526322175868328062420237419143593021674992973n,
  ],
  [
    2138414695194151160943305727036575959195309218611738193261179310511854807447n,
    113410276730064486255102093846540133784865286929052426931474106396135072156n,
  ],
  [
    2379962749567351885752724891227938183011949129833673362440656643086021394946n,
    776496453633298175483985398648758586525933812536653089401905292063708816422n,
  ],
].map(([x, y]) => Point.fromAffine({ x, y }));

/**
 * What the tables start from. With H_i half of the point B_i that bit i selects (the group order is odd, so halves
 * exist), b_i·B_i = H_i + s_i·H_i, where s_i is +1 for a set bit and -1 for a clear one. So a signed window adds
 * ±H_i for each of its bits; only the top window of the left input is not signed.
 *
 * @returns `left` and `right`: for each of an input's windows the H of its lowest bit, then the H of bit 248, where the
 * second base begins; the others follow by doubling. `start`: the shift point plus the sum of all H_i of signed
 * windows, which the window without signs adds to every hash. Affine `{ x, y }`.
 */
export function pedersenPoints() {
  const [shift, ...bases] = PEDERSEN_POINTS;
  for (const point of PEDERSEN_POINTS) point.assertValidity();
  const [leftLow, leftHigh, rightLow, rightHigh] = bases.map((base) => times(base, (Point.Fn.ORDER + 1n) / 2n));
  const seeds = (low, high) => {
    const windows = Array.from({ length: WINDOWS_PER_INPUT }, (_, i) => times(low, 2n ** BigInt(WINDOW_BITS * i)));
    return [...windows, high].map((point) => point.toAffine());
  };
  // The sum of 2^i·H over a run of n bits is (2^n - 1)·H.
  const signedBits = BigInt(WINDOW_BITS * (WINDOWS_PER_INPUT - 1));
  return {
    left: seeds(leftLow, leftHigh),
    right: seeds(rightLow, rightHigh),
    start: shift
      .add(times(leftLow, 2n ** signedBits - 1n))
      .add(times(rightLow, 2n ** LOW_BITS - 1n))
      .add(times(rightHigh, 2n ** HIGH_BITS - 1n))
      .toAffine(),
  };
}

/** How many bits of an input the low and the high base stand for. */
const LOW_BITS = 248n;
const HIGH_BITS = 4n;

function times(point, scalar) {
  return point.multiplyUnsafe(scalar % Point.Fn.ORDER);
}

/**
 * Round constants of the width-3 Hades permutation in the order of use, compressed: 3 for each of 4 full rounds,
 * 1 for each of 83 partial rounds (for the third element, the one that is cubed), 3 for each of 4 full rounds.
 *
 * A partial round is linear in the first two elements, so their constants can be carried through its mix into
 * the next round. What remains after the last partial round goes to the full round that follows.
 *
 * @returns 107 integers below P.
 * @see https://github.com/starkware-industries/poseidon `poseidon3.txt`; the seed rule is `sha256("Hades" + i)`.
 */
export function poseidonConstants() {
  const round = (index) => [0, 1, 2].map((lane) => hadesConstant(index * 3 + lane));
  const compressed = [];
  for (let index = 0; index < FULL_ROUNDS / 2; index++) compressed.push(...round(index));
  let carried = [0n, 0n, 0n];
  for (let index = 0; index < PARTIAL_ROUNDS; index++) {
    const [a, b, c] = addAll(carried, round(FULL_ROUNDS / 2 + index));
    compressed.push(c);
    carried = [3n * a + b, a - b, a + b].map((value) => mod(value, P));
  }
  for (let index = 0; index < FULL_ROUNDS / 2; index++) {
    const constants = round(FULL_ROUNDS / 2 + PARTIAL_ROUNDS + index);
    compressed.push(...(index === 0 ? addAll(carried, constants) : constants));
  }
  return compressed;
}

export const FULL_ROUNDS = 8;
export const PARTIAL_ROUNDS = 83;

function hadesConstant(index) {
  return BigInt(`0x${createHash('sha256').update(`Hades${index}`).digest('hex')}`) % P;
}

function addAll(left, right) {
  return left.map((value, i) => mod(value + right[i], P));
}

/** The representative of `value` in [0, modulus). */
export function mod(value, modulus) {
  return ((value % modulus) + modulus) % modulus;
}
