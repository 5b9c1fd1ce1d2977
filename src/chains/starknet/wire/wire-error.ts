import { type ErrorData, type Fault, SynclineError } from '../../../lib/index.ts';

/** What can be wrong with a gateway's answer. */
export type WireErrorCode =
  /** It is not what the gateway's format says: no JSON, a member missing, of another type or out of bounds. */
  | 'GATEWAY_MALFORMED'
  /** It is of a block that is still being built, or that was discarded. */
  | 'BLOCK_NOT_STORABLE'
  /** It holds a transaction type or version that this program is too old for. */
  | 'PROTOCOL_UNSUPPORTED';

/** An error with the fault that its code always has. */
export function wireError(code: WireErrorCode, message: string, data: ErrorData, cause?: unknown): SynclineError {
  return new SynclineError(code, FAULTS[code], message, { data, ...(cause === undefined ? {} : { cause }) });
}

const FAULTS: Readonly<Record<WireErrorCode, Fault>> = {
  GATEWAY_MALFORMED: 'peer',
  BLOCK_NOT_STORABLE: 'source',
  PROTOCOL_UNSUPPORTED: 'source',
};
