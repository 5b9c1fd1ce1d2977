import { WebSocket } from 'ws';
import { type SynclineError, toSynclineError } from '../../../../lib/index.ts';
import { parseRetryAfterMs } from '../gateway/retry-after.ts';
import { createDeadline } from '../request-deadline.ts';
import { sourceError, systemCodeOf } from '../source-error.ts';
import { translateFailure } from '../transport-failure.ts';
import { userAgent } from '../user-agent.ts';
import type { RpcOptions } from './http-rpc.ts';
import {
  createQuote,
  isObject,
  type LogFilter,
  type Quote,
  RPC_BODY_BYTES_MAX,
  type RpcClient,
  readRpcAnswer,
} from './json-rpc.ts';
import type { L1Address } from './l1-address.ts';

/**
 * Opens a WebSocket and speaks JSON-RPC on it. A connection that breaks the protocol, or ends, is lost for good: every
 * request under way fails with the reason, and whoever owns the client opens another.
 *
 * @throws {SynclineError} `SOURCE_UNAVAILABLE`, `SOURCE_RATE_LIMITED`, `SOURCE_TIMEOUT`. The signal's reason.
 */
export async function openWebSocketRpc(options: RpcOptions, signal: AbortSignal): Promise<RpcClient> {
  signal.throwIfAborted();
  const { address, timeouts } = options;
  const socket = new WebSocket(`${address.origin}${address.path}`, {
    maxPayload: RPC_BODY_BYTES_MAX,
    handshakeTimeout: timeouts.connectTimeoutMs,
    perMessageDeflate: false,
    followRedirects: false,
    headers: {
      'user-agent': userAgent(),
      ...(address.authorization === null ? {} : { authorization: address.authorization }),
    },
  });
  const client = new WebSocketRpc(socket, options);
  await client.opened(signal);
  return client;
}

interface Waiting {
  readonly method: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

class WebSocketRpc implements RpcClient {
  private readonly socket: WebSocket;
  private readonly options: RpcOptions;
  private readonly address: L1Address;
  private readonly quote: Quote;
  private readonly loss = new AbortController();
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 1;
  private subscription: { readonly id: unknown; readonly onLog: (log: unknown) => void } | null = null;

  constructor(socket: WebSocket, options: RpcOptions) {
    this.socket = socket;
    this.options = options;
    this.address = options.address;
    this.quote = createQuote(options.address);
    socket.on('message', (data, isBinary) => this.onMessage(data as Buffer, isBinary)); // ws delivers one Buffer
    socket.on('error', (error) => this.lose(this.translate(error)));
    socket.on('close', () => this.lose(this.unavailable('connection ended')));
    socket.on('unexpected-response', (request, response) => {
      const status = response.statusCode ?? 0;
      const where = { url: this.address.id, status };
      const wait = response.headers['retry-after'];
      this.lose(
        status === 429
          ? sourceError('SOURCE_RATE_LIMITED', 'L1 node limits our rate', {
              ...where,
              retryAfterMs: parseRetryAfterMs(wait ?? null, options.env.nowMs()),
            })
          : sourceError('SOURCE_UNAVAILABLE', 'L1 node does not open a websocket', where),
      );
      request.destroy();
    });
  }

  get lost(): AbortSignal {
    return this.loss.signal;
  }

  /** Resolves when the connection stands. */
  async opened(signal: AbortSignal): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        const onAbort = () => reject(signal.reason);
        signal.addEventListener('abort', onAbort, { once: true });
        this.socket.once('open', () => resolve());
        this.lost.addEventListener('abort', () => reject(this.lost.reason), { once: true });
        const release = () => signal.removeEventListener('abort', onAbort);
        this.socket.once('open', release);
        this.lost.addEventListener('abort', release, { once: true });
      });
    } catch (error) {
      this.lose(toSynclineError(error));
      throw error;
    }
  }

  async call(
    method: string,
    params: readonly unknown[],
    { signal }: { readonly signal: AbortSignal },
  ): Promise<unknown> {
    signal.throwIfAborted();
    if (this.lost.aborted) throw this.lost.reason;
    const id = this.nextId++;
    const { totalTimeoutMs } = this.options.timeouts;
    const deadline = createDeadline(signal, totalTimeoutMs);
    try {
      return await new Promise((resolve, reject) => {
        this.waiting.set(id, { method, resolve, reject });
        deadline.signal.addEventListener('abort', () => reject(deadline.signal.reason), { once: true });
        this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
      });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (!deadline.expired()) throw error;
      const late = sourceError('SOURCE_TIMEOUT', 'no whole answer in time', {
        url: this.address.id,
        method,
        timeoutMs: totalTimeoutMs,
      });
      this.lose(late); // a late answer would be to a request that nobody knows any more
      throw late;
    } finally {
      this.waiting.delete(id);
      deadline.release();
    }
  }

  readonly subscribeLogs = async (
    filter: LogFilter,
    onLog: (log: unknown) => void,
    options: { readonly signal: AbortSignal },
  ): Promise<void> => {
    this.subscription = { id: null, onLog };
    await this.call('eth_subscribe', ['logs', filter], options);
  };

  async [Symbol.asyncDispose](): Promise<void> {
    this.lose(sourceError('SOURCE_CLOSED', 'source is closed', { source: this.address.id }));
  }

  private onMessage(data: Buffer, isBinary: boolean): void {
    if (this.lost.aborted) return;
    let message: unknown = null;
    try {
      if (!isBinary) message = JSON.parse(data.toString()) as unknown;
    } catch {
      // Refused below, as anything that is no object.
    }
    if (isObject(message) && message.method === 'eth_subscription') this.onNotification(message.params);
    else this.onAnswer(message);
  }

  private onAnswer(message: unknown): void {
    const id = isObject(message) ? message.id : undefined;
    // An error about an unreadable request has no id: only one request is under way at a time.
    const known = typeof id === 'number' ? id : id === null ? (this.waiting.keys().next().value ?? -1) : -1;
    const waiting = this.waiting.get(known);
    if (waiting === undefined) {
      const got = this.quote(JSON.stringify(id) ?? 'none').slice(0, 40);
      this.lose(this.badAnswer('message answers no request', { got }));
      return;
    }
    try {
      const origin = { url: this.address.id, method: waiting.method };
      const result = readRpcAnswer(message, known, origin, this.quote);
      // Set before the next message is looked at, which may be its first notification.
      if (waiting.method === 'eth_subscribe' && this.subscription !== null) {
        this.subscription = { ...this.subscription, id: result };
      }
      waiting.resolve(result);
    } catch (error) {
      waiting.reject(error);
    }
  }

  private onNotification(params: unknown): void {
    const { subscription } = this;
    if (!isObject(params) || subscription === null || params.subscription !== subscription.id) {
      this.lose(this.badAnswer('notification of no subscription of ours', {}));
      return;
    }
    subscription.onLog(params.result);
  }

  private lose(error: SynclineError): void {
    if (this.lost.aborted) return;
    this.loss.abort(error);
    for (const { reject } of this.waiting.values()) reject(error);
    this.socket.terminate();
  }

  /** What `ws` itself says of a message is the remote's doing; for the rest see `translateFailure`. */
  private translate(error: Error): SynclineError {
    const code = systemCodeOf(error) ?? '';
    if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
      const limit = { limit: 'bodyBytesMax', limitValue: RPC_BODY_BYTES_MAX };
      return this.badAnswer('message is larger than allowed', limit);
    }
    if (code.startsWith('WS_ERR_')) return this.badAnswer('message is no websocket', { reason: code });
    if (/handshake has timed out/.test(error.message)) {
      return sourceError('SOURCE_TIMEOUT', 'no connection in time', { url: this.address.id });
    }
    try {
      return translateFailure(error, this.address.id, this.quote);
    } catch {
      return this.unavailable(this.quote(error.message)); // ws throws what looks like a bug for a failed handshake
    }
  }

  private unavailable(reason: string): SynclineError {
    return sourceError('SOURCE_UNAVAILABLE', 'connection failed', { url: this.address.id, reason });
  }

  private badAnswer(message: string, data: Parameters<typeof sourceError>[2]): SynclineError {
    return sourceError('SOURCE_BAD_ANSWER', message, { url: this.address.id, ...data });
  }
}
