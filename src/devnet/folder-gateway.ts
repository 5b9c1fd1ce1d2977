import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type ByteRange, createFolderSource, outlineObject } from '../chains/starknet/sources/index.ts';
import { type Height, parseHeight, type Source } from '../engine/index.ts';
import { concatBytes, SynclineError, silentLogger, toHex } from '../lib/index.ts';

/**
 * What goes wrong on purpose: `429:n` answers every n-th request with 429 and `Retry-After: 1`, `truncate:n` breaks
 * the connection in the middle of every n-th body, `slow:ms` waits before each answer. The word `every` before n is
 * allowed.
 */
export type FolderFault = `${'429' | 'truncate'}:${'' | 'every'}${number}` | `slow:${number}`;

export interface ServeFolderOptions {
  /** A folder laid out as `createFolderSource` reads it; `public_key.json` in it answers `get_public_key`. */
  readonly path: string;
  /** Default 0: any free port. */
  readonly port?: number;
  readonly faults?: readonly FolderFault[];
  /**
   * What comes of `includeBlock=true`: the block together with its state update (default), the state update alone,
   * or a refusal, as two kinds of older gateways do.
   */
  readonly bundles?: 'served' | 'ignored' | 'refused';
}

export interface FolderGateway extends AsyncDisposable {
  /** Base URL, `http://127.0.0.1:<port>/feeder_gateway`. */
  readonly url: URL;
  /** Path and query of every request so far, in order. */
  readonly requests: readonly string[];
  /** Breaks all connections; closing twice is harmless. */
  close(): Promise<void>;
}

/**
 * Serves a folder of recorded answers as a feeder gateway on the loopback address: `get_block` (by number, by hash,
 * `latest`, `headerOnly`), `get_state_update` (`includeBlock`, `includeSignature`), `get_signature`,
 * `get_class_by_hash`, `get_compiled_class_by_class_hash` and `get_public_key`, gzipped for those who accept it.
 * `latest` is the folder source's head. The folder may grow.
 *
 * @throws {SynclineError} `FAULT_UNKNOWN` (fault `caller`).
 * @see Starknet feeder gateway; error format `{"code":"StarknetErrorCode.X","message":"…"}` with status 400.
 */
export async function serveFolder(options: ServeFolderOptions): Promise<FolderGateway> {
  const faults = (options.faults ?? []).map(parseFault);
  const folder = createFolderSource({ path: options.path, log: silentLogger });
  const recorded = createRecorded(folder, options);
  const closing = new AbortController();
  const requests: string[] = [];

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requests.push(request.url ?? '');
    const turn = requests.length;
    const due = (type: Fault['type']) => faults.some((fault) => fault.type === type && turn % fault.param === 0);
    for (const fault of faults)
      if (fault.type === 'slow') await sleep(fault.param, undefined, { signal: closing.signal });
    if (due('429')) return void response.writeHead(429, { 'retry-after': '1' }).end('slow down');
    const url = new URL(request.url ?? '', 'http://gateway');
    const answer = request.method === 'GET' ? await recorded.answer(url, closing.signal) : null;
    if (answer === null) return void response.writeHead(404, { 'content-type': 'text/html' }).end('<html>404</html>');
    const accepted = String(request.headers['accept-encoding'] ?? '').includes('gzip');
    const body = accepted ? await promisify(gzip)(answer.body, { level: 1 }) : answer.body;
    response.writeHead(answer.status, {
      'content-type': 'application/json',
      'content-length': body.length,
      ...(accepted ? { 'content-encoding': 'gzip' } : {}),
    });
    if (!due('truncate')) return void response.end(body);
    response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { 'content-type': 'text/html' }).end('<html>500</html>');
    });
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a listening TCP server has one

  const close = async () => {
    if (closing.signal.aborted) return;
    closing.abort();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await folder[Symbol.asyncDispose]();
  };
  return {
    url: new URL(`http://127.0.0.1:${port}/feeder_gateway`),
    requests,
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Answer {
  readonly status: 200 | 400;
  readonly body: Uint8Array;
}

/** The folder's content in the gateway's words. */
function createRecorded(folder: Source, { path, bundles }: ServeFolderOptions) {
  /** Hashes seen so far: blocks are looked up by hash seldom, and then often the same ones. */
  const heightByHash = new Map<string, Height>();

  async function heightOf(query: URLSearchParams, signal: AbortSignal): Promise<Height | Answer> {
    const number = query.get('blockNumber');
    const hash = query.get('blockHash');
    if (number !== null && /^[0-9]{1,15}$/.test(number)) return parseHeight(Number(number));
    if (number === 'latest') return (await folder.survey({ signal })).head?.height ?? notFound;
    if (number === 'pending') return notFound;
    if (hash === null || !/^0x[0-9a-fA-F]{1,64}$/.test(hash)) return malformed;
    const wanted = `0x${hash.slice(2).toLowerCase().padStart(64, '0')}`;
    if (!heightByHash.has(wanted)) {
      for (const span of (await folder.survey({ signal })).spans) {
        for (let height = span.from; height <= span.to; height++) {
          const found = await folder.hashAt(height, { signal });
          if (found !== null) heightByHash.set(toHex(found), height);
        }
      }
    }
    return heightByHash.get(wanted) ?? notFound;
  }

  /** The three recorded objects of a height, cut out of the file that holds them all where there is only that. */
  async function load(height: Height, signal: AbortSignal) {
    const objects: { block?: Uint8Array; stateUpdate?: Uint8Array; signature?: Uint8Array } = {};
    for await (const delivery of folder.fetch({ height, parts: ['block', 'stateUpdate', 'signature'] }, { signal })) {
      if (delivery.type === 'absent') continue;
      const { part, bytes } = delivery;
      if (part === 'block' || part === 'stateUpdate' || part === 'signature') objects[part] = bytes;
      if (part !== 'bundle') continue;
      const members = outlineObject(bytes);
      const block = cut(bytes, members?.get('block'));
      const stateUpdate = cut(bytes, members?.get('state_update'));
      const signature = cut(bytes, members?.get('signature'));
      if (block !== null) objects.block = block;
      if (stateUpdate !== null) objects.stateUpdate = stateUpdate;
      if (block !== null && signature !== null) objects.signature = await signatureObject(height, signature, signal);
    }
    return objects;
  }

  async function signatureObject(height: Height, signature: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    return join3(`{"block_hash":${await hashText(height, signal)},"signature":`, signature, '}');
  }

  /** As JSON text, without leading zeros, as gateways write it. */
  async function hashText(height: Height, signal: AbortSignal): Promise<string> {
    const hash = await folder.hashAt(height, { signal });
    return hash === null ? 'null' : `"${toHex(hash).replace(/^0x0+(?=.)/, '0x')}"`;
  }

  async function classOf(part: string, query: URLSearchParams, signal: AbortSignal): Promise<Answer> {
    const request = { height: parseHeight(0), parts: [part], id: query.get('classHash') ?? '' };
    for await (const delivery of folder.fetch(request, { signal })) {
      if (delivery.type === 'bytes') return found(delivery.bytes);
    }
    return undeclared;
  }

  async function answer({ pathname, searchParams: query }: URL, signal: AbortSignal): Promise<Answer | null> {
    const call = /^\/feeder_gateway\/([a-z_]+)$/.exec(pathname)?.[1];
    if (call === 'get_public_key') return found(await readFile(join(path, 'public_key.json')).catch(() => undefined));
    if (call === 'get_class_by_hash') return classOf('class', query, signal);
    if (call === 'get_compiled_class_by_class_hash') return classOf('compiledClass', query, signal);
    if (call !== 'get_block' && call !== 'get_state_update' && call !== 'get_signature') return null;
    const height = await heightOf(query, signal);
    if (typeof height === 'object') return height;
    if (call === 'get_block' && query.get('headerOnly') === 'true') {
      const hash = await hashText(height, signal);
      return hash === 'null' ? notFound : found(textBytes(`{"block_hash":${hash},"block_number":${height}}`));
    }
    const { block, stateUpdate, signature } = await load(height, signal);
    if (call === 'get_block') return found(block);
    if (call === 'get_signature') return found(signature);
    if (query.get('includeBlock') !== 'true' || bundles === 'ignored') return found(stateUpdate);
    if (bundles === 'refused') return malformed;
    if (block === undefined || stateUpdate === undefined) return notFound;
    // A bare pair means a signature of the block hash: one of the older form can only be told as it is.
    const members = signature === undefined ? undefined : outlineObject(signature);
    const pair = members?.has('signature_input') === true ? undefined : members?.get('signature');
    const signed =
      query.get('includeSignature') === 'true' && signature !== undefined && pair !== undefined
        ? cut(signature, pair)
        : null;
    const tail = signed === null ? textBytes('}') : join3(',"signature":', signed, '}');
    return found(concatBytes(join3('{"block":', block, ',"state_update":'), stateUpdate, tail));
  }

  return { answer };
}

const notFound = refusal('StarknetErrorCode.BLOCK_NOT_FOUND', 'Block not found');
const undeclared = refusal('StarknetErrorCode.UNDECLARED_CLASS', 'Class is not declared');
const malformed = refusal('StarkErrorCode.MALFORMED_REQUEST', 'Malformed request');

function refusal(code: string, message: string): Answer {
  return { status: 400, body: textBytes(JSON.stringify({ code, message })) };
}

function found(body: Uint8Array | undefined): Answer {
  return body === undefined ? notFound : { status: 200, body };
}

function cut(bytes: Uint8Array, range: ByteRange | undefined): Uint8Array | null {
  return range === undefined ? null : bytes.subarray(range.start, range.end);
}

function join3(before: string, middle: Uint8Array, after: string): Uint8Array {
  return concatBytes(textBytes(before), middle, textBytes(after));
}

function textBytes(text: string): Uint8Array {
  return Buffer.from(text);
}

interface Fault {
  readonly type: '429' | 'truncate' | 'slow';
  readonly param: number;
}

function parseFault(text: string): Fault {
  const match = /^(429|truncate|slow):(?:every)?([1-9][0-9]{0,6})$/.exec(text);
  if (match === null) {
    throw new SynclineError('FAULT_UNKNOWN', 'caller', 'fault is not known', {
      data: { got: text, expected: ['429:n', 'truncate:n', 'slow:ms'] },
    });
  }
  return { type: match[1] as Fault['type'], param: Number(match[2]) }; // the pattern names exactly these
}
