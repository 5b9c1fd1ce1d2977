import { SynclineError } from '../../lib/index.ts';

/** Every code this module throws. */
export type RlpErrorCode =
  /** `peer`: bytes are not the one canonical encoding of a value, or exceed a stated bound. */
  | 'RLP_MALFORMED'
  /** `caller`: a number to encode is negative or not a safe integer. */
  | 'RLP_ARGUMENT';

/** What was wrong, at which byte of the input. */
export interface RlpProblem {
  readonly offset: number;
  readonly expected: string | number;
  readonly got: string | number;
}

export function rlpMalformed(reason: string, { offset, expected, got }: RlpProblem): SynclineError {
  const code: RlpErrorCode = 'RLP_MALFORMED';
  return new SynclineError(code, 'peer', `rlp is malformed: ${reason}`, { data: { reason, offset, expected, got } });
}
