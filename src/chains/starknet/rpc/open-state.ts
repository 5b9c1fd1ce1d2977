import { type Height, readStateAt, type StateView } from '../../../engine/index.ts';
import { concatBytes, equalBytes, isZeroBytes, readU64be, u64be } from '../../../lib/index.ts';
import { FELT_ONE, feltFromNumber } from '../felt.ts';
import { classHashKey, feltOrZero, nonceKey, storageKey } from '../rules/index.ts';
import { decodeStateDiff } from '../stored/index.ts';
import type { Felt, StateDiff } from '../types.ts';
import type { ResolvedBlock } from './block-id.ts';

/** The state after a block, as long as its view is open. */
export interface OpenState {
  /** Zero where nothing was stored. `updatedAt` is the height that last changed it, 0 for never. */
  storage(address: Felt, key: Felt): { readonly value: Felt; readonly updatedAt: number };
  /** Null where no contract was deployed. */
  classHash(address: Felt): Felt | null;
  /** Zero where none was set. */
  nonce(address: Felt): Felt;
}

/** Of blocks being built the newest change wins; what none of them changed stands as it does at the tip. */
export function openState(view: StateView, resolved: ResolvedBlock): OpenState {
  if (resolved.type === 'confirmed') return openStateAt(view, resolved.ref.height);
  const below = openStateAt(view, resolved.tip.height);
  const layers = resolved.blocks
    .map(({ height, parts }) => ({
      height,
      diff: parts.stateDiff === undefined ? null : decodeStateDiff(parts.stateDiff),
    }))
    .reverse();
  /** The newest change that `find` finds. */
  const changed = (find: (diff: StateDiff) => Felt | undefined): { value: Felt; height: Height } | null => {
    for (const { height, diff } of layers) {
      const value = diff === null ? undefined : find(diff);
      if (value !== undefined) return { value, height };
    }
    return null;
  };
  return {
    storage(address, key) {
      const found = changed((diff) => storageChange(diff, address, key));
      return found === null ? below.storage(address, key) : { value: found.value, updatedAt: found.height };
    },
    classHash: (address) => changed((diff) => classChange(diff, address))?.value ?? below.classHash(address),
    nonce: (address) => changed((diff) => nonceChange(diff, address))?.value ?? below.nonce(address),
  };
}

/**
 * Contracts that have storage but were never deployed: 0x1 keeps the hashes of recent blocks, 0x2 the aliases of
 * stateful compression.
 * @see https://docs.starknet.io/learn/protocol/data-availability, "Stateful compression"
 */
export function isSystemContract(address: Felt): boolean {
  return equalBytes(address, FELT_ONE) || equalBytes(address, CONTRACT_TWO);
}

const CONTRACT_TWO = feltFromNumber(2);

function openStateAt(view: StateView, height: Height): OpenState {
  const read = (key: Uint8Array) => readStateAt(view, key, height);
  return {
    storage(address, key) {
      const stateKey = storageKey({ address, key });
      return { value: feltOrZero(read(stateKey)), updatedAt: lastChange(view, stateKey, height) };
    },
    classHash(address) {
      const stored = read(classHashKey(address));
      return stored === undefined ? null : feltOrZero(stored);
    },
    nonce: (address) => feltOrZero(read(nonceKey(address))),
  };
}

/** Each change left the value before it in `history`, under the height that made it. */
function lastChange(view: StateView, key: Uint8Array, height: Height): number {
  const range = {
    start: concatBytes(key, u64be(0)),
    end: concatBytes(key, u64be(height + 1)),
    reverse: true,
    limit: 1,
  };
  for (const [historyKey] of view.range('history', range)) return readU64be(historyKey, key.length);
  return 0;
}

/** Of several changes of one key in a block the last counts. */
function storageChange(diff: StateDiff, address: Felt, key: Felt): Felt | undefined {
  const own = diff.storageDiffs.filter((contract) => equalBytes(contract.address, address));
  return own.flatMap(({ entries }) => entries).findLast((entry) => equalBytes(entry.key, key))?.value;
}

function classChange(diff: StateDiff, address: Felt): Felt | undefined {
  const changes = [...diff.deployedContracts, ...diff.replacedClasses];
  const found = changes.findLast((contract) => equalBytes(contract.address, address))?.classHash;
  return found === undefined || isZeroBytes(found) ? undefined : found;
}

function nonceChange(diff: StateDiff, address: Felt): Felt | undefined {
  return diff.nonces.findLast((contract) => equalBytes(contract.address, address))?.nonce;
}
