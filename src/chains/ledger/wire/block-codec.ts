import { concatBytes } from '../../../lib/index.ts';
import type { SignedHeader } from '../types.ts';
import { ByteReader } from './byte-reader.ts';
import { readSignedHeader } from './header-codec.ts';
import { type DecodedTransactions, readTransactions } from './transactions-codec.ts';

/** Part `block`, taken apart: `header` and `transactions` are the bytes of the two parts it consists of, as views. */
export interface DecodedBlock {
  readonly signed: SignedHeader;
  readonly transactions: DecodedTransactions;
  readonly headerBytes: Uint8Array;
  readonly transactionsBytes: Uint8Array;
}

/** Part `block`: part `header`, then part `transactions`. */
export function encodeBlock(headerBytes: Uint8Array, transactionsBytes: Uint8Array): Uint8Array {
  return concatBytes(headerBytes, transactionsBytes);
}

/** Decodes part `block`. @throws {SynclineError} `LEDGER_MALFORMED` (fault `peer`). */
export function decodeBlock(bytes: Uint8Array): DecodedBlock {
  const reader = new ByteReader('block', bytes);
  const signed = readSignedHeader(reader);
  const headerBytes = reader.since(0);
  const transactions = readTransactions(reader);
  reader.end();
  return { signed, transactions, headerBytes, transactionsBytes: reader.since(headerBytes.length) };
}
