import { keccak256 } from '../../../../crypto/index.ts';
import { FELT_ZERO, feltFromNumber, feltToHex, joinFelts } from '../../felt.ts';
import type { Event, Felt, Receipt, Transaction } from '../../types.ts';
import type { Finality, OpenBlock } from '../open-block.ts';
import { hexList, type RenderedObject } from './felts.ts';
import { isL1Handler, type L1Handler, transactionKind } from './transaction.ts';

/**
 * `TXN_RECEIPT`, the same in 0.8 to 0.10. Gas that the receipts of a time did not state is 0.
 * @see Starknet JSON-RPC specification, `TXN_RECEIPT`
 */
export function renderReceipt(tx: Transaction, receipt: Receipt, finality: Finality): RenderedObject {
  const gas = receipt.executionResources?.totalGasConsumed;
  return {
    type: transactionKind(tx),
    transaction_hash: feltToHex(tx.hash),
    actual_fee: { amount: feltToHex(receipt.actualFee), unit: tx.version < 3 ? 'WEI' : 'FRI' },
    finality_status: finality,
    messages_sent: receipt.messagesToL1.map((message) => ({
      from_address: feltToHex(message.fromAddress),
      to_address: feltToHex(message.toAddress),
      payload: hexList(message.payload),
    })),
    events: receipt.events.map(renderEvent),
    execution_resources: { l1_gas: gas?.l1Gas ?? 0, l1_data_gas: gas?.l1DataGas ?? 0, l2_gas: gas?.l2Gas ?? 0 },
    ...renderExecution(receipt),
    ...renderOutcome(tx, receipt),
  };
}

/**
 * `TXN_RECEIPT_WITH_BLOCK_INFO`: without a hash while the block is being built.
 * @see Starknet JSON-RPC specification, `TXN_RECEIPT_WITH_BLOCK_INFO`
 */
export function renderReceiptInBlock(tx: Transaction, receipt: Receipt, block: OpenBlock): RenderedObject {
  return {
    ...renderReceipt(tx, receipt, block.finality),
    ...(block.hash === null ? {} : { block_hash: feltToHex(block.hash) }),
    block_number: block.height,
  };
}

/** `EVENT`. */
export function renderEvent(event: Event): RenderedObject {
  return { from_address: feltToHex(event.fromAddress), keys: hexList(event.keys), data: hexList(event.data) };
}

function renderExecution({ revertError }: Receipt): RenderedObject {
  return revertError === null
    ? { execution_status: 'SUCCEEDED' }
    : { execution_status: 'REVERTED', revert_reason: revertError };
}

/** What receipts of one kind say beside what all say. */
function renderOutcome(tx: Transaction, receipt: Receipt): RenderedObject {
  if (isL1Handler(tx)) return { message_hash: messageHash(tx, receipt) };
  switch (tx.type) {
    case 'DEPLOY':
    case 'DEPLOY_ACCOUNT_V1':
    case 'DEPLOY_ACCOUNT_V3':
      return { contract_address: feltToHex(tx.contractAddress) };
    default:
      return {};
  }
}

/**
 * The hash under which L1 knows the message: Keccak-256 over words of 32 bytes, the sender on L1 (the first of the
 * calldata), the contract, the nonce, the selector, the payload's length and the payload.
 *
 * Messages from before there were nonces have 0 in its place, and one without a sender has the hash 0, as with
 * Pathfinder.
 * @see https://docs.starknet.io/learn/protocol/messaging, "Hashing"
 */
function messageHash(tx: L1Handler, receipt: Receipt): string {
  if (tx.calldata.length === 0) return '0x0';
  const sender = tx.calldata.subarray(0, 32);
  const payload = tx.calldata.subarray(32);
  const nonce: Felt = tx.nonce ?? receipt.consumedMessage?.nonce ?? FELT_ZERO;
  const length = feltFromNumber(payload.length / 32);
  return feltToHex(keccak256(joinFelts(sender, tx.contractAddress, nonce, tx.selector, length, payload)));
}
