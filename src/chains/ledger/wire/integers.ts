/** Largest value of 64 unsigned bits. */
export const U64_MAX = 2n ** 64n - 1n;

/** 4 bytes, big-endian. */
export function u32be(value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value);
  return out;
}

/** 8 bytes, big-endian; for amounts, which may exceed 2^53. */
export function bigU64be(value: bigint): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, value);
  return out;
}
