import { fromHex, SynclineError, toHex } from '../../lib/index.ts';
import { BN254_MODULUS } from '../gen/poseidon2-parameters.ts';

/** Bytes of a field: an integer below the modulus of the BN254 scalar field, big-endian. */
export const FIELD_BYTES = 32;

/** Fields of a Poseidon2 state, and how many of them take input. */
export const WIDTH = 4;
export const RATE = 3;
export const STATE_BYTES = WIDTH * FIELD_BYTES;

/** What the functions over BN254 fields throw, always with fault `caller`. */
export type FieldErrorCode =
  /** A value is the modulus or more. */
  | 'FIELD_OUT_OF_RANGE'
  /** A length is not the whole number of fields that is asked for, or two lengths that must agree differ. */
  | 'FIELD_LENGTH';

/**
 * Checks that `bytes` is a whole number of canonical fields. One byte compare per field for three of four values, so
 * it may stand before every hash call.
 *
 * @returns How many fields there are.
 * @throws {SynclineError} `FIELD_LENGTH`, `FIELD_OUT_OF_RANGE`.
 */
export function countFields(bytes: Uint8Array): number {
  const { length } = bytes;
  if (length % FIELD_BYTES !== 0) {
    throw fieldError('FIELD_LENGTH', 'length is not a multiple of 32 bytes', { got: length });
  }
  for (let at = 0; at < length; at += FIELD_BYTES) {
    if ((bytes[at] as number) < TOP_BYTE) continue; // at < length
    if (!isBelowModulus(bytes, at)) {
      throw fieldError('FIELD_OUT_OF_RANGE', 'value is not below the field modulus', {
        index: at / FIELD_BYTES,
        got: toHex(bytes.subarray(at, at + FIELD_BYTES)),
      });
    }
  }
  return length / FIELD_BYTES;
}

/**
 * Checks two lists of fields that are hashed pair by pair.
 * @returns How many pairs there are.
 * @throws {SynclineError} `FIELD_LENGTH`, `FIELD_OUT_OF_RANGE`.
 */
export function countFieldPairs(left: Uint8Array, right: Uint8Array): number {
  if (left.length !== right.length) {
    throw fieldError('FIELD_LENGTH', 'left and right differ in length', { left: left.length, right: right.length });
  }
  countFields(left);
  return countFields(right);
}

/**
 * Checks groups of `width` fields that lie one behind the other.
 * @returns How many groups there are.
 * @throws {SynclineError} `FIELD_LENGTH` also unless `width` is an integer from 1; `FIELD_OUT_OF_RANGE`.
 */
export function countFieldGroups(bytes: Uint8Array, width: number): number {
  const fields = countFields(bytes);
  if (Number.isInteger(width) && width >= 1 && fields % width === 0) return fields / width;
  throw fieldError('FIELD_LENGTH', 'fields are not whole groups of the stated width', { fields, width });
}

/** @throws {SynclineError} `FIELD_LENGTH`, `FIELD_OUT_OF_RANGE` unless `state` is four canonical fields. */
export function requireState(state: Uint8Array): void {
  const got = countFields(state);
  if (got !== WIDTH) throw fieldError('FIELD_LENGTH', 'a state is not four fields', { expected: WIDTH, got });
}

function isBelowModulus(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < FIELD_BYTES; i++) {
    const difference = (bytes[at + i] as number) - (MODULUS_BYTES[i] as number); // Both have 32 bytes from there.
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function fieldError(code: FieldErrorCode, message: string, data: Record<string, string | number>): SynclineError {
  return new SynclineError(code, 'caller', message, { data });
}

const MODULUS_BYTES = fromHex(BN254_MODULUS.toString(16).padStart(2 * FIELD_BYTES, '0'));
const TOP_BYTE = MODULUS_BYTES[0] as number; // of 32
