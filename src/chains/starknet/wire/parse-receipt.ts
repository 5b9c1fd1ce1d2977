import { FELT_ZERO } from '../felt.ts';
import type { Event, ExecutionResources, GasVector, MessageToL1, MessageToL2, Receipt } from '../types.ts';
import {
  asObject,
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
  readFeltsOrDecimals,
  readObjectOrNull,
  readTextOrNull,
  readWordOrNull,
  rootPlace,
} from './json-reader.ts';
import { BUILTINS_MAX, EVENTS_MAX, FELTS_MAX, REVERT_ERROR_CHARS_MAX } from './limits.ts';

/**
 * Parses one receipt of a block as the feeder gateway writes it.
 *
 * An absent `execution_status` means success (there were no reverts before 0.12.1); an absent `actual_fee` is zero
 * (captures from before fees were charged); `execution_resources` are absent for some transactions; gas objects have
 * no `l2_gas` before 0.13.4, which reads as 0. Keys, data and payloads may be decimal, as in the calldata of their time.
 *
 * @throws {SynclineError} `GATEWAY_MALFORMED` (fault `peer`).
 * @see The Starknet feeder gateway's `get_block`, member `transaction_receipts`.
 */
export function parseReceipt(json: unknown, place: Place = rootPlace('receipt')): Receipt {
  const receipt = asObject(json, place);
  const consumed = readObjectOrNull(receipt, 'l1_to_l2_consumed_message');
  const resources = readObjectOrNull(receipt, 'execution_resources');
  return {
    transactionHash: readFelt(receipt, 'transaction_hash'),
    transactionIndex: readCount(receipt, 'transaction_index'),
    actualFee: readFeltOrNull(receipt, 'actual_fee') ?? FELT_ZERO,
    events: readEach(receipt, 'events', EVENTS_MAX, parseEvent),
    messagesToL1: readEach(receipt, 'l2_to_l1_messages', EVENTS_MAX, parseMessageToL1),
    consumedMessage: consumed === null ? null : parseMessageToL2(consumed),
    revertError: readRevertError(receipt),
    executionResources: resources === null ? null : parseExecutionResources(resources),
  };
}

function parseEvent(json: unknown, place: Place): Event {
  const event = asObject(json, place);
  return {
    fromAddress: readFelt(event, 'from_address'),
    keys: readFeltsOrDecimals(event, 'keys', FELTS_MAX),
    data: readFeltsOrDecimals(event, 'data', FELTS_MAX),
  };
}

function parseMessageToL1(json: unknown, place: Place): MessageToL1 {
  const message = asObject(json, place);
  return {
    fromAddress: readFelt(message, 'from_address'),
    toAddress: readFelt(message, 'to_address'),
    payload: readFeltsOrDecimals(message, 'payload', FELTS_MAX),
  };
}

function parseMessageToL2(message: JsonObject): MessageToL2 {
  return {
    fromAddress: readFelt(message, 'from_address'),
    toAddress: readFelt(message, 'to_address'),
    selector: readFelt(message, 'selector'),
    payload: readFeltsOrDecimals(message, 'payload', FELTS_MAX),
    nonce: readFeltOrNull(message, 'nonce'),
  };
}

/** The reason belongs to a reverted transaction and to no other: its hash stands for the status in the receipt leaf. */
function readRevertError(receipt: JsonObject): string | null {
  const status = readWordOrNull(receipt, 'execution_status', ['SUCCEEDED', 'REVERTED']) ?? 'SUCCEEDED';
  const reason = readTextOrNull(receipt, 'revert_error', REVERT_ERROR_CHARS_MAX) ?? '';
  if (status === 'REVERTED') return reason;
  if (reason !== '') throw malformed(placeOf(receipt, 'revert_error'), 'nothing, as nothing was reverted', reason);
  return null;
}

function parseExecutionResources(resources: JsonObject): ExecutionResources {
  return {
    steps: readCount(resources, 'n_steps'),
    memoryHoles: readCount(resources, 'n_memory_holes'),
    builtins: readBuiltins(resources),
    dataAvailability: readGasOrNull(resources, 'data_availability'),
    totalGasConsumed: readGasOrNull(resources, 'total_gas_consumed'),
  };
}

function readBuiltins(resources: JsonObject): Record<string, number> {
  const counters = readObjectOrNull(resources, 'builtin_instance_counter');
  const builtins: Record<string, number> = {};
  if (counters === null) return builtins;
  const names = Object.keys(counters.fields);
  if (names.length > BUILTINS_MAX) throw malformed(counters.place, `at most ${BUILTINS_MAX} builtins`, names);
  for (const name of names) {
    if (!BUILTIN_NAME.test(name)) throw malformed(counters.place, 'names of builtins', name);
    builtins[name] = readCount(counters, name);
  }
  return builtins;
}

function readGasOrNull(resources: JsonObject, key: string): GasVector | null {
  if (member(resources, key) === undefined) return null;
  const gas = asObject(member(resources, key), placeOf(resources, key));
  return {
    l1Gas: readCount(gas, 'l1_gas'),
    l1DataGas: readCount(gas, 'l1_data_gas'),
    l2Gas: readCountOrNull(gas, 'l2_gas') ?? 0,
  };
}

/** Starts with a letter, so `__proto__` is none: the names become keys of an ordinary object. */
const BUILTIN_NAME = /^[a-z][a-z0-9_]{0,63}$/;
