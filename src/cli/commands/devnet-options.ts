import type { Command } from 'commander';
import type { StarknetDevnetOptions } from '../../devnet/starknet/index.ts';
import { usageInvalid } from '../config/index.ts';

/** Flags of `devnet` and `demo` that say what chain is made. */
export interface DevnetFlags {
  readonly seed: number;
  readonly blocks: number;
  readonly transactions: number;
  readonly storageUpdates: number;
  readonly blockTimeMs: number;
  readonly faults: readonly string[];
}

/** @throws {SynclineError} `USAGE_INVALID`. */
export function readDevnetFlags(command: Command): DevnetFlags {
  const flags = command.opts<Record<string, string | undefined>>();
  return {
    seed: integer(flags.seed, '--seed', Number.MIN_SAFE_INTEGER),
    blocks: integer(flags.blocks, '--blocks', 1),
    transactions: integer(flags.transactions, '--transactions', 0),
    storageUpdates: integer(flags.storageUpdates, '--storage-updates', 0),
    blockTimeMs: duration(flags.blockTime),
    faults: command.opts<{ fault?: readonly string[] }>().fault ?? [],
  };
}

/** @param blocks Blocks to make at once; more are made with `produceBlocks`. */
export function devnetOptions(flags: DevnetFlags, blocks: number): StarknetDevnetOptions {
  const { seed, transactions, storageUpdates } = flags;
  return { seed, blocks, transactionsPerBlock: transactions, storageUpdatesPerBlock: storageUpdates };
}

/**
 * Makes blocks one at a time, with a rest after each, so that signals and requests are heard meanwhile.
 * @param rest How long to rest, in multiples of the time that a block took.
 */
export async function produceBlocks(
  devnet: { produce(count: number): void },
  options: { readonly count: number; readonly rest: number; readonly signal: AbortSignal },
): Promise<void> {
  const { count, rest, signal } = options;
  for (let made = 0; made < count && !signal.aborted; made++) {
    const startedMs = performance.now();
    devnet.produce(1);
    const restMs = Math.min(REST_MS_MAX, rest * (performance.now() - startedMs));
    await new Promise((resolve) => (restMs < 1 ? setImmediate(resolve) : setTimeout(resolve, restMs)));
  }
}

function integer(text: string | undefined, flag: string, min: number): number {
  const value = Number(text);
  if (!/^-?[0-9]{1,16}$/.test(text ?? '') || !Number.isSafeInteger(value) || value < min) {
    throw usageInvalid(`${flag}: expected a whole number${min > 0 ? ` from ${min}` : ''}, got ${text}`, `${flag} 20`);
  }
  return value;
}

function duration(text: string | undefined): number {
  const match = /^([0-9]{1,9})(ms|s|m)$/.exec(text ?? '');
  if (match === null) throw usageInvalid(`--block-time: expected a duration, got ${text}`, '--block-time 2s, or 500ms');
  return Number(match[1]) * (match[2] === 'ms' ? 1 : match[2] === 's' ? 1_000 : 60_000);
}

const REST_MS_MAX = 100;
