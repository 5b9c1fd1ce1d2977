/** The window tables of the Pedersen bases, built once at instantiation in some 12 ms. */
import { PEDERSEN_SEEDS, PEDERSEN_START } from '../gen/constants-9x29';
import { WINDOW_BITS, WINDOWS_PER_INPUT } from '../gen/windows';
import { digitOf, LOW_DIGIT, TOP, windowsOf } from '../windows';
import { TABLE, TAILS, WINDOW_BYTES, WINDOW_POINTS } from './layout';
import { addBatch, copyPoint, doubleBatch, enqueue, negateY, startPoints } from './points';
import { POINT_BYTES, POINTS, SUMS } from './workspace';

/** Bits of an input that the low base stands for; the rest belongs to the high base. */
const LOW_BITS: i32 = 248;

/** Chains of doubled points: one for each window and one for the high base, on both sides. */
const CHAINS_PER_INPUT: i32 = WINDOWS_PER_INPUT + 1;
const CHAIN_POINTS: i32 = WINDOW_BITS + 1;

/**
 * With H_i the half of the point that bit i of an input selects, a signed window holds for every digit v with its top
 * bit set the sum of ±H_i over its bits, plus for a set bit; index v without the top bit. A digit with a clear top bit
 * is the negated entry of its complement, so no entry is stored for it and none is the point at infinity.
 *
 * The top window of the left input holds under v the sum of the points that its bits select, and the shift point and
 * all that the signed windows lack besides. Its highest bit is bit 251, and as P is hardly more than 2^251, the only
 * digit with it is this bit alone.
 */
export function buildTable(): void {
  startPoints();
  buildChains();
  buildFirsts();
  // Setting a bit turns -H into +H, or nothing into 2H: the entry with the bit clear plus 2H, the chain's next point.
  let queued = 0;
  for (let bit = 0; bit < WINDOW_BITS - 1; bit++) {
    for (let side = 0; side < 2; side++) {
      for (let window = 0; window < WINDOWS_PER_INPUT; window++) {
        for (let low: usize = 0; low < <usize>(1 << bit); low++) {
          const from = entry(side, window, low);
          enqueue(queued++, from + ((<usize>1) << bit) * POINT_BYTES, from, halfPoint(side, window, bit) + POINT_BYTES);
          if (queued === SUMS) queued = flush(queued);
        }
      }
    }
    queued = flush(queued);
  }
  const top = entry(0, TOP, 0);
  enqueue(0, top + WINDOW_BYTES, top, halfPoint(0, TOP, WINDOW_BITS - 1) + POINT_BYTES);
  addBatch(1);
  buildTails();
}

/**
 * Puts the points that an input adds to a hash on a list from `out` on: their addresses, 4 bytes each, bit 0 set for
 * those to be subtracted. Windows above the highest set bit are all zero, and one point stands for all of them.
 *
 * No two of a hash's points, nor the sum of some and that of others, are equal or opposite, but by a discrete logarithm
 * that nobody knows: of one base they are multiples that differ in how often 2 divides them.
 *
 * @param side 0 for the left input, 1 for the right.
 * @returns The address behind them.
 */
export function selectPoints(out: usize, input: usize, side: i32): usize {
  const windows = windowsOf(input);
  const signed = windows < TOP ? windows : TOP + side;
  let at = out;
  let table = entry(side, 0, 0);
  for (let window = 0; window < signed; window++, table += WINDOW_BYTES) {
    const digit = digitOf(input, window);
    const clear = (digit >>> (WINDOW_BITS - 1)) ^ 1;
    at = select(at, table + <usize>((digit ^ -clear) & LOW_DIGIT) * POINT_BYTES, clear);
  }
  if (windows < TOP) return select(at, tail(side, windows), 0);
  return side === 0 ? select(at, entry(0, TOP, <usize>digitOf(input, TOP)), 0) : at;
}

function select(at: usize, point: usize, negate: i32): usize {
  store<u32>(at, <u32>point | negate);
  return at + 4;
}

function flush(queued: i32): i32 {
  if (queued !== 0) addBatch(queued);
  return 0;
}

function entry(side: i32, window: i32, index: usize): usize {
  return TABLE + <usize>((1 - side) * WINDOWS_PER_INPUT + window) * WINDOW_BYTES + index * POINT_BYTES;
}

/** What stands for all windows from `window` on while they are zero. */
function tail(side: i32, window: i32): usize {
  return TAILS + <usize>(side * WINDOWS_PER_INPUT + window) * POINT_BYTES;
}

/** H_i of bit `bit` of a window; the point after it is 2H_i. */
function halfPoint(side: i32, window: i32, bit: i32): usize {
  const index = window * WINDOW_BITS + bit;
  const chain = side * CHAINS_PER_INPUT;
  return index < LOW_BITS ? chainPoint(chain + window, bit) : chainPoint(chain + WINDOWS_PER_INPUT, index - LOW_BITS);
}

function chainPoint(chain: i32, index: i32): usize {
  return POINTS + <usize>(chain * CHAIN_POINTS + index) * POINT_BYTES;
}

function buildChains(): void {
  const chains = 2 * CHAINS_PER_INPUT;
  for (let chain = 0; chain < chains; chain++) {
    copyPoint(chainPoint(chain, 0), PEDERSEN_SEEDS + <usize>chain * POINT_BYTES);
  }
  for (let i = 0; i < WINDOW_BITS; i++) {
    for (let chain = 0; chain < chains; chain++) {
      const point = chainPoint(chain, i);
      enqueue(chain, point + POINT_BYTES, point, 0);
    }
    doubleBatch(chains);
  }
}

/** The entry of index 0 in every window: H_11 - H_0 - ... - H_10, and the start in the left input's top window. */
function buildFirsts(): void {
  const highest = WINDOW_BITS - 1;
  for (let window = 0; window < SIGNED; window++) {
    copyPoint(entry(sideOf(window), ownOf(window), 0), halfPoint(sideOf(window), ownOf(window), highest));
  }
  for (let bit = 0; bit < highest; bit++) {
    for (let window = 0; window < SIGNED; window++) {
      const first = entry(sideOf(window), ownOf(window), 0);
      enqueue(window, first, first, halfPoint(sideOf(window), ownOf(window), bit) | 1);
    }
    addBatch(SIGNED);
  }
  copyPoint(entry(0, TOP, 0), PEDERSEN_START);
}

/** The tails, each from the one above it and the entry that stands for a digit of zero, negated. */
function buildTails(): void {
  copyPoint(tail(0, TOP), entry(0, TOP, 0));
  copyPoint(tail(1, TOP), entry(1, TOP, WINDOW_POINTS - 1));
  negateY(tail(1, TOP));
  for (let window = TOP - 1; window >= 0; window--) {
    for (let side = 0; side < 2; side++) {
      enqueue(side, tail(side, window), tail(side, window + 1), entry(side, window, WINDOW_POINTS - 1) | 1);
    }
    addBatch(2);
  }
}

/** The signed windows under one numbering: all of the right input, then the left one's but the last. */
const SIGNED: i32 = 2 * WINDOWS_PER_INPUT - 1;

function sideOf(window: i32): i32 {
  return window < WINDOWS_PER_INPUT ? 1 : 0;
}

function ownOf(window: i32): i32 {
  return window < WINDOWS_PER_INPUT ? window : window - WINDOWS_PER_INPUT;
}
