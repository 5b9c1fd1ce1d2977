import { createCipheriv, createHash } from 'node:crypto';
import { type Felt, type Felts, feltFromBigint } from '../../chains/starknet/index.ts';

/** Chance from a label: the same label gives the same numbers on every machine. Not for keys that guard anything. */
export interface DevnetRandom {
  /** An integer in `[0, end)`; `end` from 1 to 2^32. */
  below(end: number): number;
  /** An integer from `min` to `max`, both included. */
  between(min: number, max: number): number;
  /** True with probability `share`. */
  chance(share: number): boolean;
  /** One item of a non-empty list. */
  pick<T>(items: readonly T[]): T;
  bytes(length: number): Uint8Array;
  /** Uniform below 2^251: a hash, an address, a storage key. */
  felt(): Felt;
  felts(count: number): Felts;
  /** Uniform below 2^64: an amount. */
  amount(): Felt;
}

/**
 * The key stream of AES-256-CTR under the label's SHA-256. Each block of a devnet has a label of its own, and what it
 * draws must share nothing with any other block, or two contracts would get one address: hence no small generator,
 * whose streams from different seeds overlap.
 */
export function createDevnetRandom(label: string): DevnetRandom {
  const key = createHash('sha256').update(`syncline/starknet/devnet ${label}`).digest();
  const cipher = createCipheriv('aes-256-ctr', key, new Uint8Array(16));
  let pool = Buffer.alloc(0);
  let at = 0;

  /** Where the next `length` bytes of the pool start. */
  const take = (length: number): number => {
    if (at + length > pool.length) {
      pool = Buffer.concat([pool.subarray(at), cipher.update(new Uint8Array(Math.max(POOL_BYTES, length)))]);
      at = 0;
    }
    at += length;
    return at - length;
  };
  const bytes = (length: number): Uint8Array => {
    const start = take(length); // before `pool` is read, which it may replace
    return new Uint8Array(pool.subarray(start, start + length)); // a copy: the subarray is a view
  };
  const fraction = (): number => {
    const start = take(4);
    return pool.readUInt32BE(start) / 2 ** 32;
  };
  const below = (end: number) => Math.floor(fraction() * end);
  const felts = (count: number): Felts => {
    const out = bytes(count * 32);
    for (let i = 0; i < out.length; i += 32) out[i] = (out[i] as number) & 0x07; // i is inside
    return out as Felts; // each below 2^251, which is below P
  };
  return {
    below,
    between: (min, max) => min + below(max - min + 1),
    chance: (share) => fraction() < share,
    pick: <T>(items: readonly T[]) => items[below(items.length)] as T, // the index is below the length
    bytes,
    felt: () => felts(1) as Uint8Array as Felt, // one felt is a list of one
    felts,
    amount: () => feltFromBigint(Buffer.from(bytes(8).buffer).readBigUInt64BE()),
  };
}

/** About what one default block draws; chosen. */
const POOL_BYTES = 8192;
