import type { RpcSubscription } from '../../../../engine/index.ts';
import { feltToHex } from '../../felt.ts';
import type { Transaction } from '../../types.ts';
import { isAbsent } from '../arguments.ts';
import type { MethodContext } from '../context.ts';
import { invalidParams } from '../faults.ts';
import type { OpenBlock } from '../open-block.ts';
import { renderReceiptInBlock } from '../render/receipt.ts';
import { renderTransaction } from '../render/transaction.ts';
import { proofFactsTagged } from '../response-flags.ts';
import { createBlockFeed, type FeedItem } from './block-feed.ts';
import { startAfterTip } from './start.ts';
import { parseFinalities, parseSenders } from './transaction-filter.ts';

/**
 * Transactions as they become certain. There is no pool here, so none is ever told of as `RECEIVED`.
 * @see Starknet JSON-RPC specification, `starknet_subscribeNewTransactions`
 */
export function newTransactions(context: MethodContext): RpcSubscription {
  const { environment, version } = context;
  return {
    params: ['finality_status?', 'sender_address?', ...(version < 10 ? [] : ['tags?'])],
    open(params) {
      const wanted = parseFinalities(params, ['RECEIVED', 'CANDIDATE', 'PRE_CONFIRMED', 'ACCEPTED_ON_L2']);
      const isFrom = parseSenders(params);
      const proofFacts = proofFactsTagged(params, version);
      const items = (
        transactions: readonly Transaction[],
        finality: 'CANDIDATE' | 'PRE_CONFIRMED' | 'ACCEPTED_ON_L2',
      ) =>
        (wanted.has(finality) ? transactions.filter(isFrom) : []).map(
          (tx): FeedItem => ({
            key: `${finality} ${feltToHex(tx.hash)}`,
            render: () => ({ ...renderTransaction(tx, { hash: true, proofFacts }), finality_status: finality }),
          }),
        );
      return createBlockFeed({
        context,
        from: startAfterTip(environment),
        method: 'starknet_subscriptionNewTransaction',
        confirmed: (block) => items(block.transactions(), 'ACCEPTED_ON_L2'),
        provisional: (block) => [
          ...items(block.candidates(), 'CANDIDATE'),
          ...items(block.transactions(), 'PRE_CONFIRMED'),
        ],
      });
    },
  };
}

/** @see Starknet JSON-RPC specification, `starknet_subscribeNewTransactionReceipts` */
export function newTransactionReceipts(context: MethodContext): RpcSubscription {
  return {
    params: ['finality_status?', 'sender_address?'],
    open(params) {
      const wanted = parseFinalities(params, ['PRE_CONFIRMED', 'ACCEPTED_ON_L2']);
      const isFrom = parseSenders(params);
      const items = (block: OpenBlock): readonly FeedItem[] => {
        const receipts = block.receipts();
        return block.transactions().flatMap((tx, index) => {
          const receipt = receipts[index];
          if (receipt === undefined || !isFrom(tx)) return [];
          return [{ key: feltToHex(tx.hash), render: () => renderReceiptInBlock(tx, receipt, block) }];
        });
      };
      return createBlockFeed({
        context,
        from: startAfterTip(context.environment),
        method: 'starknet_subscriptionNewTransactionReceipts',
        confirmed: (block) => (wanted.has('ACCEPTED_ON_L2') ? items(block) : []),
        ...(wanted.has('PRE_CONFIRMED') ? { provisional: items } : {}),
      });
    },
  };
}

/**
 * Only of 0.8, and silent: it tells of a pending block's transactions, and there are no pending blocks any more
 * (`resolveBlockId`).
 * @see Starknet JSON-RPC specification 0.8, `starknet_subscribePendingTransactions`; Pathfinder,
 *   `crates/rpc/src/method/subscribe_pending_transactions.rs`
 */
export function pendingTransactions(): RpcSubscription {
  return {
    params: ['transaction_details?', 'sender_address?'],
    open(params) {
      parseSenders(params);
      const details = params.transaction_details;
      if (!isAbsent(details) && typeof details !== 'boolean') throw invalidParams('transaction_details', 'a boolean');
      return (_notify, signal) =>
        new Promise((resolve) => {
          if (signal.aborted) resolve();
          else signal.addEventListener('abort', () => resolve(), { once: true });
        });
    },
  };
}
