import { Pool } from 'undici';
import type { Env, ErrorData, Logger, SynclineError } from '../../../../lib/index.ts';
import { type BodyLimits, readBounded } from '../bounded-body.ts';
import { createDeadline } from '../request-deadline.ts';
import { sourceError } from '../source-error.ts';
import { translateFailure } from '../transport-failure.ts';
import { userAgent } from '../user-agent.ts';
import type { GatewayAddress } from './gateway-address.ts';
import { parseRetryAfterMs } from './retry-after.ts';

/** An HTTP answer that may be one of the gateway's own: success, or an error page that is still to be told apart. */
export interface GatewayResponse {
  /** 200, or 400 or 500, which the gateway uses for application errors. */
  readonly status: 200 | 400 | 500;
  /** Decompressed; owns its buffer. */
  readonly body: Uint8Array;
  /** What was asked, without secrets: for errors. */
  readonly url: string;
}

export interface GetOptions {
  readonly signal: AbortSignal;
  /** A tighter limit for answers that are known to be small. */
  readonly bodyBytesMax?: number;
}

/** HTTP to one feeder gateway: connections, time and size limits, typed failures. Knows nothing of blocks. */
export interface GatewayClient extends AsyncDisposable {
  /**
   * Asks once; nothing is retried and no redirect is followed.
   *
   * @throws {SynclineError} `SOURCE_RATE_LIMITED`, `SOURCE_UNAVAILABLE` (with `retryAfterMs` where the remote said
   *   so), `SOURCE_TIMEOUT`, `SOURCE_BAD_ANSWER`, `SOURCE_CLOSED`. The signal's reason when it aborts.
   */
  get(path: string, query: Readonly<Record<string, string>>, options: GetOptions): Promise<GatewayResponse>;
  /** A remote's words with control characters and our secrets taken out, at most 200 characters. */
  quote(text: string): string;
}

export interface GatewayTimeouts {
  /** For a connection to stand, TLS included. Default 5 000. */
  readonly connectTimeoutMs: number;
  /**
   * From the request to the last byte of the answer. Default 20 000: single mainnet blocks need more than 5 s
   * (eqlabs/pathfinder issue 2673).
   */
  readonly totalTimeoutMs: number;
}

export const defaultGatewayTimeouts: GatewayTimeouts = { connectTimeoutMs: 5_000, totalTimeoutMs: 20_000 };

/** Chosen: more than ten times the largest blocks seen. */
export const defaultGatewayBodyLimits: BodyLimits = { wireBytesMax: 32 * 1024 * 1024, bodyBytesMax: 64 * 1024 * 1024 };

export interface GatewayClientOptions {
  readonly address: GatewayAddress;
  /** Sent as `X-Throttling-Bypass`; never shown. */
  readonly key: string | null;
  readonly connectionsMax: number;
  readonly timeouts: GatewayTimeouts;
  readonly bodyLimits: BodyLimits;
  readonly env: Env;
  readonly log: Logger;
}

export function createGatewayClient(options: GatewayClientOptions): GatewayClient {
  const { address, timeouts, env, log } = options;
  const secrets = [...address.secrets, ...(options.key === null ? [] : [options.key])];
  const headers = {
    accept: 'application/json',
    'accept-encoding': 'gzip',
    'user-agent': userAgent(),
    ...(address.authorization === null ? {} : { authorization: address.authorization }),
    ...(options.key === null ? {} : { 'x-throttling-bypass': options.key }),
  };
  const pool = new Pool(address.origin, {
    connections: options.connectionsMax,
    connect: { timeout: timeouts.connectTimeoutMs },
    // The deadline below is the authority; these only keep undici's five minutes from mattering.
    headersTimeout: timeouts.totalTimeoutMs,
    bodyTimeout: timeouts.totalTimeoutMs,
  });
  let closed = false;

  /** The answer's body if it may be the gateway's own, an error for everything else. */
  async function exchange(
    path: string,
    url: string,
    limits: BodyLimits,
    signal: AbortSignal,
  ): Promise<GatewayResponse> {
    const response = await pool.request({ method: 'GET', path, headers, signal });
    const status = response.statusCode;
    const origin = { url, status };
    const header = (name: string) => {
      const value = response.headers[name];
      return (Array.isArray(value) ? value[0] : value) ?? null;
    };
    const refusal = refuseHead({ status, header, origin, limits, nowMs: env.nowMs(), quote });
    if (refusal !== null || !isOwnStatus(status)) {
      response.body.once('error', () => {}); // Dropping an unread body raises one.
      response.body.destroy();
      throw refusal ?? sourceError('SOURCE_BAD_ANSWER', 'unexpected status', origin);
    }
    const encoding = header('content-encoding')?.trim().toLowerCase().endsWith('gzip') ? 'gzip' : 'identity';
    const body = await readBounded(response.body, { encoding, limits, origin, signal });
    return { status, body, url };
  }

  async function get(path: string, query: Readonly<Record<string, string>>, { signal, bodyBytesMax }: GetOptions) {
    if (closed) throw closedError(address.id);
    signal.throwIfAborted();
    const own = new URLSearchParams(query).toString();
    const pathname = `${address.basePath}/${path}`;
    const url = `${address.origin}${pathname}${own === '' ? '' : `?${own}`}`;
    const search = [address.baseQuery, own].filter((part) => part !== '').join('&');
    const { wireBytesMax, bodyBytesMax: most } = options.bodyLimits;
    const limits = { wireBytesMax, bodyBytesMax: Math.min(bodyBytesMax ?? most, most) };
    const deadline = createDeadline(signal, timeouts.totalTimeoutMs);
    const startedMs = env.nowMs();
    try {
      const target = search === '' ? pathname : `${pathname}?${search}`;
      const response = await exchange(target, url, limits, deadline.signal);
      const { status } = response;
      log.debug('gateway answered', { url, status, bytes: response.body.length, ms: env.nowMs() - startedMs });
      return response;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (closed) throw closedError(address.id);
      const failure = deadline.expired()
        ? sourceError('SOURCE_TIMEOUT', 'no whole answer in time', { url, timeoutMs: timeouts.totalTimeoutMs })
        : translateFailure(error, url, quote);
      log.debug('gateway failed', { url, code: failure.code, ms: env.nowMs() - startedMs, ...failure.data });
      throw failure;
    } finally {
      deadline.release();
    }
  }

  function quote(text: string): string {
    let shown = text.replace(/[^\x20-\x7e]+/g, ' ');
    for (const secret of secrets) shown = shown.replaceAll(secret, '***');
    return shown.slice(0, 200);
  }

  return {
    get,
    quote,
    async [Symbol.asyncDispose]() {
      if (closed) return;
      closed = true;
      await pool.destroy();
    },
  };
}

interface ResponseHead {
  readonly status: number;
  readonly header: (name: string) => string | null;
  readonly origin: ErrorData;
  readonly limits: BodyLimits;
  readonly nowMs: number;
  readonly quote: (text: string) => string;
}

/** What status and headers alone say against an answer, null when its body is worth reading. */
function refuseHead({ status, header, origin, limits, nowMs, quote }: ResponseHead): SynclineError | null {
  const retryAfter = header('retry-after');
  if (status === 429) {
    const retryAfterMs = parseRetryAfterMs(retryAfter, nowMs);
    return sourceError('SOURCE_RATE_LIMITED', 'source limits our rate', { ...origin, retryAfterMs });
  }
  if (status >= 300 && status < 400) {
    const location = quote(hostOf(header('location'), String(origin.url)));
    return sourceError('SOURCE_BAD_ANSWER', 'redirects are not followed', { ...origin, location });
  }
  if (!isOwnStatus(status)) {
    if (status < 400) return sourceError('SOURCE_BAD_ANSWER', 'unexpected status', origin);
    const pause = retryAfter === null ? {} : { retryAfterMs: parseRetryAfterMs(retryAfter, nowMs) };
    return sourceError('SOURCE_UNAVAILABLE', 'source does not serve', { ...origin, ...pause });
  }
  const encoding = header('content-encoding')?.trim().toLowerCase() ?? '';
  if (!['', 'identity', 'gzip', 'x-gzip'].includes(encoding)) {
    const got = quote(encoding);
    return sourceError('SOURCE_BAD_ANSWER', 'content encoding was not asked for', { ...origin, expected: 'gzip', got });
  }
  const stated = Number(header('content-length') ?? 0);
  if (stated > limits.wireBytesMax) {
    const limit = { limit: 'wireBytesMax', limitValue: limits.wireBytesMax, got: stated };
    return sourceError('SOURCE_BAD_ANSWER', 'body is larger than allowed', { ...origin, ...limit });
  }
  return null;
}

function isOwnStatus(status: number): status is 200 | 400 | 500 {
  return status === 200 || status === 400 || status === 500;
}

function hostOf(location: string | null, base: string): string {
  try {
    return location === null ? 'nowhere' : new URL(location, base).host;
  } catch {
    return 'an unreadable location';
  }
}

function closedError(id: string): SynclineError {
  return sourceError('SOURCE_CLOSED', 'source is closed', { source: id });
}
