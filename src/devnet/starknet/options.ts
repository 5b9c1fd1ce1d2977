import { SynclineError } from '../../lib/index.ts';
import type { GivenClass } from './given-class.ts';

/** What kind of chain the devnet makes. The same options always give the same chain. */
export interface StarknetDevnetOptions {
  /** Any safe integer. Default 1. */
  readonly seed?: number;
  /** Blocks made at once, genesis included: heights 0 to `blocks - 1`. From 1. Default 20. */
  readonly blocks?: number;
  /** In every block but genesis, which declares classes and deploys accounts. Default 5. */
  readonly transactionsPerBlock?: number;
  /**
   * Storage entries in the state diff of every block but genesis and the empty ones, those of the system contracts
   * 0x1 and 0x2 not counted. Default 12.
   */
  readonly storageUpdatesPerBlock?: number;
  /** Contracts that exist after genesis, at most half of them (and at most 16) accounts. From 2. Default 24. */
  readonly contracts?: number;
  /** Share of blocks without transactions, 0 to 1: their commitments are zero. Default 0.02. */
  readonly emptyShare?: number;
  /** A Cairo short string: 1 to 31 ASCII characters. Default `SN_DEVNET`. */
  readonly chainId?: string;
  /** Time of block 0, seconds since the Unix epoch. Default 1,767,225,600 (2026-01-01). */
  readonly timestampS?: number;
  /** Seconds between two blocks. Default 4. */
  readonly intervalS?: number;
  /**
   * Version of the blocks. Those of 0.13.1 do not commit to their receipts and state diffs: only the state root tells
   * a false diff. Default 0.14.2, the newest whose block hash the published vectors prove in full.
   */
  readonly protocolVersion?: '0.14.2' | '0.13.1';
  /**
   * Blocks below this height are of 0.13.1 whatever `protocolVersion` says. Those above then migrate the classes that
   * were declared there to their newer compiled class hashes. Default 0.
   */
  readonly upgradeHeight?: number;
  /** Classes from elsewhere that blocks declare besides those that the devnet draws, each by one block. Default none. */
  readonly classes?: readonly GivenClass[];
}

export const defaultStarknetDevnetOptions: Required<StarknetDevnetOptions> = {
  seed: 1,
  blocks: 20,
  transactionsPerBlock: 5,
  storageUpdatesPerBlock: 12,
  contracts: 24,
  emptyShare: 0.02,
  chainId: 'SN_DEVNET',
  timestampS: 1_767_225_600,
  intervalS: 4,
  protocolVersion: '0.14.2',
  upgradeHeight: 0,
  classes: [],
};

/** Fills in the defaults. @throws {SynclineError} `DEVNET_OPTION_INVALID` (fault `caller`). */
export function parseDevnetOptions(given: StarknetDevnetOptions): Required<StarknetDevnetOptions> {
  const options = { ...defaultStarknetDevnetOptions, ...given };
  for (const [name, min] of Object.entries(INTEGER_MINIMA)) {
    const value = options[name as keyof typeof INTEGER_MINIMA];
    if (!Number.isSafeInteger(value) || value < min) throw invalid(name, `a safe integer from ${min}`, value);
  }
  if (!(options.emptyShare >= 0 && options.emptyShare <= 1)) throw invalid('emptyShare', '0 to 1', options.emptyShare);
  if (!['0.14.2', '0.13.1'].includes(options.protocolVersion)) {
    throw invalid('protocolVersion', '0.14.2 or 0.13.1', options.protocolVersion);
  }
  if (!/^[\x20-\x7e]{1,31}$/.test(options.chainId)) {
    throw invalid('chainId', '1 to 31 ASCII characters', options.chainId);
  }
  return options;
}

const INTEGER_MINIMA = {
  seed: Number.MIN_SAFE_INTEGER,
  blocks: 1,
  transactionsPerBlock: 0,
  storageUpdatesPerBlock: 0,
  contracts: 2,
  timestampS: 0,
  intervalS: 1,
  upgradeHeight: 0,
} as const;

function invalid(option: string, expected: string, got: number | string): SynclineError {
  return new SynclineError('DEVNET_OPTION_INVALID', 'caller', `devnet option ${option} is out of range`, {
    data: { option, expected, got },
  });
}
