import type { Env, Logger } from '../../lib/index.ts';
import type { LatePolicy } from '../assemble/late-needs.ts';
import type { VerifyHost } from '../assemble/verify-host.ts';
import type { Candidate } from '../chain.ts';
import type { ApplyHost } from '../commit/apply-host.ts';
import type { Notice, Rejection } from '../events.ts';
import type { StatePolicy, SyncPolicy } from '../modes/index.ts';
import type { RangePolicy } from '../range/index.ts';
import type { Source } from '../source.ts';
import type { ReadStore } from '../store.ts';
import type { Hash32, TipNames } from '../types.ts';
import type { ProvisionalBoard } from './provisional-board.ts';

export interface PipelinePolicy {
  /** Verified blocks between the producer and the applier. */
  readonly channelBlocks: number;
  readonly channelBytes: number;
  /** Blocks merged into one commit while behind; at the tip it is always one. */
  readonly batchBlocksMax: number;
  /** Blocks in one commit while only the flat state is kept up. */
  readonly flatBlocksMax: number;
  /** How often a source is asked for its head at the tip, and while far behind. */
  readonly pollMs: number;
  readonly pollBehindMs: number;
  /** How often a source is asked what is being built above the tip. */
  readonly provisionalPollMs: number;
  /** Limit for a question about a head or a hash. */
  readonly questionTimeoutMs: number;
  /** How long a source on another branch is left alone. */
  readonly asideMs: number;
}

export const defaultPipelinePolicy: PipelinePolicy = {
  channelBlocks: 32,
  channelBytes: 32 * 1024 * 1024,
  batchBlocksMax: 16,
  flatBlocksMax: 64,
  pollMs: 1_000,
  pollBehindMs: 10_000,
  provisionalPollMs: 1_000,
  questionTimeoutMs: 5_000,
  asideMs: 10_000,
};

export interface SyncOptions {
  readonly env: Env;
  readonly log: Logger;
  /** For reading what the apply host commits. */
  readonly store: ReadStore;
  readonly apply: ApplyHost;
  readonly verify: VerifyHost;
  readonly sources: readonly Source[];
  readonly tips: TipNames;
  readonly genesisHash?: Hash32;
  /** Stop asking for blocks above this height. */
  readonly until?: number;
  readonly syncPolicy: SyncPolicy;
  readonly rangePolicy: RangePolicy;
  readonly latePolicy: LatePolicy;
  readonly pipelinePolicy: PipelinePolicy;
  readonly statePolicy: StatePolicy;
  /** Where blocks being built are shown; without it nobody is asked for them. */
  readonly provisional?: ProvisionalBoard;
  /** Hears everything an operator wants to know. Must not throw. */
  readonly notify: (notice: Notice) => void;
  /** Keeps the bytes behind a rejection; returns where. */
  readonly keepEvidence?: (rejection: Rejection, candidates: readonly Candidate[]) => Promise<string | null>;
}
