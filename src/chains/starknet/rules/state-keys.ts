import { SynclineError, toHex } from '../../../lib/index.ts';
import { FELT_ZERO } from '../felt.ts';
import type { Felt } from '../types.ts';

/**
 * Starknet's part of the engine's table `state`. All values are felts of 32 bytes; where nothing is stored the value
 * is zero. A key is the sub-table's byte and one or two felts:
 *
 *     01 ‖ contract address ‖ storage key   storage value
 *     02 ‖ contract address                 class hash
 *     03 ‖ contract address                 nonce
 *     04 ‖ class hash                       compiled class hash, of Sierra classes only
 *     05 ‖ contract address                 root of the contract's storage trie; derived, written by `commitState`
 */
export const STATE = { storage: 1, classHash: 2, nonce: 3, compiledClassHash: 4, storageRoot: 5 } as const;

export type StateTable = keyof typeof STATE;

/** A state key taken apart; `id` is the contract address or the class hash. */
export interface StateKey {
  readonly table: StateTable;
  readonly id: Felt;
  /** Of table `storage` only. */
  readonly storageKey: Felt | null;
}

export function storageKey({ address, key }: { readonly address: Felt; readonly key: Felt }): Uint8Array {
  const out = new Uint8Array(65);
  out[0] = STATE.storage;
  out.set(address, 1);
  out.set(key, 33);
  return out;
}

export function classHashKey(address: Felt): Uint8Array {
  return keyOf(STATE.classHash, address);
}

export function nonceKey(address: Felt): Uint8Array {
  return keyOf(STATE.nonce, address);
}

export function compiledClassHashKey(classHash: Felt): Uint8Array {
  return keyOf(STATE.compiledClassHash, classHash);
}

export function storageRootKey(address: Felt): Uint8Array {
  return keyOf(STATE.storageRoot, address);
}

/** @throws {SynclineError} `STATE_KEY_MALFORMED` (fault `bug`). */
export function parseStateKey(key: Uint8Array): StateKey {
  const table = TABLES[(key[0] ?? 0) - 1];
  if (table === undefined || key.length !== (table === 'storage' ? 65 : 33)) {
    throw new SynclineError('STATE_KEY_MALFORMED', 'bug', 'a key of table state is not one of Starknet', {
      data: { got: toHex(key) },
    });
  }
  const felt = (start: number) => key.subarray(start, start + 32) as Felt; // only the builders above make keys
  return { table, id: felt(1), storageKey: table === 'storage' ? felt(33) : null };
}

/** What a look-up means: nothing stored is zero. */
export function feltOrZero(stored: Uint8Array | undefined): Felt {
  return stored === undefined ? FELT_ZERO : (stored as Felt); // values of these tables are felts
}

/** In the order of their bytes. */
const TABLES: readonly StateTable[] = ['storage', 'classHash', 'nonce', 'compiledClassHash', 'storageRoot'];

function keyOf(table: number, id: Felt): Uint8Array {
  const out = new Uint8Array(33);
  out[0] = table;
  out.set(id, 1);
  return out;
}
