import type { FeltHasher } from '../../../crypto/index.ts';
import type { Hash32, StateBuild, StateBuildPiece, StateView, Write } from '../../../engine/index.ts';
import { compareBytes, concatAll, concatBytes } from '../../../lib/index.ts';
import { buildTries, createTrieBuilder, type TrieBuilder, type TrieWrite } from '../../../trie/index.ts';
import { FELT_ZERO, feltToHex } from '../felt.ts';
import type { Felt } from '../types.ts';
import {
  CLASSES_TRIE_PREFIX,
  CONTRACTS_TRIE_PREFIX,
  STATE_TRIE_HEIGHT,
  stateRoot,
  storageTriePrefix,
} from './commit-state.ts';
import { STATE, storageRootKey } from './state-keys.ts';
import { hashClassLeaves, hashContractLeaves } from './state-leaves.ts';

export interface BuildStateOptions {
  readonly hasher: FeltHasher;
  /** Protocol version of the block whose state it is: it decides how the two roots are combined. */
  readonly version: string;
  /** Cursor of an interrupted build, null to begin. */
  readonly cursor: Uint8Array | null;
  /** State entries taken in one step; default 32,768. For tests. */
  readonly stepEntries?: number;
}

/**
 * Builds all state tries from the flat state in ascending order of contract addresses: storage tries of many small
 * contracts together, large ones in pieces, and the contracts trie along with them; then the class trie. Every node
 * is hashed once.
 *
 * The cursor is the last contract whose storage trie is stored. A build that is begun behind it takes these contracts'
 * storage roots from the state and hashes only the contracts trie over them again.
 */
export function createStateBuild(options: BuildStateOptions): StateBuild {
  return new StarknetStateBuild(options);
}

class StarknetStateBuild implements StateBuild {
  private readonly options: BuildStateOptions;
  private readonly stepEntries: number;
  private readonly contracts: TrieBuilder;
  private readonly classes: TrieBuilder;
  /** Contracts up to and including this address have their storage tries stored. */
  private readonly storedTo: Felt | null;
  /** Contracts up to and including this one are in the contracts trie. */
  private takenTo: Felt | null = null;
  /** A contract too large for one step, and how far it has been taken. */
  private large: { readonly address: Felt; readonly builder: TrieBuilder; takenTo: Felt } | null = null;
  private phase: 'contracts' | 'classes' = 'contracts';
  private classesTakenTo: Felt | null = null;
  private contractsRoot: Felt = FELT_ZERO;
  private done = 0;
  private hashes = 0;

  constructor(options: BuildStateOptions) {
    const { hasher, cursor, stepEntries = STEP_ENTRIES } = options;
    this.options = options;
    this.stepEntries = stepEntries;
    this.storedTo = cursor === null || cursor.length === 0 ? null : (cursor as Felt); // only steps make cursors
    this.contracts = createTrieBuilder(pedersenOf(hasher), {
      prefix: CONTRACTS_TRIE_PREFIX,
      height: STATE_TRIE_HEIGHT,
    });
    this.classes = createTrieBuilder(poseidonOf(hasher), { prefix: CLASSES_TRIE_PREFIX, height: STATE_TRIE_HEIGHT });
  }

  step(view: StateView): StateBuildPiece {
    const hashesBefore = this.hashes;
    const made = this.phase === 'classes' ? this.takeClasses(view) : this.takeContracts(view);
    const { writes, root } = made;
    return {
      writes,
      root,
      cursor: this.cursor(),
      done: this.done,
      share: this.phase === 'classes' ? 1 : shareOf(this.large?.address ?? this.takenTo),
      hashes: this.hashes - hashesBefore,
    };
  }

  /** What is stored by now. A large contract under way is begun anew. */
  private cursor(): Uint8Array {
    if (this.phase === 'classes') return AFTER_ALL;
    const { takenTo, storedTo } = this;
    if (takenTo === null) return storedTo ?? NOTHING;
    return storedTo !== null && compareBytes(storedTo, takenTo) > 0 ? storedTo : takenTo;
  }

  private takeContracts(view: StateView): { readonly writes: readonly Write[]; readonly root: Hash32 | null } {
    if (this.large !== null) return { writes: this.takeLarge(view, this.large), root: null };
    const batch = this.nextContracts(view);
    if (batch.type === 'large') {
      const builder = createTrieBuilder(pedersenOf(this.options.hasher), {
        prefix: storageTriePrefix(batch.address),
        height: STATE_TRIE_HEIGHT,
      });
      this.large = { address: batch.address, builder, takenTo: FELT_ZERO };
      return { writes: this.takeLarge(view, this.large, true), root: null };
    }
    const writes = this.addContracts(batch.contracts);
    this.takenTo = batch.reached ?? this.takenTo;
    if (!batch.last) return { writes, root: null };
    const end = this.contracts.finish();
    this.hashes += end.hashes;
    this.contractsRoot = end.root as Felt;
    this.phase = 'classes';
    return { writes: [...writes, ...trieWrites(end.writes)], root: null };
  }

  /** The next contracts in address order, as many as fit into a step; or the next one alone, if it is large. */
  private nextContracts(view: StateView): NextContracts {
    const found = new Map<string, ContractContent>();
    const contract = (address: Felt): ContractContent => {
      const id = feltToHex(address);
      const known = found.get(id);
      if (known !== undefined) return known;
      const fresh = { address, classHash: FELT_ZERO, nonce: FELT_ZERO, root: FELT_ZERO, keys: [], values: [] };
      found.set(id, fresh);
      return fresh;
    };
    const from = this.takenTo === null ? null : after(this.takenTo);
    /** Of this contract and those above it not all was seen. */
    let bound: Felt | null = null;
    const scan = (
      table: number,
      end: Felt | null,
      take: (one: ContractContent, key: Uint8Array, value: Felt) => void,
    ) => {
      let count = 0;
      for (const [key, value] of view.range('state', tableRange(table, from, bound ?? end))) {
        const address = key.slice(1, 33) as Felt; // keys of these tables hold an address
        if (count++ === this.stepEntries) {
          bound = address;
          return;
        }
        take(contract(address), key, value as Felt); // values of these tables are felts
      }
    };
    const { storedTo } = this;
    let reached: Felt | null = null;
    const isStored = storedTo !== null && (this.takenTo === null || compareBytes(this.takenTo, storedTo) < 0);
    if (isStored) {
      scan(STATE.storageRoot, after(storedTo), (one, _, value) => {
        one.root = value;
      });
      if (bound === null) {
        bound = after(storedTo);
        reached = storedTo;
      }
    } else {
      scan(STATE.storage, null, (one, key, value) => {
        one.keys.push(key.slice(33) as Felt);
        one.values.push(value);
      });
      if (bound !== null && found.size === 1 && found.has(feltToHex(bound))) {
        const before = this.smallBefore(view, from, bound);
        if (before === null) return { type: 'large', address: bound };
        bound = before;
      }
    }
    scan(STATE.classHash, null, (one, _, value) => {
      one.classHash = value;
    });
    scan(STATE.nonce, null, (one, _, value) => {
      one.nonce = value;
    });
    const end = bound as Felt | null;
    if (reached !== null && (end === null || compareBytes(reached, end) >= 0)) reached = null;
    const contracts = [...found.values()]
      .filter(({ address }) => end === null || compareBytes(address, end) < 0)
      .sort((a, b) => compareBytes(a.address, b.address));
    return { type: 'batch', contracts, reached, last: end === null };
  }

  /** First contract without much storage that lies before a large one, or null. */
  private smallBefore(view: StateView, from: Felt | null, large: Felt): Felt | null {
    for (const table of [STATE.classHash, STATE.nonce]) {
      for (const _ of view.range('state', { ...tableRange(table, from, large), limit: 1 })) return large;
    }
    return null;
  }

  private addContracts(contracts: readonly ContractContent[]): Write[] {
    const { hasher } = this.options;
    const withStorage = contracts.filter(({ keys }) => keys.length > 0);
    const built = buildTries(
      pedersenOf(hasher),
      withStorage.map(({ address, keys, values }) => ({
        prefix: storageTriePrefix(address),
        height: STATE_TRIE_HEIGHT,
        keys: concatAll(keys),
        values: concatAll(values),
      })),
    );
    this.hashes += built.hashes;
    const writes: Write[] = trieWrites(built.writes);
    for (const [i, one] of withStorage.entries()) {
      one.root = built.roots[i] as Felt; // one root a trie
      writes.push({ table: 'state', key: storageRootKey(one.address), value: one.root });
    }
    writes.push(...this.addLeaves(contracts));
    for (const { keys } of contracts) this.done += keys.length + 1;
    return writes;
  }

  /** Hashes contracts, whose storage roots are known, and adds them to the contracts trie. */
  private addLeaves(contracts: readonly ContractContent[]): Write[] {
    const last = contracts.at(-1);
    if (last === undefined) return [];
    const { hasher } = this.options;
    const leaves = hashContractLeaves(hasher, {
      classHashes: contracts.map(({ classHash }) => classHash),
      roots: contracts.map(({ root }) => root),
      nonces: contracts.map(({ nonce }) => nonce),
    });
    this.hashes += 3 * contracts.length;
    this.takenTo = last.address;
    return trieWrites(this.contracts.add(concatAll(contracts.map(({ address }) => address)), leaves));
  }

  /** The next entries of a large contract; at its end it joins the contracts trie. */
  private takeLarge(view: StateView, large: NonNullable<StarknetStateBuild['large']>, first = false): Write[] {
    const { address, builder } = large;
    const start = concatBytes(Uint8Array.of(STATE.storage), address, first ? FELT_ZERO : after(large.takenTo));
    const end = concatBytes(Uint8Array.of(STATE.storage), after(address));
    const keys: Uint8Array[] = [];
    const values: Uint8Array[] = [];
    for (const [key, value] of view.range('state', { start, end, limit: this.stepEntries })) {
      keys.push(key.slice(33));
      values.push(value);
    }
    const lastKey = keys.at(-1);
    if (lastKey !== undefined) large.takenTo = lastKey as Felt; // the second half of a storage key
    const writes = trieWrites(builder.add(concatAll(keys), concatAll(values)));
    this.done += keys.length;
    if (keys.length === this.stepEntries) return writes;
    const { root, writes: rest, hashes } = builder.finish();
    this.hashes += hashes;
    this.large = null;
    const get = (table: number) => (view.get('state', concatBytes(Uint8Array.of(table), address)) ?? FELT_ZERO) as Felt;
    const one = { address, classHash: get(STATE.classHash), nonce: get(STATE.nonce), root: root as Felt };
    writes.push(...trieWrites(rest), { table: 'state', key: storageRootKey(address), value: root });
    writes.push(...this.addLeaves([{ ...one, keys: [], values: [] }]));
    return writes;
  }

  private takeClasses(view: StateView): { readonly writes: readonly Write[]; readonly root: Hash32 | null } {
    const { hasher, version } = this.options;
    const from = this.classesTakenTo === null ? null : after(this.classesTakenTo);
    const keys: Uint8Array[] = [];
    const compiled: Uint8Array[] = [];
    const range = { ...tableRange(STATE.compiledClassHash, from, null), limit: this.stepEntries };
    for (const [key, value] of view.range('state', range)) {
      keys.push(key.slice(1));
      compiled.push(value);
    }
    const leaves = hashClassLeaves(hasher, compiled);
    this.hashes += keys.length;
    this.done += keys.length;
    const writes = trieWrites(this.classes.add(concatAll(keys), leaves));
    if (keys.length === this.stepEntries) {
      this.classesTakenTo = keys.at(-1) as Felt; // there are that many
      return { writes, root: null };
    }
    const end = this.classes.finish();
    this.hashes += end.hashes;
    const roots = { contracts: this.contractsRoot, classes: end.root as Felt };
    const root = stateRoot(hasher, roots, version) as Uint8Array as Hash32; // a felt is 32 bytes
    return { writes: [...writes, ...trieWrites(end.writes)], root };
  }
}

interface ContractContent {
  readonly address: Felt;
  classHash: Felt;
  nonce: Felt;
  /** Of the storage trie. */
  root: Felt;
  readonly keys: Felt[];
  readonly values: Felt[];
}

type NextContracts =
  | {
      readonly type: 'batch';
      readonly contracts: readonly ContractContent[];
      /** No contract up to this address is left, although the last of them may lie below it. */
      readonly reached: Felt | null;
      readonly last: boolean;
    }
  | { readonly type: 'large'; readonly address: Felt };

function tableRange(table: number, from: Felt | null, end: Felt | null): { start: Uint8Array; end: Uint8Array } {
  return {
    start: concatBytes(Uint8Array.of(table), from ?? FELT_ZERO),
    end: end === null ? Uint8Array.of(table + 1) : concatBytes(Uint8Array.of(table), end),
  };
}

/** The smallest 32 bytes above these. */
function after(felt: Felt): Felt {
  const out = new Uint8Array(felt);
  for (let i = 31; i >= 0; i--) {
    out[i] = ((out[i] as number) + 1) & 0xff; // i < 32
    if (out[i] !== 0) break;
  }
  return out as Felt;
}

/** Addresses are hashes below 2^251, so they fill the key space evenly. */
function shareOf(address: Felt | null): number {
  if (address === null) return 0;
  return (((address[0] as number) << 8) | (address[1] as number)) / (8 * 2 ** 8); // a felt has 32 bytes
}

function trieWrites(writes: readonly TrieWrite[]): Write[] {
  return writes.map(({ key, value }) => ({ table: 'trie', key, value }));
}

function pedersenOf(hasher: FeltHasher) {
  return (left: Uint8Array, right: Uint8Array) => hasher.pedersen(left, right);
}

function poseidonOf(hasher: FeltHasher) {
  return (left: Uint8Array, right: Uint8Array) => hasher.poseidon(left, right);
}

/** A build that has stored nothing yet. */
const NOTHING: Uint8Array = new Uint8Array(0);
/** Above every address. */
const AFTER_ALL: Uint8Array = new Uint8Array(32).fill(0xfe);
/** Some 15 MiB with their nodes and pages, and large enough for full batches of hashes. */
const STEP_ENTRIES = 2 ** 15;
