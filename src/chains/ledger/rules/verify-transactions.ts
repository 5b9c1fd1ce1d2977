import type { Hash32, Height } from '../../../engine/index.ts';
import { equalBytes } from '../../../lib/index.ts';
import type { LedgerParams } from '../params.ts';
import type { PartName, SignedHeader } from '../types.ts';
import type { DecodedTransactions } from '../wire/transactions-codec.ts';
import { transactionsRoot, transferId } from './hashes.ts';
import { rejected, type Verdict } from './reject.ts';
import type { SignatureChecker } from './signatures.ts';

/** The candidates that a header and its transactions came in: twice `block` when they came as one. */
export interface Origins {
  readonly header: PartName;
  readonly transactions: PartName;
}

/**
 * Verifies transactions against a header that was verified before.
 *
 * Of transactions that name another block only the fault `source` can be said: an honest source may have switched
 * to another branch since it sent the header. Once they name this block, whatever else is wrong is a lie.
 *
 * @returns The transfers' ids, in order.
 * @throws {SynclineError} `BLOCK_REJECTED`, with `check` `branch`, `transaction-count`, `transactions-root` or
 *   `transfer-signature`.
 */
export function verifyTransactions(
  params: LedgerParams,
  signatures: SignatureChecker,
  signed: SignedHeader,
  transactions: DecodedTransactions,
  origins: Origins,
): readonly Hash32[] {
  const { header, hash } = signed;
  const height: Height = header.height;
  const fail = (check: string, expected: Verdict['expected'], got: Verdict['got'], more: Partial<Verdict> = {}) =>
    rejected({ check, expected, got, height, hash, parts: [origins.transactions], ...more });

  if (!equalBytes(transactions.blockHash, hash)) {
    // Within a block they came with a header of their own, which is known to be this one.
    throw fail('branch', hash, transactions.blockHash, { fault: origins.transactions === 'block' ? 'peer' : 'source' });
  }
  const { transfers } = transactions;
  if (transfers.length !== header.transactionCount) {
    throw fail('transaction-count', header.transactionCount, transfers.length);
  }
  const root = transactionsRoot(transfers.map(({ bytes }) => bytes));
  if (!equalBytes(root, header.transactionsRoot)) throw fail('transactions-root', header.transactionsRoot, root);

  return transfers.map(({ transfer, bytes }) => {
    const id = transferId(params.chainId, bytes.subarray(0, bytes.length - transfer.signature.length));
    if (!signatures.verify(transfer.sender, id, transfer.signature)) {
      // The header commits to these very bytes, so the proposer is in it too.
      throw fail('transfer-signature', "the sender's signature over the transfer id", transfer.signature, {
        parts: [...new Set([origins.header, origins.transactions])],
      });
    }
    return id;
  });
}
