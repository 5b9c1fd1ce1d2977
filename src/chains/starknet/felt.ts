import { concatBytes, SynclineError } from '../../lib/index.ts';
import type { Felt, Felts } from './types.ts';

/** The STARK field's prime, P = 2^251 + 17·2^192 + 1 (Starknet docs, "Cryptography"). */
export const FELT_PRIME = 2n ** 251n + 17n * 2n ** 192n + 1n;

/** P as 32 big-endian bytes. */
const PRIME_BYTES = bytesOf(FELT_PRIME);

export const FELT_ZERO: Felt = feltFromNumber(0);
export const FELT_ONE: Felt = feltFromNumber(1);
export const NO_FELTS: Felts = new Uint8Array(0) as Felts;

/**
 * Parses a felt as gateways write it: `0x` and 1 to 64 hex digits of either case, leading zeros allowed.
 * @throws {SynclineError} `FELT_MALFORMED`, `FELT_OUT_OF_RANGE` (both fault `peer`).
 */
export function parseFelt(text: unknown): Felt {
  const out = new Uint8Array(32);
  parseFeltInto(text, out, 0);
  return out as Felt;
}

/** Parses several felts into one flat buffer. @throws as `parseFelt`. */
export function parseFelts(texts: readonly unknown[]): Felts {
  const out = new Uint8Array(texts.length * 32);
  for (let i = 0; i < texts.length; i++) parseFeltInto(texts[i], out, i * 32);
  return out as Felts;
}

/** As `parseFelt`, but also takes decimal text: calldata and signatures of old captures are written so. */
export function parseFeltsOrDecimals(texts: readonly unknown[]): Felts {
  const out = new Uint8Array(texts.length * 32);
  for (let i = 0; i < texts.length; i++) {
    const text = texts[i];
    if (typeof text === 'string' && text.length <= 78 && /^[0-9]+$/.test(text)) {
      const value = BigInt(text);
      if (value >= FELT_PRIME) throw outOfRange(text);
      out.set(bytesOf(value), i * 32);
    } else {
      parseFeltInto(text, out, i * 32);
    }
  }
  return out as Felts;
}

function parseFeltInto(text: unknown, out: Uint8Array, offset: number): void {
  if (typeof text !== 'string' || text.length < 3 || text.length > 66 || !text.startsWith('0x')) throw malformed(text);
  let at = offset + 31;
  // From the right, two digits a byte: leading zeros may be dropped, so the digit count can be odd.
  for (let i = text.length - 1; i >= 2; i -= 2) {
    const low = digitOf(text.charCodeAt(i));
    const high = i - 1 >= 2 ? digitOf(text.charCodeAt(i - 1)) : 0;
    if (low < 0 || high < 0) throw malformed(text);
    out[at--] = (high << 4) | low;
  }
  if (!isCanonical(out, offset)) throw outOfRange(text);
}

function digitOf(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function isCanonical(bytes: Uint8Array, offset: number): boolean {
  // Almost every felt is decided by its first byte: P starts with 0x08 00 … 00 11.
  if ((bytes[offset] as number) < 8) return true; // offset + 31 is inside, the parsers allocate it
  for (let i = 0; i < 32; i++) {
    const difference = (bytes[offset + i] as number) - (PRIME_BYTES[i] as number); // both hold 32 bytes
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** Checks 32 bytes. @throws {SynclineError} `FELT_OUT_OF_RANGE` (fault `peer`). */
export function feltFromBytes(bytes: Uint8Array): Felt {
  if (bytes.length !== 32 || !isCanonical(bytes, 0)) throw outOfRange(Buffer.from(bytes).toString('hex'));
  return bytes as Felt;
}

/** For values known to be below P. */
export function feltFromBigint(value: bigint): Felt {
  if (value < 0n || value >= FELT_PRIME) throw outOfRange(value.toString());
  return bytesOf(value) as Felt;
}

/** Safe integers from 0. */
export function feltFromNumber(value: number): Felt {
  const out = new Uint8Array(32);
  const view = new DataView(out.buffer);
  view.setUint32(24, Math.floor(value / 2 ** 32));
  view.setUint32(28, value >>> 0);
  return out as Felt;
}

/** The bytes of a text of at most 31 ASCII characters, read as one big-endian integer (Cairo short string). */
export function feltFromAscii(text: string): Felt {
  const out = new Uint8Array(32);
  if (text.length > 31) throw outOfRange(text);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) throw malformed(text);
    out[32 - text.length + i] = code;
  }
  return out as Felt;
}

/** Canonical text: `0x`, lower case, no leading zeros. */
export function feltToHex(felt: Uint8Array): string {
  let start = 0;
  while (start < 31 && felt[start] === 0) start++;
  const hex = Buffer.from(felt.buffer, felt.byteOffset + start, 32 - start).toString('hex');
  return `0x${hex.startsWith('0') && hex.length > 1 ? hex.slice(1) : hex}`;
}

export function feltToBigint(felt: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(felt.buffer, felt.byteOffset, 32).toString('hex')}`);
}

export function feltAt(felts: Felts, index: number): Felt {
  return felts.subarray(index * 32, index * 32 + 32) as Felt;
}

export function feltCount(felts: Felts): number {
  return felts.length / 32;
}

/** Joins felts and lists of felts into one flat list, in order. */
export function joinFelts(...parts: readonly Uint8Array[]): Felts {
  return concatBytes(...parts) as Felts;
}

function bytesOf(value: bigint): Uint8Array {
  return new Uint8Array(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'));
}

function malformed(got: unknown): SynclineError {
  return new SynclineError('FELT_MALFORMED', 'peer', 'text is not a hexadecimal field element', {
    data: { expected: '0x and 1 to 64 hex digits', got: String(got).slice(0, 80) },
  });
}

function outOfRange(got: string): SynclineError {
  return new SynclineError('FELT_OUT_OF_RANGE', 'peer', 'value is not below the field prime', {
    data: { expected: 'below 2^251 + 17·2^192 + 1', got: got.slice(0, 80) },
  });
}
