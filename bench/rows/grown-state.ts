import type { Felt, StateDiff } from '../../src/chains/starknet/index.ts';
import {
  CLASSES_TRIE_PREFIX,
  CONTRACTS_TRIE_PREFIX,
  classHashKey,
  nonceKey,
  STATE_TRIE_HEIGHT,
  stateRoot,
  storageKey,
  storageRootKey,
  storageTriePrefix,
} from '../../src/chains/starknet/rules/index.ts';
import type { FeltHasher } from '../../src/crypto/index.ts';
import type { Write } from '../../src/engine/index.ts';
import { compareBytes, concatBytes, isZeroBytes, toHex } from '../../src/lib/index.ts';
import { type PairHasher, rootsFromSorted, type TrieUpdate, updateTries } from '../../src/trie/index.ts';
import type { Random } from '../harness/random.ts';
import { leavesBeside } from './realistic-trie.ts';

/** How large the state around a diff is. */
export interface StateSize {
  /** Leaves of the contracts trie. */
  readonly contracts: number;
  /** Leaves of a storage trie for each key of it that the diff changes: busy contracts are the large ones. */
  readonly storageLeavesPerChange: number;
  /** Leaves of the class trie. */
  readonly classes: number;
}

/** A state that a diff can be applied to, so far as the diff touches it. */
export interface GrownState {
  readonly contracts: readonly GrownContract[];
  /** Contracts the diff does not touch: their leaves in the contracts trie. */
  readonly otherContracts: readonly Leaf[];
  readonly classes: readonly Leaf[];
  /** How many leaves each trie is grown to look like, by the prefix of its records in hex. */
  readonly leafCounts: ReadonlyMap<string, number>;
}

/** A contract that the diff touches, before it does. */
export interface GrownContract {
  readonly address: Felt;
  /** Zero for one that the diff deploys. */
  readonly classHash: Uint8Array;
  readonly nonce: Uint8Array;
  /** Leaves of its storage trie; null when the diff leaves storage alone, and only its root matters. */
  readonly storage: readonly Leaf[] | null;
  readonly storageRoot: Uint8Array;
}

export interface Leaf {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * Grows a state around a diff: the same seed, the same state. Of the storage keys that the diff sets, three of four
 * have had a value before; those it sets to zero all have.
 */
export function growState(diff: StateDiff, size: StateSize, random: Random): GrownState {
  const deployed = new Set(diff.deployedContracts.map(({ address }) => toHex(address)));
  const storage = new Map(diff.storageDiffs.map(({ address, entries }) => [toHex(address), entries]));
  const leafCounts = new Map([
    [toHex(CONTRACTS_TRIE_PREFIX), size.contracts],
    [toHex(CLASSES_TRIE_PREFIX), size.classes],
  ]);
  const contracts = touchedContracts(diff).map((address): GrownContract => {
    const isNew = deployed.has(toHex(address));
    const entries = storage.get(toHex(address)) ?? null;
    const held = entries?.filter(({ value }) => isZeroBytes(value) || random.chance(EXISTING_SHARE)) ?? [];
    const leafCount = (entries?.length ?? 0) * size.storageLeavesPerChange;
    leafCounts.set(toHex(storageTriePrefix(address)), leafCount);
    const keys = isNew ? [] : held.map(({ key }) => key as Uint8Array);
    const others = isNew || entries === null ? [] : leavesBeside(keysOf(entries), leafCount, random);
    return {
      address,
      classHash: isNew ? zero() : random.felt(),
      nonce: isNew ? zero() : smallFelt(1 + random.below(1000)),
      storage: entries === null ? null : [...keys, ...others].map((key) => ({ key, value: random.felt() })),
      storageRoot: isNew || entries !== null ? zero() : random.felt(),
    };
  });
  const leaf = (key: Uint8Array): Leaf => ({ key, value: random.felt() });
  const addresses = contracts.map(({ address }) => address);
  const classKeys = Array.from({ length: 4 }, () => random.felt());
  return {
    contracts,
    otherContracts: leavesBeside(addresses, size.contracts, random).map(leaf),
    classes: [...classKeys, ...leavesBeside(classKeys, size.classes, random)].map(leaf),
    leafCounts,
  };
}

/** Chosen: what a block sets has mostly been set before, such as balances. */
const EXISTING_SHARE = 0.75;

/** Everything a store holds of the state. */
export function stateWrites(hasher: FeltHasher, { contracts, otherContracts, classes }: GrownState): readonly Write[] {
  const withStorage = contracts.filter(({ storage }) => storage !== null);
  const pedersen: PairHasher = (left, right) => hasher.pedersen(left, right);
  const poseidon: PairHasher = (left, right) => hasher.poseidon(left, right);
  const empty = { get: () => undefined };
  const storage = updateTries(
    empty,
    pedersen,
    withStorage.map((contract) => update(storageTriePrefix(contract.address), contract.storage ?? [])),
  );
  const roots = new Map(withStorage.map(({ address }, i) => [toHex(address), storage.roots[i] as Uint8Array])); // one each
  const existing = contracts.filter(({ classHash }) => !isZeroBytes(classHash));
  const leaves = contractLeaves(
    hasher,
    existing.map((contract) => ({
      ...contract,
      storageRoot: roots.get(toHex(contract.address)) ?? contract.storageRoot,
    })),
  );
  const tries = [
    storage,
    updateTries(empty, pedersen, [update(CONTRACTS_TRIE_PREFIX, [...leaves, ...otherContracts])]),
    updateTries(empty, poseidon, [update(CLASSES_TRIE_PREFIX, classes)]),
  ];
  const state = contracts.flatMap(({ address, classHash, nonce, storage: own, storageRoot }) => [
    { key: classHashKey(address), value: classHash },
    { key: nonceKey(address), value: nonce },
    { key: storageRootKey(address), value: roots.get(toHex(address)) ?? storageRoot },
    ...(own ?? []).map(({ key, value }) => ({ key: storageKey({ address, key: key as Felt }), value })), // random felts
  ]);
  return [
    ...tries.flatMap(({ writes }) => writes.map((write) => ({ table: 'trie' as const, ...write }))),
    ...state.filter(({ value }) => !isZeroBytes(value)).map((write) => ({ table: 'state' as const, ...write })),
  ];
}

/** The state root after the diff, by building all tries anew from their sorted leaves. */
export function rootAfter(hasher: FeltHasher, grown: GrownState, diff: StateDiff, version: string): Uint8Array {
  const pedersen: PairHasher = (left, right) => hasher.pedersen(left, right);
  const poseidon: PairHasher = (left, right) => hasher.poseidon(left, right);
  const after = grown.contracts.map((contract) => afterDiff(contract, diff));
  const storages = after.filter(({ storage }) => storage !== null);
  const storageRoots = rootsFromSorted(
    pedersen,
    storages.map(({ storage }) => sorted(storage ?? [])),
  );
  const roots = new Map(storages.map(({ address }, i) => [toHex(address), storageRoots[i] as Uint8Array])); // one each
  const leaves = contractLeaves(
    hasher,
    after.map((contract) => ({ ...contract, storageRoot: roots.get(toHex(contract.address)) ?? contract.storageRoot })),
  );
  const [contracts] = rootsFromSorted(pedersen, [sorted([...leaves, ...grown.otherContracts])]);
  const [classes] = rootsFromSorted(poseidon, [sorted(grown.classes)]);
  return stateRoot(hasher, { contracts: contracts as Felt, classes: classes as Felt }, version); // node hashes are felts
}

function afterDiff(contract: GrownContract, diff: StateDiff): GrownContract {
  const isOwn = ({ address }: { readonly address: Felt }) => compareBytes(address, contract.address) === 0;
  const changes = diff.storageDiffs.find(isOwn)?.entries ?? [];
  const storage = new Map((contract.storage ?? []).map((leaf) => [toHex(leaf.key), leaf]));
  for (const change of changes) storage.set(toHex(change.key), change);
  const classChange = diff.replacedClasses.find(isOwn) ?? diff.deployedContracts.find(isOwn);
  return {
    ...contract,
    classHash: classChange?.classHash ?? contract.classHash,
    nonce: diff.nonces.find(isOwn)?.nonce ?? contract.nonce,
    storage: contract.storage === null ? null : [...storage.values()].filter(({ value }) => !isZeroBytes(value)),
  };
}

/** H(H(H(class hash, storage root), nonce), 0). */
function contractLeaves(hasher: FeltHasher, contracts: readonly GrownContract[]): readonly Leaf[] {
  const column = (pick: (contract: GrownContract) => Uint8Array) => concatBytes(...contracts.map(pick));
  const content = hasher.pedersen(
    column(({ classHash }) => classHash),
    column(({ storageRoot }) => storageRoot),
  );
  const withNonce = hasher.pedersen(
    content,
    column(({ nonce }) => nonce),
  );
  const leaves = hasher.pedersen(withNonce, new Uint8Array(withNonce.length));
  return contracts.map(({ address }, i) => ({ key: address, value: leaves.slice(i * 32, i * 32 + 32) }));
}

/** Each address once, in order. */
function touchedContracts(diff: StateDiff): readonly Felt[] {
  const all = [...diff.storageDiffs, ...diff.nonces, ...diff.deployedContracts, ...diff.replacedClasses];
  return [...new Map(all.map(({ address }) => [toHex(address), address])).values()].sort(compareBytes);
}

function keysOf(entries: readonly { readonly key: Uint8Array }[]): readonly Uint8Array[] {
  return entries.map(({ key }) => key);
}

function update(prefix: Uint8Array, entries: readonly Leaf[]): TrieUpdate {
  return { prefix, height: STATE_TRIE_HEIGHT, entries };
}

function sorted(leaves: readonly Leaf[]) {
  const ascending = [...leaves].sort((a, b) => compareBytes(a.key, b.key));
  const keys = concatBytes(...ascending.map(({ key }) => key));
  return { height: STATE_TRIE_HEIGHT, keys, values: concatBytes(...ascending.map(({ value }) => value)) };
}

function smallFelt(value: number): Uint8Array {
  const out = zero();
  new DataView(out.buffer).setUint32(28, value);
  return out;
}

function zero(): Uint8Array {
  return new Uint8Array(32);
}
