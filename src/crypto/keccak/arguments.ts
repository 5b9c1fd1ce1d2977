import { SynclineError } from '../../lib/index.ts';
import { DIGEST_BYTES, type KeccakErrorCode } from './keccak-hasher.ts';

/**
 * How many messages of `messageBytes` bytes lie in `flat`.
 * @throws {SynclineError} `KECCAK_LENGTH` (fault `caller`) unless that is an integer from 1 that divides its length.
 */
export function countMessages(flat: Uint8Array, messageBytes: number): number {
  if (Number.isInteger(messageBytes) && messageBytes >= 1 && flat.length % messageBytes === 0) {
    return flat.length / messageBytes;
  }
  throw lengthError('bytes are not whole messages of the stated length', { bytes: flat.length, messageBytes });
}

/** Views of the messages of `messageBytes` bytes in `flat`. @throws As `countMessages`. */
export function splitMessages(flat: Uint8Array, messageBytes: number): Uint8Array[] {
  return Array.from({ length: countMessages(flat, messageBytes) }, (_, i) =>
    flat.subarray(i * messageBytes, (i + 1) * messageBytes),
  );
}

/** @throws {SynclineError} `KECCAK_LENGTH` (fault `caller`) unless a message and its digest lie inside their buffers. */
export function requireInside(input: Uint8Array, start: number, end: number, out: Uint8Array, outStart: number): void {
  // In this form NaN is refused too.
  if (start >= 0 && start <= end && end <= input.length && outStart >= 0 && outStart + DIGEST_BYTES <= out.length) {
    return;
  }
  throw lengthError('offsets lie outside of the buffers', {
    start,
    end,
    inputBytes: input.length,
    outStart,
    outBytes: out.length,
  });
}

function lengthError(message: string, data: Record<string, number>): SynclineError {
  const code: KeccakErrorCode = 'KECCAK_LENGTH';
  return new SynclineError(code, 'caller', message, { data });
}
