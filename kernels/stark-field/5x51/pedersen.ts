/**
 * Pedersen hashes of pairs: x of shift + left·bases + right·bases, as one addition for each 9-bit window.
 * @see https://docs.starkware.co/starkex/crypto/pedersen-hash-function.html
 */
import { PEDERSEN_START, WINDOWS_PER_INPUT } from '../gen/constants-5x51';
import { gatherPoint } from '../gen/field-5x51';
import { writeFelts } from './canonical';
import { ACCUMULATORS, FELT_BYTES, LANE_PAIRS, LEFT, OPERANDS, OUT, POINT_PAIR_BYTES, RIGHT } from './layout';
import { addBatch } from './points';
import { tablePoint } from './table';

/**
 * Hashes `count` pairs of canonical felts from LEFT and RIGHT to OUT, at most CAPACITY. An odd count hashes one pair
 * more of whatever lies behind.
 *
 * @returns 1, or 0 if a sum met its operand or its negative; OUT is worth nothing then.
 */
export function pedersen(count: i32): i32 {
  const pairs = <usize>((count + 1) >>> 1);
  const windows = 2 * WINDOWS_PER_INPUT;
  for (let window = 0; window < windows; window++) {
    const inputs = window < WINDOWS_PER_INPUT ? LEFT : RIGHT;
    for (let k: usize = 0; k < pairs; k++) {
      const input = inputs + 2 * k * FELT_BYTES;
      const a = tablePoint(input, window);
      const b = tablePoint(input + FELT_BYTES, window);
      const flips = i64x2.replace_lane(i64x2.splat((<i64>a) << 63), 1, (<i64>b) << 63);
      gatherPoint(OPERANDS + k * POINT_PAIR_BYTES, a & ~1, b & ~1, flips);
    }
    const before = window === 0 ? PEDERSEN_START : ACCUMULATORS;
    const beforeStep = window === 0 ? 0 : POINT_PAIR_BYTES;
    if (!addBatch(pairs, ACCUMULATORS, before, beforeStep, OPERANDS, POINT_PAIR_BYTES, LANE_PAIRS)) return 0;
  }
  for (let k: usize = 0; k < pairs; k++) {
    const out = OUT + 2 * k * FELT_BYTES;
    writeFelts(out, out + FELT_BYTES, ACCUMULATORS + k * POINT_PAIR_BYTES);
  }
  return 1;
}
