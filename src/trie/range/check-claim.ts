import { compareBytes, toHex } from '../../lib/index.ts';
import { rangeError } from './errors.ts';
import { KeyInterval, nextKey } from './key-interval.ts';
import type { RangeClaim } from './range-proof-verifier.ts';

/**
 * Checks our own side of a claim: lengths of root and bounds, and that the range is not empty.
 * @param keyLength Bytes of every key.
 * @throws {SynclineError} `RANGE_ARGUMENT` (fault `caller`).
 */
export function checkRequest({ root, start, end }: RangeClaim<unknown>, keyLength: number): void {
  if (root.length !== ROOT_BYTES) {
    throw argument('the root has another length', { expected: ROOT_BYTES, got: root.length });
  }
  for (const bound of end === undefined ? [start] : [start, end]) {
    if (bound.length === keyLength) continue;
    throw argument('a bound of the range has another length than keys', { expected: keyLength, got: bound.length });
  }
  if (end !== undefined && compareBytes(start, end) >= 0) {
    throw argument('the end is not above the start', { expected: `above ${toHex(start)}`, got: toHex(end) });
  }
}

/**
 * Checks of the peer's side all that shows without hashing: lengths, order, bounds.
 * @returns The interval the leaves claim to fill: `[start, last key]`, without keys `[start, end)`.
 * @throws {SynclineError} `RANGE_MALFORMED`, `RANGE_UNSORTED`, `RANGE_OUT_OF_BOUNDS` (fault `peer`).
 */
export function checkLeaves(claim: RangeClaim<unknown>, keyLength: number): KeyInterval {
  const { start, end, keys, values } = claim;
  if (keys.length !== values.length) {
    throw malformed('keys and values are not equally many', { expected: keys.length, got: values.length });
  }
  for (let i = 0; i < keys.length; i++) requireLeaf(claim, i, keyLength);
  const last = keys.at(-1);
  const first = keys[0];
  if (first === undefined || last === undefined) return new KeyInterval(start, end ?? null);
  if (compareBytes(first, start) < 0) throw outOfBounds('before the start', `from ${toHex(start)}`, first);
  if (end !== undefined && compareBytes(last, end) >= 0) {
    throw outOfBounds('not before the end', `below ${toHex(end)}`, last);
  }
  return new KeyInterval(start, nextKey(last));
}

function requireLeaf({ keys, values }: RangeClaim<unknown>, index: number, keyLength: number): void {
  const key = keys[index] as Uint8Array; // The caller counts; there are as many values as keys.
  if (key.length !== keyLength) {
    throw malformed('a key has another length', { index, expected: keyLength, got: key.length });
  }
  if ((values[index] as Uint8Array).length === 0) {
    throw malformed('a value is empty', { index, expected: 'a value', got: '', key: toHex(key) });
  }
  const before = keys[index - 1];
  if (before !== undefined && compareBytes(before, key) >= 0) {
    const data = { index, expected: `above ${toHex(before)}`, got: toHex(key) };
    throw rangeError('RANGE_UNSORTED', 'peer', 'keys of a range do not ascend strictly', data);
  }
}

export function malformed(reason: string, data: Readonly<Record<string, string | number>>) {
  return rangeError('RANGE_MALFORMED', 'peer', `range is malformed: ${reason}`, { reason, ...data });
}

export function argument(reason: string, data: Readonly<Record<string, string | number>>) {
  return rangeError('RANGE_ARGUMENT', 'caller', reason, data);
}

function outOfBounds(where: string, expected: string, key: Uint8Array) {
  const data = { expected, got: toHex(key) };
  return rangeError('RANGE_OUT_OF_BOUNDS', 'peer', `a key of a range is ${where}`, data);
}

const ROOT_BYTES = 32;
