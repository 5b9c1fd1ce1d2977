import type { CompiledClassForm } from '../../chains/starknet/classes/index.ts';
import { type Felt, feltToHex } from '../../chains/starknet/index.ts';
import type { ClassSeed, DevnetClassHashes } from './devnet-class.ts';

/** A contract of the devnet, with what it takes to make its next transaction or storage change. */
export interface DevnetContract {
  readonly address: Felt;
  /** Whether it sends transactions. */
  readonly isAccount: boolean;
  readonly classHash: Felt;
  /** Of the next transaction; 0 for contracts that are no accounts. */
  readonly nonce: number;
  /** Where the fee token keeps its balance. */
  readonly balanceKey: Felt;
  /** Storage keys whose value is not zero, in no order. */
  readonly keys: readonly Felt[];
}

/** A class that a block has named. */
export interface DevnetClass extends DevnetClassHashes {
  readonly seed: ClassSeed;
  /** The block that named it first. */
  readonly height: number;
  /** Which of its compiled class hashes stands in the state; null where none does, as for Cairo 0. */
  readonly form: CompiledClassForm | null;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer Item)[] ? Item[] : T[K] };

/**
 * Everything the next block depends on besides the state itself. It changes only through its methods, each of which
 * notes how to take itself back, so that a reorg may go back any number of blocks.
 */
export class DevnetWorld {
  readonly #contracts: Mutable<DevnetContract>[] = [];
  readonly #accounts: DevnetContract[] = [];
  readonly #classes: Mutable<DevnetClass>[] = [];
  /** Hash in hex → the class. */
  readonly #classesByHash = new Map<string, DevnetClass>();
  #nextMessageNonce = 0;
  #nextAlias = FIRST_ALIAS;
  /** One list of undo steps for each block. */
  readonly #undo: (() => void)[][] = [];

  /** In the order of their making; the first is the fee token. */
  get contracts(): readonly DevnetContract[] {
    return this.#contracts;
  }

  get accounts(): readonly DevnetContract[] {
    return this.#accounts;
  }

  /** In the order of their making. */
  get classes(): readonly DevnetClass[] {
    return this.#classes;
  }

  classOf(classHash: Uint8Array): DevnetClass | null {
    return this.#classesByHash.get(feltToHex(classHash)) ?? null;
  }

  /** What happens from here on belongs to the next block. */
  beginBlock(): void {
    this.#undo.push([]);
  }

  /** Takes back the newest `blocks` blocks. */
  rewind(blocks: number): void {
    for (let i = 0; i < blocks; i++) for (const step of (this.#undo.pop() ?? []).reverse()) step();
  }

  addContract(contract: Omit<DevnetContract, 'keys'>): DevnetContract {
    const added = { ...contract, keys: [] };
    this.#contracts.push(added);
    this.#note(() => this.#contracts.pop());
    if (added.isAccount) {
      this.#accounts.push(added);
      this.#note(() => this.#accounts.pop());
    }
    return added;
  }

  addClass(added: DevnetClass): DevnetClass {
    const id = feltToHex(added.classHash);
    const own = { ...added };
    this.#classes.push(own);
    this.#classesByHash.set(id, own);
    this.#note(() => {
      this.#classes.pop();
      this.#classesByHash.delete(id);
    });
    return own;
  }

  /** The class has been migrated to its Blake2s hash. */
  setMigrated(migrated: DevnetClass): void {
    const own = migrated as Mutable<DevnetClass>; // only this world makes classes
    const before = own.form;
    own.form = 'blake2s';
    this.#note(() => {
      own.form = before;
    });
  }

  setClass(contract: DevnetContract, classHash: Felt): void {
    const own = ownOf(contract);
    const before = own.classHash;
    own.classHash = classHash;
    this.#note(() => {
      own.classHash = before;
    });
  }

  /** @returns The nonce that is used up. */
  useNonce(contract: DevnetContract): number {
    const own = ownOf(contract);
    this.#note(() => {
      own.nonce--;
    });
    return own.nonce++;
  }

  addKey(contract: DevnetContract, key: Felt): void {
    const { keys } = ownOf(contract);
    keys.push(key);
    this.#note(() => keys.pop());
  }

  /** Forgets the key at `index`, whose value has become zero. The last key takes its place. */
  removeKey(contract: DevnetContract, index: number): void {
    const { keys } = ownOf(contract);
    const removed = keys[index] as Felt; // the caller's index is inside
    const last = keys.pop() as Felt; // hence there is a last one
    if (index < keys.length) keys[index] = last;
    this.#note(() => {
      if (index < keys.length) keys[index] = removed;
      keys.push(last);
    });
  }

  /** Number of the next message from L1. */
  useMessageNonce(): number {
    this.#note(() => {
      this.#nextMessageNonce--;
    });
    return this.#nextMessageNonce++;
  }

  /** The alias that the next felt gets in the system contract 0x2. */
  get nextAlias(): number {
    return this.#nextAlias;
  }

  useAlias(): number {
    this.#note(() => {
      this.#nextAlias--;
    });
    return this.#nextAlias++;
  }

  #note(step: () => void): void {
    this.#undo[this.#undo.length - 1]?.push(step);
  }
}

/** Smaller felts stand for themselves. @see Starknet documentation, "Data availability", stateful compression. */
const FIRST_ALIAS = 128;

function ownOf(contract: DevnetContract): Mutable<DevnetContract> {
  return contract as Mutable<DevnetContract>; // only a world makes contracts
}
