import type { Brand, Env, Logger } from '../lib/index.ts';
import type { ChainAudit } from './audit/chain-audit.ts';
import type { RpcEnvironment, RpcService } from './rpc.ts';
import type { Source } from './source.ts';
import type { ReadStore, StateView, Write } from './store.ts';
import type { BlockRef, Hash32, Height, Proofs, TipNames } from './types.ts';

/** Bytes from a source, unparsed and untrusted. */
export interface Candidate {
  /** What the source says this is, in the chain's words: `block`, `stateUpdate`, `bundle`, … */
  readonly part: string;
  readonly bytes: Uint8Array;
  /** Id of the source that delivered it. */
  readonly from: string;
}

/**
 * Something still missing. Without `id` it is a part of the block at `height`; with `id` it is addressed by
 * content (a class by its hash) and `height` only says which block named it.
 */
export interface Need {
  readonly height: Height;
  readonly part: string;
  readonly id?: string;
  /** `seal`: no block without it. `wanted`: asked for everywhere, but a block is sealed without it. */
  readonly weight: 'seal' | 'wanted';
  /** Tried in order when every source has failed to serve this need. */
  readonly fallbacks?: readonly Need[];
  /** Of late needs: the late need that is to be stored, or found nowhere, before this one is asked for. */
  readonly after?: { readonly part: string; readonly id: string };
}

/** Only verification makes one of these: the type says that the value went through the chain's rules. */
export type Verified<T> = Brand<T, 'Verified'>;

/**
 * A block all of whose sealing parts have been verified together. It is plain data, since it crosses threads:
 * the parts are encoded as they will be stored, and nothing has to be parsed from JSON again.
 */
export interface SealedBlock {
  readonly ref: BlockRef;
  /** The parent's hash; 32 zero bytes for genesis. */
  readonly parent: Hash32;
  /** State root after this block, as its header states it. */
  readonly stateRoot: Hash32;
  /** Seconds since the Unix epoch. */
  readonly timestampS: number;
  /** The protocol version the block states, verbatim; empty where it states none. */
  readonly protocolVersion: string;
  readonly proofs: Proofs;
  /** Part name → bytes in the chain's storage encoding. */
  readonly parts: Readonly<Record<string, Uint8Array>>;
  /** Look-ups that lead to this block (such as transaction hash → position), in table `index`. */
  readonly index: readonly Write[];
  /** Numbers worth summing up over the chain, e.g. `{ transactions: 12 }`. */
  readonly counts: Readonly<Record<string, number>>;
  /** Content that this block named and that arrives on its own: never holds up a block. */
  readonly late: readonly Need[];
  /** Which source delivered which part. */
  readonly from: Readonly<Record<string, string>>;
}

/** What came of looking at the candidates for a height. */
export type Examination =
  | { readonly type: 'sealed'; readonly block: Verified<SealedBlock> }
  | { readonly type: 'needs'; readonly needs: readonly Need[] };

export interface ExamineInput {
  readonly height: Height;
  readonly candidates: readonly Candidate[];
  /** `wanted` parts that no source has. */
  readonly absent: readonly string[];
}

/** A late part after verification: what to store for it. It brings no state change. */
export interface LatePart {
  readonly writes: readonly Write[];
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * State with the changes of the blocks being applied on top. Keys are those of table `state`: the chain's
 * sub-table byte, then a key whose length is fixed within that sub-table.
 */
export interface StateTransition {
  get(key: Uint8Array): Uint8Array | undefined;
  /** `null` deletes. Setting a key to what it already holds is no change. */
  set(key: Uint8Array, value: Uint8Array | null): void;
}

/** The new trie nodes and the root after a set of state keys changed. */
export interface StateCommitment {
  /** Writes to tables `trie` and `state` (derived values only, which unwinding recomputes). */
  readonly writes: readonly Write[];
  readonly root: Hash32;
  /** How many hash calls it took, for the benches. */
  readonly hashes: number;
}

/** One bounded piece of a state build. */
export interface StateBuildPiece {
  /** To tables `trie` and `state` (derived values only). Values are views of shared buffers: copy what is kept. */
  readonly writes: readonly Write[];
  /** Not null at the end: the state root that the whole flat state leads to. */
  readonly root: Hash32 | null;
  /** Where a build that is begun anew can go on, once these writes and those before them are stored. */
  readonly cursor: Uint8Array;
  /** State entries taken so far, and the share of the key space that they make up, 0 to 1. */
  readonly done: number;
  readonly share: number;
  readonly hashes: number;
}

/** A build of all tries from the flat state, in key order. */
export interface StateBuild {
  /** Does the next piece. `view` may be a newer one each time, as long as the flat state in it is the same. */
  step(view: StateView): StateBuildPiece;
}

/**
 * A chain's rules. All of it is pure: no clock, no randomness, no I/O; state comes in as a view. Rules run in
 * worker threads (and inline under simulation), so a chain names them by module URL plus plain options.
 *
 * Errors: `peer` when bytes are false (with `check`, `expected`, `got` in `data`, and `parts`, the names of the
 * candidates at fault), `source` when bytes contradict each other in a way that honest sources can produce.
 */
export interface ChainRules {
  /** What to ask for first at a height: the same parts at every height. */
  needs(height: Height): readonly Need[];
  /** Parses and verifies all candidates of one height together. The only maker of `Verified<SealedBlock>`. */
  examine(input: ExamineInput): Examination;
  /** Whether a late need is already stored. */
  has?(view: StateView, need: Need): boolean;
  /** Verifies a late part. */
  examinePart?(need: Need, candidate: Candidate): Verified<LatePart>;
  /** Plays one block onto the flat state. May throw `peer` when the block contradicts the state. */
  execute(state: StateTransition, block: Verified<SealedBlock>): void | Promise<void>;
  /**
   * Brings the tries up to date with the flat state. `view` already shows the new flat state and the old tries.
   * `changed` are the state keys that were written, each once, in key order; one may hold its old value again.
   * `protocolVersion` and `height` are the last applied block's; when everything is unwound, 0 and empty. Used to
   * apply, to unwind and to rebuild alike.
   */
  commitState(
    view: StateView,
    changed: readonly Uint8Array[],
    at: { readonly height: Height; readonly protocolVersion: string },
  ): StateCommitment;
  /**
   * Builds all tries at once from the flat state, each node hashed once: byte for byte what `commitState` would have
   * left behind block by block. Starts over empty tries and without derived values, or behind `cursor` over what was
   * stored up to there. Absent where a chain has only `commitState`.
   */
  buildState?(at: { readonly height: Height; readonly protocolVersion: string }, cursor: Uint8Array | null): StateBuild;
  /** First bytes of keys in table `state` that `commitState` derives; none when absent. */
  readonly derivedState?: readonly number[];
  /** Verifies again what is stored: `syncline verify`. Absent: only links, indexes and state roots are. */
  readonly audit?: ChainAudit;
}

/** What a rules module exports. */
export interface RulesModule {
  createRules(options: PlainData): ChainRules | Promise<ChainRules>;
}

/** JSON-like data without functions: it crosses threads. */
export type PlainData =
  | string
  | number
  | boolean
  | null
  | readonly PlainData[]
  | { readonly [key: string]: PlainData | undefined };

export interface SourceContext {
  readonly env: Env;
  readonly log: Logger;
  /** What the node has stored, for sources that derive one part from another. */
  readonly store?: ReadStore;
}

/** What is stored under a content hash, for those who ask about it. */
export interface StoredContent {
  /** What it is, such as `sierra class`. */
  readonly kind: string;
  /** The block that named it first, as far as the store knows. */
  readonly height: Height;
  /** Size as it was received. */
  readonly bytes: number;
  /** What else is worth knowing, in words, by name. */
  readonly facts: readonly (readonly [name: string, text: string])[];
}

/** Content that a chain addresses by hashes, such as classes. */
export interface ChainContent {
  /** Late parts whose ids are such a hash in the chain's own writing, or begin with one and a slash. */
  readonly parts: readonly string[];
  /** Null where nothing is stored. */
  find(view: StateView, hash: Hash32): StoredContent | null;
}

/** A chain as the node sees it: pure rules by name, tips, sources by URL. Made by a factory such as `starknet()`. */
export interface Chain {
  /** The family: `starknet`, `ledger`, … */
  readonly family: string;
  /** The network's name, e.g. `starknet-mainnet`. */
  readonly network: string;
  readonly tips: TipNames;
  /** What a data folder of this chain is marked with, `family:network:…`; a folder with another mark is refused. */
  readonly identity: string;
  /** A hash as this chain's users write it. Default: `0x` and 64 digits. */
  formatHash?(hash: Hash32): string;
  readonly rulesModule: URL;
  readonly options: PlainData;
  /** Opens the source behind a URL. @throws {SynclineError} `SOURCE_UNSUPPORTED` (fault `caller`). */
  createSource(url: URL, context: SourceContext): Source;
  /** Sources used when the user names none. */
  readonly defaultSources: readonly string[];
  /** Opened beside the sources that the user names or `defaultSources`: a layer 1, a compiler. */
  readonly companions?: readonly string[];
  /** Which genesis the network has, where it is known in advance. */
  readonly genesisHash?: Hash32;
  /** How `explain` looks up content by its hash. */
  readonly content?: ChainContent;
  /** What is served over JSON-RPC; imported only when it is. */
  rpc?(environment: RpcEnvironment): Promise<readonly RpcService[]>;
}
