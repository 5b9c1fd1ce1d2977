import type { Hash32, Height } from '../../../engine/index.ts';
import { type Fault, SynclineError, toHex } from '../../../lib/index.ts';
import type { PartName } from '../types.ts';

/** What a failed check has to say. Bytes are written as hex. */
export interface Verdict {
  readonly check: string;
  readonly expected: Uint8Array | string | number;
  readonly got: Uint8Array | string | number;
  readonly height: Height;
  /** The hash that the block states. */
  readonly hash: Hash32;
  /** The candidates at fault. */
  readonly parts: readonly PartName[];
  /** Default `peer`; `source` where honest sources can disagree, as during a reorg. */
  readonly fault?: Fault;
}

/** The error for a block whose bytes decode and whose content is false. */
export function rejected(verdict: Verdict): SynclineError {
  const { check, height, fault = 'peer' } = verdict;
  return new SynclineError('BLOCK_REJECTED', fault, `block ${height} fails the check ${check}`, {
    data: {
      check,
      expected: plain(verdict.expected),
      got: plain(verdict.got),
      height,
      hash: toHex(verdict.hash),
      parts: verdict.parts,
    },
  });
}

function plain(value: Uint8Array | string | number): string | number {
  return value instanceof Uint8Array ? toHex(value) : value;
}
