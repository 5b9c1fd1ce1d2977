import { type ErrorData, type Fault, SynclineError, toHex } from '../../lib/index.ts';

/** Every code the verification of ranges throws. A code keeps its meaning for ever. */
export type RangeErrorCode =
  /** `peer`: keys do not ascend strictly. */
  | 'RANGE_UNSORTED'
  /** `peer`: a key lies before the start that was asked for, or at or behind the end. */
  | 'RANGE_OUT_OF_BOUNDS'
  /** `peer`: counts of keys and values differ, a key has another length, a value is empty or no value of this trie. */
  | 'RANGE_MALFORMED'
  /** `peer`: the proof has more nodes or bytes than any honest one. */
  | 'RANGE_PROOF_OVERSIZE'
  /** `peer`: the leaves and the proof do not make the root, or a node of the proof is none or missing. */
  | 'RANGE_PROOF_INVALID'
  /** `caller`: root, start, end or height are out of their stated bounds. */
  | 'RANGE_ARGUMENT';

/** Makes the error; the union above keeps codes from being invented on the spot. */
export function rangeError(code: RangeErrorCode, fault: Fault, message: string, data: ErrorData): SynclineError {
  return new SynclineError(code, fault, message, { data });
}

type Told = string | number | Uint8Array | null;

/** `RANGE_PROOF_INVALID` with what was due and what was found. */
export function proofInvalid(reason: string, expected: Told, got: Told, cause?: unknown): SynclineError {
  const code: RangeErrorCode = 'RANGE_PROOF_INVALID';
  return new SynclineError(code, 'peer', `range proof is invalid: ${reason}`, {
    data: { reason, expected: told(expected), got: told(got) },
    ...(cause === undefined ? {} : { cause }),
  });
}

function told(value: Told): string | number | null {
  return value instanceof Uint8Array ? toHex(value) : value;
}
