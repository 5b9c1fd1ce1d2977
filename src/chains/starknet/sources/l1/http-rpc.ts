import { Pool } from 'undici';
import type { Env } from '../../../../lib/index.ts';
import { readBounded } from '../bounded-body.ts';
import { parseRetryAfterMs } from '../gateway/retry-after.ts';
import { createDeadline } from '../request-deadline.ts';
import { sourceError } from '../source-error.ts';
import { translateFailure } from '../transport-failure.ts';
import { userAgent } from '../user-agent.ts';
import {
  createQuote,
  isObject,
  RPC_BODY_BYTES_MAX,
  type RpcClient,
  type RpcTimeouts,
  readRpcAnswer,
} from './json-rpc.ts';
import type { L1Address } from './l1-address.ts';

export interface RpcOptions {
  readonly address: L1Address;
  readonly timeouts: RpcTimeouts;
  readonly env: Env;
}

/** JSON-RPC by HTTP POST. Nothing is contacted yet; no redirect is followed. */
export function createHttpRpc({ address, timeouts, env }: RpcOptions): RpcClient {
  const quote = createQuote(address);
  const pool = new Pool(address.origin, {
    connections: 2,
    connect: { timeout: timeouts.connectTimeoutMs },
    // The deadline below is the authority; these only keep undici's five minutes from mattering.
    headersTimeout: timeouts.totalTimeoutMs,
    bodyTimeout: timeouts.totalTimeoutMs,
  });
  const headers = {
    accept: 'application/json',
    'accept-encoding': 'gzip',
    'content-type': 'application/json',
    'user-agent': userAgent(),
    ...(address.authorization === null ? {} : { authorization: address.authorization }),
  };
  let nextId = 1;
  let closed = false;

  async function exchange(method: string, params: readonly unknown[], signal: AbortSignal): Promise<unknown> {
    const id = nextId++;
    const origin = { url: address.id, method };
    const body = JSON.stringify({ jsonrpc: '2.0', id, method, params });
    const response = await pool.request({ method: 'POST', path: address.path, headers, body, signal });
    const { statusCode: status } = response;
    const header = (name: string) => {
      const value = response.headers[name];
      return (Array.isArray(value) ? value[0] : value) ?? null;
    };
    const where = { ...origin, status };
    const refused = refuseHead({ status, header, where, nowMs: env.nowMs() });
    if (refused !== null) {
      response.body.once('error', () => {}); // Dropping an unread body raises one.
      response.body.destroy();
      throw refused;
    }
    const encoding = header('content-encoding')?.trim().toLowerCase().endsWith('gzip') ? 'gzip' : 'identity';
    const limits = { wireBytesMax: RPC_BODY_BYTES_MAX, bodyBytesMax: RPC_BODY_BYTES_MAX };
    const value = parseJson(await readBounded(response.body, { encoding, limits, origin: where, signal }));
    // Some providers send JSON-RPC errors with statuses of their own; any other body than JSON-RPC is a proxy's.
    if (status !== 200 && !(isObject(value) && isObject(value.error))) {
      throw sourceError('SOURCE_UNAVAILABLE', 'L1 node does not serve', where);
    }
    return readRpcAnswer(value, id, origin, quote);
  }

  return {
    async call(method, params, { signal }) {
      if (closed) throw sourceError('SOURCE_CLOSED', 'source is closed', { source: address.id });
      signal.throwIfAborted();
      const deadline = createDeadline(signal, timeouts.totalTimeoutMs);
      try {
        return await exchange(method, params, deadline.signal);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (!deadline.expired()) throw translateFailure(error, address.id, quote);
        const data = { url: address.id, method, timeoutMs: timeouts.totalTimeoutMs };
        throw sourceError('SOURCE_TIMEOUT', 'no whole answer in time', data);
      } finally {
        deadline.release();
      }
    },
    subscribeLogs: null,
    lost: NEVER,
    async [Symbol.asyncDispose]() {
      if (closed) return;
      closed = true;
      await pool.destroy();
    },
  };
}

/** A request that fails says so itself. */
const NEVER = new AbortController().signal;

interface ResponseHead {
  readonly status: number;
  readonly header: (name: string) => string | null;
  readonly where: { readonly url: string; readonly method: string; readonly status: number };
  readonly nowMs: number;
}

/** What status and headers alone say against an answer, null when its body is worth reading. */
function refuseHead({ status, header, where, nowMs }: ResponseHead) {
  if (status === 429) {
    const retryAfterMs = parseRetryAfterMs(header('retry-after'), nowMs);
    return sourceError('SOURCE_RATE_LIMITED', 'L1 node limits our rate', { ...where, retryAfterMs });
  }
  if (status >= 300 && status < 400) {
    return sourceError('SOURCE_BAD_ANSWER', 'redirects are not followed', where);
  }
  const encoding = header('content-encoding')?.trim().toLowerCase() ?? '';
  if (!['', 'identity', 'gzip', 'x-gzip'].includes(encoding)) {
    return sourceError('SOURCE_BAD_ANSWER', 'content encoding was not asked for', { ...where, expected: 'gzip' });
  }
  const stated = Number(header('content-length') ?? 0);
  if (stated <= RPC_BODY_BYTES_MAX) return null;
  const limit = { limit: 'wireBytesMax', limitValue: RPC_BODY_BYTES_MAX, got: stated };
  return sourceError('SOURCE_BAD_ANSWER', 'body is larger than allowed', { ...where, ...limit });
}

/** Null also for what is not JSON: `readRpcAnswer` refuses both. */
function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()) as unknown;
  } catch {
    return null;
  }
}
