import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { isSynclineError, type Logger, SynclineError } from '../../lib/index.ts';
import { encodeAnswer, errorAnswer, type HttpAnswer } from './answer.ts';
import { type HttpRoute, route } from './router.ts';

export interface HttpServerOptions {
  /** Where to listen; port 0 takes any free one. */
  readonly addr: { readonly host: string; readonly port: number };
  readonly routes: readonly HttpRoute[];
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
}

export const defaultHttpLimits: HttpLimits = {
  urlBytesMax: 2_048,
  headerBytesMax: 16_384,
  connectionsMax: 256,
  headerTimeoutMs: 10_000,
  keepAliveTimeoutMs: 5_000,
};

export interface HttpServer extends AsyncDisposable {
  /** `http://host:port`, with the port that was taken. */
  readonly url: string;
  /** Takes no more requests, gives those under way a moment, and is done in under a second. */
  close(): Promise<void>;
}

/**
 * A small server for reading: its own router, no framework. Requests have no bodies; one that brings a body is refused.
 *
 * @throws {SynclineError} `HTTP_ADDR_IN_USE`, `HTTP_ADDR_UNUSABLE` (fault `local`, exit code 4).
 */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { addr, log } = options;
  const limits = { ...defaultHttpLimits, ...options.limits };
  const server = createServer({
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headerTimeoutMs,
    requestTimeout: limits.headerTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, limits.headerTimeoutMs),
  });
  server.maxConnections = limits.connectionsMax;
  server.on('request', (request, response) => {
    answerRequest({ request, routes: options.routes, limits, log })
      .then((answer) => send(request, response, answer))
      .catch((error: unknown) => {
        log.error('an HTTP answer failed', { path: pathOf(request), message: String(error) });
        response.destroy();
      });
  });
  server.on('clientError', refuseClient);
  await listen(server, addr);
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  const host = addr.host.includes(':') ? `[${addr.host}]` : addr.host;
  let closing: Promise<void> | null = null;
  const close = () => {
    closing ??= closeServer(server);
    return closing;
  };
  return { url: `http://${host}:${port}`, close, [Symbol.asyncDispose]: close };
}

async function answerRequest(input: {
  readonly request: IncomingMessage;
  readonly routes: readonly HttpRoute[];
  readonly limits: HttpLimits;
  readonly log: Logger;
}): Promise<HttpAnswer> {
  const { request, routes, limits, log } = input;
  const { method = 'GET', url = '/', headers } = request;
  if (url.length > limits.urlBytesMax)
    return errorAnswer(414, { code: 'URL_TOO_LONG', message: 'the URL is too long' });
  if (bringsBody(request)) {
    const message = 'requests to this server have no body';
    return errorAnswer(413, { code: 'BODY_REFUSED', message }, { connection: 'close' });
  }
  try {
    return await route(routes, { method, target: url, accept: headers.accept ?? '' });
  } catch (error) {
    if (isSynclineError(error) && error.fault === 'caller') {
      return errorAnswer(400, { code: error.code, message: error.message });
    }
    log.error('an HTTP route failed', { path: pathOf(request), message: String(error) });
    return errorAnswer(500, { code: 'INTERNAL', message: 'the answer could not be made; the log says why' });
  }
}

function send(request: IncomingMessage, response: ServerResponse, answer: HttpAnswer): void {
  const { status, headers, body } = encodeAnswer(answer);
  response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : body);
}

function bringsBody({ method, headers }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] !== undefined) return true;
  // What another method carries does not matter: the method is refused, and an unread body ends the connection.
  return (method === 'GET' || method === 'HEAD') && Number(headers['content-length'] ?? 0) > 0;
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
  const { status, headers, body } = encodeAnswer(answer);
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${body.toString()}`);
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

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
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
