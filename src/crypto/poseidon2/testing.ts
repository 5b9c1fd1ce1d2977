/** What the tests of this folder share. */
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, fromHex, toHex } from '../../lib/index.ts';
import { BN254_MODULUS as P } from '../gen/poseidon2-parameters.ts';

/** A canonical field, 32 bytes big-endian. */
export function fieldOf(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(64, '0'));
}

export function fieldList(values: readonly bigint[]): Uint8Array {
  return concatBytes(...values.map(fieldOf));
}

/** The integers of a list of fields. */
export function valuesOf(fields: Uint8Array): bigint[] {
  return Array.from({ length: fields.length / 32 }, (_, i) => BigInt(toHex(fields.subarray(i * 32, i * 32 + 32))));
}

/** Fields spread over [0, P), the same for the same seed. */
export function randomFields(seed: string, count: number): Uint8Array {
  return fieldList(
    Array.from({ length: count }, (_, i) => BigInt(toHex(sha256(new TextEncoder().encode(`${seed} ${i}`)))) % P),
  );
}

/**
 * Fields at the edges of the kernel's representation: around 0 and P, single limbs of 29 bits full of ones, all limbs
 * alternating, and the values whose Montgomery form (radix 2^261) is such a pattern.
 */
export function extremeFields(): bigint[] {
  const patterns = [0n, 1n, 2n, P - 1n, P - 2n, (P - 1n) / 2n, 2n ** 253n, 2n ** 253n - 1n, 2n ** 28n, 2n ** 28n + 1n];
  let alternating = 0n;
  for (let at = 0n; at < 254n; at += 29n) {
    patterns.push((2n ** 29n - 1n) << at, (2n ** 28n) << at);
    if ((at / 29n) % 2n === 0n) alternating |= (2n ** 29n - 1n) << at;
  }
  patterns.push(alternating, alternating >> 29n);
  const values = patterns.map((value) => value % P);
  const inverse = inverseOf(2n ** 261n);
  return [...new Set([...values, ...values.map((value) => (value * inverse) % P)])];
}

/** The inverse modulo P. */
export function inverseOf(value: bigint): bigint {
  let result = 1n;
  let base = value % P;
  for (let exponent = P - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % P;
    base = (base * base) % P;
  }
  return result;
}
