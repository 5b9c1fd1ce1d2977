import type { RpcEnvironment, RpcMethod, StateView } from '../../../../engine/index.ts';
import { feltToHex } from '../../felt.ts';
import type { ApiVersion } from '../api-version.ts';
import { isAbsent, parseIntegerArgument, parseObjectArgument } from '../arguments.ts';
import { type BlockId, parseBlockId } from '../block-id.ts';
import { DecodedParts } from '../decoded-parts.ts';
import { fault, invalidParams } from '../faults.ts';
import type { RenderedObject } from '../render/felts.ts';
import { decodeToken, encodeToken, type TokenContext } from './continuation-token.ts';
import { type EventFilter, parseEmitters, parseKeys } from './event-filter.ts';
import { resolveSpan } from './event-span.ts';
import { readPage } from './read-page.ts';
import { Work } from './work.ts';

export interface EventsMethodOptions {
  readonly environment: RpcEnvironment;
  readonly version: ApiVersion;
  /** How much work one call may do, in estimated microseconds. Default: half a second. */
  readonly workMax?: number;
}

/**
 * Answers with the events that a filter wants, page by page.
 *
 * A page may be short, or empty, before the last one: a call does a bounded amount of work, and its token says where
 * the next one goes on. Without `from_block` a request begins at the first block, without `to_block` it ends at the
 * tip.
 * @see Starknet JSON-RPC specification, `starknet_getEvents`
 */
export function createEventsMethod(options: EventsMethodOptions): RpcMethod {
  const { environment, version, workMax = WORK_MAX } = options;
  // Of its own: what is read for one search is of no use to others.
  const decoded = new DecodedParts(DECODED_BYTES_MAX);
  return {
    params: ['filter'],
    async call(params, { signal }) {
      const request = parseRequest(params.filter, version);
      const work = new Work({ max: workMax, signal });
      using view = environment.store.view();
      // Awaited here, so that the view stays open until then.
      return await answer(request, { view, environment, version, work, decoded });
    },
  };
}

interface EventsRequest {
  readonly from: BlockId | null;
  readonly to: BlockId | null;
  readonly filter: EventFilter;
  readonly chunkSize: number;
  readonly token: string | null;
}

async function answer(
  request: EventsRequest,
  context: {
    readonly view: StateView;
    readonly environment: RpcEnvironment;
    readonly version: ApiVersion;
    readonly work: Work;
    readonly decoded: DecodedParts;
  },
): Promise<RenderedObject> {
  const { from, to, filter, chunkSize, token } = request;
  const { view } = context;
  const span = resolveSpan({ ...context, from, to });
  const tokens: TokenContext = { view, provisional: span.provisional, filter: textOf(request) };
  // Where a tag has moved since the page before, the token goes first.
  const start = token === null ? null : decodeToken(token, tokens);
  const { events, next } = await readPage({ ...context, filter, span, start, chunkSize });
  return { events, ...(next === null ? {} : { continuation_token: encodeToken(next, tokens) }) };
}

function parseRequest(value: unknown, version: ApiVersion): EventsRequest {
  const members = parseObjectArgument(value, 'filter');
  const parseEnd = (name: string) =>
    isAbsent(members[name]) ? null : parseBlockId(members[name], version, `filter.${name}`);
  return {
    from: parseEnd('from_block'),
    to: parseEnd('to_block'),
    filter: {
      emitters: parseEmitters(members.address, version, 'filter.address'),
      keys: parseKeys(members.keys, 'filter.keys'),
    },
    chunkSize: parseChunkSize(members.chunk_size),
    token: parseToken(members.continuation_token),
  };
}

function parseChunkSize(value: unknown): number {
  const size = parseIntegerArgument(value, 'filter.chunk_size');
  if (size === 0) throw invalidParams('filter.chunk_size', 'an integer from 1');
  if (size > CHUNK_SIZE_MAX) throw fault('pageSizeTooBig', { limit: CHUNK_SIZE_MAX, requested: size });
  return size;
}

function parseToken(value: unknown): string | null {
  if (isAbsent(value)) return null;
  if (typeof value !== 'string') throw invalidParams('filter.continuation_token', 'text');
  return value;
}

/** All that decides which events are wanted; how many are answered at once may differ from page to page. */
function textOf({ from, to, filter: { emitters, keys } }: EventsRequest): string {
  return JSON.stringify([
    textOfId(from),
    textOfId(to),
    emitters.map(feltToHex),
    keys.map((some) => some.map(feltToHex)),
  ]);
}

function textOfId(id: BlockId | null): string | null {
  if (id === null) return null;
  switch (id.type) {
    case 'hash':
      return feltToHex(id.hash);
    case 'number':
      return String(id.number);
    default:
      return id.type;
  }
}

/** @see Pathfinder, `EVENT_PAGE_SIZE_LIMIT` */
const CHUNK_SIZE_MAX = 1024;
/** Chosen: the block in which a page ended is decoded already when the next one goes on there. */
const DECODED_BYTES_MAX = 256 * 1024;
/** Chosen: with blocks of mainnet on LMDB a call then takes 0.3 to 0.5 s. */
const WORK_MAX = 500_000;
