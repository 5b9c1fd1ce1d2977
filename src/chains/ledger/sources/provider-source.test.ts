import { describe, expect, it } from 'vitest';
import { createLedgerDevnet } from '../../../devnet/ledger/index.ts';
import type { Delivery, FetchRequest, Source } from '../../../engine/index.ts';
import { parseHeight } from '../../../engine/index.ts';
import { toHex } from '../../../lib/index.ts';
import { testSource } from '../../../testing/index.ts';
import { encodeBlock } from '../wire/block-codec.ts';
import { createLedgerSource } from './provider-source.ts';

testSource({ describe, it }, 'ledger provider', {
  open: async () => ({
    source: createLedgerSource({ id: 'a', provider: devnet.view(), parts: ['header', 'transactions', 'block'] }),
    present: [0, 1, 5].map(parseHeight),
    absent: parseHeight(6),
  }),
});

const devnet = createLedgerDevnet({ seed: 4, memoShare: 1, emptyShare: 0 });
devnet.produce(5);
const head = devnet.head;
const { signal } = new AbortController();

async function fetchAll(source: Source, request: FetchRequest): Promise<readonly Delivery[]> {
  const deliveries: Delivery[] = [];
  for await (const delivery of source.fetch(request, { signal })) deliveries.push(delivery);
  return deliveries;
}

describe('a provider source', () => {
  const source = createLedgerSource({ id: 'a', provider: devnet.view() });

  it('surveys the span and the head of its provider', async () => {
    expect(await source.survey({ signal })).toEqual({ spans: [{ from: 0, to: 5 }], head: head.ref });
    const pruned = createLedgerSource({ id: 'b', provider: { ...devnet.view(), lowest: () => parseHeight(3) } });
    expect((await pruned.survey({ signal })).spans).toEqual([{ from: 3, to: 5 }]);
    const empty = createLedgerSource({ id: 'c', provider: { ...devnet.view(), head: () => null } });
    expect(await empty.survey({ signal })).toEqual({ spans: [], head: null });
  });

  it('delivers every part of a block that is asked for, in that order', async () => {
    const parts = ['transactions', 'header', 'block'];
    expect(await fetchAll(source, { height: head.ref.height, parts })).toEqual([
      { type: 'bytes', part: 'transactions', bytes: head.transactions },
      { type: 'bytes', part: 'header', bytes: head.header },
      { type: 'bytes', part: 'block', bytes: encodeBlock(head.header, head.transactions) },
    ]);
  });

  it('delivers content by id', async () => {
    const id = toHex(head.transfers[0]?.memo ?? new Uint8Array(0));
    expect(await fetchAll(source, { height: head.ref.height, parts: ['memo'], id })).toEqual([
      { type: 'bytes', part: 'memo', bytes: devnet.memo(id) },
    ]);
  });

  it('is sure not to have what it does not serve, know, or reach', async () => {
    const absent = (part: string) => [{ type: 'absent', part }];
    const poor = createLedgerSource({ id: 'd', provider: devnet.view(), parts: ['transactions'] });
    expect(await fetchAll(poor, { height: head.ref.height, parts: ['header'] })).toEqual(absent('header'));
    expect(await fetchAll(source, { height: parseHeight(6), parts: ['header'] })).toEqual(absent('header'));
    expect(await fetchAll(source, { height: parseHeight(1), parts: ['receipts'] })).toEqual(absent('receipts'));
    expect(await fetchAll(source, { height: parseHeight(1), parts: ['memo'], id: '0x00' })).toEqual(absent('memo'));
  });

  it('tells the hash at a height, null above the head', async () => {
    expect(await source.hashAt(parseHeight(5), { signal })).toEqual(head.hash);
    expect(await source.hashAt(parseHeight(6), { signal })).toBeNull();
  });

  it('stops when it is told to', async () => {
    const aborted = AbortSignal.abort(new Error('enough'));
    await expect(source.survey({ signal: aborted })).rejects.toThrow('enough');
    await expect(source.hashAt(parseHeight(0), { signal: aborted })).rejects.toThrow('enough');
    const first = source
      .fetch({ height: parseHeight(0), parts: ['header'] }, { signal: aborted })
      [Symbol.asyncIterator]();
    await expect(first.next()).rejects.toThrow('enough');
  });

  it('hands out bytes that nobody else holds', async () => {
    const request = { height: parseHeight(1), parts: ['header'] };
    const [first] = await fetchAll(source, request);
    if (first?.type === 'bytes') first.bytes.fill(0);
    expect(await fetchAll(source, request)).toEqual([
      { type: 'bytes', part: 'header', bytes: devnet.blockAt(1)?.header },
    ]);
  });
});
