import type { FeltHasher } from '../../../crypto/index.ts';
import { FELT_ZERO, feltFromAscii, joinFelts, NO_FELTS } from '../felt.ts';
import type { Felt, MessageToL2, Transaction } from '../types.ts';
import { hashGroups, pedersenArrays } from './hashing.ts';
import { attemptsFor, outerList } from './transaction-forms.ts';
import { hashTransactionInputs, type TransactionInputs } from './transaction-inputs.ts';

/**
 * The hashes that the transaction which handles a message from L1 may have: which form it was hashed with follows from
 * the time of its block, which a message does not tell.
 *
 * @param chainIds Chain id texts, the network's own first; at least one.
 * @returns For each message, in order, at least one hash; the first is that of the current form.
 * @see `computeTransactionHashes`, which tries the same forms
 */
export function l1HandlerHashes(
  hasher: FeltHasher,
  messages: readonly MessageToL2[],
  chainIds: readonly string[],
): readonly (readonly Felt[])[] {
  const handlers = messages.map(handlerOf);
  const inputs = hashTransactionInputs(hasher, handlers);
  const chains = chainIds.map(feltFromAscii);
  return hashGroups(
    (lists) => pedersenArrays(hasher, lists),
    handlers.map((handler, i) =>
      // The inputs are aligned with the handlers.
      attemptsFor(handler, null, chains).map((attempt) => outerList(handler, inputs[i] as TransactionInputs, attempt)),
    ),
  );
}

/** The sender on L1 comes before the payload. @see https://docs.starknet.io/learn/protocol/messaging */
function handlerOf({ fromAddress, toAddress, selector, payload, nonce }: MessageToL2): Transaction {
  return {
    type: 'L1_HANDLER',
    hash: FELT_ZERO, // what is looked for
    version: 0,
    signature: NO_FELTS,
    contractAddress: toAddress,
    selector,
    calldata: joinFelts(fromAddress, payload),
    nonce,
  };
}
