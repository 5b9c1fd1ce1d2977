import type { Event, ExecutionResources, GasVector, MessageToL1, MessageToL2, Receipt } from '../types.ts';
import { BUILTIN_NAMES } from './layout.ts';
import { StoredReader } from './stored-reader.ts';
import { StoredWriter } from './stored-writer.ts';

/** Encodes the receipts of a block for the store, in order, in the layout of `layout.ts`. */
export function encodeReceipts(receipts: readonly Receipt[]): Uint8Array {
  const writer = new StoredWriter();
  writer.list(receipts, (receipt) => writeReceipt(writer, receipt));
  return writer.finish();
}

/** @throws {SynclineError} `STORED_CORRUPT` (fault `local`). */
export function decodeReceipts(bytes: Uint8Array): Receipt[] {
  const reader = new StoredReader(bytes, 'receipts');
  const receipts = reader.list(6, () => readReceipt(reader));
  reader.end();
  return receipts;
}

function writeReceipt(writer: StoredWriter, receipt: Receipt): void {
  const { consumedMessage, executionResources } = receipt;
  writer.byte(flagsOf(receipt));
  writer.felt(receipt.transactionHash);
  writer.varint(receipt.transactionIndex);
  writer.felt(receipt.actualFee);
  if (receipt.revertError !== null) writer.text(receipt.revertError);
  writer.list(receipt.events, (event) => {
    writer.felt(event.fromAddress);
    writer.felts(event.keys);
    writer.felts(event.data);
  });
  writer.list(receipt.messagesToL1, (message) => {
    writer.felt(message.fromAddress);
    writer.felt(message.toAddress);
    writer.felts(message.payload);
  });
  if (consumedMessage !== null) {
    writer.felt(consumedMessage.fromAddress);
    writer.felt(consumedMessage.toAddress);
    writer.felt(consumedMessage.selector);
    writer.felts(consumedMessage.payload);
    writer.feltIfAny(consumedMessage.nonce);
  }
  if (executionResources !== null) writeResources(writer, executionResources);
}

/** Members are evaluated in the order they are written, which is the order of the fields. */
function readReceipt(reader: StoredReader): Receipt {
  const flags = reader.flags(ALL_FLAGS);
  if (!(flags & CONSUMED_MESSAGE) && flags & CONSUMED_NONCE) throw reader.corrupt('a message for its nonce', 'none');
  if (!(flags & RESOURCES) && flags & (DATA_AVAILABILITY | TOTAL_GAS)) {
    throw reader.corrupt('execution resources for their gas', 'none');
  }
  return {
    transactionHash: reader.felt(),
    transactionIndex: reader.varint(),
    actualFee: reader.felt(),
    revertError: flags & REVERTED ? reader.text() : null,
    events: reader.list(3, () => readEvent(reader)),
    messagesToL1: reader.list(3, () => readMessageToL1(reader)),
    consumedMessage: flags & CONSUMED_MESSAGE ? readMessageToL2(reader, flags) : null,
    executionResources: flags & RESOURCES ? readResources(reader, flags) : null,
  };
}

function readEvent(reader: StoredReader): Event {
  return { fromAddress: reader.felt(), keys: reader.felts(), data: reader.felts() };
}

function readMessageToL1(reader: StoredReader): MessageToL1 {
  return { fromAddress: reader.felt(), toAddress: reader.felt(), payload: reader.felts() };
}

function readMessageToL2(reader: StoredReader, flags: number): MessageToL2 {
  return {
    fromAddress: reader.felt(),
    toAddress: reader.felt(),
    selector: reader.felt(),
    payload: reader.felts(),
    nonce: reader.feltIf(flags & CONSUMED_NONCE),
  };
}

function writeResources(writer: StoredWriter, resources: ExecutionResources): void {
  writer.varint(resources.steps);
  writer.varint(resources.memoryHoles);
  // By name, so that two gateways that order them differently give the same bytes.
  const names = Object.keys(resources.builtins).sort();
  writer.list(names, (name) => {
    const known = BUILTIN_NAMES.indexOf(name) + 1;
    writer.varint(known);
    if (known === 0) writer.text(name);
    writer.varint(resources.builtins[name] as number); // one of its own keys
  });
  if (resources.dataAvailability !== null) writeGas(writer, resources.dataAvailability);
  if (resources.totalGasConsumed !== null) writeGas(writer, resources.totalGasConsumed);
}

function readResources(reader: StoredReader, flags: number): ExecutionResources {
  return {
    steps: reader.varint(),
    memoryHoles: reader.varint(),
    builtins: readBuiltins(reader),
    dataAvailability: flags & DATA_AVAILABILITY ? readGas(reader) : null,
    totalGasConsumed: flags & TOTAL_GAS ? readGas(reader) : null,
  };
}

function readBuiltins(reader: StoredReader): Record<string, number> {
  const builtins: Record<string, number> = {};
  let previous = '';
  for (const [name, count] of reader.list(2, () => [readBuiltinName(reader), reader.varint()] as const)) {
    if (name <= previous) throw reader.corrupt('builtins ascending by name', name);
    builtins[name] = count;
    previous = name;
  }
  return builtins;
}

function readBuiltinName(reader: StoredReader): string {
  const known = reader.varint();
  const name = known === 0 ? reader.text() : BUILTIN_NAMES[known - 1];
  if (name === undefined) throw reader.corrupt('a known builtin', String(known));
  if (known === 0 && (name === '__proto__' || BUILTIN_NAMES.includes(name))) {
    throw reader.corrupt('a builtin without a number of its own', name);
  }
  return name;
}

function writeGas(writer: StoredWriter, gas: GasVector): void {
  writer.varint(gas.l1Gas);
  writer.varint(gas.l1DataGas);
  writer.varint(gas.l2Gas);
}

function readGas(reader: StoredReader): GasVector {
  return { l1Gas: reader.varint(), l1DataGas: reader.varint(), l2Gas: reader.varint() };
}

function flagsOf({ revertError, consumedMessage, executionResources }: Receipt): number {
  let flags = revertError === null ? 0 : REVERTED;
  if (consumedMessage !== null) {
    flags |= CONSUMED_MESSAGE;
    if (consumedMessage.nonce !== null) flags |= CONSUMED_NONCE;
  }
  if (executionResources !== null) {
    flags |= RESOURCES;
    if (executionResources.dataAvailability !== null) flags |= DATA_AVAILABILITY;
    if (executionResources.totalGasConsumed !== null) flags |= TOTAL_GAS;
  }
  return flags;
}

const REVERTED = 0x01;
const CONSUMED_MESSAGE = 0x02;
const CONSUMED_NONCE = 0x04;
const RESOURCES = 0x08;
const DATA_AVAILABILITY = 0x10;
const TOTAL_GAS = 0x20;
const ALL_FLAGS = 0x3f;
