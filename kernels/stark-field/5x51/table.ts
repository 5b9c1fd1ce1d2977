/** The signed-window tables of the Pedersen bases, built once at instantiation. */
import { PEDERSEN_SEEDS, WINDOW_BITS, WINDOWS_PER_INPUT } from '../gen/constants-5x51';
import { negateY, scatterPoint } from '../gen/field-5x51';
import { ACCUMULATORS, OPERANDS, POINT_BYTES, POINT_PAIR_BYTES, TABLE, WINDOW_BYTES } from './layout';
import { addBatch, doubleBatch } from './points';

/** Bits of an input that the low base stands for; the rest belongs to the high base. */
const LOW_BITS: i32 = 248;

/** Chains of doubled points: one for each window and one for the high base; 9 doublings each. */
const CHAINS: usize = <usize>WINDOWS_PER_INPUT + 1;
const CHAIN_BYTES: usize = (<usize>WINDOW_BITS + 1) * POINT_PAIR_BYTES;

/** The chains share OPERANDS with a term for each window and with the first entry of each. */
const TERMS: usize = OPERANDS + CHAINS * CHAIN_BYTES;
const FIRSTS: usize = TERMS + CHAINS * POINT_PAIR_BYTES;

/** Windows whose entries are made together: four of 256 entries fill ACCUMULATORS. */
const GROUP: usize = 4;

/**
 * With H_i the half of the point that bit i of an input selects, a window holds for every digit v with its top bit
 * set the sum of ±H_i over its nine bits, plus for a set bit; index v without the top bit. A digit with a clear
 * top bit is the negated entry of its complement, so no entry is stored for it and none is the point at infinity.
 *
 * Lane 0 makes the left input's windows, lane 1 the right input's.
 */
export function buildTable(): void {
  for (let chain: usize = 0; chain < CHAINS; chain++) {
    copyPoints(OPERANDS + chain * CHAIN_BYTES, PEDERSEN_SEEDS + chain * POINT_PAIR_BYTES);
  }
  for (let i: usize = 0; i < <usize>WINDOW_BITS; i++) {
    doubleBatch(CHAINS, OPERANDS + i * POINT_PAIR_BYTES, CHAIN_BYTES);
  }
  buildFirsts();
  for (let window: usize = 0; window < <usize>WINDOWS_PER_INPUT; window += GROUP) buildGroup(window);
}

/** The entry of index 0 in every window: H_8 - H_0 - ... - H_7. */
function buildFirsts(): void {
  const windows = <usize>WINDOWS_PER_INPUT;
  const top = WINDOW_BITS - 1;
  for (let window: usize = 0; window < windows; window++) {
    copyPoints(FIRSTS + window * POINT_PAIR_BYTES, halfPoint(window, top));
  }
  for (let bit = 0; bit < top; bit++) {
    for (let window: usize = 0; window < windows; window++) {
      const term = TERMS + window * POINT_PAIR_BYTES;
      copyPoints(term, halfPoint(window, bit));
      negateY(term);
    }
    addBatch(windows, FIRSTS, FIRSTS, POINT_PAIR_BYTES, TERMS, POINT_PAIR_BYTES, 32);
  }
}

/**
 * All entries of four windows, entry by entry: setting a bit turns -H into +H, so the entries with it are those
 * without it plus 2H, which is the next point of the chain.
 */
function buildGroup(window: usize): void {
  for (let i: usize = 0; i < GROUP; i++) {
    copyPoints(ACCUMULATORS + i * POINT_PAIR_BYTES, FIRSTS + (window + i) * POINT_PAIR_BYTES);
  }
  for (let bit = 0; bit < WINDOW_BITS - 1; bit++) {
    for (let i: usize = 0; i < GROUP; i++) {
      copyPoints(TERMS + i * POINT_PAIR_BYTES, halfPoint(window + i, bit) + POINT_PAIR_BYTES);
    }
    const count = GROUP << bit;
    const added = ACCUMULATORS + count * POINT_PAIR_BYTES;
    addBatch(count, added, ACCUMULATORS, POINT_PAIR_BYTES, TERMS, POINT_PAIR_BYTES, GROUP);
  }
  for (let i: usize = 0; i < GROUP; i++) {
    const left = TABLE + (window + i) * WINDOW_BYTES;
    const right = left + <usize>WINDOWS_PER_INPUT * WINDOW_BYTES;
    for (let index: usize = 0; index < 256; index++) {
      const at = index * POINT_BYTES;
      scatterPoint(left + at, right + at, ACCUMULATORS + (index * GROUP + i) * POINT_PAIR_BYTES);
    }
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
  const index = <usize>((digit ^ -clear) & 255);
  return (TABLE + <usize>window * WINDOW_BYTES + index * POINT_BYTES) | <usize>clear;
}

function copyPoints(out: usize, a: usize): void {
  memory.copy(out, a, POINT_PAIR_BYTES);
}

/** H_i of bit `bit` of a window for both inputs; the pair after it is 2H_i. */
function halfPoint(window: usize, bit: i32): usize {
  const index = <i32>window * WINDOW_BITS + bit;
  const high = index >= LOW_BITS;
  const chain = high ? <usize>WINDOWS_PER_INPUT : window;
  return OPERANDS + chain * CHAIN_BYTES + <usize>(high ? index - LOW_BITS : bit) * POINT_PAIR_BYTES;
}
