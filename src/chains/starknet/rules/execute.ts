import type { StateTransition } from '../../../engine/index.ts';
import { equalBytes, isZeroBytes, SynclineError } from '../../../lib/index.ts';
import { FELT_ONE, feltFromNumber, feltToHex } from '../felt.ts';
import type { Felt, StateDiff } from '../types.ts';
import { classHashKey, compiledClassHashKey, nonceKey, storageKey } from './state-keys.ts';

/**
 * Plays a state diff onto the flat state: deployments, replaced classes, nonces, storage, class declarations and
 * migrations, in this order. Of several changes of one key the last counts.
 *
 * @throws {SynclineError} fault `peer`: `CONTRACT_UNKNOWN` when a change touches a contract that was never deployed,
 *   `STATE_KEY_OUT_OF_RANGE` for an address or key of 2^251 or more, which no trie can hold.
 * @see https://docs.starknet.io/learn/protocol/state
 */
export function executeDiff(state: StateTransition, diff: StateDiff): void {
  for (const { address, classHash } of diff.deployedContracts) {
    state.set(classHashKey(inRange(address)), orNull(classHash));
  }
  for (const { address, classHash } of diff.replacedClasses) {
    state.set(classHashKey(known(state, address)), orNull(classHash));
  }
  for (const { address, nonce } of diff.nonces) state.set(nonceKey(known(state, address)), orNull(nonce));
  for (const { address, entries } of diff.storageDiffs) {
    known(state, address);
    for (const { key, value } of entries) state.set(storageKey({ address, key: inRange(key) }), orNull(value));
  }
  for (const { classHash, compiledClassHash } of [...diff.declaredClasses, ...diff.migratedCompiledClasses]) {
    state.set(compiledClassHashKey(inRange(classHash)), compiledClassHash);
  }
}

/**
 * Classes that a diff names, each once, in the order worth fetching them: by deployment, by declaration, by
 * replacement. Deployments count because the first classes were never declared, nor were some whose declaration
 * failed.
 */
export function classesNamedBy(diff: StateDiff): readonly Felt[] {
  const named = [
    ...diff.deployedContracts.map(({ classHash }) => classHash),
    ...diff.oldDeclaredContracts,
    ...diff.declaredClasses.map(({ classHash }) => classHash),
    ...diff.replacedClasses.map(({ classHash }) => classHash),
  ];
  return [...new Map(named.map((classHash) => [feltToHex(classHash), classHash])).values()];
}

/**
 * 0x1 keeps the hashes of recent blocks, 0x2 the aliases of stateful compression: storage without a contract.
 * @see https://docs.starknet.io/learn/protocol/data-availability, "Stateful compression"
 */
const SYSTEM_CONTRACTS: readonly Felt[] = [FELT_ONE, feltFromNumber(2)];

function known(state: StateTransition, address: Felt): Felt {
  inRange(address);
  if (SYSTEM_CONTRACTS.some((system) => equalBytes(system, address))) return address;
  if (state.get(classHashKey(address)) !== undefined) return address;
  throw new SynclineError('CONTRACT_UNKNOWN', 'peer', 'the state diff changes a contract that was never deployed', {
    data: { check: 'state-diff', expected: 'a deployed contract', got: feltToHex(address), parts: ['stateUpdate'] },
  });
}

/** Trie keys have 251 bits. */
function inRange(key: Felt): Felt {
  if ((key[0] as number) < 8) return key; // a felt has 32 bytes
  throw new SynclineError('STATE_KEY_OUT_OF_RANGE', 'peer', 'the state diff names a key that no trie can hold', {
    data: { check: 'state-diff', expected: 'below 2^251', got: feltToHex(key), parts: ['stateUpdate'] },
  });
}

function orNull(value: Felt): Felt | null {
  return isZeroBytes(value) ? null : value;
}
