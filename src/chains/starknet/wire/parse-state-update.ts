import { feltToHex } from '../felt.ts';
import type { Felt, StateDiff, StateUpdate, StorageEntry } from '../types.ts';
import {
  asFelt,
  asObject,
  has,
  type JsonObject,
  malformed,
  member,
  type Place,
  placeOf,
  readEach,
  readFelt,
  readObject,
  readObjectOrNull,
  rootPlace,
} from './json-reader.ts';
import { DIFF_ENTRIES_MAX, STORAGE_ENTRIES_MAX } from './limits.ts';
import { wireError } from './wire-error.ts';

/**
 * Parses a state update as the feeder gateway's `get_state_update` writes it, in any shape since the first.
 *
 * Absent lists are empty. Before 0.9 a deployed contract named its class `contract_hash`, and Cairo 0 declarations
 * stood in `declared_contracts`; roots of old captures have no `0x`. Lists keep the gateway's order. No address comes
 * twice among `storageDiffs` or `nonces`; a storage key repeated under one address (possible in merged diffs) is kept,
 * the later entry being the one that counts.
 *
 * @throws {SynclineError} `GATEWAY_MALFORMED` (fault `peer`); `BLOCK_NOT_STORABLE` (fault `source`) for the update of
 *   a block that is still being built: it has no block hash.
 */
export function parseStateUpdate(json: unknown, place: Place = rootPlace('state_update')): StateUpdate {
  const update = asObject(json, place);
  if (!has(update, 'block_hash') && has(update, 'old_root')) {
    throw wireError('BLOCK_NOT_STORABLE', 'state update is of a block that is still being built', {
      expected: 'a block_hash',
      got: 'none',
    });
  }
  return {
    blockHash: readFelt(update, 'block_hash'),
    newRoot: readRoot(update, 'new_root'),
    oldRoot: readRoot(update, 'old_root'),
    stateDiff: readStateDiff(readObject(update, 'state_diff')),
  };
}

/** A state root: hex, with or without `0x` (captures from before 0.11 have none). Never decimal. */
export function readRoot(object: JsonObject, key: string): Felt {
  const value = member(object, key);
  const text = typeof value === 'string' && BARE_HEX.test(value) ? `0x${value}` : value;
  return asFelt(text, placeOf(object, key));
}

/** The lists of a `state_diff`; absent ones are empty. */
export function readStateDiff(diff: JsonObject): StateDiff {
  const oldDeclared = has(diff, 'old_declared_contracts') ? 'old_declared_contracts' : 'declared_contracts';
  return {
    storageDiffs: readByAddress(diff, 'storage_diffs', (map, key, address) => ({
      address,
      entries: readEach(map, key, STORAGE_ENTRIES_MAX, parseStorageEntry),
    })),
    nonces: readByAddress(diff, 'nonces', (map, key, address) => ({ address, nonce: readFelt(map, key) })),
    deployedContracts: readEach(diff, 'deployed_contracts', DIFF_ENTRIES_MAX, parseDeployedContract),
    replacedClasses: readEach(diff, 'replaced_classes', DIFF_ENTRIES_MAX, parseReplacedClass),
    oldDeclaredContracts: readEach(diff, oldDeclared, DIFF_ENTRIES_MAX, asFelt),
    declaredClasses: readEach(diff, 'declared_classes', DIFF_ENTRIES_MAX, parseDeclaredClass),
    migratedCompiledClasses: readEach(diff, 'migrated_compiled_classes', DIFF_ENTRIES_MAX, parseDeclaredClass),
  };
}

/** The members of an object whose names are addresses, in the order they stand. */
function readByAddress<T>(
  diff: JsonObject,
  key: string,
  parse: (map: JsonObject, key: string, address: Felt) => T,
): T[] {
  const map = readObjectOrNull(diff, key);
  if (map === null) return [];
  const names = Object.keys(map.fields);
  if (names.length > DIFF_ENTRIES_MAX) throw malformed(map.place, `at most ${DIFF_ENTRIES_MAX} addresses`, names);
  const seen = new Set<string>();
  return names.map((name) => {
    const address = asFelt(name, placeOf(map, name));
    // JSON keeps names apart that write the same number differently, such as 0x1 and 0x01.
    const canonical = feltToHex(address);
    if (seen.has(canonical)) throw malformed(placeOf(map, name), 'each address once', name);
    seen.add(canonical);
    return parse(map, name, address);
  });
}

function parseStorageEntry(json: unknown, place: Place): StorageEntry {
  const entry = asObject(json, place);
  return { key: readFelt(entry, 'key'), value: readFelt(entry, 'value') };
}

function parseDeployedContract(json: unknown, place: Place): StateDiff['deployedContracts'][number] {
  const contract = asObject(json, place);
  const classKey = has(contract, 'class_hash') ? 'class_hash' : 'contract_hash';
  return { address: readFelt(contract, 'address'), classHash: readFelt(contract, classKey) };
}

function parseReplacedClass(json: unknown, place: Place): StateDiff['replacedClasses'][number] {
  const contract = asObject(json, place);
  return { address: readFelt(contract, 'address'), classHash: readFelt(contract, 'class_hash') };
}

function parseDeclaredClass(json: unknown, place: Place): StateDiff['declaredClasses'][number] {
  const declared = asObject(json, place);
  return {
    classHash: readFelt(declared, 'class_hash'),
    compiledClassHash: readFelt(declared, 'compiled_class_hash'),
  };
}

const BARE_HEX = /^[0-9a-fA-F]{1,64}$/;
