/** Lists of points, each of which is added up; all their sums of a round share one inversion. */
import { addBatch, enqueue } from './points';
import { COUNTS, POINT_BYTES, POINTS, POINTS_MAX, TERMS } from './workspace';

/** List `k`: addresses of points, 4 bytes each, bit 0 set for those to be subtracted. */
export function termsOf(k: i32): usize {
  return TERMS + <usize>(k * POINTS_MAX) * 4;
}

/** Says that list `k` ends before `end`; it must not be empty. */
export function closeTerms(k: i32, end: usize): void {
  store<u32>(COUNTS + ((<usize>k) << 2), <u32>(end - termsOf(k)) >> 2);
}

/**
 * Adds up the points of lists 0 to `count` - 1, of two or more points each, in rounds, each list's first to its last and
 * so on inwards: some six batches, where point after point would be a batch for each. A sum takes the sign of its
 * list's first point, which leaves x alone in the end.
 */
export function addTerms(count: i32): void {
  for (let queued = enqueueRound(count); queued > 0; queued = enqueueRound(count)) addBatch(queued);
}

/** Where the sums of a list go; the last is the first of them. */
export function sumsOf(k: i32): usize {
  return POINTS + <usize>(k * (POINTS_MAX / 2)) * POINT_BYTES;
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
