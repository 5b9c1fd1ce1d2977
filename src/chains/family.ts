import type { Chain, PlainData } from '../engine/index.ts';
import type { Env, Logger } from '../lib/index.ts';

/** A chain family as the command line sees it. */
export interface ChainFamily {
  /** Names that `--network` takes. */
  readonly networks: readonly string[];
  /** What of the protocol is implemented, for `syncline version`. */
  readonly protocol: string;
  /** @param settings Values of the family's own settings, by key; null where unset. */
  create(network: NetworkOption, settings: FamilySettings): Chain;
  /** Enough of a chain to read a store of it, whatever network it is. */
  describe(network: string): ChainFace;
  /**
   * The chain that a data folder is marked with, as far as the mark (`Chain.identity`) tells: a network of one's own
   * lacks what is not in it, such as a key.
   * @throws {SynclineError} `NETWORK_UNDESCRIBED` (fault `caller`) where the mark does not tell enough.
   */
  fromIdentity(identity: string, settings: FamilySettings): Chain;
  /**
   * Compares what a source says of its network, beyond blocks, with what the network is known by: for `syncline doctor`.
   * What cannot be found out is a verdict too. Absent where there is nothing to compare.
   */
  inspectSource?(url: URL, options: InspectOptions): Promise<readonly CheckVerdict[]>;
  /**
   * Looks at what is opened beside the sources and is none that could be surveyed, such as a program: for `syncline
   * doctor`. Null for a URL of another kind.
   */
  inspectCompanion?(url: URL, options: InspectOptions): Promise<Finding | null>;
  /**
   * Asks a node that is to answer JSON-RPC calls in this one's place what chain it is of: for `syncline doctor`. Absent
   * where the family serves no JSON-RPC. @param url As the user wrote it; it may hold secrets, and no finding shows them.
   */
  inspectUpstream?(url: string, options: InspectOptions): Promise<Finding>;
  /** Verifies captured data offline. Absent where the family has nothing to check. */
  check?(files: readonly CheckInput[], options: CheckOptions): Promise<readonly CheckFileVerdict[]>;
}

/** A known name, or the fields of a network of one's own. */
export type NetworkOption = string | { readonly [field: string]: PlainData };

export type FamilySettings = Readonly<Record<string, string | null>>;

export type ChainFace = Pick<Chain, 'family' | 'network' | 'tips' | 'formatHash' | 'content'>;

export interface InspectOptions {
  /** Made by this family. */
  readonly chain: Chain;
  readonly settings: FamilySettings;
  readonly env: Env;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** What was found of something that the settings name. */
export interface Finding {
  readonly name: string;
  /** False for what has to be mended, null for what is doubtful. */
  readonly ok: boolean | null;
  readonly message: string;
  /** What to do about it; null where there is nothing to do. */
  readonly fix: string | null;
}

export interface CheckInput {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface CheckOptions {
  readonly network: NetworkOption;
  readonly settings: FamilySettings;
  /** The hash that content-addressed files among those given must have, as the user wrote it. */
  readonly expect?: string;
}

export interface CheckVerdict {
  readonly name: string;
  /** Null where the protocol, or what was given, does not allow the check; then `reason` says why. */
  readonly ok: boolean | null;
  readonly expected?: string;
  readonly got?: string;
  readonly form?: string;
  readonly reason?: string;
}

export interface CheckFileVerdict {
  readonly file: string;
  /** Null for a file that is not understood; then `error` says why. */
  readonly kind: string | null;
  readonly ok: boolean | null;
  readonly checks: readonly CheckVerdict[];
  readonly error?: string;
}
