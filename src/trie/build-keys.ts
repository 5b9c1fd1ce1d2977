import { FELT_BYTES } from './felts.ts';

/**
 * Keys and felts that lie many in one buffer, handled by words: the sorted builder does this for every node, where a
 * view for each would cost more than the work itself. Positions count the bits of a key as in `bits.ts`, 0 to 256.
 */

/** The position at which the keys at `a` and `b` first differ if the one at `a` is the smaller; -1 if it is not. */
export function forkOf(keys: DataView, a: number, b: number): number {
  for (let at = 0; at < FELT_BYTES; at += 4) {
    const first = keys.getUint32(a + at);
    const second = keys.getUint32(b + at);
    if (first !== second) return first < second ? at * 8 + Math.clz32(first ^ second) : -1;
  }
  return -1;
}

/**
 * Writes the bits `[start, end)` of the key at `keyAt` as a path (`bits.ts`): an integer, big-endian, in as few whole
 * bytes as hold it, the last of them right before `outEnd`.
 */
export function putPath(
  keys: DataView,
  keyAt: number,
  start: number,
  end: number,
  out: DataView,
  outEnd: number,
): void {
  let bits = end - start;
  let from = end;
  let to = outEnd;
  for (; bits >= 32; bits -= 32, from -= 32) {
    to -= 4;
    out.setUint32(to, wordBefore(keys, keyAt, from));
  }
  if (bits === 0) return;
  for (let word = wordBefore(keys, keyAt, from) & (2 ** bits - 1); bits > 0; bits -= 8, word >>>= 8) {
    to -= 1;
    out.setUint8(to, word & 0xff);
  }
}

/** Copies the felt, or key, at `at` of `from` to offset `to` of `out`. */
export function copyFelt(from: DataView, at: number, out: DataView, to: number): void {
  for (let i = 0; i < FELT_BYTES; i += 4) out.setInt32(to + i, from.getInt32(at + i));
}

/** The 32 bits of a key before position `end`; before its first bit there are zeros. */
function wordBefore(keys: DataView, keyAt: number, end: number): number {
  const at = keyAt + (end >> 5) * 4;
  const shift = end & 31;
  const low = shift === 0 ? 0 : keys.getUint32(at) >>> (32 - shift);
  const high = end < 32 ? 0 : keys.getUint32(at - 4) << shift;
  return (high | low) >>> 0;
}
