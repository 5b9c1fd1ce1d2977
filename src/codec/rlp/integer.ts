import { SynclineError, toHex } from '../../lib/index.ts';
import { type RlpErrorCode, rlpMalformed } from './errors.ts';
import type { RlpItem } from './item.ts';

/**
 * An integer from 0 as the byte string RLP uses for it: big-endian, without leading zeros, zero as the empty string.
 * @throws {SynclineError} `RLP_ARGUMENT` (fault `caller`) when it is negative, or a number that is not a safe integer.
 */
export function encodeRlpInteger(value: bigint | number): Uint8Array {
  if (value < 0 || (typeof value === 'number' && !Number.isSafeInteger(value))) {
    const code: RlpErrorCode = 'RLP_ARGUMENT';
    throw new SynclineError(code, 'caller', 'not an integer from 0', { data: { got: String(value) } });
  }
  const digits = value === 0 || value === 0n ? '' : value.toString(16);
  return new Uint8Array(Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex'));
}

/**
 * The integer a decoded item stands for.
 * @param bytesMax Longest allowed, e.g. 32 for a 256-bit word.
 * @throws {SynclineError} `RLP_MALFORMED` (fault `peer`): a list, too long, or with a leading zero.
 */
export function parseRlpInteger(item: RlpItem | undefined, bytesMax: number): bigint {
  if (!(item instanceof Uint8Array)) {
    const got = item === undefined ? 'nothing' : 'a list';
    throw rlpMalformed('an integer is missing', { offset: 0, expected: 'a byte string', got });
  }
  if (item.length > bytesMax) {
    throw rlpMalformed('an integer is too long', { offset: 0, expected: bytesMax, got: item.length });
  }
  if (item[0] === 0) {
    throw rlpMalformed('an integer has a leading zero', { offset: 0, expected: 'no leading zero', got: toHex(item) });
  }
  return item.length === 0 ? 0n : BigInt(toHex(item));
}
