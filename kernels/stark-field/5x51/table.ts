/** The window tables of the Pedersen bases, built once at instantiation. */
import { PEDERSEN_SEEDS, PEDERSEN_START } from '../gen/constants-5x51';
import { gatherPoint, negateY, scatterPoint } from '../gen/field-5x51';
import { WINDOW_BITS, WINDOWS_PER_INPUT } from '../gen/windows';
import { digitOf, LOW_DIGIT, TOP } from '../windows';
import {
  POINT_BYTES,
  POINT_PAIR_BYTES,
  POINTS,
  SUMS,
  TABLE,
  TAILS,
  TERMS,
  WINDOW_BYTES,
  WINDOW_POINTS,
} from './layout';
import { addBatch, doubleBatch, enqueue } from './points';

/** Bits of an input that the low base stands for; the rest belongs to the high base. */
const LOW_BITS: i32 = 248;

/** Chains of doubled points, behind the sums: one for each window and one for the high base. Lane 0 is the left input. */
const CHAINS: usize = <usize>WINDOWS_PER_INPUT + 1;
const CHAIN_BYTES: usize = (<usize>WINDOW_BITS + 1) * POINT_PAIR_BYTES;
const CHAIN: usize = POINTS + <usize>SUMS * POINT_PAIR_BYTES;

/** A term for each window and the first entry of each. */
const NEGATED: usize = CHAIN + CHAINS * CHAIN_BYTES;
const FIRSTS: usize = NEGATED + CHAINS * POINT_PAIR_BYTES;

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
  for (let chain: usize = 0; chain < CHAINS; chain++) {
    copyPoints(CHAIN + chain * CHAIN_BYTES, PEDERSEN_SEEDS + chain * POINT_PAIR_BYTES);
  }
  for (let i: usize = 0; i < <usize>WINDOW_BITS; i++) doubleBatch(CHAINS, CHAIN + i * POINT_PAIR_BYTES, CHAIN_BYTES);
  buildFirsts();
  for (let bit = 0; bit < WINDOW_BITS - 1; bit++) {
    // Setting a bit turns -H into +H, or nothing into 2H: the entry without the bit plus 2H, the chain's next point.
    let queued = 0;
    for (let window = 0; window < WINDOWS_PER_INPUT; window++) {
      for (let low: usize = 0; low < (<usize>1) << bit; low++) {
        const point = POINTS + <usize>queued * POINT_PAIR_BYTES;
        gatherPoint(point, entry(0, window, low), entry(1, window, low), POSITIVE);
        queued = queueEntry(queued, window, low | ((<usize>1) << bit), halfPoint(window, bit));
        if (queued === SUMS) queued = flush(queued);
      }
    }
    flush(queued);
  }
  // The right input's top window has no such entry: its sum goes to where the tails will be.
  gatherPoint(POINTS, entry(0, TOP, 0), entry(1, TOP, 0), POSITIVE);
  enqueue(0, POINTS, POINTS, halfPoint(TOP, WINDOW_BITS - 1) + POINT_PAIR_BYTES);
  addBatch(1);
  scatterPoint(entry(0, TOP, WINDOW_POINTS), TAILS, POINTS);
  buildTails();
}

/** Signs of y for `gatherPoint`. */
const POSITIVE: v128 = i64x2.splat(0);
const NEGATIVE: v128 = i64x2.splat(1 << 63);

/** Queues the sum of POINTS[queued] and the double of a half, to become the entries of an index. */
function queueEntry(queued: i32, window: i32, index: usize, half: usize): i32 {
  const point = POINTS + <usize>queued * POINT_PAIR_BYTES;
  enqueue(queued, point, point, half + POINT_PAIR_BYTES);
  const target = TERMS + ((<usize>queued) << 3);
  store<u32>(target, <u32>entry(0, window, index));
  store<u32>(target, <u32>entry(1, window, index), 4);
  return queued + 1;
}

function flush(queued: i32): i32 {
  if (queued === 0) return 0;
  addBatch(queued);
  for (let i = 0; i < queued; i++) {
    const target = TERMS + ((<usize>i) << 3);
    scatterPoint(load<u32>(target), load<u32>(target, 4), POINTS + <usize>i * POINT_PAIR_BYTES);
  }
  return 0;
}

/** The entry of index 0 in every window: H_11 - H_0 - ... - H_10, and the start in the left input's top window. */
function buildFirsts(): void {
  const highest = WINDOW_BITS - 1;
  for (let window = 0; window < WINDOWS_PER_INPUT; window++) copyPoints(first(window), halfPoint(window, highest));
  for (let bit = 0; bit < highest; bit++) {
    for (let window = 0; window < WINDOWS_PER_INPUT; window++) {
      const negated = NEGATED + <usize>window * POINT_PAIR_BYTES;
      copyPoints(negated, halfPoint(window, bit));
      negateY(negated);
      enqueue(window, first(window), first(window), negated);
    }
    addBatch(WINDOWS_PER_INPUT);
  }
  for (let window = 0; window < WINDOWS_PER_INPUT; window++) {
    scatterPoint(entry(0, window, 0), entry(1, window, 0), first(window));
  }
  scatterPoint(entry(0, TOP, 0), TAILS, PEDERSEN_START);
}

function first(window: i32): usize {
  return FIRSTS + <usize>window * POINT_PAIR_BYTES;
}

/** The tails, each from the one above it and the entry that stands for a digit of zero, negated. */
function buildTails(): void {
  const last = WINDOW_POINTS - 1;
  const below = POINTS + POINT_PAIR_BYTES;
  gatherPoint(POINTS, entry(0, TOP, 0), entry(1, TOP, last), i64x2.replace_lane(POSITIVE, 1, 1 << 63));
  scatterPoint(tail(0, TOP), tail(1, TOP), POINTS);
  for (let window = TOP - 1; window >= 0; window--) {
    gatherPoint(below, entry(0, window, last), entry(1, window, last), NEGATIVE);
    enqueue(0, POINTS, POINTS, below);
    addBatch(1);
    scatterPoint(tail(0, window), tail(1, window), POINTS);
  }
}

/**
 * Puts the points that an input adds to a hash on a list from `out` on: their addresses, 4 bytes each, bit 0 set for
 * those to be subtracted. One point stands for all windows from `windows` on, which must be zero.
 *
 * No two of a hash's points, nor the sum of some and that of others, are equal or opposite, but by a discrete logarithm
 * that nobody knows: of one base they are multiples that differ in how often 2 divides them.
 *
 * @param side 0 for the left input, 1 for the right.
 * @returns The address behind them.
 */
export function selectPoints(out: usize, input: usize, side: i32, windows: i32): usize {
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

function entry(side: i32, window: i32, index: usize): usize {
  return TABLE + <usize>((1 - side) * WINDOWS_PER_INPUT + window) * WINDOW_BYTES + index * POINT_BYTES;
}

/** What stands for all windows from `window` on while they are zero. */
function tail(side: i32, window: i32): usize {
  return TAILS + <usize>(side * WINDOWS_PER_INPUT + window) * POINT_BYTES;
}

function copyPoints(out: usize, a: usize): void {
  memory.copy(out, a, POINT_PAIR_BYTES);
}

/** H_i of bit `bit` of a window for both inputs; the pair after it is 2H_i. */
function halfPoint(window: i32, bit: i32): usize {
  const index = window * WINDOW_BITS + bit;
  const chain = index < LOW_BITS ? window : WINDOWS_PER_INPUT;
  return CHAIN + <usize>chain * CHAIN_BYTES + <usize>(index < LOW_BITS ? bit : index - LOW_BITS) * POINT_PAIR_BYTES;
}
