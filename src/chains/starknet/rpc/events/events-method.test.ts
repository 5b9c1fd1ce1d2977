import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { vectorsDir } from '../../../../../test/vectors/locate.ts';
import { createStarknetDevnet } from '../../../../devnet/index.ts';
import { type BlockRef, parseHeight } from '../../../../engine/index.ts';
import { createMemoryStore, openLmdb } from '../../../../store/index.ts';
import { feltAt, feltCount, feltToHex } from '../../felt.ts';
import { openVectors } from '../../rules/testing.ts';
import type { Receipt } from '../../types.ts';
import { parseBlock } from '../../wire/index.ts';
import type { ApiVersion } from '../api-version.ts';
import { openRpcDocuments } from '../methods/testing.ts';
import { createChainFixture } from '../testing.ts';
import {
  type CallOptions,
  countReads,
  createEventChain,
  type DraftEvent,
  type EventChain,
  environmentOf,
  expectedOf,
  feltOf,
  getFault,
  getPage,
  getPages,
  indexKeys,
  type PlainFilter,
  provisionalOf,
  putBlock,
  receiptsOf,
} from './testing.ts';

const root = vectorsDir();
const hex = (name: string) => feltToHex(feltOf(name));

/** Few names, so that filters meet events. */
const anyEvent = fc.record({
  from: fc.constantFrom('token', 'market', 'account'),
  keys: fc.array(fc.constantFrom('Transfer', 'Approval', 'alice', 'bob'), { maxLength: 3 }),
  data: fc.array(fc.constantFrom('one', 'two'), { maxLength: 2 }),
});
const anyBlock = fc.array(fc.array(anyEvent, { maxLength: 4 }), { maxLength: 3 });
const anyFilter: fc.Arbitrary<PlainFilter> = fc.record(
  {
    address: fc.oneof(
      fc.constantFrom('token', 'market', 'nobody').map(hex),
      fc.uniqueArray(fc.constantFrom('token', 'market', 'account', 'nobody').map(hex), { maxLength: 3 }),
    ),
    keys: fc.array(
      fc.array(fc.constantFrom('Transfer', 'Approval', 'alice', 'bob', 'never').map(hex), { maxLength: 2 }),
      { maxLength: 4 },
    ),
  },
  { requiredKeys: [] },
);

async function chainOf(blocks: readonly (readonly (readonly DraftEvent[])[])[]): Promise<EventChain> {
  const chain = await createEventChain();
  for (const [height, transactions] of blocks.entries()) await chain.append(receiptsOf(transactions, `${height}`));
  return chain;
}

async function concatenated(
  chain: Pick<EventChain, 'environment'>,
  filter: Readonly<Record<string, unknown>>,
  options?: CallOptions,
): Promise<readonly object[]> {
  return (await getPages(chain.environment, filter, options)).flatMap(({ events }) => events);
}

/** Transactions of a block that has alice and eve, though no event has both. */
const neverBoth: readonly (readonly DraftEvent[])[] = [
  [{ from: 'token', keys: ['Transfer', 'alice', 'bob'] }],
  [{ from: 'token', keys: ['Transfer', 'bob', 'eve'] }],
];

const transfer = (to: string): DraftEvent => ({ from: 'token', keys: ['Transfer', 'alice', to] });

describe('pages', () => {
  test('together are what a look at every event finds, whatever the filter, the page size and the share of work', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyBlock, { minLength: 1, maxLength: 10 }),
        anyFilter,
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom(1, 60, 1_000_000),
        fc.option(fc.tuple(fc.integer({ min: 0, max: 11 }), fc.integer({ min: 0, max: 11 }))),
        async (blocks, filter, chunkSize, workMax, ends) => {
          const chain = await chainOf(blocks);
          const range =
            ends === null ? {} : { from_block: { block_number: ends[0] }, to_block: { block_number: ends[1] } };
          const pages = await getPages(chain.environment, { ...filter, ...range, chunk_size: chunkSize }, { workMax });
          const span = ends === null ? {} : { from: ends[0], to: ends[1] };
          expect(pages.flatMap(({ events }) => events)).toEqual(chain.expected(filter, span));
          for (const { events } of pages) expect(events.length).toBeLessThanOrEqual(chunkSize);
          if (workMax < 1_000_000) return;
          // With work to spare all pages but the last are full, and the last is not one too many.
          for (const { events } of pages.slice(0, -1)) expect(events).toHaveLength(chunkSize);
          if (pages.length > 1) expect(pages.at(-1)?.events).not.toHaveLength(0);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('go on below the wanted events of a transaction, and from page to page with another size', async () => {
    const chain = await chainOf([
      [[transfer('bob'), transfer('eve'), transfer('dan')], [transfer('bob')]],
      [[transfer('eve')]],
    ]);
    const filter = { keys: [[hex('Transfer')]] };
    const first = await getPage(chain.environment, { ...filter, chunk_size: 2 });
    const second = await getPage(chain.environment, {
      ...filter,
      chunk_size: 1024,
      continuation_token: first.continuation_token,
    });
    expect([...first.events, ...second.events]).toEqual(chain.expected(filter));
    expect(second.continuation_token).toBeUndefined();
  });

  test('a call ends with its share of work, and the next goes on from there', async () => {
    const chain = await chainOf([...Array.from({ length: 40 }, () => neverBoth), [[transfer('eve')]]]);
    const filter = { keys: [[], [hex('alice')], [hex('eve')]] };
    const pages = await getPages(chain.environment, { ...filter, chunk_size: 9 }, { workMax: 200 });
    expect(pages.length).toBeGreaterThan(3);
    expect(pages.slice(0, -1).flatMap(({ events }) => events)).toEqual([]);
    expect(pages.at(-1)?.events).toEqual(chain.expected(filter));
  });

  test('one of enormous events has fewer of them', async () => {
    const chain = await createEventChain();
    const data = Array.from({ length: 30_000 }, () => 'x');
    await chain.append(receiptsOf([Array.from({ length: 6 }, () => ({ from: 'a', keys: [], data }))], '0'));
    const pages = await getPages(chain.environment, { chunk_size: 1024 });
    expect(pages.map(({ events }) => events.length)).toEqual([4, 2]);
  });

  test('of an empty store is empty', async () => {
    const chain = await createEventChain();
    expect(await getPage(chain.environment, { chunk_size: 1 })).toEqual({ events: [] });
    const fault = await getFault(getPage(chain.environment, { to_block: 'latest', chunk_size: 1 }));
    expect(fault.code).toBe(24);
  });

  test('a call that nobody waits for any more ends', async () => {
    const [some, others] = neverBoth as [readonly DraftEvent[], readonly DraftEvent[]];
    const block = [Array.from({ length: 400 }, () => some).flat(), Array.from({ length: 400 }, () => others).flat()];
    const chain = await chainOf(Array.from({ length: 20 }, () => block));
    const filter = { keys: [[], [hex('alice')], [hex('eve')]], chunk_size: 1 };
    const signal = AbortSignal.abort(new DOMException('left', 'AbortError'));
    await expect(getPage(chain.environment, filter, { signal })).rejects.toThrow('left');
    expect(await getPage(chain.environment, filter)).toEqual({ events: [] });
  });
});

describe('the ends of a request', () => {
  const blocks = Array.from({ length: 5 }, (_, i) => [[transfer(`${i}`)]]);
  const heights = (events: readonly object[]) =>
    events.map((event) => (event as { block_number: number }).block_number);

  test('are numbers, hashes and tags, both included', async () => {
    const chain = await chainOf(blocks);
    await chain.host.advance({ acceptedOnL1: { height: parseHeight(2), hash: null } });
    const hashAt = (height: number) => ({
      block_hash: feltToHex(chain.blocks[height]?.ref.hash ?? new Uint8Array(32)),
    });
    const cases: readonly (readonly [from: unknown, to: unknown, heights: readonly number[]])[] = [
      [undefined, undefined, [0, 1, 2, 3, 4]],
      [null, null, [0, 1, 2, 3, 4]],
      [{ block_number: 1 }, { block_number: 3 }, [1, 2, 3]],
      [hashAt(1), hashAt(3), [1, 2, 3]],
      ['l1_accepted', 'latest', [2, 3, 4]],
      [undefined, 'l1_accepted', [0, 1, 2]],
      ['latest', undefined, [4]],
      [{ block_number: 3 }, { block_number: 1 }, []],
      // There is nothing yet at heights above the tip.
      [{ block_number: 3 }, { block_number: 99 }, [3, 4]],
      [{ block_number: 9 }, undefined, []],
      [{ block_number: Number.MAX_SAFE_INTEGER }, { block_number: Number.MAX_SAFE_INTEGER }, []],
      ['pre_confirmed', 'latest', []],
    ];
    for (const [from, to, expected] of cases) {
      const filter = { from_block: from, to_block: to, chunk_size: 2 };
      expect(heights(await concatenated(chain, filter)), JSON.stringify([from, to])).toEqual(expected);
    }
  });

  test('a hash that is not there, and a tag of a tip that is not there, are not found', async () => {
    const chain = await chainOf(blocks);
    for (const end of [{ block_hash: hex('nowhere') }, 'l1_accepted']) {
      for (const name of ['from_block', 'to_block']) {
        const fault = await getFault(getPage(chain.environment, { [name]: end, chunk_size: 1 }));
        expect(fault).toEqual({ code: 24, message: 'Block not found' });
      }
    }
  });

  test('a store that begins above the first block begins there', async () => {
    const store = createMemoryStore();
    for (const height of [100, 101, 102]) putBlock(store, height, receiptsOf([[transfer('bob')]], `${height}`));
    const chain = { environment: environmentOf(store) };
    expect(heights(await concatenated(chain, { chunk_size: 1 }, { workMax: 1 }))).toEqual([100, 101, 102]);
    expect(heights(await concatenated(chain, { from_block: { block_number: 101 }, chunk_size: 9 }))).toEqual([
      101, 102,
    ]);
  });
});

describe('blocks being built', () => {
  const receipts = (name: string, count: number) =>
    receiptsOf(
      Array.from({ length: count }, (_, i) => [transfer(`${i}`), { from: 'market', keys: [] }]),
      name,
    );
  const to = { to_block: 'pre_confirmed' };

  test('are read when `to_block` is the tag for them, without a hash', async () => {
    const chain = await chainOf([[[transfer('bob')]]]);
    const tip = chain.blocks[0]?.ref as (typeof chain.blocks)[number]['ref'];
    const [low, high] = [receipts('low', 2), receipts('high', 1)];
    chain.build([provisionalOf(1, tip, low), provisionalOf(2, tip, high)]);
    const filter = { address: hex('token') };
    const built = [
      ...expectedOf(low, filter, { hash: null, height: 1 }),
      ...expectedOf(high, filter, { hash: null, height: 2 }),
    ];
    for (const chunkSize of [1, 2, 3, 9]) {
      const request = { ...filter, chunk_size: chunkSize };
      expect(await concatenated(chain, { ...request, ...to })).toEqual([...chain.expected(filter), ...built]);
      expect(await concatenated(chain, { ...request, ...to, from_block: 'pre_confirmed' })).toEqual(built);
      expect(await concatenated(chain, { ...request, ...to, from_block: { block_number: 2 } })).toEqual(built.slice(2));
      expect(await concatenated(chain, { ...request, to_block: { block_number: 2 } })).toEqual(chain.expected(filter));
      expect(await concatenated(chain, request)).toEqual(chain.expected(filter));
    }
    expect(await concatenated(chain, { ...filter, to_block: 'pending', chunk_size: 9 }, { version: 8 })).toHaveLength(
      1,
    );
  });

  test('a page goes on in a block that has grown, and after it was confirmed', async () => {
    const chain = await chainOf([[[transfer('bob')]]]);
    const tip = chain.blocks[0]?.ref as (typeof chain.blocks)[number]['ref'];
    const filter = { address: hex('token'), ...to, chunk_size: 2 };
    const next = (page: { readonly continuation_token?: string }) =>
      getPage(chain.environment, { ...filter, continuation_token: page.continuation_token });

    chain.build([provisionalOf(1, tip, receipts('a', 2))]);
    const first = await getPage(chain.environment, filter);
    expect(first.events).toHaveLength(2);
    chain.build([provisionalOf(1, tip, receipts('a', 4))]);
    const second = await next(first);
    chain.build([]);
    await chain.append(receipts('a', 5));
    const third = await next(second);
    const events = [...first.events, ...second.events, ...third.events];
    expect(events.map((event) => ({ ...event, block_hash: null }))).toEqual(
      chain.expected({ address: hex('token') }).map((event) => ({ ...event, block_hash: null })),
    );
    expect(third.continuation_token).toBeUndefined();
  });

  test('a page goes on in the lower block when that has grown after it was read to its end', async () => {
    const chain = await chainOf([[[transfer('bob')]]]);
    const tip = chain.blocks[0]?.ref as (typeof chain.blocks)[number]['ref'];
    const filter = { address: hex('token'), ...to, from_block: 'pre_confirmed', chunk_size: 2 };
    chain.build([provisionalOf(1, tip, receipts('low', 2)), provisionalOf(2, tip, receipts('high', 1))]);
    const { continuation_token } = await getPage(chain.environment, filter);
    const [low, high] = [receipts('low', 3), receipts('high', 1)];
    chain.build([provisionalOf(1, tip, low), provisionalOf(2, tip, high)]);
    const rest = await getPage(chain.environment, { ...filter, continuation_token });
    expect(rest.events).toEqual([
      ...expectedOf(low, { address: hex('token') }, { hash: null, height: 1 }).slice(2),
      ...expectedOf(high, { address: hex('token') }, { hash: null, height: 2 }),
    ]);
  });

  test('a page does not go on in another block than it was read from', async () => {
    const chain = await chainOf([[[transfer('bob')]]]);
    const tip = chain.blocks[0]?.ref as (typeof chain.blocks)[number]['ref'];
    const filter = { address: hex('token'), ...to, chunk_size: 2 };
    chain.build([provisionalOf(1, tip, receipts('a', 3))]);
    const { continuation_token } = await getPage(chain.environment, filter);
    const others: readonly (() => void | Promise<void>)[] = [
      () => chain.build([provisionalOf(1, tip, receipts('b', 3))]),
      () => chain.build([]),
      () => chain.append(receipts('c', 3)).then(() => {}),
    ];
    for (const change of others) {
      await change();
      const fault = await getFault(getPage(chain.environment, { ...filter, continuation_token }));
      expect(fault.code).toBe(33);
    }
  });
});

describe('a continuation token', () => {
  const blocks = Array.from({ length: 6 }, (_, i) => [[transfer('bob'), transfer(`${i}`)]]);
  const filter = { address: [hex('token')], keys: [[hex('Transfer')]], chunk_size: 3 };

  test('outlives the process that made it', async () => {
    const path = mkdtempSync(join(tmpdir(), 'syncline-events-'));
    try {
      const before = await createEventChain(openLmdb({ path }));
      for (const [height, transactions] of blocks.entries()) await before.append(receiptsOf(transactions, `${height}`));
      const expected = before.expected(filter);
      const first = await getPage(before.environment, filter);
      await before.host.close();

      await using store = openLmdb({ path, readOnly: true });
      const rest = { ...filter, chunk_size: 1024, continuation_token: first.continuation_token };
      const second = await getPage(environmentOf(store), rest);
      expect([...first.events, ...second.events]).toEqual(expected);
    } finally {
      rmSync(path, { recursive: true });
    }
  });

  test('is refused when a character of it is another', async () => {
    const chain = await chainOf(blocks);
    const { continuation_token: token = '' } = await getPage(chain.environment, filter);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(token.length - 1),
        fc.constantFrom(...'0123456789abcdefcp-x '),
        fc.constantFrom('replace', 'insert', 'remove'),
        async (at, char, edit) => {
          const middle = edit === 'remove' ? '' : edit === 'insert' ? char + token[at] : char;
          const other = token.slice(0, at) + middle + token.slice(at + 1);
          fc.pre(other !== token);
          const fault = await getFault(getPage(chain.environment, { ...filter, continuation_token: other }));
          expect(fault).toEqual({ code: 33, message: 'The supplied continuation token is invalid or unknown' });
        },
      ),
      { numRuns: 300 },
    );
  });

  test('is refused where it says nothing', async () => {
    const chain = await chainOf(blocks);
    for (const token of [
      '',
      '4',
      '1-2',
      'c0-0-',
      `c9-1-${'0'.repeat(32)}`,
      `p0-0-${'0'.repeat(32)}`,
      'x'.repeat(9999),
    ]) {
      const fault = await getFault(getPage(chain.environment, { ...filter, continuation_token: token }));
      expect(fault.code, token.slice(0, 40)).toBe(33);
    }
  });

  test('is refused with another filter', async () => {
    const chain = await chainOf(blocks);
    const { continuation_token } = await getPage(chain.environment, filter);
    const others: readonly object[] = [
      { address: [hex('token'), hex('market')] },
      { address: undefined },
      { keys: [[], [hex('Transfer')]] },
      { keys: [[hex('Transfer')], [hex('alice')]] },
      { from_block: { block_number: 0 } },
      { to_block: 'latest' },
    ];
    for (const other of others) {
      const fault = await getFault(getPage(chain.environment, { ...filter, ...other, continuation_token }));
      expect(fault.code, JSON.stringify(other)).toBe(33);
    }
    // One address is a list of one, and a trailing position that takes any key is none.
    const same = { address: hex('token'), keys: [[hex('Transfer')], []], chunk_size: 1, continuation_token };
    expect((await getPage(chain.environment, same)).events).toHaveLength(1);
  });

  test('is refused after a reorg of what was read, and only then', async () => {
    const chain = await chainOf(blocks);
    const within = await getPage(chain.environment, filter); // ends inside block 1
    const between = await getPage(chain.environment, { ...filter, chunk_size: 4 }); // ends with block 1
    const goesOn = (token: string | undefined) =>
      getPage(chain.environment, { ...filter, chunk_size: 1024, continuation_token: token });

    await chain.unwind(1);
    for (const height of [2, 3]) await chain.append(receiptsOf([[transfer('other')]], `other ${height}`));
    expect([...within.events, ...(await goesOn(within.continuation_token)).events]).toEqual(chain.expected(filter));
    expect([...between.events, ...(await goesOn(between.continuation_token)).events]).toEqual(chain.expected(filter));

    await chain.unwind(0);
    await chain.append(receiptsOf(blocks[1] ?? [], '1'));
    for (const { continuation_token } of [within, between]) {
      expect((await getFault(goesOn(continuation_token))).code).toBe(33);
    }
  });

  test('goes on where it was when a tag has moved', async () => {
    const chain = await chainOf(blocks);
    const tagged = { ...filter, from_block: 'latest', chunk_size: 1 };
    const first = await getPage(chain.environment, tagged);
    await chain.append(receiptsOf([[transfer('later')]], 'later'));
    const rest = await getPage(chain.environment, {
      ...tagged,
      chunk_size: 9,
      continuation_token: first.continuation_token,
    });
    expect([...first.events, ...rest.events]).toEqual(chain.expected(filter, { from: 5 }));
  });
});

describe('unwinding', () => {
  test('takes the entries of the blocks along, and leaves all others', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyBlock, { minLength: 1, maxLength: 8 }),
        fc.array(anyBlock, { maxLength: 4 }),
        fc.nat(7),
        anyFilter,
        async (blocks, branch, keep, filter) => {
          const chain = await createEventChain();
          const keysAt: (readonly string[])[] = [];
          for (const [height, transactions] of blocks.entries()) {
            await chain.append(receiptsOf(transactions, `${height}`));
            keysAt.push(indexKeys(chain.store));
          }
          const to = Math.min(keep, blocks.length - 1);
          await chain.unwind(to);
          expect(indexKeys(chain.store)).toEqual(keysAt[to]);
          for (const transactions of branch) await chain.append(receiptsOf(transactions, 'branch'));
          expect(await concatenated(chain, { ...filter, chunk_size: 3 })).toEqual(chain.expected(filter));
          await chain.unwind(-1);
          expect(indexKeys(chain.store)).toEqual([]);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('the index', () => {
  const common = { from: 'market', keys: ['Trade'] };

  test('a selective key costs the same among 10,000 blocks as among 1,000', async () => {
    const filter = { keys: [[hex('Rare')]], chunk_size: 1024 };
    const reads = async (blocks: number) => {
      const store = createMemoryStore();
      const rare = new Set([3, Math.floor(blocks / 2), blocks - 7]);
      for (let height = 0; height < blocks; height++) {
        const events = rare.has(height) ? [common, { from: 'market', keys: ['Rare'] }] : [common];
        putBlock(store, height, receiptsOf([events], `${height}`));
      }
      const counted = countReads(store);
      const { events, continuation_token } = await getPage(environmentOf(counted.store), filter);
      expect([events.length, continuation_token]).toEqual([3, undefined]);
      return counted.reads();
    };
    expect(await reads(10_000)).toBe(await reads(1_000));
  });

  test('two lists are followed by leaping, not by reading both', async () => {
    const store = createMemoryStore();
    for (let height = 0; height < 3_000; height++) {
      const from = height % 1_000 === 500 ? 'rare' : 'market';
      putBlock(store, height, receiptsOf([[common, { from, keys: ['Trade', 'x'] }]], `${height}`));
    }
    const counted = countReads(store);
    const filter = { address: hex('rare'), keys: [[hex('Trade')]], chunk_size: 9 };
    expect((await getPage(environmentOf(counted.store), filter)).events).toHaveLength(3);
    expect(counted.reads()).toBeLessThan(200);
  });

  test('blocks in which a busy contract has only events of another first key are not read', async () => {
    const store = createMemoryStore();
    for (let height = 0; height < 500; height++) {
      const rare = { from: height % 100 === 7 ? 'market' : 'other', keys: ['Upgraded'] };
      putBlock(store, height, receiptsOf([[common, rare]], `${height}`));
    }
    const counted = countReads(store);
    const filter = { address: hex('market'), keys: [[hex('Upgraded')]], chunk_size: 99 };
    expect((await getPage(environmentOf(counted.store), filter)).events).toHaveLength(5);
    // Both lists name every block: 1,000 entries, and the parts of five blocks.
    expect(counted.reads()).toBeLessThan(1_100);
  });

  test('is followed across eras, also those without an entry', async () => {
    const store = createMemoryStore();
    // As if there were blocks everywhere: a token names the one below.
    for (let end = 2; end <= 6; end++) putBlock(store, end * 65_536 - 1, []);
    for (const height of [65_534, 399_999]) putBlock(store, height, []);
    const heights = [5, 65_535, 65_536, 65_537, 400_000, 400_001];
    for (const height of heights) {
      putBlock(store, height, receiptsOf([[height % 2 === 0 ? common : transfer('bob')]], `${height}`));
    }
    const found = async (filter: PlainFilter, workMax: number) =>
      (await concatenated({ environment: environmentOf(store) }, { ...filter, chunk_size: 2 }, { workMax })).map(
        (event) => (event as { block_number: number }).block_number,
      );
    for (const workMax of [1, 100_000]) {
      expect(await found({ keys: [[hex('Trade')]] }, workMax)).toEqual([65_536, 400_000]);
      expect(await found({ address: hex('token') }, workMax)).toEqual([5, 65_535, 65_537, 400_001]);
    }
  });

  test('a crowded block is read whatever is wanted', async () => {
    const chain = await createEventChain();
    const many = Array.from({ length: 20_000 }, (_, i) => ({ from: 'market', keys: [`${i}`] }));
    await chain.append(receiptsOf([[transfer('bob')]], '0'));
    await chain.append(receiptsOf([many, [transfer('bob')]], '1'));
    await chain.append(receiptsOf([[common]], '2'));
    for (const filter of [
      { keys: [[hex('19999')]] },
      { address: hex('token'), keys: [[hex('Transfer')], [], [hex('bob')]] },
    ]) {
      expect(await concatenated(chain, { ...filter, chunk_size: 1 })).toEqual(chain.expected(filter));
    }
  });
});

test('the rules seal blocks with their entries', async () => {
  const devnet = createStarknetDevnet({ seed: 7, blocks: 8, transactionsPerBlock: 6 });
  const fixture = await createChainFixture(devnet.network);
  const blocks: { readonly ref: BlockRef; readonly receipts: readonly Receipt[] }[] = [];
  for (let height = 0; height <= devnet.head.height; height++) {
    const bundle = gunzipSync(devnet.shelvedAt(height)?.bundle ?? new Uint8Array(0));
    const { block } = JSON.parse(Buffer.from(bundle).toString()) as { readonly block: unknown };
    blocks.push({ ref: await fixture.commit(height, { bundle }), receipts: parseBlock(block).receipts });
  }
  const all = blocks.flatMap(({ receipts }) => receipts.flatMap(({ events }) => events));
  expect(all.length).toBeGreaterThan(50);
  for (const { fromAddress, keys } of all) {
    const last = feltCount(keys) - 1;
    const filter = {
      address: feltToHex(fromAddress),
      keys: Array.from({ length: last + 1 }, (_, i) => (i === last ? [feltToHex(feltAt(keys, i))] : [])),
    };
    const expected = blocks.flatMap(({ ref, receipts }) => expectedOf(receipts, filter, ref));
    expect(await concatenated(fixture, { ...filter, chunk_size: 7 })).toEqual(expected);
  }
});

describe('parameters', () => {
  const faultOf = async (filter: unknown, version: ApiVersion = 10) => {
    const chain = await chainOf([[[transfer('bob')]]]);
    return getFault(getPage(chain.environment, filter as Readonly<Record<string, unknown>>, { version }));
  };

  test('a page of more than 1,024 events is too big', async () => {
    expect(await faultOf({ chunk_size: 1025 })).toMatchObject({ code: 31, message: 'Requested page size is too big' });
    const chain = await chainOf([[[transfer('bob')]]]);
    expect((await getPage(chain.environment, { chunk_size: 1024 })).events).toHaveLength(1);
  });

  test('more than 16 positions, or 1,024 keys, are too many', async () => {
    const many = Array.from({ length: 513 }, (_, i) => `0x${(i + 1).toString(16)}`);
    for (const keys of [Array.from({ length: 17 }, () => []), [many, many]]) {
      expect(await faultOf({ keys, chunk_size: 1 })).toMatchObject({
        code: 34,
        message: 'Too many keys provided in a filter',
      });
    }
    const chain = await chainOf([[[transfer('bob')]]]);
    const keys = [many.slice(0, 512), many.slice(0, 512), ...Array.from({ length: 14 }, () => [])];
    expect(await getPage(chain.environment, { keys, chunk_size: 1 })).toEqual({ events: [] });
  });

  test('what is malformed is named', async () => {
    const cases: readonly (readonly [filter: unknown, param: string])[] = [
      [undefined, 'filter'],
      [[], 'filter'],
      [{}, 'filter.chunk_size'],
      [{ chunk_size: 0 }, 'filter.chunk_size'],
      [{ chunk_size: -1 }, 'filter.chunk_size'],
      [{ chunk_size: 1.5 }, 'filter.chunk_size'],
      [{ chunk_size: '1' }, 'filter.chunk_size'],
      [{ chunk_size: 1, address: 7 }, 'filter.address'],
      [{ chunk_size: 1, address: ['0x1', 'token'] }, 'filter.address[1]'],
      [{ chunk_size: 1, address: Array.from({ length: 1025 }, () => '0x1') }, 'filter.address'],
      [{ chunk_size: 1, keys: '0x1' }, 'filter.keys'],
      [{ chunk_size: 1, keys: ['0x1'] }, 'filter.keys[0]'],
      [{ chunk_size: 1, keys: [[], ['0x1', `0x${'f'.repeat(64)}`]] }, 'filter.keys[1][1]'],
      [{ chunk_size: 1, from_block: 'first' }, 'filter.from_block'],
      [{ chunk_size: 1, to_block: { block_number: -1 } }, 'filter.to_block.block_number'],
      [{ chunk_size: 1, continuation_token: 7 }, 'filter.continuation_token'],
    ];
    for (const [filter, param] of cases) {
      expect(await faultOf(filter), JSON.stringify(filter)?.slice(0, 80)).toMatchObject({
        code: -32602,
        data: { reason: expect.stringContaining(`${param}: `) },
      });
    }
  });

  test('several addresses are of 0.10', async () => {
    for (const version of [8, 9] as const) {
      const filter = { address: ['0x1'], chunk_size: 1 };
      expect(await faultOf(filter, version)).toMatchObject({
        code: -32602,
        data: { reason: expect.stringMatching(/^filter.address: /) },
      });
    }
    const chain = await chainOf([[[transfer('bob')], [{ from: 'market', keys: [] }]]]);
    const both = { address: [hex('token'), hex('market')] };
    expect(await concatenated(chain, { ...both, chunk_size: 9 })).toEqual(chain.expected(both));
  });
});

describe.skipIf(root === null)('captured chain data', () => {
  const read = (file: string) => readFileSync(join(root ?? '', 'starknet', file), 'utf8');

  test('answers have the published shape in every version', async () => {
    const { receipts } = openVectors(read).block('mainnet/block/619596.json');
    const store = createMemoryStore();
    const tip = putBlock(store, 7, receipts);
    const building = [provisionalOf(8, tip, receipts.slice(0, 9))];
    const environment = environmentOf(store, () => building);
    for (const version of [8, 9, 10] as const) {
      const documents = openRpcDocuments((file) => read(`openrpc/${file}`), version);
      const tag = version === 8 ? 'pending' : 'pre_confirmed';
      const pages = await getPages(environment, { to_block: tag, chunk_size: 1000 }, { version });
      expect(pages.length).toBeGreaterThan(1);
      for (const page of pages) expect(documents.resultError('starknet_getEvents', page)).toBeNull();
      const known = documents.errorsOf('starknet_getEvents');
      for (const filter of [
        { chunk_size: 1025 },
        { continuation_token: '7', chunk_size: 1 },
        { from_block: { block_hash: '0x1' }, chunk_size: 1 },
        { keys: Array.from({ length: 17 }, () => []), chunk_size: 1 },
      ]) {
        const { code, message } = await getFault(getPage(environment, filter, { version }));
        expect(known).toContainEqual({ code, message });
      }
    }
  });

  test('every event of busy blocks is found under its emitter and its keys', async () => {
    const vectors = openVectors(read);
    const store = createMemoryStore();
    const files = ['mainnet/block/19199.json', 'mainnet/block/619596.json', 'sepolia/block/56378.json'];
    const blocks = files.map((file, height) => {
      const { receipts } = vectors.block(file);
      return { receipts, ref: putBlock(store, height, receipts) };
    });
    const filters = new Map<string, PlainFilter>();
    for (const { receipts } of blocks) {
      for (const event of receipts.flatMap(({ events }) => events).filter((_, i) => i % 37 === 0)) {
        const address = feltToHex(event.fromAddress);
        const keys = Array.from({ length: event.keys.length / 32 }, (_, i) => [
          feltToHex(event.keys.subarray(i * 32, i * 32 + 32)),
        ]);
        for (const filter of [
          { address },
          { keys },
          { address, keys },
          { keys: keys.map((key, i) => (i === 0 ? [] : key)) },
        ]) {
          filters.set(JSON.stringify(filter), filter);
        }
      }
    }
    expect(filters.size).toBeGreaterThan(100);
    for (const filter of filters.values()) {
      const expected = blocks.flatMap(({ receipts, ref }) => expectedOf(receipts, filter, ref));
      expect(expected.length).toBeGreaterThan(0);
      const pages = await getPages(environmentOf(store), { ...filter, chunk_size: 1024 });
      expect(pages.flatMap(({ events }) => events)).toEqual(expected);
    }
  });
});
