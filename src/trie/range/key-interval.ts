/** Where the keys under a path lie: all before the interval, all in it, all behind it, or on both sides of an edge. */
export type Side = 'left' | 'inside' | 'right' | 'straddling';

/**
 * The keys `[start, end)`, all of one length. A path is a buffer of key length of which the first bits count; a key
 * of the binary trie counts them with the zeros before its height.
 */
export class KeyInterval {
  private readonly start: Uint8Array;
  private readonly end: Uint8Array | null;

  /** @param end Above `start`; null for no bound. */
  constructor(start: Uint8Array, end: Uint8Array | null) {
    this.start = start;
    this.end = end;
  }

  /** Where the keys lie that begin with the first `bits` bits of `path`. */
  sideOf(path: Uint8Array, bits: number): Side {
    const low = compareHeads(path, this.start, bits);
    if (low < 0) return 'left';
    if (this.end !== null) {
      if (isAtOrBehind(path, bits, this.end)) return 'right';
      if (compareHeads(path, this.end, bits) === 0) return 'straddling';
    }
    return low === 0 && !endsInZeros(this.start, bits) ? 'straddling' : 'inside';
  }
}

/** Whether all keys that begin with the first `bits` bits of `path` are `key` or above. */
export function isAtOrBehind(path: Uint8Array, bits: number, key: Uint8Array): boolean {
  const order = compareHeads(path, key, bits);
  return order > 0 || (order === 0 && endsInZeros(key, bits));
}

/** The next key of the same length, or null behind the last. */
export function nextKey(key: Uint8Array): Uint8Array | null {
  const next = new Uint8Array(key);
  for (let i = next.length - 1; i >= 0; i--) {
    next[i] = (next[i] as number) + 1; // Wraps to zero where it carries.
    if (next[i] !== 0) return next;
  }
  return null;
}

/** Order of the first `bits` bits of two buffers of one length: negative, zero or positive. */
export function compareHeads(a: Uint8Array, b: Uint8Array, bits: number): number {
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) {
    const difference = (a[i] as number) - (b[i] as number); // Both hold at least `bits` bits.
    if (difference !== 0) return difference;
  }
  if ((bits & 7) === 0) return 0;
  const shift = 8 - (bits & 7);
  return ((a[whole] as number) >> shift) - ((b[whole] as number) >> shift);
}

/** Whether all bits behind the first `bits` are zero. */
function endsInZeros(bytes: Uint8Array, bits: number): boolean {
  let at = bits >> 3;
  if ((bits & 7) !== 0 && ((bytes[at++] as number) & (0xff >> (bits & 7))) !== 0) return false;
  for (; at < bytes.length; at++) if (bytes[at] !== 0) return false;
  return true;
}
