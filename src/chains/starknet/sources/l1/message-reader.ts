import type { Env } from '../../../../lib/index.ts';
import { feltCount } from '../../felt.ts';
import type { L1Messages } from '../../l1-messages.ts';
import type { MessageToL2 } from '../../types.ts';
import { createTurns } from '../turns.ts';
import { joinSignals } from './join-signals.ts';
import type { RpcClient } from './json-rpc.ts';
import { parseSentMessages } from './message-values.ts';

export interface MessageReaderOptions {
  /** Opens a connection whose chain was checked. */
  readonly open: (signal: AbortSignal) => Promise<RpcClient>;
  /** The core contract, `0x` and 40 digits. */
  readonly contract: string;
  readonly env: Env;
  /** Aborts, with its reason, when no more is to be asked. */
  readonly closing: AbortSignal;
}

/**
 * Reads the messages of single transactions on a connection of its own, which is opened for the first question and
 * again where it was lost. One question is under way at a time; some wait, and more are refused.
 *
 * What a transaction sent is remembered for a minute, and nothing of one that is unknown: callers ask again and again
 * until their message has arrived. A transaction that a reorg of L1 takes back is known for as long.
 *
 * @throws {SynclineError} `SOURCE_UNAVAILABLE` where too many wait, `SOURCE_BAD_ANSWER`, and what `open` and
 *   `RpcClient.call` throw.
 */
export function createMessageReader(options: MessageReaderOptions): L1Messages & AsyncDisposable {
  const { open, contract, env, closing } = options;
  const turns = createTurns({ waitingMax: WAITING_MAX, crowded: 'too many wait for L1' });
  const recent = new RecentMessages();
  let connection: RpcClient | null = null;

  async function connected(signal: AbortSignal): Promise<RpcClient> {
    if (connection !== null && !connection.lost.aborted) return connection;
    await connection?.[Symbol.asyncDispose]();
    connection = null;
    connection = await open(signal);
    return connection;
  }

  async function ask(transaction: string, signal: AbortSignal): Promise<readonly MessageToL2[] | null> {
    const rpc = await connected(signal);
    const receipt = await rpc.call('eth_getTransactionReceipt', [transaction], { signal });
    if (receipt === null) return null;
    const messages = parseSentMessages(receipt, { transaction, contract });
    recent.add(transaction, messages, env.nowMs());
    return messages;
  }

  return {
    async sentMessages(transaction, { signal }) {
      signal.throwIfAborted();
      closing.throwIfAborted();
      const known = recent.get(transaction, env.nowMs());
      if (known !== null) return known;
      using _turn = await turns.take(signal);
      const joined = joinSignals([signal, closing]);
      try {
        return await ask(transaction, joined.signal);
      } finally {
        joined.release();
      }
    },
    async [Symbol.asyncDispose]() {
      await turns.idle();
      await connection?.[Symbol.asyncDispose]();
    },
  };
}

/** What was read last, the oldest first. Bounded in time, and in size by the words of its messages. */
class RecentMessages {
  readonly #entries = new Map<string, { readonly messages: readonly MessageToL2[]; readonly endMs: number }>();
  #words = 0;

  get(transaction: string, nowMs: number): readonly MessageToL2[] | null {
    const entry = this.#entries.get(transaction);
    return entry === undefined || entry.endMs <= nowMs ? null : entry.messages;
  }

  add(transaction: string, messages: readonly MessageToL2[], nowMs: number): void {
    this.#drop(transaction);
    this.#entries.set(transaction, { messages, endMs: nowMs + RECENT_MS });
    this.#words += wordsOf(messages);
    for (const [oldest, { endMs }] of this.#entries) {
      if (this.#words <= RECENT_WORDS_MAX && endMs > nowMs) break;
      this.#drop(oldest);
    }
  }

  #drop(transaction: string): void {
    const entry = this.#entries.get(transaction);
    if (entry === undefined) return;
    this.#words -= wordsOf(entry.messages);
    this.#entries.delete(transaction);
  }
}

/** With some for the entry and for each message, so that empty ones count too. */
function wordsOf(messages: readonly MessageToL2[]): number {
  return messages.reduce((sum, { payload }) => sum + feltCount(payload) + ENTRY_WORDS, ENTRY_WORDS);
}

/** Each may wait for as long as a request may take, in a place of the JSON-RPC server that others want too. */
const WAITING_MAX = 16;
/** Chosen: five blocks of Ethereum. */
const RECENT_MS = 60_000;
/** 2 MiB, some thousand transactions. */
const RECENT_WORDS_MAX = 65_536;
const ENTRY_WORDS = 16;
