/**
 * MurmurHash3, the 32-bit variant for x86: a quick hash that anyone can find collisions of.
 *
 * @param start Where the input begins.
 * @param length Of the input in bytes, a multiple of 4: felts have no tail.
 * @param seed An unsigned 32-bit integer.
 * @returns An unsigned 32-bit integer.
 * @see https://github.com/aappleby/smhasher, `src/MurmurHash3.cpp`, `MurmurHash3_x86_32`
 */
export function murmur3(bytes: Uint8Array, start: number, length: number, seed: number): number {
  let hash = seed;
  for (let at = start; at < start + length; at += 4) {
    // The caller's bytes reach to the end of the input.
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    hash ^= Math.imul(rotateLeft(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
    hash = (Math.imul(rotateLeft(hash, 13), 5) + 0xe6546b64) | 0;
  }
  hash ^= length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
