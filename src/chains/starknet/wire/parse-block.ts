import { equalBytes } from '../../../lib/index.ts';
import type { Block, Header, Receipt, ResourcePrice, Transaction } from '../types.ts';
import {
  asObject,
  has,
  type JsonObject,
  malformed,
  member,
  type Place,
  placeOf,
  readCount,
  readCountOrNull,
  readEach,
  readFelt,
  readFeltOrNull,
  readList,
  readObjectOrNull,
  readText,
  readTextOrNull,
  readWordOrNull,
  rootPlace,
} from './json-reader.ts';
import { PROTOCOL_VERSION_CHARS_MAX, TRANSACTIONS_MAX } from './limits.ts';
import { parseReceipt } from './parse-receipt.ts';
import { readRoot } from './parse-state-update.ts';
import { parseTransaction } from './parse-transaction.ts';
import { wireError } from './wire-error.ts';

/**
 * Parses a whole block as the feeder gateway's `get_block` writes it, in any shape since the first.
 *
 * The gateway renders old blocks in its newest shape with filler, so nothing is concluded from which members exist:
 * everything that was added after the first release is optional here, and the rules decide by version and number.
 * Receipts are paired with transactions: as many, same hashes, in order.
 *
 * @throws {SynclineError} `GATEWAY_MALFORMED` (fault `peer`); `BLOCK_NOT_STORABLE` (fault `source`) for a block that
 *   is still being built or was discarded; `PROTOCOL_UNSUPPORTED` (fault `source`) for transactions of the future.
 * @see The Starknet feeder gateway; Starknet docs, "Block structure".
 */
export function parseBlock(json: unknown, place: Place = rootPlace('block')): Block {
  const block = asObject(json, place);
  const status = readStatus(block);
  readList(block, 'transactions', TRANSACTIONS_MAX); // an absent list is not an empty one here
  const transactions = readEach(block, 'transactions', TRANSACTIONS_MAX, parseTransaction);
  const receipts = readEach(block, 'transaction_receipts', TRANSACTIONS_MAX, parseReceipt);
  checkPairs(transactions, receipts, block);
  return { header: readHeader(block, status), transactions, receipts };
}

function readHeader(block: JsonObject, status: Header['status']): Header {
  return {
    number: readCount(block, 'block_number'),
    hash: readFelt(block, 'block_hash'),
    parentHash: readFelt(block, 'parent_block_hash'),
    stateRoot: readRoot(block, 'state_root'),
    ...readCircumstances(block),
    transactionCommitment: readFeltOrNull(block, 'transaction_commitment'),
    eventCommitment: readFeltOrNull(block, 'event_commitment'),
    receiptCommitment: readFeltOrNull(block, 'receipt_commitment'),
    stateDiffCommitment: readFeltOrNull(block, 'state_diff_commitment'),
    stateDiffLength: readCountOrNull(block, 'state_diff_length'),
    status,
  };
}

/** What is settled when the building of a block begins. */
export function readCircumstances(
  block: JsonObject,
): Pick<
  Header,
  'timestampS' | 'sequencerAddress' | 'version' | 'l1GasPrice' | 'l1DataGasPrice' | 'l2GasPrice' | 'l1DaMode'
> {
  return {
    timestampS: readCount(block, 'timestamp'),
    sequencerAddress: readFeltOrNull(block, 'sequencer_address'),
    version: readProtocolVersion(block),
    l1GasPrice: readL1GasPrice(block),
    l1DataGasPrice: readPrice(block, 'l1_data_gas_price'),
    l2GasPrice: readPrice(block, 'l2_gas_price'),
    l1DaMode: readWordOrNull(block, 'l1_da_mode', ['CALLDATA', 'BLOB']),
  };
}

function readStatus(block: JsonObject): Header['status'] {
  const status = readText(block, 'status', STATUS_CHARS_MAX);
  if (status === 'ACCEPTED_ON_L2' || status === 'ACCEPTED_ON_L1') return status;
  if (!UNSTORABLE.includes(status)) throw malformed(placeOf(block, 'status'), 'the status of a block', status);
  throw wireError('BLOCK_NOT_STORABLE', `block with status ${status} is not part of the chain`, {
    expected: 'ACCEPTED_ON_L2 or ACCEPTED_ON_L1',
    got: status,
  });
}

/** One price in wei at first, a price in each token from 0.13.0, an object of both from 0.13.1; the newest wins. */
function readL1GasPrice(block: JsonObject): ResourcePrice {
  if (has(block, 'l1_gas_price')) return readPrice(block, 'l1_gas_price');
  const fri = readFeltOrNull(block, 'strk_l1_gas_price');
  const wei = readFeltOrNull(block, 'eth_l1_gas_price');
  if (wei !== null || fri !== null) return { wei, fri };
  return { wei: readFeltOrNull(block, 'gas_price'), fri: null };
}

function readPrice(block: JsonObject, key: string): ResourcePrice {
  const price = readObjectOrNull(block, key);
  if (price === null) return { wei: null, fri: null };
  return { wei: readFeltOrNull(price, 'price_in_wei'), fri: readFeltOrNull(price, 'price_in_fri') };
}

/** Kept verbatim, since it is hashed verbatim, as a Cairo short string. */
function readProtocolVersion(block: JsonObject): string {
  const version = readTextOrNull(block, 'starknet_version', PROTOCOL_VERSION_CHARS_MAX) ?? '';
  if (!PRINTABLE_ASCII.test(version)) throw malformed(placeOf(block, 'starknet_version'), 'printable ASCII', version);
  return version;
}

function checkPairs(transactions: readonly Transaction[], receipts: readonly Receipt[], block: JsonObject): void {
  const place = placeOf(block, 'transaction_receipts');
  if (receipts.length !== transactions.length) {
    throw malformed(place, `a list of ${transactions.length}`, member(block, 'transaction_receipts'));
  }
  transactions.forEach((transaction, index) => {
    const receipt = receipts[index] as Receipt; // the lengths are equal
    const own: Place = { parent: place, step: index };
    if (!equalBytes(receipt.transactionHash, transaction.hash)) {
      throw malformed(
        { parent: own, step: 'transaction_hash' },
        'the hash of the transaction at this index',
        'another',
      );
    }
    if (receipt.transactionIndex !== index) {
      throw malformed({ parent: own, step: 'transaction_index' }, String(index), receipt.transactionIndex);
    }
  });
}

const STATUS_CHARS_MAX = 64;
/** Being built, or discarded. */
const UNSTORABLE: readonly string[] = ['PENDING', 'PRE_CONFIRMED', 'CANDIDATE', 'ABORTED', 'REVERTED'];
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
