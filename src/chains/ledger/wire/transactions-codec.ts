import type { Hash32 } from '../../../engine/index.ts';
import { concatBytes, u64be } from '../../../lib/index.ts';
import { ADDRESS_BYTES, TRANSACTIONS_MAX } from '../params.ts';
import type { Address, PublicKey, Signature, Transactions, Transfer } from '../types.ts';
import { ByteReader, malformed } from './byte-reader.ts';
import { readHash } from './header-codec.ts';
import { bigU64be, u32be } from './integers.ts';

/** A transfer together with its bytes, which hashes are taken over. */
export interface EncodedTransfer {
  readonly transfer: Transfer;
  /** A view of the bytes it was decoded from. */
  readonly bytes: Uint8Array;
}

/** Transfers as they were decoded. */
export interface DecodedTransactions {
  readonly blockHash: Hash32;
  readonly transfers: readonly EncodedTransfer[];
}

/**
 * What a transfer's id is taken over, and the front of its encoding:
 *
 *     sender 32 | to 20 | amount u64 | nonce u64 | has memo u8 | memo 32 where there is one
 */
export function encodeUnsignedTransfer(transfer: Omit<Transfer, 'signature'>): Uint8Array {
  return concatBytes(
    transfer.sender,
    transfer.to,
    bigU64be(transfer.amount),
    u64be(transfer.nonce),
    transfer.memo === null ? Uint8Array.of(0) : concatBytes(Uint8Array.of(1), transfer.memo),
  );
}

/** `encodeUnsignedTransfer`, then signature 64. */
export function encodeTransfer(transfer: Transfer): Uint8Array {
  return concatBytes(encodeUnsignedTransfer(transfer), transfer.signature);
}

/** Part `transactions`: blockHash 32 | count u32 | transfers. */
export function encodeTransactions(transactions: Transactions): Uint8Array {
  const { blockHash, transfers } = transactions;
  return concatBytes(blockHash, u32be(transfers.length), ...transfers.map(encodeTransfer));
}

/** Decodes part `transactions`. @throws {SynclineError} `LEDGER_MALFORMED` (fault `peer`). */
export function decodeTransactions(bytes: Uint8Array): DecodedTransactions {
  const reader = new ByteReader('transactions', bytes);
  const transactions = readTransactions(reader);
  reader.end();
  return transactions;
}

/** Reads transactions where they stand within something longer. */
export function readTransactions(reader: ByteReader): DecodedTransactions {
  const blockHash = readHash(reader, 'blockHash');
  const count = reader.u32('count', TRANSACTIONS_MAX);
  const transfers: EncodedTransfer[] = [];
  for (let i = 0; i < count; i++) transfers.push(readTransfer(reader));
  return { blockHash, transfers };
}

function readTransfer(reader: ByteReader): EncodedTransfer {
  const start = reader.offset;
  const transfer: Transfer = {
    sender: reader.bytes('sender', 32) as PublicKey,
    to: reader.bytes('to', ADDRESS_BYTES) as Address,
    amount: readAmount(reader),
    nonce: reader.u64('nonce'),
    memo: readMemoHash(reader),
    signature: reader.bytes('signature', 64) as Signature,
  };
  return { transfer, bytes: reader.since(start) };
}

function readAmount(reader: ByteReader): bigint {
  const amount = reader.bigU64('amount');
  if (amount === 0n) throw malformed(reader.part, 'amount', 'at least 1', '0');
  return amount;
}

function readMemoHash(reader: ByteReader): Hash32 | null {
  const flag = reader.u8('memo');
  if (flag > 1) throw malformed(reader.part, 'memo', '0 or 1', String(flag));
  return flag === 1 ? readHash(reader, 'memo') : null;
}
