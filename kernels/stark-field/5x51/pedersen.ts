/**
 * Pedersen hashes of pairs: x of shift + left·bases + right·bases, as the sum of a table point for each window.
 * @see https://docs.starkware.co/starkex/crypto/pedersen-hash-function.html
 */
import { gatherPoint } from '../gen/field-5x51';
import { touchPoints, windowsOf } from '../windows';
import { writeFelts } from './canonical';
import {
  COUNTS,
  FELT_BYTES,
  LANES,
  LEFT,
  OUT,
  POINT_BYTES,
  POINT_PAIR_BYTES,
  POINTS,
  POINTS_MAX,
  RIGHT,
  TERMS,
} from './layout';
import { addBatch, enqueue } from './points';
import { selectPoints } from './table';

/**
 * Hashes `count` pairs of canonical felts from LEFT and RIGHT to OUT, at most CAPACITY. An odd count writes one hash
 * more, that of the last pair once again.
 *
 * @returns 1, or 0 if points to add were equal or opposite; OUT is worth nothing then.
 */
export function pedersen(count: i32): i32 {
  const lanes = (count + 1) >>> 1;
  const groups = (lanes + LANES - 1) / LANES;
  for (let group = 0, first = 0; group < groups; group++) {
    const end = (lanes * (group + 1)) / groups;
    if (!hashGroup(first, end - first, count - 1)) return 0;
    first = end;
  }
  return 1;
}

/**
 * Hashes two pairs for each of `count` lanes from `first` on. Their points add up in rounds, each pair's first to its
 * last and so on inwards: some six batches, where point after point would be a batch for each.
 */
function hashGroup(first: i32, count: i32, last: i32): bool {
  for (let k = 0; k < count; k++) {
    const even = 2 * (first + k);
    selectTerms(k, <usize>even * FELT_BYTES, <usize>min(even + 1, last) * FELT_BYTES);
  }
  for (let k = 0; k < count; k++) gatherTerms(k);
  for (let queued = enqueueRound(count); queued > 0; queued = enqueueRound(count)) if (!addBatch(queued)) return false;
  for (let k = 0; k < count; k++) {
    const out = OUT + <usize>(2 * (first + k)) * FELT_BYTES;
    writeFelts(out, out + FELT_BYTES, pointsOf(k));
  }
  return true;
}

/** Puts the points of the two pairs at these offsets of the inputs on their lists, equally many. */
function selectTerms(k: i32, a: usize, b: usize): void {
  const terms = termsOf(k);
  const left = max(windowsOf(LEFT + a), windowsOf(LEFT + b));
  const right = max(windowsOf(RIGHT + a), windowsOf(RIGHT + b));
  const end = selectPoints(selectPoints(terms, LEFT + a, 0, left), RIGHT + a, 1, right);
  const other = terms + OTHER_TERMS;
  const otherEnd = selectPoints(selectPoints(other, LEFT + b, 0, left), RIGHT + b, 1, right);
  touchPoints(terms, end, POINT_BYTES);
  touchPoints(other, otherEnd, POINT_BYTES);
  store<u32>(COUNTS + ((<usize>k) << 2), <u32>(end - terms) >> 2);
}

/** Brings the points of both lists into lanes. */
function gatherTerms(k: i32): void {
  const terms = termsOf(k);
  const end = terms + ((<usize>load<u32>(COUNTS + ((<usize>k) << 2))) << 2);
  let point = pointsOf(k);
  for (let term = terms; term < end; term += 4, point += POINT_PAIR_BYTES) {
    const a = load<u32>(term);
    const b = load<u32>(term + OTHER_TERMS);
    const flips = i64x2.replace_lane(i64x2.splat((<i64>a) << 63), 1, (<i64>b) << 63);
    gatherPoint(point, a & ~1, b & ~1, flips);
  }
}

/** Queues the next round, whose sums take the place of the points. @returns How many sums it has. */
function enqueueRound(count: i32): i32 {
  let queued = 0;
  for (let k = 0; k < count; k++) {
    const left = <usize>load<u32>(COUNTS + ((<usize>k) << 2));
    let low = pointsOf(k);
    for (
      let high = low + (left - 1) * POINT_PAIR_BYTES;
      low < high;
      low += POINT_PAIR_BYTES, high -= POINT_PAIR_BYTES
    ) {
      enqueue(queued++, low, low, high);
    }
    store<u32>(COUNTS + ((<usize>k) << 2), <u32>((left + 1) >> 1));
  }
  return queued;
}

/** The list of the points that the first hash of a lane has to add up; that of the second is behind it. */
function termsOf(k: i32): usize {
  return TERMS + <usize>k * (2 * OTHER_TERMS);
}

const OTHER_TERMS: usize = <usize>POINTS_MAX * 4;

function pointsOf(k: i32): usize {
  return POINTS + <usize>(k * POINTS_MAX) * POINT_PAIR_BYTES;
}
