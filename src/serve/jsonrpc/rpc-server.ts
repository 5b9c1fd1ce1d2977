import { setMaxListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import type { RpcService } from '../../engine/index.ts';
import type { Logger } from '../../lib/index.ts';
import {
  createQuota,
  endWithAnswer,
  errorAnswer,
  type HttpAnswer,
  type HttpExchange,
  type HttpHandshake,
  type Quota,
  readBody,
  sendAnswer,
} from '../http/index.ts';
import { defaultRpcLimits, type RpcLimits } from '../rpc-limits.ts';
import { createBreather } from './breather.ts';
import { BYTES_PER_TOKEN, Dispatcher, errorText, type RpcCaller } from './dispatcher.ts';
import { faultBody } from './faults.ts';
import { createGate, type Gate } from './gate.ts';
import { type RpcObserver, silentRpcObserver } from './observer.ts';
import { clientOf, createRateLimiter } from './rate-limiter.ts';
import { serviceText } from './service-text.ts';
import { SocketSession } from './socket-session.ts';
import { createUpstream, type RpcUpstream } from './upstream.ts';

export interface RpcServerOptions {
  readonly services: readonly RpcService[];
  readonly limits?: Partial<RpcLimits>;
  /** URL of a node that answers the services' foreign methods. It may hold a secret and is shown nowhere. */
  readonly upstream?: string;
  readonly observer?: RpcObserver;
  readonly log: Logger;
  /** For the rate limit. Default: a clock that is never set back. */
  readonly nowMs?: () => number;
}

/** What the services are busy with, for metrics. */
export interface RpcServerReport {
  readonly sockets: number;
  readonly subscriptions: number;
  readonly callsUnderWay: number;
  readonly callsWaiting: number;
  /** Bytes of answers that clients have not taken yet. */
  readonly heldBytes: number;
}

/** JSON-RPC services over HTTP and WebSocket, behind somebody's HTTP server. */
export interface RpcServer {
  /** The services' paths, and `/rpc` for the first of them. */
  readonly paths: readonly string[];
  /** Every method a service knows, also those answered elsewhere: the labels there can be. */
  readonly methods: ReadonlySet<string>;
  answer(exchange: HttpExchange): Promise<void>;
  upgrade(handshake: HttpHandshake): void;
  report(): RpcServerReport;
  /**
   * Refuses what comes from now on, ends all subscriptions and sockets, and resolves when nothing touches the services
   * any more, or has had a second to stop.
   */
  close(): Promise<void>;
}

/** @throws {SynclineError} `RPC_UPSTREAM` (fault `caller`) for an upstream that is no http or https URL. */
export function createRpcServer(options: RpcServerOptions): RpcServer {
  return new RpcDesk(options);
}

class RpcDesk implements RpcServer {
  readonly paths: readonly string[];
  readonly methods: ReadonlySet<string>;
  private readonly limits: RpcLimits;
  private readonly log: Logger;
  private readonly observer: RpcObserver;
  private readonly upstream: RpcUpstream | null;
  private readonly gate: Gate;
  private readonly bodies: Quota;
  private readonly held: Quota;
  private readonly subscriptions: Quota;
  private readonly doors: ReadonlyMap<string, { readonly service: RpcService; readonly dispatcher: Dispatcher }>;
  private readonly sockets: WebSocketServer;
  private readonly sessions = new Set<SocketSession>();
  private readonly leaving = new AbortController();
  private readonly pulse: NodeJS.Timeout;
  private lastSubscription = 0;

  constructor(options: RpcServerOptions) {
    const limits = { ...defaultRpcLimits, ...options.limits };
    const { services, log, observer = silentRpcObserver, nowMs = () => performance.now() } = options;
    setMaxListeners(0, this.leaving.signal); // every call over HTTP may listen
    this.limits = limits;
    this.log = log;
    this.observer = observer;
    const { callTimeoutMs, answerBytesMax, ratePerS, clientsMax, batchMax, bodyBytesMax } = limits;
    this.upstream =
      options.upstream === undefined
        ? null
        : createUpstream({ url: options.upstream, timeoutMs: callTimeoutMs, answerBytesMax, log });
    this.gate = createGate({ insideMax: limits.callsMax, waitingMax: limits.waitingMax });
    this.bodies = createQuota(Math.max(limits.bodiesBytesMax, bodyBytesMax));
    this.held = createQuota(limits.heldBytesMax);
    this.subscriptions = createQuota(limits.subscriptionsMax);
    const burstMin = Math.max(batchMax, Math.ceil(bodyBytesMax / BYTES_PER_TOKEN));
    const limiter = createRateLimiter({ ratePerS, burstMin, clientsMax, nowMs });
    const { upstream, gate } = this;
    const breather = createBreather();
    const doors = services.map((service) => {
      const dispatcher = new Dispatcher({ service, limits, gate, breather, limiter, upstream, observer, log });
      return [service.path, { service, dispatcher }] as const;
    });
    const [first] = doors;
    this.doors = new Map([...(first === undefined ? [] : [['/rpc', first[1]] as const]), ...doors]);
    this.paths = [...this.doors.keys()];
    this.methods = new Set(services.flatMap(methodsOf));
    this.sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: bodyBytesMax,
      perMessageDeflate: false,
    });
    this.pulse = setInterval(() => this.checkAll(), limits.pingMs).unref();
  }

  async answer(exchange: HttpExchange): Promise<void> {
    const { request, url } = exchange;
    const door = this.doorOf(url);
    if (door === undefined || this.leaving.signal.aborted) sendAnswer(exchange, CLOSING);
    else if (request.method === 'POST') await this.answerCalls(exchange, door.dispatcher);
    else {
      const text = serviceText(door.service, { path: url.pathname, hasUpstream: this.upstream !== null });
      sendAnswer(exchange, { status: 200, type: 'text/plain; charset=utf-8', text });
    }
  }

  upgrade(handshake: HttpHandshake): void {
    const { request, socket, head, url } = handshake;
    const door = this.doorOf(url);
    const refusal = this.refusalOf(handshake);
    if (door === undefined || refusal !== null) {
      endWithAnswer(socket, refusal ?? CLOSING);
      return;
    }
    const client = clientOf(request.socket.remoteAddress);
    this.sockets.handleUpgrade(request, socket, head, (opened) => this.admit(opened, door.dispatcher, client));
  }

  report(): RpcServerReport {
    return {
      sockets: this.sessions.size,
      subscriptions: this.subscriptions.taken,
      callsUnderWay: this.gate.inside,
      callsWaiting: this.gate.waiting,
      heldBytes: this.held.taken,
    };
  }

  async close(): Promise<void> {
    if (this.leaving.signal.aborted) return;
    this.leaving.abort(new DOMException('the node is stopping', 'AbortError'));
    clearInterval(this.pulse);
    const ended = (async () => {
      await Promise.all([...this.sessions].map((session) => session.close(GOING_AWAY, 'the node is stopping')));
      await Promise.all([...this.doors.values()].map(({ dispatcher }) => dispatcher.idle()));
    })();
    let patience: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      patience = setTimeout(() => resolve('late'), CLOSE_MS);
    });
    const outcome = await Promise.race([ended, late]);
    clearTimeout(patience);
    if (outcome === 'late') this.log.warn('RPC calls go on although they were told to stop');
    await this.upstream?.[Symbol.asyncDispose]();
  }

  private doorOf({ pathname }: URL) {
    return this.doors.get(pathname) ?? this.doors.get(pathname.replace(/\/$/, ''));
  }

  private async answerCalls(exchange: HttpExchange, dispatcher: Dispatcher): Promise<void> {
    const { request, response } = exchange;
    if (this.held.isSpent) {
      this.refuse(exchange, 'busy');
      return;
    }
    const body = await readBody(request, { bytesMax: this.limits.bodyBytesMax, quota: this.bodies });
    if (body.type === 'left') return;
    if (body.type !== 'body') {
      this.refuse(exchange, body.type);
      return;
    }
    if (this.leaving.signal.aborted) {
      sendAnswer(exchange, CLOSING);
      return;
    }
    const caller = new HttpCaller(exchange, this.leaving.signal);
    const { text, retryAfterMs } = await dispatcher.answer(body.bytes, caller);
    if (response.destroyed) return;
    if (text === null) response.writeHead(204, COMMON_HEADERS).end();
    else if (retryAfterMs > 0) this.send(exchange, text, { status: 429, retryAfterMs });
    else this.send(exchange, text, { status: 200 });
  }

  /** Why a WebSocket may not be opened, null when it may. */
  private refusalOf({ isOriginAllowed }: HttpHandshake): HttpAnswer | null {
    const { socketsMax } = this.limits;
    if (this.leaving.signal.aborted) return CLOSING;
    if (!isOriginAllowed) {
      this.observer.refused('origin');
      const message = 'pages of this origin may not connect; see --http.cors';
      return errorAnswer(403, { code: 'ORIGIN_REFUSED', message });
    }
    if (this.sessions.size < socketsMax) return null;
    this.observer.refused('sockets');
    return errorAnswer(503, { code: 'SOCKETS_FULL', message: `there are ${socketsMax} WebSockets already` });
  }

  private admit(socket: WebSocket, dispatcher: Dispatcher, client: string): void {
    const session = new SocketSession({
      socket,
      client,
      dispatcher,
      limits: this.limits,
      subscriptions: this.subscriptions,
      heldBytes: this.held,
      nextSubscriptionId: () => String(++this.lastSubscription),
      observer: this.observer,
      log: this.log,
    });
    this.sessions.add(session);
    socket.once('close', () => this.sessions.delete(session));
    if (this.leaving.signal.aborted) void session.close(GOING_AWAY, 'the node is stopping');
  }

  private checkAll(): void {
    for (const session of this.sessions) session.check();
  }

  private refuse(exchange: HttpExchange, type: 'too-large' | 'busy'): void {
    if (type === 'busy') {
      this.observer.refused('busy');
      const body = faultBody('limit', 'the node is busy, try again', { retryAfterMs: BUSY_MS });
      this.send(exchange, errorText(null, body), { status: 503, retryAfterMs: BUSY_MS });
      return;
    }
    this.observer.refused('size');
    const body = faultBody('invalidRequest', `messages of more than ${this.limits.bodyBytesMax} bytes are not read`);
    this.send(exchange, errorText(null, body), { status: 413 });
  }

  private send(
    { request, response }: HttpExchange,
    text: string,
    { status, retryAfterMs = 0 }: { readonly status: number; readonly retryAfterMs?: number },
  ): void {
    const bytes = Buffer.byteLength(text);
    this.held.force(bytes);
    response.once('close', () => this.held.give(bytes));
    response.writeHead(status, {
      ...COMMON_HEADERS,
      'content-type': 'application/json',
      'content-length': String(bytes),
      // A body that was not read to its end leaves the connection in the middle of it.
      ...(request.complete ? {} : { connection: 'close' }),
      ...(retryAfterMs > 0 ? { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) } : {}),
    });
    response.end(text); // as text it goes out in one piece with the headers
  }
}

/**
 * Whoever sent one message over HTTP. The signal is made when somebody asks for it, because most calls answer at once. A
 * class, since an object with a getter of its own for each request costs more than all the rest of a small call.
 */
class HttpCaller implements RpcCaller {
  readonly client: string;
  readonly subscriber = null;
  private readonly response: ServerResponse;
  private readonly closing: AbortSignal;
  private controller: AbortController | null = null;

  constructor({ request, response }: HttpExchange, closing: AbortSignal) {
    this.client = clientOf(request.socket.remoteAddress);
    this.response = response;
    this.closing = closing;
  }

  get signal(): AbortSignal {
    this.controller ??= this.watch();
    return this.controller.signal;
  }

  private watch(): AbortController {
    const { response, closing } = this;
    const controller = new AbortController();
    const onLeft = () => controller.abort(new DOMException('the client left', 'AbortError'));
    const onClosing = () => controller.abort(closing.reason);
    response.once('close', () => {
      closing.removeEventListener('abort', onClosing);
      if (!response.writableFinished) onLeft();
    });
    closing.addEventListener('abort', onClosing, { once: true });
    if (response.destroyed) onLeft();
    if (closing.aborted) onClosing();
    return controller;
  }
}

function methodsOf({ methods, subscriptions = {}, unsubscribe, foreign = [] }: RpcService): readonly string[] {
  const own = [...Object.keys(methods), ...Object.keys(subscriptions), ...foreign];
  return unsubscribe === undefined ? own : [...own, unsubscribe.method];
}

const CLOSING = errorAnswer(
  503,
  { code: 'STOPPING', message: 'the node is stopping' },
  { connection: 'close', 'retry-after': '5' },
);
const COMMON_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
/** RFC 6455, section 7.4.1. */
const GOING_AWAY = 1001;
const BUSY_MS = 1_000;
/** Chosen: a call that heeds its signal stops within milliseconds. */
const CLOSE_MS = 1_000;
