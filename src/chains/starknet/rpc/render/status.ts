import type { FoundTransaction } from '../find-transaction.ts';
import type { RenderedObject } from './felts.ts';

/**
 * `TXN_STATUS_RESULT`: how certain a transaction is and what came of it.
 * @see Starknet JSON-RPC specification, `TXN_STATUS_RESULT`
 */
export function renderStatus({ block, receipt }: FoundTransaction): RenderedObject {
  const executed = receipt();
  if (executed === null) return { finality_status: 'CANDIDATE' };
  if (executed.revertError === null) return { finality_status: block.finality, execution_status: 'SUCCEEDED' };
  return { finality_status: block.finality, execution_status: 'REVERTED', failure_reason: executed.revertError };
}
