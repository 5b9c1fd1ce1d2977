import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { encodeAnswer, type HttpAnswer } from './answer.ts';

/**
 * A path that handles its requests by itself: those with a body, with an answer that does not end, or that become a
 * WebSocket. Everything else is an `HttpRoute`.
 */
export interface HttpEndpoint {
  /** As in a route, and none while there is nothing to serve. Looked at anew at each request. */
  readonly paths: readonly string[];
  /** One line for the index page. */
  readonly doc: string;
  /** Others are answered with 405 before they get here. `HEAD` must be named too. */
  readonly methods: readonly string[];
  /** Answers to the end; a failure is logged, and the client gets 500 if it has got nothing yet. */
  answer(exchange: HttpExchange): Promise<void>;
  /** Takes the socket over. Without it a WebSocket is refused at this path. */
  upgrade?(handshake: HttpHandshake): void;
  /** Ends what would not end by itself; no more requests come. */
  close?(): Promise<void>;
}

export interface HttpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
}

export interface HttpHandshake {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What the client sent beyond its request. */
  readonly head: Buffer;
  readonly url: URL;
  /** Whether the client's origin is our own, one that may use this server, or not stated (no browser). */
  readonly isOriginAllowed: boolean;
}

/** Sends a whole answer. Where the client left meanwhile, nothing happens. */
export function sendAnswer(
  { request, response }: Pick<HttpExchange, 'request' | 'response'>,
  answer: HttpAnswer,
): void {
  const { status, headers, body } = encodeAnswer(answer);
  response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : body);
}
