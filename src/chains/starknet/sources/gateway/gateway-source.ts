import type {
  BlockRef,
  Delivery,
  FetchRequest,
  Hash32,
  Height,
  Source,
  SourceLimits,
  Survey,
} from '../../../../engine/index.ts';
import { parseHeight } from '../../../../engine/index.ts';
import type { Env, Logger } from '../../../../lib/index.ts';
import { isSynclineError } from '../../../../lib/index.ts';
import type { Felt } from '../../types.ts';
import type { BodyLimits } from '../bounded-body.ts';
import { type BlockPart, CLASS_PARTS, type ClassPart, classHashIn, isBlockPart, isClassPart, PARTS } from '../parts.ts';
import { sourceError } from '../source-error.ts';
import { parseGatewayAddress } from './gateway-address.ts';
import { type GatewayAnswer, readAnswer, readBlockRef } from './gateway-answer.ts';
import {
  createGatewayClient,
  defaultGatewayBodyLimits,
  defaultGatewayTimeouts,
  type GatewayTimeouts,
} from './gateway-client.ts';
import { createKeyWatch } from './key-watch.ts';
import { readProvisional } from './provisional.ts';

export interface GatewaySourceOptions {
  /** Base URL, usually ending in `/feeder_gateway`. A user, password or query in it is sent and never shown. */
  readonly url: URL;
  /** API key, sent as `X-Throttling-Bypass`; never shown. */
  readonly key?: string;
  /** Default: 8 requests at once, as eqlabs/pathfinder does, and no rate of our own. */
  readonly limits?: SourceLimits;
  readonly timeouts?: Partial<GatewayTimeouts>;
  readonly bodyLimits?: Partial<BodyLimits>;
  /** The key that the network is known by; a gateway that tells another one is reported. */
  readonly publicKey?: Felt;
  readonly env: Env;
  readonly log: Logger;
}

export const defaultGatewayLimits: SourceLimits = { concurrencyMax: 8 };

/**
 * One feeder gateway as a source. Asked for a block together with its state update it makes one request and delivers
 * a `bundle`; a gateway that turns out not to know that form is asked by single calls from then on. A `bundle` asked
 * for by name is delivered or `absent`. Bytes are as received, checked only to be one whole JSON object of the kind
 * that was asked for.
 *
 * A signature asked for beside other parts is `absent` also when the gateway refuses or does not know that call. Classes
 * are asked for as of the newest block, each by a call of its own; one that is not declared there is `absent`.
 *
 * Its survey claims all heights up to the newest block. Nothing is retried here.
 *
 * @throws {SynclineError} `SOURCE_UNSUPPORTED` (fault `caller`) for a URL or key that cannot be used. Its methods
 *   throw what `GatewayClient.get` does, and `SOURCE_REFUSED` with `errorCode` for application errors other than
 *   "block not found" and "undeclared class", which are answers: `absent` or null.
 * @see Starknet feeder gateway, `get_block`, `get_state_update`, `get_signature`, `get_class_by_hash`,
 *   `get_compiled_class_by_class_hash`.
 */
export function createGatewaySource(options: GatewaySourceOptions): Source {
  const { env, log } = options;
  const address = parseGatewayAddress(options.url);
  const key = options.key === undefined ? null : parseKey(options.key);
  const limits = options.limits ?? defaultGatewayLimits;
  const client = createGatewayClient({
    address,
    key,
    // Two more than the engine may use for blocks, so that a survey or a fork search never queues behind them.
    connectionsMax: limits.concurrencyMax + 2,
    timeouts: { ...defaultGatewayTimeouts, ...options.timeouts },
    bodyLimits: { ...defaultGatewayBodyLimits, ...options.bodyLimits },
    env,
    log,
  });
  if (key !== null && options.url.protocol === 'http:' && !isLoopback(options.url.hostname)) {
    log.warn('gateway key is sent over an unencrypted connection', { source: address.id });
  }

  const watchKey =
    options.publicKey === undefined
      ? null
      : createKeyWatch({ client, id: address.id, pinned: options.publicKey, env, log });

  /** Whether the gateway answers a state update together with its block. */
  let bundles: 'unknown' | 'served' | 'unsupported' = 'unknown';
  /** Whether it has been seen to answer `headerOnly` with whole blocks. */
  let headersAreWhole = false;

  const ask = async (path: string, query: Record<string, string>, signal: AbortSignal, bodyBytesMax?: number) =>
    readAnswer(await client.get(path, query, { signal, ...(bodyBytesMax === undefined ? {} : { bodyBytesMax }) }));

  const refused = (answer: GatewayAnswer & { type: 'refused' }) => {
    const errorCode = client.quote(answer.errorCode);
    const data = { url: answer.url, status: answer.status, errorCode, remoteMessage: client.quote(answer.text) };
    return sourceError('SOURCE_REFUSED', 'source answered with an application error', data);
  };

  async function blockRef(selector: string, height: Height | null, signal: AbortSignal): Promise<BlockRef | null> {
    const query = { blockNumber: selector, headerOnly: 'true' };
    let answer: GatewayAnswer;
    try {
      answer = await ask('get_block', query, signal, headersAreWhole ? undefined : HEADER_BYTES_MAX);
    } catch (error) {
      const tooLarge = isSynclineError(error) && error.data.limit === 'bodyBytesMax';
      if (headersAreWhole || !tooLarge) throw error;
      answer = await ask('get_block', query, signal);
      headersAreWhole = true;
    }
    if (answer.type === 'refused') throw refused(answer);
    return answer.type === 'absent' ? null : readBlockRef(answer, height);
  }

  const requireMembers = (answer: GatewayAnswer & { type: 'object' }, members: readonly string[]): Uint8Array => {
    const missing = members.find((member) => !answer.outline.has(member));
    if (missing === undefined) return answer.bytes;
    const got = [...answer.outline.keys()].slice(0, 8).map((name) => client.quote(name).slice(0, 40));
    throw sourceError('SOURCE_BAD_ANSWER', 'answer lacks a member', { url: answer.url, expected: missing, got });
  };

  async function single(part: SinglePart, height: Height, signal: AbortSignal): Promise<Delivery> {
    const { path, member } = SINGLE_CALLS[part];
    const answer = await ask(path, { blockNumber: String(height) }, signal);
    if (answer.type === 'refused') throw refused(answer);
    if (answer.type === 'absent') return { type: 'absent', part };
    return { type: 'bytes', part, bytes: requireMembers(answer, [member]) };
  }

  async function bundle(height: Height, withSignature: boolean, signal: AbortSignal): Promise<BundleAnswer> {
    const query = { blockNumber: String(height), includeBlock: 'true' };
    const answer = await ask(
      'get_state_update',
      withSignature ? { ...query, includeSignature: 'true' } : query,
      signal,
    );
    if (answer.type === 'absent') return answer;
    if (answer.type === 'refused') {
      if (answer.errorCode === 'MALFORMED_REQUEST') return { type: 'unsupported' };
      throw refused(answer);
    }
    if (answer.outline.has('state_diff')) return { type: 'bare', bytes: answer.bytes };
    const bytes = requireMembers(answer, ['block', 'state_update']);
    return { type: 'bundle', bytes, signed: answer.outline.has('signature') };
  }

  async function classPart(part: ClassPart, id: string | undefined, signal: AbortSignal): Promise<Delivery> {
    const classHash = classHashIn(id);
    if (classHash === null) return { type: 'absent', part };
    const answer = await ask(CLASS_CALLS[part], { classHash, blockNumber: 'latest' }, signal);
    if (answer.type === 'refused') throw refused(answer);
    if (answer.type === 'absent') return { type: 'absent', part };
    return { type: 'bytes', part, bytes: requireMembers(answer, ['entry_points_by_type']) };
  }

  async function* fetch(request: FetchRequest, signal: AbortSignal): AsyncGenerator<Delivery> {
    signal.throwIfAborted();
    const { parts, id } = request;
    for (const part of parts) if (!isBlockPart(part) && !isClassPart(part)) yield { type: 'absent', part };
    yield* fetchBlock({ ...request, parts: parts.filter(isBlockPart) }, signal);
    for (const part of CLASS_PARTS) if (parts.includes(part)) yield await classPart(part, id, signal);
  }

  async function* fetchBlock({ height, parts }: BlockRequest, signal: AbortSignal): AsyncGenerator<Delivery> {
    const open = new Set(parts);
    const paired = open.has('block') && open.has('stateUpdate');
    if (bundles === 'unsupported') {
      if (open.delete('bundle')) yield { type: 'absent', part: 'bundle' };
    } else if (open.has('bundle') || paired) {
      const answer = await bundle(height, open.has('bundle') || open.has('signature'), signal);
      if (answer.type === 'absent') {
        for (const part of open) yield { type: 'absent', part };
        return;
      }
      if (answer.type === 'bundle') {
        bundles = 'served';
        yield { type: 'bytes', part: 'bundle', bytes: answer.bytes };
        for (const part of ['bundle', 'block', 'stateUpdate'] as const) open.delete(part);
        if (answer.signed) open.delete('signature');
      }
      if (open.delete('bundle')) yield { type: 'absent', part: 'bundle' };
      if (answer.type === 'bare') {
        noteUnsupported();
        if (open.delete('stateUpdate')) yield { type: 'bytes', part: 'stateUpdate', bytes: answer.bytes };
      }
      if (answer.type === 'unsupported') yield* confirmUnsupported(open, height, signal);
    }
    for (const part of SINGLE_PARTS) {
      if (!open.has(part)) continue;
      const beside = part === 'signature' && parts.length > 1;
      yield beside ? await signatureBeside(height, signal) : await single(part, height, signal);
    }
  }

  /** A gateway that has blocks but no signatures to give must not hold up its blocks. */
  async function signatureBeside(height: Height, signal: AbortSignal): Promise<Delivery> {
    try {
      return await single('signature', height, signal);
    } catch (error) {
      const without = isSynclineError(error) && (error.code === 'SOURCE_REFUSED' || error.data.status === 404);
      if (without) return { type: 'absent', part: 'signature' };
      throw error;
    }
  }

  /** A malformed request could have other reasons: only when a single call then works was it the form. */
  async function* confirmUnsupported(
    open: Set<BlockPart>,
    height: Height,
    signal: AbortSignal,
  ): AsyncGenerator<Delivery> {
    const part = SINGLE_PARTS.find((candidate) => open.has(candidate));
    if (part === undefined) return;
    const delivery = await single(part, height, signal);
    noteUnsupported();
    open.delete(part);
    yield delivery;
  }

  function noteUnsupported() {
    if (bundles !== 'unknown') return; // A mixed fleet that has served bundles is asked for them again.
    bundles = 'unsupported';
    log.info('gateway serves no bundles, asking by single calls', { source: address.id });
  }

  return {
    id: address.id,
    standing: 'carrier',
    parts: PARTS,
    limits,
    async survey({ signal }): Promise<Survey> {
      const head = await blockRef('latest', null, signal);
      await watchKey?.(signal);
      return head === null ? { spans: [], head } : { spans: [{ from: parseHeight(0), to: head.height }], head };
    },
    fetch: (request, { signal }) => fetch(request, signal),
    async hashAt(height, { signal }): Promise<Hash32 | null> {
      return (await blockRef(String(height), height, signal))?.hash ?? null;
    },
    provisional: (on, { signal }) => readProvisional(ask, { id: address.id, on, signal }),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

interface BlockRequest {
  readonly height: Height;
  readonly parts: readonly BlockPart[];
}

type SinglePart = Exclude<BlockPart, 'bundle'>;

/** Each part's call and a member without which its answer is something else. */
const SINGLE_CALLS: Readonly<Record<SinglePart, { readonly path: string; readonly member: string }>> = {
  block: { path: 'get_block', member: 'transactions' },
  stateUpdate: { path: 'get_state_update', member: 'state_diff' },
  signature: { path: 'get_signature', member: 'signature' },
};

const CLASS_CALLS: Readonly<Record<ClassPart, string>> = {
  class: 'get_class_by_hash',
  compiledClass: 'get_compiled_class_by_class_hash',
};

const SINGLE_PARTS: readonly SinglePart[] = ['block', 'stateUpdate', 'signature'];

type BundleAnswer =
  | { readonly type: 'absent' }
  /** `signed`: it also holds the signature. */
  | { readonly type: 'bundle'; readonly bytes: Uint8Array; readonly signed: boolean }
  /** A state update alone: the gateway overlooked `includeBlock`. */
  | { readonly type: 'bare'; readonly bytes: Uint8Array }
  | { readonly type: 'unsupported' };

/** `{"block_hash","block_number"}` takes about 120 bytes; the rest is room for what may be added. */
const HEADER_BYTES_MAX = 64 * 1024;

/** A key goes into a header; what cannot is refused without being shown. Space around it comes from key files. */
function parseKey(text: string): string {
  const key = text.trim();
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw sourceError('SOURCE_UNSUPPORTED', 'gateway key is empty or not printable ascii', { length: key.length });
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);
}
