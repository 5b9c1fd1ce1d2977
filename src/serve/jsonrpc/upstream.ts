import { Pool } from 'undici';
import { RpcFault, type RpcFaultBody } from '../../engine/index.ts';
import { type Logger, SynclineError } from '../../lib/index.ts';
import { FAULTS, fault, isRpcFault } from './faults.ts';
import { memberText } from './member-text.ts';

/** Another node, which answers what this one cannot. */
export interface RpcUpstream extends AsyncDisposable {
  /**
   * @returns The result as JSON text, untouched: numbers in it may be larger than ours.
   * @throws {RpcFault} its own error, or `Upstream unavailable`. The signal's reason when it aborts.
   */
  call(call: { readonly method: string; readonly params: unknown }, signal: AbortSignal): Promise<RawJson>;
}

/** JSON text that goes into an answer as it is. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export function rawJsonOf(value: unknown): string | null {
  return value instanceof RawJson ? value.text : null;
}

export interface UpstreamOptions {
  /** `http:` or `https:`. It may hold a secret anywhere behind the host, and is shown nowhere. */
  readonly url: string;
  readonly connectionsMax?: number;
  /** From the request to the last byte of the answer. */
  readonly timeoutMs: number;
  readonly answerBytesMax: number;
  readonly log: Logger;
}

/** @throws {SynclineError} `RPC_UPSTREAM` (fault `caller`) for what is no http or https URL. */
export function requireUpstreamUrl(url: string): void {
  parseAddress(url);
}

/** @throws {SynclineError} `RPC_UPSTREAM` (fault `caller`), as `requireUpstreamUrl`. */
export function createUpstream(options: UpstreamOptions): RpcUpstream {
  const address = parseAddress(options.url);
  const { timeoutMs, answerBytesMax, log, connectionsMax = CONNECTIONS_MAX } = options;
  const pool = new Pool(address.origin, {
    connections: connectionsMax,
    connect: { timeout: Math.min(timeoutMs, CONNECT_TIMEOUT_MS) },
    // The deadline below is the authority; these only keep undici's five minutes from mattering.
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  let lastId = 0;
  let warnedMs = Number.NEGATIVE_INFINITY;

  async function ask(method: string, params: unknown, signal: AbortSignal): Promise<RawJson> {
    const id = ++lastId;
    const response = await pool.request({
      method: 'POST',
      path: address.path,
      headers: address.headers,
      body: JSON.stringify({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) }),
      signal,
    });
    const text = await readText(response.body, answerBytesMax);
    return readAnswer(text, { id, status: response.statusCode, clean: address.clean });
  }

  return {
    async call({ method, params }, signal) {
      signal.throwIfAborted();
      const deadline = createDeadline(signal, timeoutMs);
      try {
        return await ask(method, params, deadline.signal);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (isRpcFault(error)) throw error;
        const reason = deadline.expired() ? `no answer within ${timeoutMs} ms` : reasonOf(error);
        if (performance.now() - warnedMs > WARN_EVERY_MS) {
          warnedMs = performance.now();
          log.warn('the RPC upstream failed', { method, reason });
        }
        throw fault('upstream', reason);
      } finally {
        deadline.release();
      }
    },
    async [Symbol.asyncDispose]() {
      await pool.destroy();
    },
  };
}

interface Address {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Takes what may be secret in the URL out of a text. */
  clean(text: string): string;
}

function parseAddress(text: string): Address {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new SynclineError('RPC_UPSTREAM', 'caller', 'the RPC upstream is no http or https URL', {
      data: { exitCode: 2, fix: 'write --rpc.upstream https://host/path' },
    });
  }
  const credentials = `${decode(url.username)}:${decode(url.password)}`;
  const encoded = Buffer.from(credentials).toString('base64');
  const secrets = [
    ...(credentials === ':' ? [] : [encoded, decode(url.password), url.password]),
    ...url.searchParams.values(),
    url.search.slice(1),
    // A key in a path is long; blanking short words such as `rpc` would garble honest messages.
    ...url.pathname.split('/').filter((segment) => segment.length >= PATH_SECRET_LENGTH_MIN),
  ].filter((secret) => secret.length >= SECRET_LENGTH_MIN);
  return {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      'accept-encoding': 'identity',
      ...(credentials === ':' ? {} : { authorization: `Basic ${encoded}` }),
    },
    clean: (dirty) => secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), dirty),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a bare percent sign: the user meant it
  }
}

async function readText(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw fault('answerTooLarge', `the upstream answers with more than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes).toString();
}

function readAnswer(
  text: string,
  { id, status, clean }: { readonly id: number; readonly status: number; readonly clean: (text: string) => string },
): RawJson {
  const answer = parseJson(text);
  const error = errorOf(answer, clean);
  // Some say 400 or 500 beside an error of their own; what they say matters more.
  if (error !== null) throw new RpcFault(error);
  if (status !== 200) throw fault('upstream', `it answers with HTTP status ${status}`);
  const isOurs = typeof answer === 'object' && answer !== null && 'id' in answer && answer.id === id;
  const result = isOurs ? memberText(text, 'result') : null;
  if (result === null) throw fault('upstream', 'its answer is no JSON-RPC');
  return new RawJson(result);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The error in an answer, null where there is none. Texts in it may quote what was asked, the URL included. */
function errorOf(answer: unknown, clean: (text: string) => string): RpcFaultBody | null {
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return null;
  const { error } = answer;
  if (typeof error !== 'object' || error === null) return null;
  const { code, message, data } = error as Partial<RpcFaultBody>;
  if (typeof code !== 'number' || typeof message !== 'string') {
    return { ...FAULTS.upstream, data: { reason: 'its error is no JSON-RPC error' } };
  }
  const known = { code, message: clean(message) };
  return data === undefined ? known : { ...known, data: cleanData(data, clean) };
}

function cleanData(data: unknown, clean: (text: string) => string): unknown {
  try {
    return JSON.parse(clean(JSON.stringify(data)));
  } catch {
    return null; // too deep to be written, or a secret that reads like JSON itself
  }
}

/** Never the error's own message: undici's name the address. */
function reasonOf(error: unknown): string {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? `it cannot be reached: ${code}` : 'it cannot be reached';
}

/**
 * A signal that follows the caller's and also fires after `timeoutMs`. Made by hand because `AbortSignal.any` on the
 * oldest supported Node keeps every derived signal alive as long as its parent.
 */
function createDeadline(signal: AbortSignal, timeoutMs: number) {
  const controller = new AbortController();
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    controller.abort();
  }, timeoutMs);
  const onAbort = () => controller.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    expired: () => expired,
    release() {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    },
  };
}

/** Chosen: as many calls as a node usually takes from one client. */
const CONNECTIONS_MAX = 16;
const CONNECT_TIMEOUT_MS = 5_000;
/** One line tells the operator; callers and metrics hear of every failure. */
const WARN_EVERY_MS = 10_000;
/** Anything shorter is no secret. */
const SECRET_LENGTH_MIN = 4;
const PATH_SECRET_LENGTH_MIN = 16;
