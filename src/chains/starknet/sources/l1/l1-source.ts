import type { FinalClaim, Source } from '../../../../engine/index.ts';
import { type Env, isAbort, type Logger, type SynclineError, toSynclineError } from '../../../../lib/index.ts';
import type { L1Messages } from '../../l1-messages.ts';
import { sourceError } from '../source-error.ts';
import { createCoreContract } from './core-contract.ts';
import { createHttpRpc } from './http-rpc.ts';
import { joinSignals } from './join-signals.ts';
import { defaultRpcTimeouts, type RpcClient, type RpcTimeouts } from './json-rpc.ts';
import { parseL1Address } from './l1-address.ts';
import { requireChain, watchCoreContract } from './l1-watch.ts';
import { createLogWindows } from './log-windows.ts';
import { createMessageReader } from './message-reader.ts';

export interface L1SourceOptions {
  /** `l1+http:`, `l1+https:`, `l1+ws:` or `l1+wss:`. Path, query and credentials are sent and never shown. */
  readonly url: URL;
  /** EIP-155 id of the Ethereum chain that holds the core contract. */
  readonly chainId: number;
  /** The core contract, `0x` and 40 digits. */
  readonly coreContract: string;
  /** How often L1 is asked what is final. Default 60 000, as Juno does; Pathfinder takes twice as long. */
  readonly pollMs?: number;
  readonly timeouts?: Partial<RpcTimeouts>;
  readonly env: Env;
  readonly log: Logger;
}

export const DEFAULT_L1_POLL_MS = 60_000;

/** A source that also tells what a transaction of L1 sent to L2. */
export type L1Source = Source & L1Messages;

/**
 * Starknet's core contract on Ethereum, as a source that serves no blocks and says what is final. While it is watched,
 * its survey is silent and fails with what the watch last failed with; otherwise the survey asks L1 for its chain id.
 *
 * @throws {SynclineError} `SOURCE_UNSUPPORTED` (fault `caller`) for a URL that cannot be used. Its methods throw fault
 *   `source`: `SOURCE_OTHER_CHAIN`, and what `RpcClient` throws.
 */
export function createL1Source(options: L1SourceOptions): L1Source {
  const { chainId, coreContract, env, log } = options;
  const address = parseL1Address(options.url);
  const timeouts = { ...defaultRpcTimeouts, ...options.timeouts };
  const pollMs = options.pollMs ?? DEFAULT_L1_POLL_MS;
  const windows = createLogWindows();
  const closing = new AbortController();
  let watches = 0;
  let trouble: SynclineError | null = null;

  const openRpc = async (signal: AbortSignal): Promise<RpcClient> => {
    if (closing.signal.aborted) throw closedError(address.id);
    const parts = { address, timeouts, env };
    if (address.transport === 'http') return createHttpRpc(parts);
    // Not loaded before it is needed: most nodes have no L1 over a WebSocket, and it takes some 5 MB.
    const { openWebSocketRpc } = await import('./ws-rpc.ts');
    return openWebSocketRpc(parts, signal);
  };

  const messages = createMessageReader({
    async open(signal) {
      const rpc = await openRpc(signal);
      try {
        await requireChain(createCoreContract(rpc, coreContract, signal), chainId);
      } catch (error) {
        await rpc[Symbol.asyncDispose]();
        throw error;
      }
      return rpc;
    },
    contract: coreContract,
    env,
    closing: closing.signal,
  });

  /** One connection's worth of claims; ends by throwing. */
  async function* connected(signal: AbortSignal, onLook: () => void): AsyncGenerator<FinalClaim> {
    await using rpc = await openRpc(signal);
    const joined = joinSignals([signal, rpc.lost, closing.signal]);
    try {
      const contract = createCoreContract(rpc, coreContract, joined.signal);
      yield* watchCoreContract({ contract, chainId, pollMs, windows, env, log, onLook, signal: joined.signal });
    } finally {
      joined.release();
    }
  }

  async function* watchFinal(signal: AbortSignal): AsyncGenerator<FinalClaim> {
    let failures = 0;
    const onLook = () => {
      failures = 0;
      trouble = null;
    };
    watches++;
    try {
      while (!signal.aborted) {
        try {
          yield* connected(signal, onLook);
        } catch (thrown) {
          if (signal.aborted) return;
          const error = toSynclineError(thrown);
          if (error.fault !== 'source') throw error;
          trouble = error;
          log.debug('L1 failed', { source: address.id, code: error.code, message: error.message, ...error.data });
        }
        await env.sleep(pauseMs(failures++, trouble, env.random()), signal);
      }
    } catch (error) {
      if (!isAbort(error, signal)) throw error;
    } finally {
      watches--;
    }
  }

  return {
    id: address.id,
    standing: 'anchor',
    parts: [],
    limits: { concurrencyMax: 1 },
    async survey({ signal }) {
      signal.throwIfAborted();
      if (watches === 0) {
        await using rpc = await openRpc(signal);
        await requireChain(createCoreContract(rpc, coreContract, signal), chainId);
      } else if (trouble !== null) throw trouble;
      return { spans: [], head: null };
    },
    async *fetch({ parts }, { signal }) {
      signal.throwIfAborted();
      for (const part of parts) yield { type: 'absent', part };
    },
    async hashAt(_height, { signal }) {
      signal.throwIfAborted();
      return null;
    },
    watchFinal: ({ signal }) => watchFinal(signal),
    sentMessages: messages.sentMessages,
    async [Symbol.asyncDispose]() {
      closing.abort(closedError(address.id));
      await messages[Symbol.asyncDispose]();
    },
  };
}

/** Doubles from failure to failure, with a fifth of jitter; a remote's own word about how long counts as well. */
function pauseMs(failures: number, trouble: SynclineError | null, chance: number): number {
  const backoff = Math.min(PAUSE_MS_MAX, PAUSE_MS_BASE * 2 ** Math.min(16, failures));
  const asked = trouble?.data.retryAfterMs;
  return Math.max(backoff * (0.9 + chance * 0.2), typeof asked === 'number' ? asked : 0);
}

const PAUSE_MS_BASE = 1_000;
const PAUSE_MS_MAX = 60_000;

function closedError(id: string): SynclineError {
  return sourceError('SOURCE_CLOSED', 'source is closed', { source: id });
}
