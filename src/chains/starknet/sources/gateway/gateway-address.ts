import { sourceError } from '../source-error.ts';

/** A gateway's base URL, taken apart so that secrets in it cannot reach a log by accident. */
export interface GatewayAddress {
  /** `gateway:<host>:<port><path>`: stable, and without credentials or query. */
  readonly id: string;
  /** Scheme, host and port: what is connected to. */
  readonly origin: string;
  /** Path of the base URL without a slash at its end, e.g. `/feeder_gateway`. */
  readonly basePath: string;
  /** Query of the base URL, which every request repeats; providers put keys there, so it counts as secret. */
  readonly baseQuery: string;
  /** Value of the `authorization` header where the URL has a user or password. */
  readonly authorization: string | null;
  /** Texts that must not be shown. */
  readonly secrets: readonly string[];
}

/** @throws {SynclineError} `SOURCE_UNSUPPORTED` (fault `caller`) for other schemes than `http:` and `https:`. */
export function parseGatewayAddress(url: URL): GatewayAddress {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw sourceError('SOURCE_UNSUPPORTED', 'a gateway is reached over http or https', { got: url.protocol });
  }
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  const basePath = url.pathname.replace(/\/+$/, '');
  const credentials = `${decode(url.username)}:${decode(url.password)}`;
  const encoded = Buffer.from(credentials).toString('base64');
  const hasCredentials = credentials !== ':';
  return {
    id: `gateway:${url.hostname}:${port}${basePath}`,
    origin: url.origin,
    basePath,
    baseQuery: url.search.slice(1),
    authorization: hasCredentials ? `Basic ${encoded}` : null,
    secrets: [
      ...(hasCredentials ? [encoded, decode(url.password), url.password] : []),
      ...url.searchParams.values(),
      url.search.slice(1),
    ].filter((text) => text.length >= SECRET_LENGTH_MIN),
  };
}

/** Anything shorter is no secret, and blanking it would garble honest messages. */
const SECRET_LENGTH_MIN = 4;

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A bare percent sign: the user meant it.
  }
}
