import type {
  Chain,
  LatePolicy,
  Notice,
  PipelinePolicy,
  RangePolicy,
  Source,
  StatePolicy,
  SyncPolicy,
} from '../engine/index.ts';
import type { Env, Logger } from '../lib/index.ts';

export interface NodeOptions {
  /** Made by a chain's factory, e.g. `starknet({ network: 'starknet-mainnet' })`. */
  readonly chain: Chain;
  /** Folder for the database; made when missing. Without it everything stays in memory and is gone at the end. */
  readonly dataDir?: string;
  /** Where to get data: URLs, or sources of your own. Default: the network's public sources. */
  readonly sources?: readonly (string | URL | Source)[];
  /** Last height wanted; the node ends when the confirmed tip has reached it. */
  readonly until?: number;
  /** Hears what is no chain event: modes, progress, rejections, incidents of sources. */
  readonly onNotice?: (notice: Notice) => void;
  readonly log?: Logger;
  readonly signal?: AbortSignal;
  /** Clock, chance and timers; for simulations. */
  readonly env?: Env;
  /** Overrides of the engine's defaults. */
  readonly policy?: {
    readonly sync?: Partial<SyncPolicy>;
    readonly range?: Partial<RangePolicy>;
    readonly late?: Partial<LatePolicy>;
    readonly pipeline?: Partial<PipelinePolicy>;
    readonly state?: Partial<StatePolicy>;
  };
}
