/** The signed-window tables of the Pedersen bases, built once at instantiation in some 5 ms. */
import { PEDERSEN_SEEDS, WINDOW_BITS, WINDOWS_PER_INPUT } from '../gen/constants-9x29';
import { ACCUMULATORS, CAPACITY, POINT_BYTES, TABLE, WINDOW_BYTES } from './layout';
import { addBatch, copyPoint, doubleBatch, enqueue, startPoints } from './points';

/** Bits of an input that the low base stands for; the rest belongs to the high base. */
const LOW_BITS: i32 = 248;

/** Chains of doubled points: one for each window and one for the high base, on both sides; 9 doublings each. */
const CHAINS_PER_INPUT: i32 = WINDOWS_PER_INPUT + 1;
const CHAIN_POINTS: i32 = WINDOW_BITS + 1;

/**
 * With H_i the half of the point that bit i of an input selects, a window holds for every digit v with its top bit
 * set the sum of ±H_i over its nine bits, plus for a set bit; index v without the top bit. A digit with a clear
 * top bit is the negated entry of its complement, so no entry is stored for it and none is the point at infinity.
 */
export function buildTable(): void {
  startPoints();
  buildChains();
  const windows = 2 * WINDOWS_PER_INPUT;
  const top = WINDOW_BITS - 1;
  for (let window = 0; window < windows; window++) copyPoint(entry(window, 0), halfPoint(window, top));
  for (let bit = 0; bit < top; bit++) {
    for (let window = 0; window < windows; window++) {
      const first = entry(window, 0);
      enqueue(window, first, first, halfPoint(window, bit) | 1);
    }
    addBatch(windows);
  }
  // Setting a bit turns -H into +H: the entry with the bit clear plus 2H, which is the next point of the chain.
  let queued = 0;
  for (let bit = 0; bit < top; bit++) {
    for (let window = 0; window < windows; window++) {
      for (let low = 0; low < 1 << bit; low++) {
        enqueue(queued++, entry(window, low | (1 << bit)), entry(window, low), halfPoint(window, bit) + POINT_BYTES);
        if (queued === CAPACITY) queued = flush(queued);
      }
    }
    queued = flush(queued);
  }
}

/**
 * Address of the table point for the digit of `input` (32 bytes, big-endian) in one of its windows, 0 to 27; bit 0
 * is set if the point is to be subtracted. `window` counts over both inputs, 0 to 55.
 */
export function tablePoint(input: usize, window: i32): usize {
  const bit = WINDOW_BITS * (window < WINDOWS_PER_INPUT ? window : window - WINDOWS_PER_INPUT);
  const at = input + 30 - (bit >>> 3);
  const word = ((<i32>load<u8>(at)) << 8) | <i32>load<u8>(at, 1);
  const digit = word >>> (bit & 7);
  const clear = ((digit >>> 8) & 1) ^ 1;
  return entry(window, (digit ^ -clear) & 255) | <usize>clear;
}

function flush(queued: i32): i32 {
  if (queued !== 0) addBatch(queued);
  return 0;
}

function entry(window: i32, index: i32): usize {
  return TABLE + <usize>window * WINDOW_BYTES + <usize>index * POINT_BYTES;
}

/** H_i of bit `bit` of a window; the point after it is 2H_i. */
function halfPoint(window: i32, bit: i32): usize {
  const input = window < WINDOWS_PER_INPUT ? 0 : 1;
  const own = window - input * WINDOWS_PER_INPUT;
  const index = own * WINDOW_BITS + bit;
  const chain = input * CHAINS_PER_INPUT;
  return index < LOW_BITS ? chainPoint(chain + own, bit) : chainPoint(chain + WINDOWS_PER_INPUT, index - LOW_BITS);
}

function chainPoint(chain: i32, index: i32): usize {
  return ACCUMULATORS + <usize>(chain * CHAIN_POINTS + index) * POINT_BYTES;
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
