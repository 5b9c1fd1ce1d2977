/**
 * The little arithmetic the trie does itself on field elements: 32 bytes, big-endian, below
 * P = 2^251 + 17·2^192 + 1 (Starknet documentation, "STARK field").
 */

/** Bytes of a field element. */
export const FELT_BYTES = 32;

/** The root of the empty trie and the value of an absent leaf. A fresh buffer each time: the caller's to keep. */
export function zeroFelt(): Uint8Array {
  return new Uint8Array(FELT_BYTES);
}

/** Whether the 32 bytes at `offset` are below P. */
export function isCanonicalFelt(bytes: Uint8Array, offset = 0): boolean {
  const head = bytes[offset] as number; // Callers pass at least 32 bytes from offset.
  if (head !== 0x08) return head < 0x08;
  for (let i = 1; i < 7; i++) if (bytes[offset + i] !== 0) return false;
  const middle = bytes[offset + 7] as number;
  if (middle !== 0x11) return middle < 0x11;
  for (let i = 8; i < FELT_BYTES; i++) if (bytes[offset + i] !== 0) return false;
  return true;
}

/** Whether the 32 bytes at `offset` are all zero. */
export function isZeroFelt(bytes: Uint8Array, offset = 0): boolean {
  for (let i = 0; i < FELT_BYTES; i++) if (bytes[offset + i] !== 0) return false;
  return true;
}

/**
 * Adds an edge's length (1 to 251) to the felt at `offset`, in place, modulo P: the last step of an edge hash.
 * The sum is below P + 251, so one subtraction is enough; and since P ends in 24 bytes of value 1, a sum of P + r
 * with r < 255 has r + 1 as its last byte.
 */
export function addLength(bytes: Uint8Array, offset: number, length: number): void {
  let carry = length;
  for (let i = FELT_BYTES - 1; carry > 0 && i >= 0; i--) {
    const sum = (bytes[offset + i] as number) + carry;
    bytes[offset + i] = sum & 0xff;
    carry = sum >> 8;
  }
  if (isCanonicalFelt(bytes, offset)) return;
  const rest = (bytes[offset + FELT_BYTES - 1] as number) - 1;
  bytes.fill(0, offset, offset + FELT_BYTES);
  bytes[offset + FELT_BYTES - 1] = rest;
}

/** Whether the felt at `aAt` of `a` and the one at `bAt` of `b` are the same number. */
export function equalFelts(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number): boolean {
  // From the end: small values have long common heads.
  for (let i = FELT_BYTES - 1; i >= 0; i--) if (a[aAt + i] !== b[bAt + i]) return false;
  return true;
}
