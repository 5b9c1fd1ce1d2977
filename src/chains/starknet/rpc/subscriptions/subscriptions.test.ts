import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { vectorsDir } from '../../../../../test/vectors/locate.ts';
import { createStarknetDevnet, type StarknetDevnet } from '../../../../devnet/starknet/index.ts';
import { type BlockRef, RpcFault, type RpcService } from '../../../../engine/index.ts';
import { feltAt, feltToHex } from '../../felt.ts';
import { createStarknetRpc } from '../index.ts';
import { openRpcDocuments, resultOf } from '../methods/testing.ts';
import { type ChainFixture, createChainFixture, provisionalFrom } from '../testing.ts';
import { type Notification, subscribe } from './testing.ts';

type Json = Readonly<Record<string, unknown>>;

const vectors = vectorsDir();

const OPTIONS = { seed: 31, blocks: 12, transactionsPerBlock: 3, emptyShare: 0 };

describe('subscriptions', () => {
  const shared = createStarknetDevnet(OPTIONS);
  let devnet: StarknetDevnet;
  let fixture: ChainFixture;
  let services: Readonly<Record<8 | 9 | 10, RpcService>>;
  let tip: BlockRef;

  const commit = async (height: number) => {
    const bundle = new Uint8Array(gunzipSync(devnet.shelvedAt(height)?.bundle ?? new Uint8Array()));
    tip = await fixture.commit(height, { bundle });
    return tip;
  };
  const blockAt = (height: number) => devnet.blockAt(height) as NonNullable<ReturnType<StarknetDevnet['blockAt']>>;
  const hashesAt = (height: number) => blockAt(height).block.transactions.map(({ hash }) => feltToHex(hash));
  const made = (height: number, executed?: number) => {
    const { block, stateUpdate } = blockAt(height);
    const options = { height, ...(executed === undefined ? {} : { executed }) };
    return provisionalFrom({ block, stateDiff: stateUpdate.stateDiff }, tip, options);
  };

  beforeEach(async () => {
    devnet = shared;
    fixture = await createChainFixture(devnet.network);
    for (let height = 0; height <= 4; height++) await commit(height);
    const [v10, v9, v8] = createStarknetRpc(fixture.environment, devnet.network) as [
      RpcService,
      RpcService,
      RpcService,
    ];
    services = { 8: v8, 9: v9, 10: v10 };
  });

  /** Every notification has to be what the document of its version says. */
  function expectDocumented(told: readonly Notification[], version: 8 | 9 | 10) {
    if (vectors === null) return;
    const document = openRpcDocuments((file) => readFileSync(join(vectors, 'starknet/openrpc', file), 'utf8'), version);
    for (const { method, result } of told) expect(document.notificationError(method, result), method).toBe(null);
  }

  describe('to new heads', () => {
    it.each([8, 9, 10] as const)('of 0.%i begin with the latest block and go on with each new one', async (version) => {
      await using heads = await subscribe(services[version], 'starknet_subscribeNewHeads');
      await heads.until(1);
      await commit(5);
      await commit(6);
      const told = await heads.until(3);
      expect(told.map(({ method }) => method)).toEqual(
        Array.from({ length: 3 }, () => 'starknet_subscriptionNewHeads'),
      );
      expect(told.map(({ result }) => (result as Json).block_hash)).toEqual(
        [4, 5, 6].map((height) => feltToHex(blockAt(height).block.header.hash)),
      );
      expectDocumented(told, version);
    });

    it('begin with the block that was named', async () => {
      for (const block_id of [{ block_number: 2 }, { block_hash: feltToHex(blockAt(2).block.header.hash) }]) {
        await using heads = await subscribe(services[10], 'starknet_subscribeNewHeads', { block_id });
        const told = await heads.until(3);
        expect(told.map(({ result }) => (result as Json).block_number)).toEqual([2, 3, 4]);
      }
      await using heads = await subscribe(services[10], 'starknet_subscribeNewHeads', {
        block_id: { block_number: 0 },
      });
      expect((await heads.until(5)).map(({ result }) => (result as Json).block_number)).toEqual([0, 1, 2, 3, 4]);
    });

    it('of an empty node begin with its first block', async () => {
      fixture = await createChainFixture(devnet.network);
      const [service] = createStarknetRpc(fixture.environment, devnet.network) as [RpcService];
      await using heads = await subscribe(service, 'starknet_subscribeNewHeads');
      expect(await heads.settled()).toEqual([]);
      await commit(0);
      expect((await heads.until(1)).map(({ result }) => (result as Json).block_number)).toEqual([0]);
    });

    it('say which blocks a reorg took before they tell of those in their place', async () => {
      await using heads = await subscribe(services[10], 'starknet_subscribeNewHeads', {
        block_id: { block_number: 3 },
      });
      await heads.until(2);
      const old = [3, 4].map((height) => feltToHex(blockAt(height).block.header.hash));
      devnet = createStarknetDevnet(OPTIONS); // the same chain, and nobody else's
      devnet.reorg({ depth: devnet.head.height - 2, extend: 3 });
      await fixture.unwind(2);
      await commit(3);
      const told = (await heads.until(4)).slice(2);
      expect(told).toEqual([
        {
          method: 'starknet_subscriptionReorg',
          result: {
            starting_block_hash: old[0],
            starting_block_number: 3,
            ending_block_hash: old[1],
            ending_block_number: 4,
          },
        },
        {
          method: 'starknet_subscriptionNewHeads',
          result: expect.objectContaining({ block_hash: feltToHex(blockAt(3).block.header.hash), block_number: 3 }),
        },
      ]);
      expectDocumented(told, 10);
    });

    it('say so also when all blocks are gone', async () => {
      await using heads = await subscribe(services[9], 'starknet_subscribeNewHeads');
      await heads.until(1);
      await fixture.unwind(-1);
      const [, reorg] = await heads.until(2);
      expect(reorg?.result).toMatchObject({
        starting_block_hash: feltToHex(blockAt(0).block.header.hash),
        starting_block_number: 0,
        ending_block_number: 4,
      });
    });
  });

  describe('with a block id', () => {
    it.each(['starknet_subscribeNewHeads', 'starknet_subscribeEvents'])(
      '%s refuses one that does not exist',
      async (name) => {
        for (const version of [8, 9, 10] as const) {
          const open = (block_id: unknown) => codeOf(subscribe(services[version], name, { block_id }));
          expect(await open({ block_number: 5 })).toBe(24);
          expect(await open({ block_hash: '0x1234' })).toBe(24);
          expect(await open(version === 8 ? 'pending' : 'pre_confirmed')).toBe(-32602);
          expect(await open('l1_accepted')).toBe(-32602);
          expect(await open(7)).toBe(-32602);
        }
      },
    );

    it('refuse to go back more than 1024 blocks', async () => {
      const { store } = fixture;
      const far = blockAt(11);
      const { putBlock } = await import('../testing.ts');
      for (const number of [4 + 1024, 4 + 1025]) {
        const header = { ...far.block.header, number };
        putBlock(store, { block: { ...far.block, header }, stateDiff: far.stateUpdate.stateDiff, oldRoot: null });
        const open = codeOf(subscribe(services[10], 'starknet_subscribeNewHeads', { block_id: { block_number: 4 } }));
        expect(await open).toBe(number === 4 + 1024 ? 'open' : 68);
      }
    });
  });

  describe('to events', () => {
    const eventsAt = (height: number) =>
      blockAt(height).block.receipts.flatMap((receipt, transaction_index) =>
        receipt.events.map((event, event_index) => ({ receipt, event, transaction_index, event_index })),
      );

    it.each([8, 9, 10] as const)('of 0.%i tell of all events, in order', async (version) => {
      await using events = await subscribe(services[version], 'starknet_subscribeEvents', {
        block_id: { block_number: 2 },
      });
      await commit(5);
      const expected = [2, 3, 4, 5].flatMap(eventsAt);
      expect(expected.length).toBeGreaterThan(5);
      const told = await events.until(expected.length);
      expect(await events.settled()).toHaveLength(expected.length);
      expect(told.map(({ result }) => (result as Json).transaction_hash)).toEqual(
        expected.map(({ receipt }) => feltToHex(receipt.transactionHash)),
      );
      if (version === 10) {
        expect(told.map(({ result }) => [(result as Json).transaction_index, (result as Json).event_index])).toEqual(
          expected.map(({ transaction_index, event_index }) => [transaction_index, event_index]),
        );
      }
      expectDocumented(told, version);
    });

    it('tell only of what the filter wants', async () => {
      const all = [0, 1, 2, 3, 4].flatMap(eventsAt);
      const sample = all.at(-1)?.event;
      if (sample === undefined) throw new Error('the devnet has events');
      const from_address = feltToHex(sample.fromAddress);
      const key = feltToHex(feltAt(sample.keys, 0));
      const wanted = all.filter(
        ({ event }) => feltToHex(event.fromAddress) === from_address && feltToHex(feltAt(event.keys, 0)) === key,
      );
      expect(wanted.length).toBeLessThan(all.length);
      const filter = { from_address, keys: [[key, '0x1']], block_id: { block_number: 0 } };
      await using events = await subscribe(services[10], 'starknet_subscribeEvents', filter);
      await events.until(wanted.length);
      expect(await events.settled()).toHaveLength(wanted.length);
      const several = { ...filter, from_address: [from_address, '0x1234'] };
      await using more = await subscribe(services[10], 'starknet_subscribeEvents', several);
      expect(await more.until(wanted.length)).toEqual(events.told);
      expect(await codeOf(subscribe(services[9], 'starknet_subscribeEvents', several))).toBe(-32602);
    });

    it('tell of events twice where the first, uncertain time is wanted too', async () => {
      await using both = await subscribe(services[9], 'starknet_subscribeEvents', { finality_status: 'PRE_CONFIRMED' });
      await using late = await subscribe(services[9], 'starknet_subscribeEvents');
      const before = eventsAt(4).length;
      const count = eventsAt(5).length;
      await both.until(before);
      fixture.build([made(5, 1)]);
      fixture.build([made(5)]);
      await both.until(before + count);
      fixture.build([made(5)]);
      await commit(5);
      const told = (await both.until(before + 2 * count)).slice(before);
      const finality = (from: number) =>
        told.slice(from, from + count).map(({ result }) => (result as Json).finality_status);
      expect(finality(0)).toEqual(Array.from({ length: count }, () => 'PRE_CONFIRMED'));
      expect(finality(count)).toEqual(Array.from({ length: count }, () => 'ACCEPTED_ON_L2'));
      expect(told[0]?.result).not.toHaveProperty('block_hash');
      expectDocumented(told, 9);
      expect(await both.settled()).toHaveLength(before + 2 * count);
      expect(await late.settled()).toHaveLength(before + count);
    });

    it('refuse filters that are too large', async () => {
      const open = (params: Record<string, unknown>) =>
        codeOf(subscribe(services[10], 'starknet_subscribeEvents', params));
      expect(await open({ keys: Array.from({ length: 17 }, () => ['0x1']) })).toBe(34);
      expect(await open({ keys: [Array.from({ length: 1025 }, (_none, i) => `0x${i.toString(16)}`)] })).toBe(34);
      expect(await open({ keys: 'x' })).toBe(-32602);
      expect(await open({ finality_status: 'ACCEPTED_ON_L1' })).toBe(-32602);
    });
  });

  describe('to the status of a transaction', () => {
    it('tell of what is known, then of each change up to L1', async () => {
      const [transaction_hash] = hashesAt(5);
      await using status = await subscribe(services[10], 'starknet_subscribeTransactionStatus', { transaction_hash });
      expect(await status.settled()).toEqual([]);
      fixture.build([made(5, 0)]);
      await status.until(1);
      fixture.build([made(5)]);
      await status.until(2);
      await commit(5);
      await status.until(3);
      await commit(6);
      await fixture.finalize(4);
      await fixture.finalize(5);
      const told = await status.until(4);
      expect(told.map(({ result }) => (result as { status: Json }).status.finality_status)).toEqual([
        'CANDIDATE',
        'PRE_CONFIRMED',
        'ACCEPTED_ON_L2',
        'ACCEPTED_ON_L1',
      ]);
      expect(told.every(({ result }) => (result as Json).transaction_hash === transaction_hash)).toBe(true);
      expect(await status.settled()).toHaveLength(4);
      expectDocumented(told, 10);
    });

    it('begin at once with one that is confirmed', async () => {
      const [transaction_hash] = hashesAt(2);
      for (const version of [8, 9, 10] as const) {
        await using status = await subscribe(services[version], 'starknet_subscribeTransactionStatus', {
          transaction_hash,
        });
        const told = await status.until(1);
        expect(told[0]).toMatchObject({
          method: 'starknet_subscriptionTransactionStatus',
          result: { transaction_hash, status: { finality_status: 'ACCEPTED_ON_L2' } },
        });
        expectDocumented(told, version);
      }
    });

    it('tell of a reorg, and of the transaction again when it comes back', async () => {
      const [transaction_hash] = hashesAt(4);
      const bundle = new Uint8Array(gunzipSync(devnet.shelvedAt(4)?.bundle ?? new Uint8Array()));
      await using status = await subscribe(services[9], 'starknet_subscribeTransactionStatus', { transaction_hash });
      await status.until(1);
      await fixture.unwind(3);
      await status.until(2);
      await fixture.commit(4, { bundle });
      const told = await status.until(3);
      expect(told.map(({ method }) => method)).toEqual([
        'starknet_subscriptionTransactionStatus',
        'starknet_subscriptionReorg',
        'starknet_subscriptionTransactionStatus',
      ]);
    });
  });

  describe('to transactions and receipts', () => {
    it('tell of what is new from now on', async () => {
      for (const version of [9, 10] as const) {
        fixture = await createChainFixture(devnet.network);
        for (let height = 0; height <= 4; height++) await commit(height);
        const service = createStarknetRpc(fixture.environment, devnet.network)[10 - version] as RpcService;
        await using transactions = await subscribe(service, 'starknet_subscribeNewTransactions');
        await using receipts = await subscribe(service, 'starknet_subscribeNewTransactionReceipts');
        expect(await transactions.settled()).toEqual([]);
        await commit(5);
        const expected = hashesAt(5);
        const told = [await transactions.until(expected.length), await receipts.until(expected.length)];
        for (const list of told) {
          expect(list.map(({ result }) => (result as Json).transaction_hash)).toEqual(expected);
          expect(list.every(({ result }) => (result as Json).finality_status === 'ACCEPTED_ON_L2')).toBe(true);
          expectDocumented(list, version);
        }
        expect(told[0]?.[0]?.method).toBe('starknet_subscriptionNewTransaction');
        expect(told[1]?.[0]?.method).toBe('starknet_subscriptionNewTransactionReceipts');
        expect(told[1]?.[0]?.result).toEqual(
          await resultOf(service, 'starknet_getTransactionReceipt', { transaction_hash: expected[0] }),
        );
      }
    });

    it('tell of each stage that was asked for, once', async () => {
      const stages = ['CANDIDATE', 'PRE_CONFIRMED', 'ACCEPTED_ON_L2'];
      await using transactions = await subscribe(services[10], 'starknet_subscribeNewTransactions', {
        finality_status: [...stages, 'RECEIVED'],
        tags: ['INCLUDE_PROOF_FACTS'],
      });
      await using receipts = await subscribe(services[10], 'starknet_subscribeNewTransactionReceipts', {
        finality_status: ['PRE_CONFIRMED'],
      });
      const count = hashesAt(5).length;
      fixture.build([made(5, 0)]);
      await transactions.until(count);
      fixture.build([made(5)]);
      await transactions.until(2 * count);
      fixture.build([made(5)]);
      await commit(5);
      const told = await transactions.until(3 * count);
      const shown = (list: readonly Notification[]) =>
        list.map(({ result }) => `${(result as Json).finality_status} ${(result as Json).transaction_hash}`);
      expect(shown(told)).toEqual(stages.flatMap((stage) => hashesAt(5).map((hash) => `${stage} ${hash}`)));
      expect(shown(await receipts.settled())).toEqual(hashesAt(5).map((hash) => `PRE_CONFIRMED ${hash}`));
      expect(receipts.told[0]?.result).not.toHaveProperty('block_hash');
      expectDocumented(told, 10);
      expectDocumented(receipts.told, 10);
      expect(await transactions.settled()).toHaveLength(3 * count);
    });

    it('tell only of those senders that were asked for', async () => {
      const { transactions: all } = blockAt(5).block;
      const senderOf = (tx: (typeof all)[number]) =>
        feltToHex('senderAddress' in tx ? tx.senderAddress : tx.contractAddress);
      const sender = senderOf(all[0] as (typeof all)[number]);
      const wanted = all.filter((tx) => senderOf(tx) === sender).map(({ hash }) => feltToHex(hash));
      const params = { sender_address: [sender] };
      await using transactions = await subscribe(services[10], 'starknet_subscribeNewTransactions', params);
      await using receipts = await subscribe(services[10], 'starknet_subscribeNewTransactionReceipts', params);
      await commit(5);
      for (const list of [transactions, receipts]) {
        await list.until(wanted.length);
        expect((await list.settled()).map(({ result }) => (result as Json).transaction_hash)).toEqual(wanted);
      }
    });

    it('refuse what they do not know, and too many senders', async () => {
      for (const name of ['starknet_subscribeNewTransactions', 'starknet_subscribeNewTransactionReceipts']) {
        const open = (params: Record<string, unknown>) => codeOf(subscribe(services[10], name, params));
        expect(await open({ sender_address: Array.from({ length: 1025 }, () => '0x1') })).toBe(67);
        expect(await open({ sender_address: '0x1' })).toBe(-32602);
        expect(await open({ finality_status: ['ACCEPTED_ON_L1'] })).toBe(-32602);
        expect(await open({ finality_status: 'ACCEPTED_ON_L2' })).toBe(-32602);
        expect(await open({ finality_status: [], sender_address: [] })).toBe('open');
      }
    });

    it('of the pending block of 0.8 are silent', async () => {
      const name = 'starknet_subscribePendingTransactions';
      await using pending = await subscribe(services[8], name, { transaction_details: true });
      fixture.build([made(5)]);
      await commit(5);
      expect(await pending.settled()).toEqual([]);
      expect(await codeOf(subscribe(services[8], name, { transaction_details: 'yes' }))).toBe(-32602);
      expect(
        await codeOf(subscribe(services[8], name, { sender_address: Array.from({ length: 1025 }, () => '0x1') })),
      ).toBe(67);
    });
  });

  it('are offered as the documents of their version list them', () => {
    const names = (version: 8 | 9 | 10) => Object.keys(services[version].subscriptions ?? {}).sort();
    expect(names(8)).toEqual([
      'starknet_subscribeEvents',
      'starknet_subscribeNewHeads',
      'starknet_subscribePendingTransactions',
      'starknet_subscribeTransactionStatus',
    ]);
    for (const version of [9, 10] as const) {
      expect(names(version)).toEqual([
        'starknet_subscribeEvents',
        'starknet_subscribeNewHeads',
        'starknet_subscribeNewTransactionReceipts',
        'starknet_subscribeNewTransactions',
        'starknet_subscribeTransactionStatus',
      ]);
    }
  });
});

/** The code of the fault that opening ends with, or `open`. */
async function codeOf(opening: ReturnType<typeof subscribe>): Promise<number | 'open'> {
  try {
    await (await opening)[Symbol.asyncDispose]();
    return 'open';
  } catch (error) {
    if (error instanceof RpcFault) return error.body.code;
    throw error;
  }
}
