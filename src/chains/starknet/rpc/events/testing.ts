import { createHash } from 'node:crypto';
import {
  type ApplyHost,
  type BlockRef,
  type ChainRules,
  createApplyHost,
  encodeBlockRecord,
  encodeTips,
  type Hash32,
  type Height,
  META,
  type ProvisionalBlock,
  type ReadStore,
  type RpcEnvironment,
  RpcFault,
  type RpcFaultBody,
  type SealedBlock,
  type StateView,
  type Store,
  type Verified,
} from '../../../../engine/index.ts';
import { concatBytes, u64be } from '../../../../lib/index.ts';
import { createMemoryStore } from '../../../../store/index.ts';
import { FELT_ZERO, feltToHex, joinFelts } from '../../felt.ts';
import { eventCount, eventIndexWrites } from '../../rules/index.ts';
import { encodeReceipts } from '../../stored/index.ts';
import type { Event, Felt, Receipt } from '../../types.ts';
import type { ApiVersion } from '../api-version.ts';
import { createEventsMethod } from './events-method.ts';

/** A felt that stands for a name: the same name, the same felt. */
export function feltOf(name: string): Felt {
  const felt = new Uint8Array(createHash('sha256').update(name).digest());
  felt[0] = (felt[0] as number) & 0x07;
  return felt as Felt; // below 2^251
}

/** An event by names. */
export interface DraftEvent {
  readonly from: string;
  readonly keys: readonly string[];
  readonly data?: readonly string[];
}

export function eventOf({ from, keys, data = [] }: DraftEvent): Event {
  return {
    fromAddress: feltOf(from),
    keys: joinFelts(...keys.map(feltOf)),
    data: joinFelts(...data.map(feltOf)),
  };
}

/** Receipts of a block, a list of events for each. `salt` makes other transactions of the same events. */
export function receiptsOf(transactions: readonly (readonly DraftEvent[])[], salt: string): readonly Receipt[] {
  return transactions.map((events, index) => ({
    transactionHash: feltOf(`transaction ${salt} ${index}`),
    transactionIndex: index,
    actualFee: FELT_ZERO,
    events: events.map(eventOf),
    messagesToL1: [],
    consumedMessage: null,
    revertError: null,
    executionResources: null,
  }));
}

/** A chain of nothing but receipts, that the engine's apply host writes and unwinds. */
export interface EventChain {
  readonly store: Store;
  readonly host: ApplyHost;
  readonly environment: RpcEnvironment;
  /** Blocks as they stand now, by height. */
  readonly blocks: readonly ChainBlock[];
  append(receipts: readonly Receipt[]): Promise<BlockRef>;
  unwind(to: number): Promise<void>;
  build(blocks: readonly ProvisionalBlock[]): void;
  /** Every wanted event in order, by comparing the texts of all events with the filter. */
  expected(filter: PlainFilter, span?: { readonly from?: number; readonly to?: number }): readonly object[];
}

export interface ChainBlock {
  readonly ref: BlockRef;
  readonly receipts: readonly Receipt[];
}

export async function createEventChain(store: Store = createMemoryStore()): Promise<EventChain> {
  const host = createApplyHost({ rules: STATELESS, store, tips: TIPS, identity: 'events' });
  await host.recover();
  const blocks: ChainBlock[] = [];
  let made = 0;
  let provisional: readonly ProvisionalBlock[] = [];
  return {
    store,
    host,
    blocks,
    environment: environmentOf(store, () => provisional),
    async append(receipts) {
      const height = blocks.length as Height;
      const ref = { height, hash: hash32(`block ${height} ${made++}`) };
      const sealed = sealedOf(ref, blocks.at(-1)?.ref.hash ?? hash32(null), receipts);
      const { failure } = await host.commit([sealed]);
      if (failure !== null) throw new Error(failure.error.message);
      blocks.push({ ref, receipts });
      return ref;
    },
    async unwind(to) {
      await host.unwind({ to, reason: 'reorg' });
      blocks.length = to + 1;
    },
    build(next) {
      provisional = next;
    },
    expected(filter, { from = 0, to = blocks.length - 1 } = {}) {
      return blocks
        .filter(({ ref }) => ref.height >= from && ref.height <= to)
        .flatMap(({ ref, receipts }) => expectedOf(receipts, filter, { hash: ref.hash, height: ref.height }));
    },
  };
}

export function environmentOf(
  store: ReadStore,
  provisional: () => readonly ProvisionalBlock[] = () => [],
): RpcEnvironment {
  return {
    store,
    provisional,
    progress: () => ({ first: null, confirmed: null, target: null, targetHash: null }),
    events: () => {
      throw new Error('no chain events here');
    },
    onProvisional: () => ({ [Symbol.dispose]() {} }),
  };
}

/** Puts a block into a store as the apply host would, whatever is below it. It becomes the tip. */
export function putBlock(store: Store, height: number, receipts: readonly Receipt[]): BlockRef {
  const ref = { height: height as Height, hash: hash32(`block ${height}`) };
  const sealed = sealedOf(ref, hash32(`block ${height - 1}`), receipts);
  store.commit([
    { table: 'block', key: u64be(height), value: encodeBlockRecord(sealed) },
    { table: 'height', key: ref.hash, value: u64be(height) },
    { table: 'meta', key: META.tips, value: encodeTips({ acceptedOnL2: ref }) },
    ...Object.entries(sealed.parts).map(([name, value]) => ({
      table: 'part' as const,
      key: concatBytes(u64be(height), Buffer.from(name)),
      value,
    })),
    ...sealed.index,
  ]);
  return ref;
}

/** A block as if it were being built. */
export function provisionalOf(height: number, on: BlockRef, receipts: readonly Receipt[]): ProvisionalBlock {
  return {
    height: height as Height,
    on,
    size: receipts.length,
    timestampS: 0,
    protocolVersion: '0.14.0',
    parts: { receipts: encodeReceipts(receipts) },
    from: 'test',
  };
}

function sealedOf(ref: BlockRef, parent: Hash32, receipts: readonly Receipt[]): Verified<SealedBlock> {
  const sealed: SealedBlock = {
    ref,
    parent,
    stateRoot: hash32(null),
    timestampS: ref.height,
    protocolVersion: '0.14.0',
    proofs: {},
    parts: { receipts: encodeReceipts(receipts) },
    index: eventIndexWrites(ref.height, receipts),
    counts: { transactions: receipts.length, events: eventCount(receipts) },
    late: [],
    from: {},
  };
  return sealed as Verified<SealedBlock>; // there are no rules that it could break
}

/** A filter as a caller writes it, but for the ends and the page. */
export interface PlainFilter {
  readonly address?: string | readonly string[];
  readonly keys?: readonly (readonly string[])[];
}

/** The wanted events of one block as 0.10 answers them, found without any of the code under test. */
export function expectedOf(
  receipts: readonly Receipt[],
  { address = [], keys = [] }: PlainFilter,
  block: { readonly hash: Uint8Array | null; readonly height: number },
): readonly object[] {
  const addresses = typeof address === 'string' ? [address] : address;
  return receipts.flatMap((receipt, transactionIndex) =>
    receipt.events.flatMap((event, eventIndex) => {
      const from = feltToHex(event.fromAddress);
      const own = hexes(event.keys);
      if (addresses.length > 0 && !addresses.includes(from)) return [];
      if (keys.some((wanted, at) => wanted.length > 0 && !wanted.includes(own[at] ?? 'none'))) return [];
      return [
        {
          from_address: from,
          keys: own,
          data: hexes(event.data),
          ...(block.hash === null ? {} : { block_hash: feltToHex(block.hash) }),
          block_number: block.height,
          transaction_hash: feltToHex(receipt.transactionHash),
          transaction_index: transactionIndex,
          event_index: eventIndex,
        },
      ];
    }),
  );
}

function hexes(felts: Uint8Array): string[] {
  return Array.from({ length: felts.length / 32 }, (_, i) => feltToHex(felts.subarray(i * 32, i * 32 + 32)));
}

export interface Page {
  readonly events: readonly object[];
  readonly continuation_token?: string;
}

export interface CallOptions {
  readonly version?: ApiVersion;
  readonly workMax?: number;
  readonly signal?: AbortSignal;
}

/** One call. @throws {RpcFault} */
export async function getPage(
  environment: RpcEnvironment,
  filter: Readonly<Record<string, unknown>>,
  { version = 10, workMax, signal = new AbortController().signal }: CallOptions = {},
): Promise<Page> {
  const method = createEventsMethod({ environment, version, ...(workMax === undefined ? {} : { workMax }) });
  return (await method.call({ filter }, { signal })) as Page;
}

/** All pages of a filter, in order. */
export async function getPages(
  environment: RpcEnvironment,
  filter: Readonly<Record<string, unknown>>,
  options: CallOptions = {},
): Promise<readonly Page[]> {
  const pages: Page[] = [];
  for (let token: string | undefined; ; ) {
    const page = await getPage(
      environment,
      token === undefined ? filter : { ...filter, continuation_token: token },
      options,
    );
    pages.push(page);
    token = page.continuation_token;
    if (token === undefined) return pages;
    if (pages.length > PAGES_MAX) throw new Error('the pages do not end');
  }
}

/** The error of a call. @throws when there is none. */
export async function getFault(call: Promise<unknown>): Promise<RpcFaultBody> {
  const outcome = await call.then(
    () => null,
    (error: unknown) => error,
  );
  if (outcome instanceof RpcFault) return outcome.body;
  throw outcome ?? new Error('there was no fault');
}

/** The keys of all entries of the event index. */
export function indexKeys(store: Store): readonly string[] {
  using view = store.view();
  return [...view.range('index', {})].map(([key]) => Buffer.from(key).toString('hex'));
}

/** A store whose reads are counted. */
export function countReads(store: Store): { readonly store: Store; readonly reads: () => number } {
  let reads = 0;
  const counted = (view: StateView): StateView => ({
    get(table, key) {
      reads++;
      return view.get(table, key);
    },
    *range(table, range) {
      reads++;
      for (const entry of view.range(table, range)) {
        reads++;
        yield entry;
      }
    },
    [Symbol.dispose]: () => view[Symbol.dispose](),
  });
  return { store: { ...store, view: () => counted(store.view()) }, reads: () => reads };
}

function hash32(name: string | null): Hash32 {
  return (name === null ? new Uint8Array(32) : feltOf(name)) as Uint8Array as Hash32; // 32 bytes
}

const STATELESS: ChainRules = {
  needs: () => [],
  examine: () => ({ type: 'needs', needs: [] }),
  execute() {},
  commitState: () => ({ writes: [], root: hash32(null), hashes: 0 }),
};

/** As `starknet()` names them. */
const TIPS = { confirmed: 'acceptedOnL2', final: 'acceptedOnL1' };
const PAGES_MAX = 10_000;
