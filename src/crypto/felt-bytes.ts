import { SynclineError, toHex } from '../lib/index.ts';

/** Bytes of one felt: an integer below P = 2^251 + 17·2^192 + 1, big-endian. */
export const FELT_BYTES = 32;

/** What the felt functions of this folder throw, always with fault `caller`. */
export type FeltErrorCode =
  /** A value is P or more. */
  | 'FELT_OUT_OF_RANGE'
  /** A length is no multiple of 32, or two lengths that must agree differ. */
  | 'FELT_LENGTH';

/**
 * Checks that `bytes` is a whole number of canonical felts. One byte compare per felt unless its value is 2^251
 * or more, so it may stand before every hash call.
 *
 * @returns How many felts there are.
 * @throws {SynclineError} `FELT_LENGTH`, `FELT_OUT_OF_RANGE`.
 */
export function countFelts(bytes: Uint8Array): number {
  const length = bytes.length;
  if (length % FELT_BYTES !== 0) {
    throw feltError('FELT_LENGTH', 'length is not a multiple of 32 bytes', { got: length });
  }
  for (let at = 0; at < length; at += FELT_BYTES) {
    if ((bytes[at] as number) < TOP_BYTE) continue; // at < length, here and below
    if (!isBelowPrimeAtTop(bytes, at)) {
      throw feltError('FELT_OUT_OF_RANGE', 'value is not below the field prime', {
        index: at / FELT_BYTES,
        got: toHex(bytes.subarray(at, at + FELT_BYTES)),
      });
    }
  }
  return length / FELT_BYTES;
}

/**
 * Checks two lists of felts that are hashed pair by pair.
 * @returns How many pairs there are.
 * @throws {SynclineError} `FELT_LENGTH`, `FELT_OUT_OF_RANGE`.
 */
export function countFeltPairs(left: Uint8Array, right: Uint8Array): number {
  if (left.length !== right.length) {
    throw feltError('FELT_LENGTH', 'left and right differ in length', { left: left.length, right: right.length });
  }
  countFelts(left);
  return countFelts(right);
}

/** Writes a count (a safe integer from 0) as the felt at `offset` of `out`, whose 32 bytes there must be zero. */
export function writeCount(out: Uint8Array, offset: number, count: number): void {
  let rest = count;
  for (let at = offset + FELT_BYTES - 1; rest > 0; at--) {
    out[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

/**
 * P - 1 is `08 0000000000000011` followed by zeros, so with the top byte at 8 only the low byte of the leading
 * 64-bit word may be set, up to 0x10 freely, and at 0x11 only if all that follows is zero.
 */
function isBelowPrimeAtTop(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== TOP_BYTE) return false;
  for (let i = at + 1; i < at + 7; i++) if (bytes[i] !== 0) return false;
  const low = bytes[at + 7] as number;
  if (low !== LOW_BYTE) return low < LOW_BYTE;
  for (let i = at + 8; i < at + FELT_BYTES; i++) if (bytes[i] !== 0) return false;
  return true;
}

function feltError(code: FeltErrorCode, message: string, data: Record<string, string | number>): SynclineError {
  return new SynclineError(code, 'caller', message, { data });
}

/** The first byte of P, and the eighth: bits 251 and 192 + 4, 192 + 0 (17 = 0x11). */
const TOP_BYTE = 0x08;
const LOW_BYTE = 0x11;
