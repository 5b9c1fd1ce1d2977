import { equalBytes } from '../../../lib/index.ts';
import { FELT_ZERO, feltToHex } from '../felt.ts';
import type { Felt, Header, Receipt, StateDiff, StorageEntry, Transaction } from '../types.ts';
import {
  asObject,
  type JsonObject,
  malformed,
  member,
  type Place,
  placeOf,
  readEach,
  readFelt,
  readObject,
  readWordOrNull,
  rootPlace,
} from './json-reader.ts';
import { TRANSACTIONS_MAX } from './limits.ts';
import { readCircumstances } from './parse-block.ts';
import { parseReceipt } from './parse-receipt.ts';
import { readStateDiff } from './parse-state-update.ts';
import { parseTransaction } from './parse-transaction.ts';

/** A block that is being built. Hash, state root and commitments of its header are zero or null: nobody knows them. */
export interface ParsedProvisional {
  readonly header: Header;
  /** Executed ones first, in order, then candidates: received and not executed yet. */
  readonly transactions: readonly Transaction[];
  /** Of the executed ones. */
  readonly receipts: readonly Receipt[];
  /** Of all executed ones together; of several changes of one key the last is left. */
  readonly stateDiff: StateDiff;
}

/**
 * Parses `get_preconfirmed_block` (from 0.14.0). Its three lists are aligned; a candidate has null for receipt and
 * state diff.
 *
 * @param at The height that was asked for, which the answer does not repeat, and the hash below it, zero if unknown.
 * @throws {SynclineError} `GATEWAY_MALFORMED` (fault `peer`), `PROTOCOL_UNSUPPORTED` (fault `source`).
 * @see The Starknet feeder gateway's `get_preconfirmed_block`; Pathfinder, `PreConfirmedBlock`.
 */
export function parsePreConfirmed(
  json: unknown,
  at: { readonly height: number; readonly parentHash: Felt },
): ParsedProvisional {
  const block = asObject(json, rootPlace('preconfirmed_block'));
  readWordOrNull(block, 'status', ['PRE_CONFIRMED']);
  const all = readEach(block, 'transactions', TRANSACTIONS_MAX, parseTransaction);
  const receipts = readEach(block, 'transaction_receipts', TRANSACTIONS_MAX, orNull(parseReceipt));
  const diffs = readEach(block, 'transaction_state_diffs', TRANSACTIONS_MAX, orNull(parseDiff));
  for (const [name, list] of [
    ['transaction_receipts', receipts],
    ['transaction_state_diffs', diffs],
  ] as const) {
    if (list.length !== all.length)
      throw malformed(placeOf(block, name), `a list of ${all.length}`, member(block, name));
  }
  const executed: Transaction[] = [];
  const candidates: Transaction[] = [];
  for (const [i, transaction] of all.entries()) {
    const receipt = receipts[i] ?? null;
    (receipt === null ? candidates : executed).push(transaction);
    if (receipt !== null) requirePair(block, i, transaction, receipt);
  }
  return {
    header: headerOf(block, at),
    transactions: [...executed, ...candidates],
    receipts: receipts.filter((receipt) => receipt !== null),
    stateDiff: mergeDiffs(diffs.filter((diff) => diff !== null)),
  };
}

/**
 * Parses `get_state_update?blockNumber=pending&includeBlock=true`: before 0.14.0 the block being built, since then the
 * one that consensus has closed and whose commitments are still being computed.
 *
 * @returns Null where the answer is an ordinary block, as some gateways give for `pending`.
 * @throws {SynclineError} `GATEWAY_MALFORMED` (fault `peer`), `PROTOCOL_UNSUPPORTED` (fault `source`).
 */
export function parsePending(
  json: unknown,
  height: number,
): (ParsedProvisional & { readonly parentHash: Felt }) | null {
  const bundle = asObject(json, rootPlace('pending'));
  const block = readObject(bundle, 'block');
  const update = readObject(bundle, 'state_update');
  if (member(block, 'block_hash') !== undefined) return null;
  const parentHash = readFelt(block, 'parent_block_hash');
  const transactions = readEach(block, 'transactions', TRANSACTIONS_MAX, parseTransaction);
  const receipts = readEach(block, 'transaction_receipts', TRANSACTIONS_MAX, parseReceipt);
  if (receipts.length !== transactions.length) {
    const place = placeOf(block, 'transaction_receipts');
    throw malformed(place, `a list of ${transactions.length}`, member(block, 'transaction_receipts'));
  }
  for (const [i, receipt] of receipts.entries()) requirePair(block, i, transactions[i] as Transaction, receipt); // as many
  const stateDiff = mergeDiffs([readStateDiff(readObject(update, 'state_diff'))]);
  return { header: headerOf(block, { height, parentHash }), transactions, receipts, stateDiff, parentHash };
}

/** What is served of a transaction pairs it with the receipt of its place. */
function requirePair(block: JsonObject, index: number, { hash }: Transaction, { transactionHash }: Receipt): void {
  if (equalBytes(transactionHash, hash)) return;
  const place: Place = { parent: placeOf(block, 'transaction_receipts'), step: index };
  throw malformed(place, `the receipt of ${feltToHex(hash)}`, feltToHex(transactionHash));
}

function headerOf(block: JsonObject, { height, parentHash }: { height: number; parentHash: Felt }): Header {
  return {
    number: height,
    hash: FELT_ZERO,
    parentHash,
    stateRoot: FELT_ZERO,
    ...readCircumstances(block),
    transactionCommitment: null,
    eventCommitment: null,
    receiptCommitment: null,
    stateDiffCommitment: null,
    stateDiffLength: null,
    status: 'ACCEPTED_ON_L2',
  };
}

function parseDiff(json: unknown, place: Place): StateDiff {
  return readStateDiff(asObject(json, place));
}

function orNull<T>(parse: (json: unknown, place: Place) => T): (json: unknown, place: Place) => T | null {
  return (json, place) => (json === null ? null : parse(json, place));
}

function mergeDiffs(diffs: readonly StateDiff[]): StateDiff {
  const storage = new Map<string, { readonly address: Felt; readonly entries: Map<string, StorageEntry> }>();
  for (const { address, entries } of diffs.flatMap(({ storageDiffs }) => storageDiffs)) {
    const id = feltToHex(address);
    const known = storage.get(id) ?? { address, entries: new Map<string, StorageEntry>() };
    storage.set(id, known);
    for (const entry of entries) known.entries.set(feltToHex(entry.key), entry);
  }
  const last = <T>(list: readonly T[], keyOf: (one: T) => Felt): readonly T[] => [
    ...new Map(list.map((one) => [feltToHex(keyOf(one)), one])).values(),
  ];
  return {
    storageDiffs: [...storage.values()].map(({ address, entries }) => ({ address, entries: [...entries.values()] })),
    nonces: last(
      diffs.flatMap(({ nonces }) => nonces),
      (one) => one.address,
    ),
    deployedContracts: last(
      diffs.flatMap((diff) => diff.deployedContracts),
      (one) => one.address,
    ),
    replacedClasses: last(
      diffs.flatMap((diff) => diff.replacedClasses),
      (one) => one.address,
    ),
    oldDeclaredContracts: last(
      diffs.flatMap((diff) => diff.oldDeclaredContracts),
      (one) => one,
    ),
    declaredClasses: last(
      diffs.flatMap((diff) => diff.declaredClasses),
      (one) => one.classHash,
    ),
    migratedCompiledClasses: last(
      diffs.flatMap((diff) => diff.migratedCompiledClasses),
      (one) => one.classHash,
    ),
  };
}
