import { isSynclineError } from '../../../../lib/index.ts';
import { sourceError } from '../source-error.ts';
import type { L1Address } from './l1-address.ts';

/** JSON-RPC 2.0 to one Ethereum node, over whichever transport. Asks once; nothing is retried here. */
export interface RpcClient extends AsyncDisposable {
  /**
   * @returns The `result`, unparsed.
   * @throws {SynclineError} `SOURCE_REFUSED` (with `rpcCode`) where the node answers with an error, and
   *   `SOURCE_RATE_LIMITED`, `SOURCE_UNAVAILABLE`, `SOURCE_TIMEOUT`, `SOURCE_BAD_ANSWER`, `SOURCE_CLOSED`. The
   *   signal's reason when it aborts.
   */
  call(method: string, params: readonly unknown[], options: { readonly signal: AbortSignal }): Promise<unknown>;
  /**
   * Delivers new logs that fit the filter, unparsed, in the order of their arrival; null where the transport cannot
   * push. Once per client. Throws as `call` does. `onLog` must not throw.
   */
  readonly subscribeLogs:
    | ((filter: LogFilter, onLog: (log: unknown) => void, options: { readonly signal: AbortSignal }) => Promise<void>)
    | null;
  /** Aborts, with the error as its reason, when the connection is lost. */
  readonly lost: AbortSignal;
}

/** As `eth_subscribe` and `eth_getLogs` take it. */
export interface LogFilter {
  readonly address: string;
  readonly topics: readonly string[];
}

export interface RpcTimeouts {
  /** For a connection to stand, TLS included. Default 5 000. */
  readonly connectTimeoutMs: number;
  /** From a request to the last byte of its answer. Default 20 000. */
  readonly totalTimeoutMs: number;
}

export const defaultRpcTimeouts: RpcTimeouts = { connectTimeoutMs: 5_000, totalTimeoutMs: 20_000 };

/** Of one answer. The largest are windows of logs (about 700 bytes each) and block heads with transaction hashes. */
export const RPC_BODY_BYTES_MAX = 8 * 1024 * 1024;

/** What was asked, for errors. */
export interface RpcOrigin {
  /** The node, without secrets. */
  readonly url: string;
  readonly method: string;
}

/**
 * Takes the result out of an answer.
 * @param value The parsed body or message.
 * @throws {SynclineError} `SOURCE_BAD_ANSWER`, `SOURCE_REFUSED`, `SOURCE_RATE_LIMITED`.
 * @see https://www.jsonrpc.org/specification, "Response object"
 */
export function readRpcAnswer(value: unknown, id: number, origin: RpcOrigin, quote: Quote): unknown {
  if (!isObject(value)) throw badAnswer('answer is no json-rpc object', origin);
  // An error about a request that could not be read has the id null.
  const isOurs = value.id === id || (value.id === null && isObject(value.error));
  if (!isOurs) {
    const got = quote(JSON.stringify(value.id) ?? 'none').slice(0, 40);
    throw badAnswer('answer is to another request', { ...origin, expected: id, got });
  }
  if (isObject(value.error)) throw refusal(value.error, origin, quote);
  if (value.result === undefined) throw badAnswer('answer has neither result nor error', origin);
  return value.result;
}

function refusal(error: Readonly<Record<string, unknown>>, origin: RpcOrigin, quote: Quote) {
  const rpcCode = typeof error.code === 'number' ? error.code : null;
  const remoteMessage = quote(typeof error.message === 'string' ? error.message : '');
  const data = { ...origin, rpcCode, remoteMessage };
  // Providers agree on neither code nor words: -32005 is also said of ranges.
  const isPace =
    rpcCode === 429 || /rate limit|too many requests|compute units|capacity|throughput/i.test(remoteMessage);
  if (isPace) return sourceError('SOURCE_RATE_LIMITED', 'L1 node limits our rate', { ...data, retryAfterMs: PACE_MS });
  return sourceError('SOURCE_REFUSED', 'L1 node answered with an error', data);
}

/** Whether a question about logs failed because too much was asked for at once. */
export function asksTooMuch(error: unknown): boolean {
  if (!isSynclineError(error)) return false;
  const { code, data } = error;
  if (code === 'SOURCE_BAD_ANSWER') return data.limit === 'bodyBytesMax' || data.limit === 'wireBytesMax';
  if (code === 'SOURCE_UNAVAILABLE') return data.status === 413;
  if (code !== 'SOURCE_REFUSED') return false;
  return data.rpcCode === LIMIT_EXCEEDED || TOO_MUCH.test(String(data.remoteMessage));
}

/** @see EIP-1474, "Error codes" */
const LIMIT_EXCEEDED = -32005;
/** As go-ethereum, Erigon, Nethermind and the large providers put it. */
const TOO_MUCH = /range|limit|exceed|too (many|large|big|wide|long)|more than|max(imum)?\b|size|timed? ?out/i;
const PACE_MS = 10_000;

/** A remote's words with control characters and our secrets taken out, at most 200 characters. */
export type Quote = (text: string) => string;

export function createQuote({ secrets }: Pick<L1Address, 'secrets'>): Quote {
  return (text) => {
    let shown = text.slice(0, QUOTED_MAX).replace(/[^\x20-\x7e]+/g, ' ');
    for (const secret of secrets) shown = shown.replaceAll(secret, '***');
    return shown.slice(0, 200);
  };
}

/** Longer texts are cut before they are searched for secrets. */
const QUOTED_MAX = 4_096;

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function badAnswer(message: string, data: Parameters<typeof sourceError>[2] | RpcOrigin) {
  return sourceError('SOURCE_BAD_ANSWER', message, { ...data });
}
