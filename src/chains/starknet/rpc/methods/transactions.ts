import type { RpcMethod, RpcParams } from '../../../../engine/index.ts';
import { feltToHex } from '../../felt.ts';
import { feltArgument, parseIntegerArgument } from '../arguments.ts';
import { type MethodContext, withBlock } from '../context.ts';
import { fault } from '../faults.ts';
import { type FoundTransaction, findTransaction } from '../find-transaction.ts';
import { renderReceiptInBlock } from '../render/receipt.ts';
import { renderStatus } from '../render/status.ts';
import { renderTransaction } from '../render/transaction.ts';
import { PROOF_FACTS, proofFactsWanted } from '../response-flags.ts';

/** Single transactions. @see Starknet JSON-RPC specification, the methods of these names. */
export function transactionMethods(context: MethodContext): Readonly<Record<string, RpcMethod>> {
  const { version } = context;
  const flags = version < 10 ? [] : [PROOF_FACTS.param];
  return {
    starknet_getTransactionByHash: {
      params: ['transaction_hash', ...flags],
      call: (params) => {
        const proofFacts = proofFactsWanted(params, version);
        return withTransaction(context, params, ({ transaction }) =>
          renderTransaction(transaction, { hash: true, proofFacts }),
        );
      },
    },
    starknet_getTransactionReceipt: {
      params: ['transaction_hash'],
      call: (params) =>
        withTransaction(context, params, ({ block, transaction, receipt }) => {
          const executed = receipt();
          // A candidate is known by its hash, but it has no receipt before it is executed.
          if (executed === null) throw fault('transactionHashNotFound');
          return renderReceiptInBlock(transaction, executed, block);
        }),
    },
    starknet_getTransactionStatus: {
      params: ['transaction_hash'],
      call: (params) => withTransaction(context, params, renderStatus),
    },
    starknet_getTransactionByBlockIdAndIndex: {
      params: ['block_id', 'index', ...flags],
      call: (params) => {
        const index = parseIntegerArgument(params.index, 'index');
        const proofFacts = proofFactsWanted(params, version);
        return withBlock(context, params.block_id, (_view, block) => {
          const transaction = block.transactions()[index];
          if (transaction === undefined) {
            throw fault('invalidTransactionIndex', { transactions: block.counts().transactions });
          }
          return renderTransaction(transaction, { hash: true, proofFacts });
        });
      },
    },
  };
}

/** @throws {RpcFault} 29, transaction hash not found. */
function withTransaction<T>(context: MethodContext, params: RpcParams, read: (found: FoundTransaction) => T): T {
  const hash = feltArgument(params, 'transaction_hash');
  using view = context.environment.store.view();
  const found = findTransaction(view, context, hash);
  if (found === null) throw fault('transactionHashNotFound', { transaction_hash: feltToHex(hash) });
  return read(found);
}
