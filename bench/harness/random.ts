import { createCipheriv, createHash } from 'node:crypto';

/** Chance from a label: the same label gives the same numbers on every machine. */
export interface Random {
  /** An integer in `[0, end)`; `end` from 1 to 2^32. */
  below(end: number): number;
  chance(share: number): boolean;
  /** How many of many rare things happen when `mean` of them do on average. */
  poisson(mean: number): number;
  bytes(length: number): Uint8Array;
  /** Uniform below 2^251, 32 bytes each, big-endian: canonical felts, and keys of the state tries. */
  felts(count: number): Uint8Array;
  felt(): Uint8Array;
}

/** The key stream of AES-256-CTR under the label's SHA-256. */
export function createRandom(label: string): Random {
  const key = createHash('sha256').update(`syncline/bench ${label}`).digest();
  const cipher = createCipheriv('aes-256-ctr', key, new Uint8Array(16));
  let pool = Buffer.alloc(0);
  let at = 0;

  const bytes = (length: number): Uint8Array => {
    if (at + length > pool.length) {
      pool = cipher.update(new Uint8Array(Math.max(POOL_BYTES, length)));
      at = 0;
    }
    at += length;
    return new Uint8Array(pool.subarray(at - length, at)); // a copy: the subarray is a view
  };
  const fraction = () => new DataView(bytes(4).buffer).getUint32(0) / 2 ** 32;
  const felts = (count: number): Uint8Array => {
    const out = bytes(count * 32);
    for (let i = 0; i < out.length; i += 32) out[i] = (out[i] as number) & 0x07; // i is inside
    return out;
  };
  return {
    below: (end) => Math.floor(fraction() * end),
    chance: (share) => fraction() < share,
    poisson(mean) {
      // Knuth's way: as many factors as it takes to get below e^-mean. Fine for the small means here.
      const limit = Math.exp(-mean);
      let count = 0;
      for (let product = fraction(); product > limit; product *= fraction()) count++;
      return count;
    },
    bytes,
    felts,
    felt: () => felts(1),
  };
}

const POOL_BYTES = 1 << 16;
