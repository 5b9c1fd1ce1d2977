import {
  FELT_ZERO,
  type Felt,
  feltFromNumber,
  type StateDiff,
  type StorageEntry,
} from '../../chains/starknet/index.ts';
import type { DraftSite } from './draft.ts';
import { declaresBlake2s } from './draft-class.ts';
import type { DevnetContract } from './world.ts';

export interface DiffOptions {
  readonly height: number;
  /** Storage entries besides those of the system contracts. */
  readonly storageUpdates: number;
  /** Hash of the block that the block-hash contract learns of now; null in the first blocks. */
  readonly hashToStore: { readonly height: number; readonly hash: Felt } | null;
  /** Without transactions nothing changes but the block-hash contract. */
  readonly isEmpty: boolean;
}

/** Drafts the state diff of a block whose transactions have been drafted. Each entry differs from the state before. */
export function draftStateDiff(site: DraftSite, options: DiffOptions): StateDiff {
  const { changes } = site;
  const storage = new StorageDraft();
  if (!options.isEmpty) draftStorage(site, storage, options.storageUpdates);
  draftSystemStorage(site, storage, options);
  return {
    storageDiffs: storage.finish(),
    nonces: [...changes.senders].map(({ address, nonce }) => ({ address, nonce: feltFromNumber(nonce) })),
    deployedContracts: changes.deployed.map(({ address, classHash }) => ({ address, classHash })),
    replacedClasses: options.isEmpty ? [] : replaceClasses(site),
    oldDeclaredContracts: changes.oldDeclared,
    declaredClasses: changes.declared,
    migratedCompiledClasses: options.isEmpty ? [] : migrateClasses(site),
  };
}

/** Storage entries by contract, no key twice. */
class StorageDraft {
  readonly #contracts = new Map<Felt, StorageEntry[]>();
  readonly #seen = new Set<Felt>();

  /** Keys are compared by identity: the world hands out one object for each. */
  has(key: Felt): boolean {
    return this.#seen.has(key);
  }

  add(address: Felt, key: Felt, value: Felt): void {
    const entries = this.#contracts.get(address) ?? [];
    this.#contracts.set(address, entries);
    entries.push({ key, value });
    this.#seen.add(key);
  }

  finish(): StateDiff['storageDiffs'] {
    return [...this.#contracts].map(([address, entries]) => ({ address, entries }));
  }
}

/** Fees move balances of the token; the rest goes to some contracts of those there are, a few keys each. */
function draftStorage(site: DraftSite, storage: StorageDraft, count: number): void {
  const { random, world, changes } = site;
  const token = world.contracts[0] as DevnetContract; // genesis deploys it first
  let left = count;
  for (const { balanceKey } of [...changes.senders].slice(0, Math.ceil(count / 4))) {
    storage.add(token.address, balanceKey, random.amount());
    left--;
  }
  while (left > 0) {
    const contract = random.pick(world.contracts);
    const burst = Math.min(left, random.between(3, 12));
    for (let i = 0; i < burst; i++) draftEntry(site, storage, contract);
    left -= burst;
  }
}

/** A new key, a new value for a known one, or zero for a known one. */
function draftEntry({ random, world }: DraftSite, storage: StorageDraft, contract: DevnetContract): void {
  const index = contract.keys.length === 0 ? -1 : random.below(contract.keys.length);
  const known = contract.keys[index];
  const choice = random.below(100);
  if (known === undefined || storage.has(known) || choice < 45) {
    const key = random.felt();
    world.addKey(contract, key);
    storage.add(contract.address, key, nonZero(random.chance(0.5) ? random.amount() : random.felt()));
  } else if (choice < 88) {
    storage.add(contract.address, known, nonZero(random.felt()));
  } else {
    world.removeKey(contract, index);
    storage.add(contract.address, known, FELT_ZERO);
  }
}

/** Contract 0x1 keeps the hash of the block ten before; 0x2 gives short names to felts that come again. */
function draftSystemStorage({ random, world }: DraftSite, storage: StorageDraft, options: DiffOptions): void {
  const { hashToStore, isEmpty, height } = options;
  if (hashToStore !== null) storage.add(BLOCK_HASHES, feltFromNumber(hashToStore.height), hashToStore.hash);
  const isFirst = height === 0;
  if (!isFirst && (isEmpty || !random.chance(0.3))) return;
  if (!isFirst) {
    for (let i = random.between(1, 3); i > 0; i--)
      storage.add(ALIASES, random.felt(), feltFromNumber(world.useAlias()));
  }
  storage.add(ALIASES, FELT_ZERO, feltFromNumber(world.nextAlias));
}

function replaceClasses({ random, world, changes }: DraftSite): StateDiff['replacedClasses'] {
  if (!random.chance(0.06)) return [];
  const contract = random.pick(world.contracts);
  const { classHash } = random.pick(world.classes);
  if (classHash === contract.classHash || changes.deployed.includes(contract)) return [];
  world.setClass(contract, classHash);
  return [{ address: contract.address, classHash }];
}

/** A class declared with a Poseidon hash by an older block gets its Blake2s hash, once. */
function migrateClasses({ random, world, version }: DraftSite): StateDiff['migratedCompiledClasses'] {
  if (!declaresBlake2s(version) || !random.chance(0.4)) return [];
  const candidate = random.pick(world.classes);
  if (candidate.form !== 'poseidon' || candidate.compiled === null) return [];
  world.setMigrated(candidate);
  return [{ classHash: candidate.classHash, compiledClassHash: candidate.compiled.blake2s }];
}

/** A zero would delete, which is drafted on purpose only. */
function nonZero(value: Felt): Felt {
  return value.some((byte) => byte !== 0) ? value : ONE;
}

const ONE = feltFromNumber(1);
/** System contracts. @see Starknet documentation, "Block hashes" (0x1) and "Data availability" (0x2) */
const BLOCK_HASHES = feltFromNumber(1);
const ALIASES = feltFromNumber(2);
