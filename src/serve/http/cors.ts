import type { IncomingMessage, ServerResponse } from 'node:http';

/** Origins whose pages may read our answers; `*` stands for all. Empty: none but our own, which is what browsers do. */
export type AllowedOrigins = readonly string[];

/**
 * Marks the answer as readable by the page that asks, where its origin may (Fetch standard, section 3.2, CORS
 * protocol). Credentials are never allowed: there are none here.
 *
 * @returns Whether the request was only the question whether another may be sent; then it is answered.
 */
export function applyCors(allowed: AllowedOrigins, request: IncomingMessage, response: ServerResponse): boolean {
  const { origin } = request.headers;
  if (allowed.length === 0) return false;
  const isAny = allowed.includes('*');
  if (!isAny) response.setHeader('vary', 'origin');
  if (origin === undefined || !(isAny || allowed.includes(origin))) return false;
  response.setHeader('access-control-allow-origin', isAny ? '*' : origin);
  response.setHeader('access-control-expose-headers', 'retry-after');
  if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false;
  response.writeHead(204, {
    'access-control-allow-methods': 'GET, HEAD, POST',
    'access-control-allow-headers': 'content-type, last-event-id',
    'access-control-max-age': '600',
  });
  response.end();
  return true;
}

/**
 * Whether a WebSocket may be opened by the page that asks. Browsers let any page connect anywhere, so it is the server
 * that has to look (RFC 6455, section 10.2). Programs send no origin.
 */
export function isOriginAllowed(allowed: AllowedOrigins, { headers }: IncomingMessage): boolean {
  const { origin, host } = headers;
  if (origin === undefined || allowed.includes('*') || allowed.includes(origin)) return true;
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}
