import { type FeltHasher, starknetKeccak } from '../../../crypto/index.ts';
import { orderedRoot } from '../../../trie/index.ts';
import { FELT_ZERO, feltCount, feltFromNumber, joinFelts } from '../felt.ts';
import {
  isVersionFrom,
  VERSION_ALL_SIGNATURES,
  VERSION_GAS_PRICES_HASH,
  VERSION_POSEIDON_BLOCK_HASH,
} from '../params.ts';
import type { Felt, Felts, MessageToL1, Receipt, Transaction } from '../types.ts';
import { concatFelts, pedersenArrays, poseidonArrays } from './hashing.ts';

/**
 * How the commitments of a block are made; it changed four times.
 *
 * - `pedersen-invokes`: Pedersen; of all types only invokes have their signature hashed.
 * - `pedersen`: from 0.11.1, all signatures.
 * - `poseidon-padded`: from 0.13.2, Poseidon; an empty signature counts as the list of one zero.
 * - `poseidon`: from 0.13.4, an empty signature stays empty.
 */
export type CommitmentEra = 'pedersen-invokes' | 'pedersen' | 'poseidon-padded' | 'poseidon';

/** @throws {SynclineError} `VERSION_MALFORMED` (fault `peer`). */
export function commitmentEra(version: string): CommitmentEra {
  if (isVersionFrom(version, VERSION_GAS_PRICES_HASH)) return 'poseidon';
  if (isVersionFrom(version, VERSION_POSEIDON_BLOCK_HASH)) return 'poseidon-padded';
  return isVersionFrom(version, VERSION_ALL_SIGNATURES) ? 'pedersen' : 'pedersen-invokes';
}

/**
 * Commitment to the transactions, by their stated hashes, and their signatures. Zero for none.
 * @see https://docs.starknet.io/learn/protocol/blocks, "Transactions, events, and receipts commitments"
 * @see sequencer, `crates/starknet_api/src/block_hash/transaction_commitment.rs`
 */
export function transactionCommitment(
  hasher: FeltHasher,
  era: CommitmentEra,
  transactions: readonly Transaction[],
): Felt {
  if (isPoseidon(era)) {
    const empty = era === 'poseidon-padded' ? FELT_ZERO : NONE;
    const lists = transactions.map(({ hash, signature }) =>
      joinFelts(hash, signature.length === 0 ? empty : signature),
    );
    return poseidonRoot(hasher, poseidonArrays(hasher, lists));
  }
  const signatures = transactions.map(({ type, signature }) =>
    era === 'pedersen' || type.startsWith('INVOKE_') ? signature : NONE,
  );
  const hashes = concatFelts(transactions.map((transaction) => transaction.hash));
  const leaves = hasher.pedersen(hashes, concatFelts(pedersenArrays(hasher, signatures)));
  return pedersenRoot(hasher, leaves);
}

/**
 * Commitment to the events of all receipts in order. Zero for none. Below 0.13.2 a leaf does not say which
 * transaction emitted the event.
 * @see sequencer, `crates/starknet_api/src/block_hash/event_commitment.rs`
 */
export function eventCommitment(hasher: FeltHasher, era: CommitmentEra, receipts: readonly Receipt[]): Felt {
  if (isPoseidon(era)) {
    const lists = receipts.flatMap(({ transactionHash, events }) =>
      events.map(({ fromAddress, keys, data }) =>
        joinFelts(fromAddress, transactionHash, lengthOf(keys), keys, lengthOf(data), data),
      ),
    );
    return poseidonRoot(hasher, poseidonArrays(hasher, lists));
  }
  const events = receipts.flatMap((receipt) => receipt.events);
  const inner = pedersenArrays(
    hasher,
    events.flatMap((event) => [event.keys, event.data]),
  );
  const lists = events.map(
    ({ fromAddress }, i) => joinFelts(fromAddress, inner[2 * i] as Felt, inner[2 * i + 1] as Felt), // two inner hashes an event
  );
  return pedersenRoot(hasher, concatFelts(pedersenArrays(hasher, lists)));
}

/** How many events the receipts hold. */
export function eventCount(receipts: readonly Receipt[]): number {
  return receipts.reduce((count, receipt) => count + receipt.events.length, 0);
}

/**
 * Commitment to the receipts, which exists from 0.13.2 on and is always Poseidon. Zero for none. Gas that a receipt
 * does not state counts as 0; the place for L2 gas is always 0, whatever the receipt says.
 * @see sequencer, `crates/starknet_api/src/block_hash/receipt_commitment.rs`
 */
export function receiptCommitment(hasher: FeltHasher, receipts: readonly Receipt[]): Felt {
  const messages = poseidonArrays(
    hasher,
    receipts.map((receipt) => messageList(receipt.messagesToL1)),
  );
  const lists = receipts.map((receipt, i) => {
    const gas = receipt.executionResources?.totalGasConsumed;
    return joinFelts(
      receipt.transactionHash,
      receipt.actualFee,
      messages[i] as Felt, // one hash a receipt
      receipt.revertError === null ? FELT_ZERO : revertHash(receipt.revertError),
      FELT_ZERO,
      feltFromNumber(gas?.l1Gas ?? 0),
      feltFromNumber(gas?.l1DataGas ?? 0),
    );
  });
  return poseidonRoot(hasher, poseidonArrays(hasher, lists));
}

function messageList(messages: readonly MessageToL1[]): Felts {
  const parts: Uint8Array[] = [feltFromNumber(messages.length)];
  for (const { fromAddress, toAddress, payload } of messages) {
    parts.push(fromAddress, toAddress, lengthOf(payload), payload);
  }
  return concatFelts(parts);
}

function revertHash(reason: string): Felt {
  return starknetKeccak(new TextEncoder().encode(reason)) as Felt; // 250 bits fit a felt
}

function lengthOf(felts: Felts): Felt {
  return feltFromNumber(feltCount(felts));
}

function isPoseidon(era: CommitmentEra): boolean {
  return era === 'poseidon' || era === 'poseidon-padded';
}

function poseidonRoot(hasher: FeltHasher, leaves: readonly Felt[]): Felt {
  return orderedRoot((left, right) => hasher.poseidon(left, right), concatFelts(leaves)) as Felt; // a node or zero
}

function pedersenRoot(hasher: FeltHasher, leaves: Uint8Array): Felt {
  return orderedRoot((left, right) => hasher.pedersen(left, right), leaves) as Felt; // a node or zero
}

const NONE = new Uint8Array(0);
