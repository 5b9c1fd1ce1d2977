/**
 * Pedersen hashes of pairs: x of shift + left·bases + right·bases, as the sum of a table point for each window.
 * @see https://docs.starkware.co/starkex/crypto/pedersen-hash-function.html
 */
import { writeCanonical } from '../gen/field-9x29';
import { touchPoints } from '../windows';
import { COUNTS, FELT_BYTES, GROUP, LEFT, OUT, POINT_BYTES, POINTS, POINTS_MAX, RIGHT, TERMS } from './layout';
import { addBatch, enqueue, hasInfinities, startPoints } from './points';
import { selectPoints } from './table';

/** Hashes `count` pairs from LEFT and RIGHT to OUT, in groups of about equal size; inputs must be canonical. */
export function pedersen(count: i32): void {
  const groups = (count + GROUP - 1) / GROUP;
  for (let group = 0, first = 0; group < groups; group++) {
    const end = (count * (group + 1)) / groups;
    hashGroup(<usize>first * FELT_BYTES, end - first);
    first = end;
  }
}

/**
 * Adds up the points of all pairs of a group in rounds, each pair's first to its last and so on inwards: some six
 * batches, where point after point would be a batch for each. The sum takes the sign of its first point, which leaves x
 * alone in the end.
 *
 * Traps if a sum ends at infinity: no such input is known, and the hash has no value there.
 */
function hashGroup(offset: usize, count: i32): void {
  startPoints();
  for (let k = 0; k < count; k++) selectTerms(k, offset + <usize>k * FELT_BYTES);
  for (let queued = enqueueRound(count); queued > 0; queued = enqueueRound(count)) addBatch(queued);
  if (hasInfinities()) unreachable();
  for (let k = 0; k < count; k++) writeCanonical(OUT + offset + <usize>k * FELT_BYTES, sumsOf(k));
}

/** Puts the points of the pair at `offset` of the inputs on its list. */
function selectTerms(k: i32, offset: usize): void {
  const terms = termsOf(k);
  const end = selectPoints(selectPoints(terms, LEFT + offset, 0), RIGHT + offset, 1);
  touchPoints(terms, end, POINT_BYTES);
  store<u32>(COUNTS + ((<usize>k) << 2), <u32>(end - terms) >> 2);
}

/** Queues the next round, and puts its sums on the lists in place of its points. @returns How many sums it has. */
function enqueueRound(count: i32): i32 {
  let queued = 0;
  for (let k = 0; k < count; k++) {
    const terms = termsOf(k);
    const left = load<u32>(COUNTS + ((<usize>k) << 2));
    let sum = sumsOf(k);
    let low = terms;
    for (let high = terms + (<usize>left - 1) * 4; low < high; low += 4, high -= 4, sum += POINT_BYTES) {
      const a = load<u32>(low);
      enqueue(queued++, sum, a & ~1, load<u32>(high) ^ (a & 1));
      store<u32>(low, <u32>sum | (a & 1));
    }
    store<u32>(COUNTS + ((<usize>k) << 2), (left + 1) >> 1);
  }
  return queued;
}

/** The list of the points that a pair of the group has to add up. */
function termsOf(k: i32): usize {
  return TERMS + <usize>(k * POINTS_MAX) * 4;
}

/** Where the sums of a pair go; the last is the first of them. */
function sumsOf(k: i32): usize {
  return POINTS + <usize>(k * (POINTS_MAX / 2)) * POINT_BYTES;
}
