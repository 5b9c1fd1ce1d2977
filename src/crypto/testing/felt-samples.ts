import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, fromHex, toHex } from '../../lib/index.ts';

/** The STARK field prime. */
export const P = 2n ** 251n + 17n * 2n ** 192n + 1n;

/** A canonical felt, 32 bytes big-endian. */
export function feltOf(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(64, '0'));
}

/** The integers of a list of felts. */
export function valuesOf(felts: Uint8Array): bigint[] {
  return Array.from({ length: felts.length / 32 }, (_, i) => BigInt(toHex(felts.subarray(i * 32, i * 32 + 32))));
}

export function feltList(values: readonly bigint[]): Uint8Array {
  return concatBytes(...values.map(feltOf));
}

/** Felts spread over [0, 2^251), the same for the same seed. */
export function randomFelts(seed: string, count: number): Uint8Array {
  const out = new Uint8Array(count * 32);
  for (let i = 0; i < count; i++) {
    const digest = sha256(new TextEncoder().encode(`${seed} ${i}`));
    digest[0] = (digest[0] as number) & 0x07; // A digest has 32 bytes.
    out.set(digest, i * 32);
  }
  return out;
}

/**
 * Felts at the edges of both representations: around 0, P and 2^251, single limbs full of ones at 29 and 51 bits,
 * all limbs alternating, and the values whose Montgomery form (radix 2^261 and 2^255) is such a pattern.
 */
export function extremeFelts(): bigint[] {
  const patterns = [
    0n,
    1n,
    2n,
    P - 1n,
    P - 2n,
    (P - 1n) / 2n,
    2n ** 251n,
    2n ** 251n - 1n,
    2n ** 192n,
    2n ** 192n - 1n,
  ];
  for (const bits of [29n, 51n]) {
    const ones = 2n ** bits - 1n;
    let alternating = 0n;
    let halves = 0n;
    for (let at = 0n; at < 251n; at += bits) {
      patterns.push((ones << at) % P, (2n ** (bits - 1n)) << at, ((2n ** (bits - 1n) - 1n) << at) % P);
      if ((at / bits) % 2n === 0n) alternating |= ones << at;
      halves |= (2n ** (bits - 1n)) << at;
    }
    patterns.push(alternating % P, halves % P, (halves - 1n) % P);
  }
  const small = patterns.map((value) => value % P);
  const montgomery = [261n, 255n].flatMap((bits) => small.map((value) => (value * inverse(2n ** bits)) % P));
  return [...new Set([...small, ...montgomery])];
}

function inverse(value: bigint): bigint {
  let result = 1n;
  let base = value % P;
  for (let exponent = P - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % P;
    base = (base * base) % P;
  }
  return result;
}
