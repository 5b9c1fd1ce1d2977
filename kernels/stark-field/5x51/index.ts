/**
 * STARK-field hashes, variant B: five 51-bit limbs as doubles in two lanes, for engines with relaxed SIMD whose
 * multiply-add rounds once. The host writes canonical felts (32 bytes, big-endian, below P) to LEFT and RIGHT,
 * calls, and reads OUT.
 */
import { WINDOWS_PER_INPUT } from '../gen/windows';
import { CAPACITY, END, LEFT, OUT, POINT_BYTES, RIGHT, scratch, TAILS } from './layout';
import { buildTable } from './table';

export { add, chordEnd, multiply, square, subtract } from '../gen/field-5x51';
// The field itself, for the tests at the bounds of its limbs.
export { readFelts, writeFelts } from './canonical';
export { pedersen } from './pedersen';
export { poseidon, spongeAbsorb, spongeStart } from './poseidon';

/** Pairs that one call takes. */
export const capacity: i32 = CAPACITY;
/** Addresses of the buffers. LEFT and RIGHT adjoin. */
export const left: usize = LEFT;
export const right: usize = RIGHT;
export const out: usize = OUT;
/** Addresses of the point that stands for a left input of 0, of that for a right one, and behind all that is used. */
export const leftZero: usize = TAILS;
export const rightZero: usize = TAILS + <usize>WINDOWS_PER_INPUT * POINT_BYTES;
export const end: usize = END;

/**
 * Whether the multiply-add rounds once: (2^51 - 1)² - (2^102 - 2^52) is 1 then, and 0 if the product is rounded
 * before the sum. An engine without fusion would give wrong hashes, not slow ones.
 */
export function isFused(): bool {
  const x = f64x2.splat(<f64>(((<i64>1) << 51) - 1));
  // Through memory, so that no compiler folds the test into its own answer.
  const at = scratch(0);
  v128.store(at, x);
  const loaded = v128.load(at);
  const negated = f64x2.splat(-(<f64>(((<i64>1) << 51) - 2) * <f64>((<i64>1) << 51)));
  const result = f64x2.relaxed_madd(loaded, loaded, negated);
  return f64x2.extract_lane(result, 0) === 1.0 && f64x2.extract_lane(result, 1) === 1.0;
}

/** Builds the tables; some milliseconds. Must be called once, before `pedersen`, and after `isFused` said yes. */
export function setUp(): void {
  buildTable();
}
