import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isSynclineError, type Logger, SynclineError } from '../../lib/index.ts';
import { errorAnswer, type HttpAnswer } from './answer.ts';
import { type AllowedOrigins, applyCors, isOriginAllowed } from './cors.ts';
import { type HttpEndpoint, sendAnswer } from './endpoint.ts';
import { endWithAnswer } from './raw-answer.ts';
import { findEndpoint, type HttpRoute, methodRefused, parseTarget, pathUnknown, route } from './router.ts';

export interface HttpServerOptions {
  /** Where to listen; port 0 takes any free one. */
  readonly addr: { readonly host: string; readonly port: number };
  readonly routes: readonly HttpRoute[];
  readonly endpoints?: readonly HttpEndpoint[];
  /** Origins whose pages may read answers and open WebSockets, or `*`. Default: none. */
  readonly cors?: AllowedOrigins;
  readonly log: Logger;
  readonly limits?: Partial<HttpLimits>;
}

/** What a client may cost. */
export interface HttpLimits {
  /** Bytes of path and query. Longer ones are answered with 414. */
  readonly urlBytesMax: number;
  /** Bytes of all headers together. More are answered with 431. */
  readonly headerBytesMax: number;
  /** Connections at once; more are closed at once. */
  readonly connectionsMax: number;
  /** Time for a client to send its headers, and its whole request. */
  readonly headerTimeoutMs: number;
  /** How long an idle connection is kept. */
  readonly keepAliveTimeoutMs: number;
  /** A connection on which nothing moves for this long, while an answer is made or sent, is cut. */
  readonly stallTimeoutMs: number;
}

export const defaultHttpLimits: HttpLimits = {
  urlBytesMax: 2_048,
  headerBytesMax: 16_384,
  connectionsMax: 2_048,
  headerTimeoutMs: 9_000,
  keepAliveTimeoutMs: 5_000,
  stallTimeoutMs: 45_000,
};

export interface HttpServer extends AsyncDisposable {
  /** `http://host:port`, with the port that was taken. */
  readonly url: string;
  /** Takes no more requests, gives those under way a moment, and is done in under a second or what endpoints need. */
  close(): Promise<void>;
}

/**
 * A small server: its own router, no framework. Routes are for reading and have no bodies; a request to one that brings
 * a body is refused. Endpoints see to themselves.
 *
 * @throws {SynclineError} `HTTP_ADDR_IN_USE`, `HTTP_ADDR_UNUSABLE` (fault `local`, exit code 4).
 */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { addr, endpoints = [] } = options;
  const limits = { ...defaultHttpLimits, ...options.limits };
  const server = createServer({
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headerTimeoutMs,
    requestTimeout: limits.headerTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, limits.headerTimeoutMs),
  });
  server.maxConnections = limits.connectionsMax;
  server.timeout = limits.stallTimeoutMs;
  const desk = new FrontDesk(options, limits);
  server.on('request', (request, response) => desk.receive(request, response));
  server.on('upgrade', (request, socket, head) => {
    if (!desk.upgrade(request, socket, head)) ignoreUpgrade(server, { request, socket, head });
  });
  server.on('clientError', refuseClient);
  await listen(server, addr);
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  const host = addr.host.includes(':') ? `[${addr.host}]` : addr.host;
  let closing: Promise<void> | null = null;
  const close = () => {
    closing ??= closeServer(server, endpoints);
    return closing;
  };
  return { url: `http://${host}:${port}`, close, [Symbol.asyncDispose]: close };
}

/** Finds out what a request is for and sees that it is answered. */
class FrontDesk {
  private readonly options: HttpServerOptions;
  private readonly limits: HttpLimits;

  constructor(options: HttpServerOptions, limits: HttpLimits) {
    this.options = options;
    this.limits = limits;
  }

  receive(request: IncomingMessage, response: ServerResponse): void {
    const { cors = [], log } = this.options;
    this.answer(request, response, cors).catch((error: unknown) => {
      log.error('an HTTP answer failed', { path: pathOf(request), message: String(error) });
      if (response.headersSent || response.destroyed) response.destroy();
      else sendAnswer({ request, response }, INTERNAL);
    });
  }

  /** @returns Whether somebody took the socket. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const { endpoints = [], cors = [] } = this.options;
    const url = this.urlOf(request);
    if (request.headers.upgrade?.toLowerCase() !== 'websocket' || !(url instanceof URL)) return false;
    const endpoint = findEndpoint(endpoints, url);
    if (endpoint?.upgrade === undefined) return false;
    socket.on('error', () => socket.destroy());
    endpoint.upgrade({ request, socket, head, url, isOriginAllowed: isOriginAllowed(cors, request) });
    return true;
  }

  private async answer(request: IncomingMessage, response: ServerResponse, cors: AllowedOrigins): Promise<void> {
    const { endpoints = [] } = this.options;
    const { method = 'GET' } = request;
    if (applyCors(cors, request, response)) return;
    const url = this.urlOf(request);
    const endpoint = url instanceof URL ? findEndpoint(endpoints, url) : null;
    if (!(url instanceof URL)) sendAnswer({ request, response }, url);
    else if (endpoint === null) sendAnswer({ request, response }, await this.read(request, url));
    else if (endpoint.methods.includes(method)) await endpoint.answer({ request, response, url });
    else sendAnswer({ request, response }, methodRefused(endpoint.methods));
  }

  private async read(request: IncomingMessage, url: URL): Promise<HttpAnswer> {
    const { routes, endpoints = [], log } = this.options;
    const { method = 'GET', headers } = request;
    if (bringsBody(request)) {
      const message = 'requests to this path have no body';
      return errorAnswer(413, { code: 'BODY_REFUSED', message }, { connection: 'close' });
    }
    try {
      const answer = await route(routes, url, { method, accept: headers.accept ?? '' });
      return answer ?? pathUnknown([...routes, ...endpoints]);
    } catch (error) {
      if (isSynclineError(error) && error.fault === 'caller') {
        return errorAnswer(400, { code: error.code, message: error.message });
      }
      log.error('an HTTP route failed', { path: pathOf(request), message: String(error) });
      return INTERNAL;
    }
  }

  private urlOf({ url = '/' }: IncomingMessage): URL | HttpAnswer {
    if (url.length > this.limits.urlBytesMax) {
      return errorAnswer(414, { code: 'URL_TOO_LONG', message: 'the URL is too long' });
    }
    return parseTarget(url) ?? errorAnswer(400, { code: 'URL_MALFORMED', message: 'the URL cannot be read' });
  }
}

const INTERNAL = errorAnswer(500, {
  code: 'INTERNAL',
  message: 'the answer could not be made; the log says why',
});

function bringsBody({ method, headers }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] !== undefined) return true;
  // What another method carries does not matter: the method is refused, and an unread body ends the connection.
  return (method === 'GET' || method === 'HEAD') && Number(headers['content-length'] ?? 0) > 0;
}

/**
 * A server may ignore a wish to upgrade and answer as usual (RFC 9110, section 7.8), which clients that try for HTTP/2
 * rely on. Node has let go of the socket by now, so the request goes in again, without the wish.
 */
function ignoreUpgrade(
  server: Server,
  { request, socket, head }: { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
): void {
  const { method, url, httpVersion, rawHeaders } = request;
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (!['upgrade', 'connection', 'http2-settings'].includes(name.toLowerCase())) {
      text += `${name}: ${rawHeaders[i + 1]}\r\n`;
    }
  }
  socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}

/** What Node answers to requests that it cannot read, in our shape. */
function refuseClient(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const isLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const isLate = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const answer = isLarge
    ? errorAnswer(431, { code: 'HEADERS_TOO_LARGE', message: 'the request headers are too large' })
    : isLate
      ? errorAnswer(408, { code: 'REQUEST_TIMEOUT', message: 'the request took too long to arrive' })
      : errorAnswer(400, { code: 'REQUEST_MALFORMED', message: 'the request cannot be read' });
  endWithAnswer(socket, answer);
}

async function listen(server: Server, addr: { readonly host: string; readonly port: number }): Promise<void> {
  try {
    server.listen({ host: addr.host, port: addr.port });
    await once(server, 'listening');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const isTaken = reason === 'EADDRINUSE';
    throw new SynclineError(
      isTaken ? 'HTTP_ADDR_IN_USE' : 'HTTP_ADDR_UNUSABLE',
      'local',
      isTaken ? 'another program listens at the HTTP address' : `the HTTP address cannot be used: ${reason}`,
      {
        cause,
        data: {
          address: `${addr.host}:${addr.port}`,
          exitCode: 4,
          fix: 'stop that program, choose another address with --http.addr HOST:PORT, or serve nothing with --no-http',
        },
      },
    );
  }
}

async function closeServer(server: Server, endpoints: readonly HttpEndpoint[]): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await Promise.all(endpoints.map((endpoint) => endpoint.close?.()));
  server.closeIdleConnections();
  const patience = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
  await closed;
  clearTimeout(patience);
}

/** For logs: never the query, which may hold anything. */
function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?')[0]?.slice(0, 200) ?? '';
}

/** Chosen: answers here take milliseconds. */
const CLOSE_MS = 300;
