import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createEventsMethod } from '../../src/chains/starknet/rpc/events/index.ts';
import { eventCount, eventIndexWrites } from '../../src/chains/starknet/rules/index.ts';
import { decodeReceipts, encodeReceipts } from '../../src/chains/starknet/stored/index.ts';
import type { Event, Felt, Felts, Receipt } from '../../src/chains/starknet/types.ts';
import {
  type ChainRules,
  createApplyHost,
  type Hash32,
  type Height,
  type RpcEnvironment,
  type SealedBlock,
  type Store,
  type Verified,
} from '../../src/engine/index.ts';
import { concatBytes, equalBytes, toHex, u64be } from '../../src/lib/index.ts';
import { openLmdb } from '../../src/store/index.ts';
import type { Bench } from '../harness/bench.ts';
import { type Contender, compete, WARM_UP_ROUNDS } from '../harness/compete.ts';
import { progress } from '../harness/progress.ts';
import { createRandom, type Random } from '../harness/random.ts';
import { requireEqual } from '../harness/require-equal.ts';
import { createTempFolder } from '../harness/temp-folder.ts';

const AGAINST_SCAN = 'events-index';
const GROWTH = 'events-index-growth';

/**
 * `starknet_getEvents` with a selective key, on LMDB: against reading every block, and among ten times as many blocks
 * against a tenth of them, with the same number of matches.
 */
export const eventsIndex: Bench = {
  rows: [AGAINST_SCAN, GROWTH],
  async *run({ rounds, quick, wants }) {
    const size = quick ? { few: 200, many: 2_000 } : { few: 1_000, many: 10_000 };
    await using folder = await createTempFolder();
    await using few = await makeChain(join(folder.path, 'few'), size.few);
    await using many = await makeChain(join(folder.path, 'many'), size.many);
    for (const chain of [few, many]) for (const key of RARE_KEYS.slice(0, 5)) await check(chain, key);
    const race = {
      rounds,
      warmUpRounds: WARM_UP_ROUNDS,
      makeInput: (round: number) => round + WARM_UP_ROUNDS,
      ours: asker(many),
      by: 'wall',
      figure: 'time',
    } as const;
    const row = {
      workload:
        `starknet_getEvents with a key of ${MATCHES} events among ${size.many} blocks of ${EVENTS} events, on LMDB; ` +
        'by the clock',
      unit: 'ms per call',
      checked: true,
      detail: { indexBytesPerBlock: many.indexBytesPerBlock },
      warmUpRounds: WARM_UP_ROUNDS,
    } as const;
    if (wants(AGAINST_SCAN)) {
      const figures = await compete({ ...race, baseline: scanner(many) });
      yield { ...row, bench: AGAINST_SCAN, baselineName: 'decoding and comparing every block', figures };
    }
    if (wants(GROWTH)) {
      const figures = await compete({ ...race, baseline: asker(few) });
      const baselineName = `the same among ${size.few} blocks`;
      yield { ...row, bench: GROWTH, baselineName, figures, goal: { figure: 'ratio', atLeast: 0.5 } };
    }
  },
};

interface EventChain extends AsyncDisposable {
  readonly store: Store;
  readonly blocks: number;
  /** Keys and values of the event index, without what LMDB adds. */
  readonly indexBytesPerBlock: number;
}

function asker({ store }: EventChain): Contender<number> {
  return {
    async run(round) {
      for (let i = 0; i < CALLS; i++) await getEvents(store, rareKey(round + i));
      return CALLS;
    },
  };
}

function scanner(chain: EventChain): Contender<number> {
  return {
    run(round) {
      scan(chain, rareKey(round));
      return 1;
    },
  };
}

/** Ends the bench unless the method finds what reading every block finds. */
async function check(chain: EventChain, key: Felt): Promise<void> {
  const found = await getEvents(chain.store, key);
  if (found.length !== MATCHES) throw new Error(`expected ${MATCHES} events, got ${found.length}`);
  requireEqual('events', Buffer.from(scan(chain, key).join()), Buffer.from(found.join()));
}

/** Where the wanted events stand: height, position of the transaction, position of the event in it. */
async function getEvents(store: Store, key: Felt): Promise<readonly string[]> {
  const method = createEventsMethod({ environment: environmentOf(store), version: 10 });
  const params = { filter: { keys: [[toHex(key)]], chunk_size: 1024 } };
  const page = (await method.call(params, { signal: new AbortController().signal })) as EventsChunk;
  return page.events.map((event) => `${event.block_number}/${event.transaction_index}/${event.event_index}`);
}

/** The part of `EVENTS_CHUNK` that is looked at here. */
interface EventsChunk {
  readonly events: readonly {
    readonly block_number: number;
    readonly transaction_index: number;
    readonly event_index: number;
  }[];
}

function scan({ store, blocks }: EventChain, key: Felt): readonly string[] {
  const found: string[] = [];
  using view = store.view();
  for (let height = 0; height < blocks; height++) {
    const receipts = view.get('part', concatBytes(u64be(height), Buffer.from('receipts'))) ?? new Uint8Array(0);
    for (const [index, { events }] of decodeReceipts(receipts).entries()) {
      for (const [at, event] of events.entries()) {
        if (equalBytes(event.keys.subarray(0, 32), key)) found.push(`${height}/${index}/${at}`);
      }
    }
  }
  return found;
}

function environmentOf(store: Store): RpcEnvironment {
  return {
    store,
    provisional: () => [],
    progress: () => ({ first: null, confirmed: null, target: null, targetHash: null }),
    events: () => {
      throw new Error('nobody subscribes');
    },
    onProvisional: () => ({ [Symbol.dispose]() {} }),
  };
}

/** A chain of receipts without state, written by the engine's apply host. */
async function makeChain(path: string, blocks: number): Promise<EventChain> {
  progress(`making ${blocks} blocks with events`);
  await mkdir(path);
  const store = openLmdb({ path });
  const host = createApplyHost({
    rules: STATELESS,
    store,
    tips: { confirmed: 'acceptedOnL2' },
    identity: AGAINST_SCAN,
  });
  await host.recover();
  const random = createRandom(`events ${blocks}`);
  const accounts = Array.from({ length: 1_000 }, () => felt(random));
  let indexBytes = 0;
  let parent = new Uint8Array(32) as Hash32;
  for (let height = 0; height < blocks; ) {
    const batch: Verified<SealedBlock>[] = [];
    for (; batch.length < BATCH && height < blocks; height++) {
      const block = makeBlock({ height, parent, blocks, random, accounts });
      indexBytes += block.index.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
      parent = block.ref.hash;
      batch.push(block);
    }
    const { failure } = await host.commit(batch);
    if (failure !== null) throw new Error(failure.error.message);
  }
  return {
    store,
    blocks,
    indexBytesPerBlock: Math.round(indexBytes / blocks),
    [Symbol.asyncDispose]: () => host.close(),
  };
}

interface BlockDraft {
  readonly height: number;
  readonly parent: Hash32;
  /** How many there will be: each rare key is in the same number of them, evenly spread. */
  readonly blocks: number;
  readonly random: Random;
  readonly accounts: readonly Felt[];
}

function makeBlock({ height, parent, blocks, random, accounts }: BlockDraft): Verified<SealedBlock> {
  const account = () => accounts[random.below(accounts.length)] as Felt; // below the length
  const rare = RARE_KEYS.filter((_, i) => (height + i) % Math.floor(blocks / MATCHES) === 0);
  const transfers = Array.from({ length: EVENTS }, () => eventOf(TOKEN, TRANSFER, account(), account()));
  const events = [...transfers, ...rare.map((key) => eventOf(account(), key))];
  const receipts = Array.from({ length: TRANSACTIONS }, (_, index) =>
    receiptOf(
      felt(random),
      index,
      events.filter((_event, at) => at % TRANSACTIONS === index),
    ),
  );
  const sealed: SealedBlock = {
    ref: { height: height as Height, hash: felt(random) as Uint8Array as Hash32 },
    parent,
    stateRoot: NO_STATE,
    timestampS: height,
    protocolVersion: '0.14.0',
    proofs: {},
    parts: { receipts: encodeReceipts(receipts) },
    index: eventIndexWrites(height as Height, receipts),
    counts: { transactions: TRANSACTIONS, events: eventCount(receipts) },
    late: [],
    from: {},
  };
  return sealed as Verified<SealedBlock>; // there are no rules that it could break
}

function receiptOf(transactionHash: Felt, transactionIndex: number, events: readonly Event[]): Receipt {
  return {
    transactionHash,
    transactionIndex,
    actualFee: TOKEN,
    events,
    messagesToL1: [],
    consumedMessage: null,
    revertError: null,
    executionResources: null,
  };
}

function eventOf(fromAddress: Felt, ...keys: readonly Felt[]): Event {
  return { fromAddress, keys: concatBytes(...keys) as Felts, data: concatBytes(...keys) as Felts };
}

function felt(random: Random): Felt {
  return random.felt() as Felt; // below 2^251
}

function rareKey(at: number): Felt {
  return RARE_KEYS[at % RARE_KEYS.length] as Felt; // the remainder is below the length
}

const NO_STATE = new Uint8Array(32) as Hash32;
const STATELESS: ChainRules = {
  needs: () => [],
  examine: () => ({ type: 'needs', needs: [] }),
  execute() {},
  commitState: () => ({ writes: [], root: NO_STATE, hashes: 0 }),
};

const NAMES = createRandom('names of events');
const TOKEN = felt(NAMES);
const TRANSFER = felt(NAMES);
const RARE_KEYS = Array.from({ length: 40 }, () => felt(NAMES));
/** Events of one rare key. */
const MATCHES = 5;
const EVENTS = 12;
const TRANSACTIONS = 4;
/** Calls in one round: one takes too little time to be measured. */
const CALLS = 200;
/** Blocks in one commit. */
const BATCH = 500;
