import type { FeltHasher } from '../../../crypto/index.ts';
import type { Hash32, StateCommitment, StateView, Write } from '../../../engine/index.ts';
import { isZeroBytes } from '../../../lib/index.ts';
import { type TrieEntry, type TrieReader, type TrieResult, type TrieUpdate, updateTries } from '../../../trie/index.ts';
import { FELT_ZERO, feltFromAscii, feltToHex, joinFelts } from '../felt.ts';
import { isVersionFrom, VERSION_STATE_ALWAYS_COMBINED } from '../params.ts';
import type { Felt } from '../types.ts';
import { concatFelts, poseidonArray, splitFelts } from './hashing.ts';
import { classHashKey, feltOrZero, nonceKey, parseStateKey, storageRootKey } from './state-keys.ts';

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

/**
 * Brings the tries up to date with the flat state: storage tries of the touched contracts, then the contracts' state
 * hashes, the contracts trie, the class trie, and the state commitment over both roots. All contracts go side by
 * side through each level of hashing.
 *
 * @param view    Shows the new flat state and the old tries.
 * @param changed State keys that differ. Keys of the derived table are passed over.
 * @param version Protocol version of the last applied block.
 * @see https://docs.starknet.io/learn/protocol/state, "State commitment"
 */
export function commitState(
  hasher: FeltHasher,
  view: StateView,
  changed: readonly Uint8Array[],
  version: string,
): StateCommitment {
  const changes = groupChanges(view, changed);
  const reader: TrieReader = { get: (key) => view.get('trie', key) };
  const pedersen = (left: Uint8Array, right: Uint8Array) => hasher.pedersen(left, right);
  const poseidon = (left: Uint8Array, right: Uint8Array) => hasher.poseidon(left, right);

  const withStorage = changes.contracts.filter(({ storage }) => storage.length > 0);
  const storage = updateTries(reader, pedersen, withStorage.map(storageUpdate));
  const roots = new Map(withStorage.map(({ id }, i) => [id, storage.roots[i] as Felt])); // one root an update
  const contractLeaves = hashContracts(hasher, view, changes.contracts, roots);
  const contracts = updateTries(reader, pedersen, [trieUpdate(CONTRACTS_TRIE_PREFIX, contractLeaves)]);
  const classes = updateTries(reader, poseidon, [
    trieUpdate(CLASSES_TRIE_PREFIX, hashClasses(hasher, changes.classes)),
  ]);

  const tries = [storage, contracts, classes];
  const root = stateRoot(hasher, { contracts: rootOf(contracts), classes: rootOf(classes) }, version);
  const leafHashes = 3 * contractLeaves.length + changes.classes.length;
  return {
    writes: [...tries.flatMap(trieWrites), ...withStorage.map(({ address, id }) => rootWrite(address, roots.get(id)))],
    root: root as Uint8Array as Hash32, // a felt is 32 bytes
    hashes: tries.reduce((sum, { hashes }) => sum + hashes, leafHashes),
  };
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

function groupChanges(
  view: StateView,
  changed: readonly Uint8Array[],
): { readonly contracts: readonly ContractChange[]; readonly classes: readonly ClassChange[] } {
  const contracts = new Map<string, ContractChange>();
  const classes: ClassChange[] = [];
  for (const raw of changed) {
    const { table, id: felt, storageKey: key } = parseStateKey(raw);
    if (table === 'storageRoot') continue;
    if (table === 'compiledClassHash') {
      const stored = view.get('state', raw);
      classes.push({ classHash: felt, compiledClassHash: stored === undefined ? null : feltOrZero(stored) });
      continue;
    }
    const id = feltToHex(felt);
    const contract = contracts.get(id) ?? { address: felt, id, storage: [] };
    contracts.set(id, contract);
    if (key !== null) contract.storage.push({ key, value: feltOrZero(view.get('state', raw)) });
  }
  return { contracts: [...contracts.values()], classes };
}

function storageUpdate({ address, storage }: ContractChange): TrieUpdate {
  return trieUpdate(storageTriePrefix(address), storage);
}

function trieUpdate(prefix: Uint8Array, entries: readonly TrieEntry[]): TrieUpdate {
  return { prefix, height: STATE_TRIE_HEIGHT, entries };
}

/** H(H(H(class hash, storage root), nonce), 0) for each contract; zero where nothing is left of it. */
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
  const content = hasher.pedersen(concatFelts(classHashes), concatFelts(roots));
  const withNonce = hasher.pedersen(content, concatFelts(nonces));
  const leaves = splitFelts(hasher.pedersen(withNonce, new Uint8Array(withNonce.length)));
  return contracts.map(({ address }, i) => {
    const fields = [classHashes[i], roots[i], nonces[i]] as readonly Felt[]; // aligned with the contracts
    return { key: address, value: fields.every(isZeroBytes) ? FELT_ZERO : (leaves[i] as Felt) }; // likewise
  });
}

/** Sierra classes only: the leaf is Poseidon('CONTRACT_CLASS_LEAF_V0', compiled class hash). */
function hashClasses(hasher: FeltHasher, classes: readonly ClassChange[]): readonly TrieEntry[] {
  const prefixes = concatFelts(classes.map(() => CLASS_LEAF_PREFIX));
  const compiled = concatFelts(classes.map(({ compiledClassHash }) => compiledClassHash ?? FELT_ZERO));
  const leaves = splitFelts(hasher.poseidon(prefixes, compiled));
  return classes.map(({ classHash, compiledClassHash }, i) => ({
    key: classHash,
    value: compiledClassHash === null ? FELT_ZERO : (leaves[i] as Felt), // aligned with the classes
  }));
}

const CLASS_LEAF_PREFIX = feltFromAscii('CONTRACT_CLASS_LEAF_V0');

function rootOf({ roots }: TrieResult): Felt {
  return roots[0] as Felt; // one update, one root, which is a node hash or zero
}

function trieWrites({ writes }: TrieResult): readonly Write[] {
  return writes.map(({ key, value }) => ({ table: 'trie', key, value }));
}

function rootWrite(address: Felt, root: Felt | undefined): Write {
  const value = root === undefined || isZeroBytes(root) ? null : root;
  return { table: 'state', key: storageRootKey(address), value };
}
