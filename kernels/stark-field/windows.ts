/** How an input of a Pedersen hash, 32 bytes big-endian, falls into windows; the same for both variants. */
import { WINDOW_BITS, WINDOWS_PER_INPUT } from './gen/windows';

/** The last window of an input. */
export const TOP: i32 = WINDOWS_PER_INPUT - 1;

/** Of a digit without its highest bit. */
export const LOW_DIGIT: i32 = (1 << (WINDOW_BITS - 1)) - 1;

/** The digit of an input in a window. */
export function digitOf(input: usize, window: i32): i32 {
  return bitsOf(input, WINDOW_BITS * window, WINDOW_BITS);
}

/** Bits `bit` to `bit` + `count` - 1 of 32 bytes, big-endian, at `input`. They must lie within two of the bytes. */
export function bitsOf(input: usize, bit: i32, count: i32): i32 {
  const at = input + 30 - (bit >>> 3);
  const word = ((<i32>load<u8>(at)) << 8) | <i32>load<u8>(at, 1);
  return (word >>> (bit & 7)) & ((1 << count) - 1);
}

/** How many windows there are up to the one with the highest set bit. */
export function windowsOf(input: usize): i32 {
  let bits = 256;
  for (let at: usize = 0; at < 32; at += 8, bits -= 64) {
    const word = bswap<i64>(load<i64>(input + at));
    if (word !== 0) return (bits - <i32>clz<i64>(word) + WINDOW_BITS - 1) / WINDOW_BITS;
  }
  return 0;
}

/**
 * Reads the first and the last bytes of the points on a list, for the cache: soon they are needed, and here nothing
 * waits for them, so that many come at once. Tables outgrow the second-level cache, and one by one they would cost a
 * fifth of a hash's time.
 *
 * @param list Addresses of 4 bytes each, up to `end`; bit 0 does not count.
 */
export function touchPoints(list: usize, end: usize, pointBytes: usize): void {
  let sum = 0;
  for (let at = list; at < end; at += 4) {
    const point = <usize>load<u32>(at) & ~1;
    sum += load<i32>(point) + load<i32>(point + pointBytes - 4);
  }
  store<i32>(TOUCHED, sum);
}

/** Nobody reads it; but what is computed must be stored, or the compiler leaves it out. */
const TOUCHED: usize = memory.data(4);
