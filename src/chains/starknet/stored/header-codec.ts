import type { Header, ResourcePrice } from '../types.ts';
import { StoredReader } from './stored-reader.ts';
import { StoredWriter } from './stored-writer.ts';

/** Encodes a header for the store, in the layout of `layout.ts`. Equal headers give equal bytes. */
export function encodeHeader(header: Header): Uint8Array {
  const writer = new StoredWriter();
  writer.byte(flagsOf(header));
  writer.byte(pricesOf(header));
  writer.varint(header.number);
  writer.varint(header.timestampS);
  writer.text(header.version);
  writer.felt(header.hash);
  writer.felt(header.parentHash);
  writer.felt(header.stateRoot);
  writer.feltIfAny(header.sequencerAddress);
  writer.feltIfAny(header.transactionCommitment);
  writer.feltIfAny(header.eventCommitment);
  writer.feltIfAny(header.receiptCommitment);
  writer.feltIfAny(header.stateDiffCommitment);
  if (header.stateDiffLength !== null) writer.varint(header.stateDiffLength);
  for (const price of [header.l1GasPrice, header.l1DataGasPrice, header.l2GasPrice]) {
    writer.feltIfAny(price.wei);
    writer.feltIfAny(price.fri);
  }
  return writer.finish();
}

/** @throws {SynclineError} `STORED_CORRUPT` (fault `local`). */
export function decodeHeader(bytes: Uint8Array): Header {
  const reader = new StoredReader(bytes, 'header');
  const flags = reader.flags(0x7f);
  const prices = reader.byte();
  const l1DaMode = DA_MODES[prices >>> 6];
  if (l1DaMode === undefined) throw reader.corrupt('a data availability mode', String(prices >>> 6));
  // Members are evaluated in the order they are written, which is the order of the fields.
  const header: Header = {
    number: reader.varint(),
    timestampS: reader.varint(),
    version: reader.text(),
    hash: reader.felt(),
    parentHash: reader.felt(),
    stateRoot: reader.felt(),
    sequencerAddress: reader.feltIf(flags & SEQUENCER),
    transactionCommitment: reader.feltIf(flags & TRANSACTION_COMMITMENT),
    eventCommitment: reader.feltIf(flags & EVENT_COMMITMENT),
    receiptCommitment: reader.feltIf(flags & RECEIPT_COMMITMENT),
    stateDiffCommitment: reader.feltIf(flags & STATE_DIFF_COMMITMENT),
    stateDiffLength: flags & STATE_DIFF_LENGTH ? reader.varint() : null,
    l1GasPrice: readPrice(reader, prices),
    l1DataGasPrice: readPrice(reader, prices >>> 2),
    l2GasPrice: readPrice(reader, prices >>> 4),
    l1DaMode,
    status: flags & ACCEPTED_ON_L1 ? 'ACCEPTED_ON_L1' : 'ACCEPTED_ON_L2',
  };
  reader.end();
  return header;
}

function flagsOf(header: Header): number {
  return (
    (header.sequencerAddress === null ? 0 : SEQUENCER) |
    (header.transactionCommitment === null ? 0 : TRANSACTION_COMMITMENT) |
    (header.eventCommitment === null ? 0 : EVENT_COMMITMENT) |
    (header.receiptCommitment === null ? 0 : RECEIPT_COMMITMENT) |
    (header.stateDiffCommitment === null ? 0 : STATE_DIFF_COMMITMENT) |
    (header.stateDiffLength === null ? 0 : STATE_DIFF_LENGTH) |
    (header.status === 'ACCEPTED_ON_L1' ? ACCEPTED_ON_L1 : 0)
  );
}

function pricesOf(header: Header): number {
  return (
    priceBits(header.l1GasPrice) |
    (priceBits(header.l1DataGasPrice) << 2) |
    (priceBits(header.l2GasPrice) << 4) |
    (DA_MODES.indexOf(header.l1DaMode) << 6)
  );
}

function priceBits(price: ResourcePrice): number {
  return (price.wei === null ? 0 : 1) | (price.fri === null ? 0 : 2);
}

function readPrice(reader: StoredReader, bits: number): ResourcePrice {
  return { wei: reader.feltIf(bits & 1), fri: reader.feltIf(bits & 2) };
}

const SEQUENCER = 0x01;
const TRANSACTION_COMMITMENT = 0x02;
const EVENT_COMMITMENT = 0x04;
const RECEIPT_COMMITMENT = 0x08;
const STATE_DIFF_COMMITMENT = 0x10;
const STATE_DIFF_LENGTH = 0x20;
const ACCEPTED_ON_L1 = 0x40;
const DA_MODES: readonly Header['l1DaMode'][] = [null, 'CALLDATA', 'BLOB'];
