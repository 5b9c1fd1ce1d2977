import { readBlock, type StateView } from '../../../engine/index.ts';
import { equalBytes, readU64be, SynclineError } from '../../../lib/index.ts';
import { feltToHex } from '../felt.ts';
import { transactionIndexKey } from '../rules/index.ts';
import type { Felt, Receipt, Transaction } from '../types.ts';
import { provisionalOn, readTip } from './block-id.ts';
import type { MethodContext } from './context.ts';
import { type OpenBlock, openConfirmed, openProvisional } from './open-block.ts';

/** A transaction where it was found, as long as the view is open. */
export interface FoundTransaction {
  readonly block: OpenBlock;
  readonly transaction: Transaction;
  /** Null for a candidate, which nobody has executed yet. */
  receipt(): Receipt | null;
}

/** Looks among confirmed blocks, then, from 0.9 on, in those being built; null where it is nowhere. */
export function findTransaction(view: StateView, context: MethodContext, hash: Felt): FoundTransaction | null {
  return findConfirmed(view, context, hash) ?? (context.version >= 9 ? findProvisional(view, context, hash) : null);
}

function findConfirmed(view: StateView, { decoded }: MethodContext, hash: Felt): FoundTransaction | null {
  const entry = view.get('index', transactionIndexKey(hash));
  if (entry === undefined) return null;
  const height = readU64be(entry);
  const position = new DataView(entry.buffer, entry.byteOffset, entry.byteLength).getUint32(8);
  const record = readBlock(view, height);
  if (record === null) throw misplaced(hash, height);
  const block = openConfirmed(view, record.ref, decoded);
  const transaction = block.transactions()[position];
  if (transaction === undefined || !equalBytes(transaction.hash, hash)) throw misplaced(hash, height);
  return { block, transaction, receipt: () => block.receipts()[position] ?? null };
}

function findProvisional(
  view: StateView,
  { environment, decoded }: MethodContext,
  hash: Felt,
): FoundTransaction | null {
  const tip = readTip(view);
  if (tip === null) return null;
  const blocks = provisionalOn(view, environment, tip);
  for (const provisional of blocks) {
    const block = openProvisional(view, { tip, blocks, block: provisional }, decoded);
    const position = block.transactions().findIndex((transaction) => equalBytes(transaction.hash, hash));
    const executed = block.transactions()[position];
    if (executed !== undefined) {
      return { block, transaction: executed, receipt: () => block.receipts()[position] ?? null };
    }
    const candidate = block.candidates().find((transaction) => equalBytes(transaction.hash, hash));
    if (candidate !== undefined) return { block, transaction: candidate, receipt: () => null };
  }
  return null;
}

function misplaced(hash: Felt, height: number): SynclineError {
  return new SynclineError('INDEX_CORRUPT', 'local', 'a transaction does not stand where the index says', {
    data: { transaction: feltToHex(hash), height },
  });
}
