import { sourceError } from '../source-error.ts';

/** An Ethereum node's URL, taken apart so that secrets in it cannot reach a log by accident. */
export interface L1Address {
  /** `l1:<host>:<port>`: stable, and without path, query and credentials, which is where providers put keys. */
  readonly id: string;
  readonly transport: 'http' | 'websocket';
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path and query, as sent. Secret. */
  readonly path: string;
  /** Value of the `authorization` header where the URL has a user or password. */
  readonly authorization: string | null;
  /** Texts that must not be shown. */
  readonly secrets: readonly string[];
}

/** Schemes of L1 sources: those of the node's own URL behind `l1+`. */
export function isL1Url(url: URL): boolean {
  return url.protocol.startsWith(PREFIX);
}

/**
 * The source URL for an Ethereum node's URL as its provider states it (`https://…`, `wss://…`, also with `l1+` before).
 * @throws {SynclineError} `SOURCE_UNSUPPORTED` (fault `caller`), without the text: it may hold a key.
 */
export function l1SourceUrl(text: string): string {
  const own = text.startsWith(PREFIX) ? text : `${PREFIX}${text}`;
  if (URL.canParse(own)) parseL1Address(new URL(own));
  else throw unsupported('no url');
  return own;
}

/** @throws {SynclineError} `SOURCE_UNSUPPORTED` (fault `caller`) for anything but `l1+` and http, https, ws or wss. */
export function parseL1Address(url: URL): L1Address {
  const inner = isL1Url(url) ? url.href.slice(PREFIX.length) : '';
  if (!URL.canParse(inner)) throw unsupported(url.protocol);
  const node = new URL(inner);
  const defaultPort = DEFAULT_PORTS[node.protocol];
  if (defaultPort === undefined || node.hostname === '') throw unsupported(url.protocol);
  const credentials = `${decode(node.username)}:${decode(node.password)}`;
  const encoded = Buffer.from(credentials).toString('base64');
  const hasCredentials = credentials !== ':';
  return {
    id: `l1:${node.hostname}:${node.port === '' ? defaultPort : node.port}`,
    transport: node.protocol.startsWith('ws') ? 'websocket' : 'http',
    origin: `${node.protocol}//${node.host}`,
    path: `${node.pathname}${node.search}`,
    authorization: hasCredentials ? `Basic ${encoded}` : null,
    secrets: [
      ...(hasCredentials ? [encoded, decode(node.password), node.password] : []),
      node.pathname,
      ...node.pathname.split('/'),
      node.search.slice(1),
      ...node.searchParams.values(),
    ]
      .filter((secret) => secret.length >= SECRET_LENGTH_MIN)
      .sort((a, b) => b.length - a.length), // the longest first, or a part of it would stay
  };
}

const PREFIX = 'l1+';
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'ws:': 80, 'wss:': 443 };
/** Anything shorter is no secret, and blanking it would garble honest messages. */
const SECRET_LENGTH_MIN = 4;

function unsupported(got: string) {
  const data = { got, expected: 'http://, https://, ws:// or wss://', exitCode: 2 };
  return sourceError('SOURCE_UNSUPPORTED', 'an L1 node is reached over http or websocket', data);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A bare percent sign: the user meant it.
  }
}
