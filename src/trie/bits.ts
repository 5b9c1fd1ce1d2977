/**
 * Bit strings as the trie needs them, without BigInt and without an allocation per bit.
 *
 * Two forms occur. A **key** is 32 bytes big-endian of which a trie of height `t` uses the last `t` bits; bits are
 * addressed by their absolute position 0..255 from the most significant bit, so depth `d` of the trie is position
 * `256 - t + d`. A **path** of `n` bits is the integer those bits spell, big-endian in exactly `ceil(n / 8)` bytes,
 * unused high bits zero: the form in which an edge's path enters its hash.
 */

/** Bits in a 32-byte key. */
export const KEY_BITS = 256;

/** The bit at `position` (0 = most significant bit of byte 0). */
export function bitAt(bytes: Uint8Array, position: number): number {
  return ((bytes[position >> 3] as number) >> (7 - (position & 7))) & 1; // Callers stay inside the buffer.
}

/** Sets the bit at `position` of `bytes` to `bit`. */
export function setBit(bytes: Uint8Array, position: number, bit: number): void {
  const mask = 0x80 >> (position & 7);
  const byte = bytes[position >> 3] as number; // Callers stay inside the buffer.
  bytes[position >> 3] = bit === 0 ? byte & ~mask : byte | mask;
}

/** How many leading bits of `[start, end)` two keys share: 0 to `end - start`. */
export function sharedBits(a: Uint8Array, b: Uint8Array, start: number, end: number): number {
  for (let index = start >> 3; index * 8 < end; index++) {
    const mask = index === start >> 3 ? 0xff >> (start & 7) : 0xff;
    const difference = ((a[index] as number) ^ (b[index] as number)) & mask; // index < 32
    if (difference !== 0) return Math.min(index * 8 + Math.clz32(difference) - 24, end) - start;
  }
  return end - start;
}

/** The bits `[start, end)` of a key as a path. */
export function slicePath(key: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start;
  const path = new Uint8Array((length + 7) >> 3);
  const first = ((end - 1) >> 3) - path.length + 1;
  for (let i = 0; i < path.length; i++) path[i] = byteEndingAt(key, first + i, end);
  if (path.length > 0) path[0] = (path[0] as number) & headMask(length);
  return path;
}

/** How many leading bits of the `length`-bit `path` the key has from position `start` on. */
export function matchPath(key: Uint8Array, start: number, path: Uint8Array, length: number): number {
  const end = start + length;
  const first = ((end - 1) >> 3) - path.length + 1;
  for (let i = 0; i < path.length; i++) {
    const mask = i === 0 ? headMask(length) : 0xff;
    const difference = (byteEndingAt(key, first + i, end) & mask) ^ (path[i] as number);
    if (difference !== 0) return i * 8 + Math.clz32(difference) - 24 - (path.length * 8 - length);
  }
  return length;
}

/** Writes a path to the positions from `start`; what follows its last bit in that byte becomes zero. */
export function writePath(key: Uint8Array, start: number, path: Uint8Array, length: number): void {
  if (length === 0) return;
  const end = start + length;
  let at = (end - 1) >> 3;
  key[start >> 3] = (key[start >> 3] as number) & ~(0xff >> (start & 7));
  key.fill(0, (start >> 3) + 1, at + 1);
  const shift = -end & 7;
  for (let i = path.length - 1; i >= 0; i--, at--) {
    const shifted = (path[i] as number) << shift;
    key[at] = (key[at] as number) | (shifted & 0xff);
    if (shifted > 0xff) key[at - 1] = (key[at - 1] as number) | (shifted >> 8);
  }
}

/** Bit `index` of a path of `length` bits, 0 being the first walked. */
export function pathBit(path: Uint8Array, length: number, index: number): number {
  return bitAt(path, path.length * 8 - length + index);
}

/** The last `length` bits of a path. */
export function pathTail(path: Uint8Array, length: number): Uint8Array {
  return slicePath(path, path.length * 8 - length, path.length * 8);
}

/** `high` followed by `low` as one path. */
export function concatPaths(high: Uint8Array, highLength: number, low: Uint8Array, lowLength: number): Uint8Array {
  const path = new Uint8Array((highLength + lowLength + 7) >> 3);
  path.set(low, path.length - low.length);
  const shift = lowLength & 7;
  let at = path.length - 1 - (lowLength >> 3);
  for (let i = high.length - 1; i >= 0; i--, at--) {
    const shifted = (high[i] as number) << shift;
    path[at] = (path[at] as number) | (shifted & 0xff);
    if (shifted > 0xff) path[at - 1] = (path[at - 1] as number) | (shifted >> 8);
  }
  return path;
}

/** Whether the path of `length` ≥ 1 bits that begins at `at` has its unused high bits zero, as it must. */
export function startsPath(bytes: Uint8Array, at: number, length: number): boolean {
  return ((bytes[at] as number) & ~headMask(length)) === 0; // Callers pass at least one byte from `at`.
}

/** Byte `index` of the key shifted right so that position `end` falls on a byte border. */
function byteEndingAt(key: Uint8Array, index: number, end: number): number {
  const shift = -end & 7;
  const low = (key[index] as number) >> shift; // index < 32
  return index === 0 ? low : (low | ((key[index - 1] as number) << (8 - shift))) & 0xff;
}

/** The bits of the first byte of a `length`-bit path that carry it. */
function headMask(length: number): number {
  return 0xff >> (-length & 7);
}
