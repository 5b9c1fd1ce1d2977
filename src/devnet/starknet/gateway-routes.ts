import { gunzipSync } from 'node:zlib';
import { type Felt, feltToHex, parseFelt } from '../../chains/starknet/index.ts';
import { outlineObject } from '../../chains/starknet/sources/index.ts';
import { isSynclineError, SynclineError } from '../../lib/index.ts';
import type { ShelvedBlock } from './block-shelf.ts';
import type { Building } from './building.ts';
import type { AnswerContent, ClassContent } from './fault-plan.ts';
import type { Forgery } from './forgery.ts';
import type { StarknetDevnet } from './starknet-devnet.ts';
import type { DevnetClass } from './world.ts';

/** What a request asks for. */
export type Route =
  /** An answer that is ready. */
  | { readonly type: 'json'; readonly status: 200 | 400; readonly json: string }
  /** One or more of a block's objects, to be put together with `assemble`. */
  | { readonly type: 'objects'; readonly content: AnswerContent }
  | { readonly type: 'class'; readonly content: ClassContent; readonly named: DevnetClass }
  /** No such call. */
  | { readonly type: 'unknown' };

/** Reads a GET request as the feeder gateway does: `/feeder_gateway/<call>?<query>`. */
export function routeOf(
  devnet: StarknetDevnet,
  { pathname, searchParams: query }: URL,
  building: Building | null = null,
): Route {
  const call = /^\/feeder_gateway\/([a-z_]+)\/?$/.exec(pathname)?.[1];
  switch (call) {
    case 'get_public_key':
      return { type: 'json', status: 200, json: JSON.stringify(devnet.publicKey) };
    case 'get_contract_addresses':
      return { type: 'json', status: 200, json: NO_CONTRACTS };
    case 'get_class_by_hash':
    case 'get_compiled_class_by_class_hash':
      return classRoute(devnet, call, query);
    case 'get_preconfirmed_block':
      return preConfirmedRoute(building, query);
    case 'get_block':
    case 'get_state_update':
    case 'get_signature': {
      const height = heightOf(devnet, query);
      return typeof height === 'object' ? height : objectsRoute(devnet, call, height, query);
    }
    default:
      return { type: 'unknown' };
  }
}

function objectsRoute(devnet: StarknetDevnet, call: string, height: number, query: URLSearchParams): Route {
  const isSet = (name: string) => query.get(name)?.toLowerCase() === 'true';
  if (call === 'get_block' && isSet('headerOnly')) {
    const hash = hashText(devnet.shelvedAt(height));
    return { type: 'json', status: 200, json: JSON.stringify({ block_hash: hash, block_number: height }) };
  }
  const isBundle = call === 'get_state_update' && isSet('includeBlock');
  const content = {
    height,
    call: isBundle ? 'bundle' : call,
    block: isBundle || call === 'get_block',
    stateUpdate: call === 'get_state_update',
    signature: call === 'get_signature' || (isBundle && isSet('includeSignature')),
  };
  return { type: 'objects', content };
}

function preConfirmedRoute(building: Building | null, query: URLSearchParams): Route {
  const number = query.get('blockNumber') ?? '';
  const block = /^[0-9]{1,15}$/.test(number) ? (building?.preConfirmed(Number(number)) ?? null) : null;
  if (block !== null) return { type: 'json', status: 200, json: JSON.stringify(block) };
  return refusal('StarknetErrorCode.BLOCK_NOT_FOUND', 'There is no such pre-confirmed block.');
}

/** A class is known from the block on that named it; what it is compiled to only of Sierra classes. */
function classRoute(devnet: StarknetDevnet, call: ClassContent['call'], query: URLSearchParams): Route {
  const text = query.get('classHash') ?? '';
  // Classes of the block being built are those of the newest one here.
  const isPending = query.get('blockNumber') === 'pending';
  const height = isPending ? devnet.head.height : heightOf(devnet, query);
  if (typeof height === 'object') return height;
  const classHash = parseQueryFelt('classHash', text);
  if ('type' in classHash) return classHash;
  const named = devnet.classOf(classHash.felt);
  const isCompiled = call === 'get_compiled_class_by_class_hash';
  if (named === null || named.height > height || (isCompiled && named.seed.kind === 'cairo0')) return undeclared(text);
  return { type: 'class', content: { call, ordinal: devnet.classes.indexOf(named) + 1 }, named };
}

/** Pending blocks are not served; without a selector the newest block is meant. */
function heightOf(devnet: StarknetDevnet, query: URLSearchParams): number | Route {
  const number = query.get('blockNumber');
  const hash = query.get('blockHash');
  if (number !== null && hash !== null) return malformed('blockNumber and blockHash exclude each other');
  if (hash !== null) return heightOfHash(devnet, hash);
  if (number === null || number === 'latest') return devnet.head.height;
  if (number === 'pending') return refusal('StarknetErrorCode.BLOCK_NOT_FOUND', 'The devnet has no pending block.');
  if (!/^[0-9]{1,15}$/.test(number))
    return malformed(`blockNumber is neither a number nor a tag: ${number.slice(0, 40)}`);
  if (Number(number) <= devnet.head.height) return Number(number);
  return refusal('StarknetErrorCode.BLOCK_NOT_FOUND', `Block number ${number} was not found.`);
}

function heightOfHash(devnet: StarknetDevnet, text: string): number | Route {
  const hash = parseQueryFelt('blockHash', text);
  if ('type' in hash) return hash;
  const height = devnet.heightOf(hash.felt);
  return height ?? refusal('StarknetErrorCode.BLOCK_NOT_FOUND', `Block hash ${text} was not found.`);
}

function parseQueryFelt(name: string, text: string): { readonly felt: Felt } | Route {
  try {
    return { felt: parseFelt(text) };
  } catch (error) {
    if (!isSynclineError(error)) throw error;
    return malformed(`${name}: ${error.message}`);
  }
}

/** What the gateway says of a class that it does not know. */
export function undeclared(classHash: string): Route & { readonly type: 'json' } {
  return refusal('StarknetErrorCode.UNDECLARED_CLASS', `Class with hash ${classHash} is not declared.`);
}

/** What the gateway says of a signature that is not there yet. */
export function noSignature(height: number): Route & { readonly type: 'json' } {
  return refusal('StarknetErrorCode.BLOCK_NOT_FOUND', `Signature of block ${height} was not found.`);
}

/** A block's objects as JSON. `pair` is the bare `[r, s]`. */
export interface BlockJson {
  readonly hash: string;
  readonly block: string;
  readonly stateUpdate: string;
  readonly pair: string;
}

/** Cuts the three objects out of a kept block. */
export function cutBundle(shelved: ShelvedBlock): BlockJson {
  const bytes = gunzipSync(shelved.bundle);
  const members = outlineObject(bytes);
  const cut = (name: string) => {
    const range = members?.get(name);
    if (range === undefined) throw new SynclineError('DEVNET_BUNDLE', 'bug', `a kept block has no ${name}`);
    return bytes.toString('utf8', range.start, range.end);
  };
  return {
    hash: hashText(shelved),
    block: cut('block'),
    stateUpdate: cut('state_update'),
    pair: cut('signature'),
  };
}

export function jsonOfForgery({ block, stateUpdate, signature }: Forgery): BlockJson {
  return {
    hash: String(signature.block_hash),
    block: JSON.stringify(block),
    stateUpdate: JSON.stringify(stateUpdate),
    pair: JSON.stringify(signature.signature),
  };
}

/** The body that answers `content`. */
export function assemble({ call, signature: isSigned }: AnswerContent, json: BlockJson): string {
  switch (call) {
    case 'get_block':
      return json.block;
    case 'get_state_update':
      return json.stateUpdate;
    case 'get_signature':
      return `{"block_hash":"${json.hash}","signature":${json.pair}}`;
    default: {
      const signature = isSigned ? `,"signature":${json.pair}` : '';
      return `{"block":${json.block},"state_update":${json.stateUpdate}${signature}}`;
    }
  }
}

function hashText(shelved: ShelvedBlock | null): string {
  return shelved === null ? '0x0' : feltToHex(shelved.ref.hash);
}

function malformed(message: string): Route {
  return refusal('StarkErrorCode.MALFORMED_REQUEST', message);
}

/** Refusals of the gateway itself come with status 400. */
function refusal(code: string, message: string): Route & { readonly type: 'json' } {
  return { type: 'json', status: 400, json: JSON.stringify({ code, message }) };
}

/** There is no L1 below the devnet. */
const ZERO_ADDRESS = `0x${'0'.repeat(40)}`;
const NO_CONTRACTS = JSON.stringify({ Starknet: ZERO_ADDRESS, GpsStatementVerifier: ZERO_ADDRESS });
