/**
 * Pedersen hashes of pairs: x of shift + left·bases + right·bases, as the sum of a table point for each window.
 * @see https://docs.starkware.co/starkex/crypto/pedersen-hash-function.html
 */
import { writeCanonical } from '../gen/field-9x29';
import { touchPoints } from '../windows';
import { LEFT, OUT, RIGHT } from './layout';
import { addTerms, closeTerms, sumsOf, termsOf } from './lists';
import { hasInfinities, startPoints } from './points';
import { selectPoints } from './table';
import { FELT_BYTES, LISTS, POINT_BYTES } from './workspace';

/** Hashes `count` pairs from LEFT and RIGHT to OUT, in groups of about equal size; inputs must be canonical. */
export function pedersen(count: i32): void {
  const groups = (count + LISTS - 1) / LISTS;
  for (let group = 0, first = 0; group < groups; group++) {
    const end = (count * (group + 1)) / groups;
    hashGroup(<usize>first * FELT_BYTES, end - first);
    first = end;
  }
}

/** Traps if a sum ends at infinity: no such input is known, and the hash has no value there. */
function hashGroup(offset: usize, count: i32): void {
  startPoints();
  for (let k = 0; k < count; k++) selectTerms(k, offset + <usize>k * FELT_BYTES);
  addTerms(count);
  if (hasInfinities()) unreachable();
  for (let k = 0; k < count; k++) writeCanonical(OUT + offset + <usize>k * FELT_BYTES, sumsOf(k));
}

/** Puts the points of the pair at `offset` of the inputs on its list. */
function selectTerms(k: i32, offset: usize): void {
  const terms = termsOf(k);
  const end = selectPoints(selectPoints(terms, LEFT + offset, 0), RIGHT + offset, 1);
  touchPoints(terms, end, POINT_BYTES);
  closeTerms(k, end);
}
