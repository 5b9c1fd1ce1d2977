/** Prefix of the empty string; a short string adds its length. */
export const RLP_STRING = 0x80;
/** Prefix of the empty list; a short list adds its length. */
export const RLP_LIST = 0xc0;
/** Longest payload whose length fits into the prefix byte itself (Ethereum yellow paper, appendix B). */
export const SHORT_LENGTH_MAX = 55;

/** Bytes of the prefix of a payload of `length` bytes. */
export function prefixBytes(length: number): number {
  if (length <= SHORT_LENGTH_MAX) return 1;
  let bytes = 2;
  for (let rest = Math.floor(length / 256); rest > 0; rest = Math.floor(rest / 256)) bytes++;
  return bytes;
}

/**
 * Writes the prefix of a payload of `length` bytes so that it ends at `at`, where the payload starts. Encoders fill
 * their buffer from the back: by then the length is known, and nothing has to be moved.
 * @param kind `RLP_STRING` or `RLP_LIST`. A single byte below 0x80 must be left without prefix by the caller.
 * @returns Where the prefix starts.
 */
export function putRlpPrefix(target: Uint8Array, at: number, kind: number, length: number): number {
  if (length <= SHORT_LENGTH_MAX) {
    target[at - 1] = kind + length;
    return at - 1;
  }
  let start = at;
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) target[--start] = rest & 0xff;
  target[start - 1] = kind + SHORT_LENGTH_MAX + (at - start);
  return start - 1;
}
