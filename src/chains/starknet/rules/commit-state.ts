import type { FeltHasher } from '../../../crypto/index.ts';
import type { Hash32, StateCommitment, StateView, Write } from '../../../engine/index.ts';
import { equalBytes, isZeroBytes } from '../../../lib/index.ts';
import {
  createTrieUpdater,
  type PairHasher,
  type TrieEntry,
  type TrieReader,
  type TrieResult,
  type TrieUpdate,
} from '../../../trie/index.ts';
import { FELT_ZERO, feltFromAscii, feltToHex, joinFelts } from '../felt.ts';
import { isVersionFrom, VERSION_STATE_ALWAYS_COMBINED } from '../params.ts';
import type { Felt } from '../types.ts';
import { poseidonArray, splitFelts } from './hashing.ts';
import { classHashKey, feltOrZero, nonceKey, parseStateKey, storageRootKey } from './state-keys.ts';
import { hashClassLeaves, hashContractLeaves } from './state-leaves.ts';

/**
 * Starknet's part of the engine's table `trie`: a byte for the kind, for storage tries the contract address too, then
 * what `trie` appends.
 */
export const TRIE = { storage: 1, contracts: 2, classes: 3 } as const;

export const STATE_TRIE_HEIGHT = 251;

/** Prefix of a contract's storage trie, 33 bytes. */
export function storageTriePrefix(address: Felt): Uint8Array {
  const out = new Uint8Array(33);
  out[0] = TRIE.storage;
  out.set(address, 1);
  return out;
}

export const CONTRACTS_TRIE_PREFIX: Uint8Array = Uint8Array.of(TRIE.contracts);
export const CLASSES_TRIE_PREFIX: Uint8Array = Uint8Array.of(TRIE.classes);

/** Brings the tries up to date with the flat state, block after block. */
export interface StateCommitter {
  /**
   * Storage tries of the touched contracts, then the contracts' state hashes, the contracts trie, the class trie, and
   * the state commitment over both roots. All contracts go side by side through each level of hashing.
   *
   * @param view    Shows the new flat state and the old tries.
   * @param changed State keys that differ. Keys of the derived table are passed over.
   * @param version Protocol version of the last applied block.
   * @see https://docs.starknet.io/learn/protocol/state, "State commitment"
   */
  commit(view: StateView, changed: readonly Uint8Array[], version: string): StateCommitment;
}

export function createStateCommitter(hasher: FeltHasher): StateCommitter {
  // All that runs for each node is made here, once: what the engine compiles for a closure is gone with the closure.
  const tries = createTrieUpdater();
  const reader = new TrieTable();
  const pedersen: PairHasher = (left, right) => hasher.pedersen(left, right);
  const poseidon: PairHasher = (left, right) => hasher.poseidon(left, right);

  /** All tries of a commit, in the order in which they depend on one another. */
  function updateAll(view: StateView, changes: Changes): TrieUpdates {
    const { contracts, classes } = changes;
    const withStorage = contracts.filter(({ storage }) => storage.length > 0);
    const storage = tries.update(reader, pedersen, withStorage.map(storageUpdate));
    const storageRoots = new Map(withStorage.map(({ id }, i) => [id, storage.roots[i] as Felt])); // one root an update
    const contractLeaves = hashContracts(hasher, view, contracts, storageRoots);
    const classLeaves = hashClasses(hasher, classes);
    return {
      storage,
      storageRoots,
      contracts: tries.update(reader, pedersen, [trieUpdate(CONTRACTS_TRIE_PREFIX, contractLeaves)]),
      classes: tries.update(reader, poseidon, [trieUpdate(CLASSES_TRIE_PREFIX, classLeaves)]),
    };
  }

  return {
    commit(view, changed, version) {
      const changes = groupChanges(view, changed);
      reader.view = view;
      try {
        const updates = updateAll(view, changes);
        const { storage, contracts, classes } = updates;
        const leafHashes = 3 * changes.contracts.length + changes.classes.length;
        const root = stateRoot(hasher, { contracts: rootOf(contracts), classes: rootOf(classes) }, version);
        return {
          writes: writesOf(changes, updates),
          root: root as Uint8Array as Hash32, // a felt is 32 bytes
          hashes: leafHashes + storage.hashes + contracts.hashes + classes.hashes,
        };
      } finally {
        reader.view = null;
      }
    },
  };
}

/** As a committer does, once. */
export function commitState(
  hasher: FeltHasher,
  view: StateView,
  changed: readonly Uint8Array[],
  version: string,
): StateCommitment {
  return createStateCommitter(hasher).commit(view, changed, version);
}

/** The engine's table of trie pages in the view of the present commit. */
class TrieTable implements TrieReader {
  view: StateView | null = null;

  get(key: Uint8Array): Uint8Array | undefined {
    return this.view?.get('trie', key);
  }
}

/**
 * The state commitment over the two tries' roots. Before the class trie existed it was the contracts root alone.
 * @see sequencer, `crates/starknet_committer`, and Pathfinder, `StateCommitment::calculate`
 */
export function stateRoot(
  hasher: FeltHasher,
  { contracts, classes }: { readonly contracts: Felt; readonly classes: Felt },
  version: string,
): Felt {
  if (isZeroBytes(classes)) {
    if (isZeroBytes(contracts)) return FELT_ZERO;
    if (!isVersionFrom(version, VERSION_STATE_ALWAYS_COMBINED)) return contracts;
  }
  return poseidonArray(hasher, joinFelts(STATE_PREFIX, contracts, classes));
}

const STATE_PREFIX = feltFromAscii('STARKNET_STATE_V0');

interface ContractChange {
  readonly address: Felt;
  /** The address as text, to look it up by. */
  readonly id: string;
  /** Changed storage entries with their new values. */
  readonly storage: TrieEntry[];
}

interface ClassChange {
  readonly classHash: Felt;
  /** Null when the declaration was undone. */
  readonly compiledClassHash: Felt | null;
}

interface Changes {
  /** Each contract once. */
  readonly contracts: readonly ContractChange[];
  readonly classes: readonly ClassChange[];
}

interface TrieUpdates {
  readonly storage: TrieResult;
  /** New roots of storage tries, by contract. */
  readonly storageRoots: ReadonlyMap<string, Felt>;
  readonly contracts: TrieResult;
  readonly classes: TrieResult;
}

function groupChanges(view: StateView, changed: readonly Uint8Array[]): Changes {
  const contracts = new Map<string, ContractChange>();
  const classes: ClassChange[] = [];
  let latest: ContractChange | null = null;
  for (const raw of changed) {
    const { table, id: felt, storageKey: key } = parseStateKey(raw);
    if (table === 'storageRoot') continue;
    if (table === 'compiledClassHash') {
      const stored = view.get('state', raw);
      classes.push({ classHash: felt, compiledClassHash: stored === undefined ? null : feltOrZero(stored) });
      continue;
    }
    // In key order, the storage keys of a contract follow one another.
    if (latest === null || !equalBytes(latest.address, felt)) latest = contractIn(contracts, felt);
    if (key !== null) latest.storage.push({ key, value: feltOrZero(view.get('state', raw)) });
  }
  return { contracts: [...contracts.values()], classes };
}

function contractIn(contracts: Map<string, ContractChange>, address: Felt): ContractChange {
  const id = feltToHex(address);
  const contract = contracts.get(id) ?? { address, id, storage: [] };
  contracts.set(id, contract);
  return contract;
}

function storageUpdate({ address, storage }: ContractChange): TrieUpdate {
  return trieUpdate(storageTriePrefix(address), storage);
}

function trieUpdate(prefix: Uint8Array, entries: readonly TrieEntry[]): TrieUpdate {
  return { prefix, height: STATE_TRIE_HEIGHT, entries };
}

/** Zero where nothing is left of a contract. */
function hashContracts(
  hasher: FeltHasher,
  view: StateView,
  contracts: readonly ContractChange[],
  newRoots: ReadonlyMap<string, Felt>,
): readonly TrieEntry[] {
  const get = (key: Uint8Array) => feltOrZero(view.get('state', key));
  const classHashes = contracts.map(({ address }) => get(classHashKey(address)));
  const roots = contracts.map(({ address, id }) => newRoots.get(id) ?? get(storageRootKey(address)));
  const nonces = contracts.map(({ address }) => get(nonceKey(address)));
  const leaves = splitFelts(hashContractLeaves(hasher, { classHashes, roots, nonces }));
  return contracts.map(({ address }, i) => {
    const fields = [classHashes[i], roots[i], nonces[i]] as readonly Felt[]; // aligned with the contracts
    return { key: address, value: fields.every(isZeroBytes) ? FELT_ZERO : (leaves[i] as Felt) }; // likewise
  });
}

/** Zero where a declaration was undone. */
function hashClasses(hasher: FeltHasher, classes: readonly ClassChange[]): readonly TrieEntry[] {
  const compiled = classes.map(({ compiledClassHash }) => compiledClassHash ?? FELT_ZERO);
  const leaves = splitFelts(hashClassLeaves(hasher, compiled));
  return classes.map(({ classHash, compiledClassHash }, i) => ({
    key: classHash,
    value: compiledClassHash === null ? FELT_ZERO : (leaves[i] as Felt), // aligned with the classes
  }));
}

function rootOf({ roots }: TrieResult): Felt {
  return roots[0] as Felt; // one update, one root, which is a node hash or zero
}

function writesOf({ contracts }: Changes, updates: TrieUpdates): readonly Write[] {
  const writes: Write[] = [];
  for (const result of [updates.storage, updates.contracts, updates.classes]) {
    for (const { key, value } of result.writes) writes.push({ table: 'trie', key, value });
  }
  for (const { address, id, storage } of contracts) {
    if (storage.length > 0) writes.push(rootWrite(address, updates.storageRoots.get(id)));
  }
  return writes;
}

function rootWrite(address: Felt, root: Felt | undefined): Write {
  const value = root === undefined || isZeroBytes(root) ? null : root;
  return { table: 'state', key: storageRootKey(address), value };
}
