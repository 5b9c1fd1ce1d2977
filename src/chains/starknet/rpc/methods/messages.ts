import type { RpcMethod, StateView } from '../../../../engine/index.ts';
import { feltToHex } from '../../felt.ts';
import { transactionIndexKey } from '../../rules/index.ts';
import type { Felt } from '../../types.ts';
import type { MethodContext } from '../context.ts';
import { fault, invalidParams } from '../faults.ts';
import { findTransaction } from '../find-transaction.ts';
import type { RenderedObject } from '../render/felts.ts';
import { renderStatus } from '../render/status.ts';

/**
 * What became of messages from L1, where the node has an L1 to ask: that says what was sent, the store what arrived.
 *
 * A message that is in no block yet is `RECEIVED` in 0.8. Later versions have no word for it (an execution status is
 * required), so it is left out until it is executed, as Pathfinder does.
 * @see Starknet JSON-RPC specification, `starknet_getMessagesStatus`
 * @see Pathfinder, `crates/rpc/src/method/get_messages_status.rs`
 */
export function messageMethods(context: MethodContext): Readonly<Record<string, RpcMethod>> {
  const { l1Handlers, environment } = context;
  if (l1Handlers === null) return {};
  return {
    [MESSAGES_STATUS]: {
      params: ['transaction_hash'],
      async call(params, { signal }) {
        const transaction = parseL1Hash(params.transaction_hash);
        const handlers = await l1Handlers.hashesOf(transaction, { signal });
        if (handlers === null) throw fault('transactionHashNotFound', { transaction_hash: transaction });
        using view = environment.store.view();
        return handlers.flatMap((hashes) => statusOf(view, context, hashes) ?? []);
      },
    },
  };
}

export const MESSAGES_STATUS = 'starknet_getMessagesStatus';

/** Null where there is nothing to say of it. */
function statusOf(view: StateView, context: MethodContext, hashes: readonly Felt[]): RenderedObject | null {
  const stored = hashes.find((hash) => view.get('index', transactionIndexKey(hash)) !== undefined);
  // What is in no block yet will be there under a hash of the current form, which is the first.
  const hash = stored ?? (hashes[0] as Felt); // each message has at least one
  const found = findTransaction(view, context, hash);
  const status = found === null ? { finality_status: 'RECEIVED' } : renderStatus(found);
  const transaction_hash = feltToHex(hash);
  // In 0.8 there is a reason only for what was rejected, and a stored transaction was not.
  if (context.version < 9) return { transaction_hash, finality_status: status.finality_status };
  return 'execution_status' in status ? { transaction_hash, ...status } : null;
}

/** A parameter of type `L1_TXN_HASH`: clients drop leading zeros. @throws {RpcFault} invalid params. */
function parseL1Hash(value: unknown): string {
  if (typeof value === 'string' && /^0x[0-9a-fA-F]{1,64}$/.test(value)) {
    return `0x${value.slice(2).toLowerCase().padStart(64, '0')}`;
  }
  throw invalidParams('transaction_hash', 'a hash of L1 as 0x and up to 64 hex digits');
}
