import { describe, expect, it } from 'vitest';
import { createChannel, SynclineError, silentLogger, toPlainError } from '../../lib/index.ts';
import { createMemoryStore } from '../../store/index.ts';
import type { SealedBlock, Verified } from '../chain.ts';
import type { ApplyHost, CommitReport } from '../commit/index.ts';
import { createTinyChain, type TinyChain } from '../commit/testing.ts';
import type { Rejection } from '../events.ts';
import { defaultStatePolicy } from '../modes/index.ts';
import type { RangeEvent } from '../range/index.ts';
import type { BlockRef } from '../types.ts';
import { Consumer, type ConsumerOptions } from './consumer.ts';
import type { ForkOutcome } from './fork-resolver.ts';
import type { HandedBlock } from './producer.ts';

describe('the consumer', () => {
  it('commits blocks as they come, several at once while it is behind', async () => {
    const desk = createDesk(6);
    await desk.hand(0, 5);
    await desk.run();
    expect(desk.commits).toEqual([
      [0, 1, 2, 3],
      [4, 5],
    ]);
  });

  it('commits one at a time at the tip', async () => {
    const desk = createDesk(3, { following: true });
    await desk.hand(0, 2);
    await desk.run();
    expect(desk.commits).toEqual([[0], [1], [2]]);
  });

  it('passes over blocks that were recalled, and takes those behind them', async () => {
    const desk = createDesk(2, { following: true });
    await desk.channel.send({ epoch: 0, block: desk.block(1) }, 1);
    desk.producer.epoch = 1;
    await desk.hand(0, 1);
    await desk.run();
    expect(desk.commits).toEqual([[0], [1]]);
  });

  it('tells who brought a block that the applier refuses, and goes on above the good ones', async () => {
    const desk = createDesk(3, { refuses: 1 });
    await desk.hand(0, 2);
    await desk.run();
    expect(desk.consumer.confirmed?.height).toBe(0);
    expect(desk.events).toEqual([{ type: 'refused', height: 1, fault: 'peer', blamed: ['a'] }]);
    expect(desk.rejections).toMatchObject([{ height: 1, check: 'state-root', source: 'a' }]);
  });

  it('looks into a fork when a block does not follow its tip', async () => {
    const desk = createDesk(5);
    await desk.hand(0, 3);
    desk.chain.goTo(1);
    desk.chain.next({ 1: 'other' });
    desk.chain.next({ 1: 'branch' });
    desk.chain.next({ 1: 'grows' });
    await desk.hand(4, 4);
    desk.outcomes.push({ type: 'unwind', to: 1, leader: 'a', rolledBack: false });
    await desk.run();
    expect(desk.unwinds).toEqual([1]);
    expect(desk.events).toContainEqual({ type: 'reset', base: 2 });
    expect(desk.consumer.confirmed).toEqual(desk.chain.blocks[1]?.ref);
  });

  it('puts those aside whose block does not follow when our branch stands', async () => {
    const desk = createDesk(5);
    await desk.hand(0, 3);
    desk.chain.goTo(1);
    for (const value of ['other', 'branch', 'grows']) desk.chain.next({ 1: value });
    await desk.hand(4, 4);
    desk.outcomes.push({ type: 'keep', dissenters: [] });
    await desk.run();
    expect(desk.events).toContainEqual({ type: 'aside', source: 'a', forMs: 10_000 });
    expect(desk.events).toContainEqual({ type: 'refused', height: 4, fault: 'source', blamed: ['a'] });
    expect(desk.consumer.confirmed?.height).toBe(3);
  });

  it('rolls back on a suspicion alone when the sources confirm it', async () => {
    const desk = createDesk(4);
    await desk.hand(0, 3);
    await desk.run();
    desk.outcomes.push({ type: 'unwind', to: 2, leader: 'a', rolledBack: false });
    desk.consumer.suspectFork({ source: 'a', kind: 'shrunk', reason: 'a head shrank' });
    await settled();
    expect(desk.unwinds).toEqual([2]);
  });

  it('halts everything when going on would be unsafe', async () => {
    const desk = createDesk(4);
    await desk.hand(0, 3);
    await desk.run();
    desk.outcomes.push({ type: 'halt', reason: 'a final block is contradicted' });
    desk.consumer.suspectFork({ source: 'a', kind: 'shrunk', reason: 'a head shrank' });
    await settled();
    expect(desk.halts).toEqual(['a final block is contradicted']);
    expect(desk.unwinds).toEqual([]);
  });

  it('refuses a first block that has a parent', async () => {
    const desk = createDesk(2);
    const odd = { ...desk.block(0), parent: desk.block(1).ref.hash } as Verified<SealedBlock>; // false on purpose
    await desk.channel.send({ epoch: 0, block: odd }, 1);
    await desk.run();
    expect(desk.events).toContainEqual({ type: 'refused', height: 0, fault: 'peer', blamed: ['a'] });
    expect(desk.commits).toEqual([]);
  });

  it('fails when the applier fails by itself', async () => {
    const desk = createDesk(1, { breaks: true });
    await desk.hand(0, 0);
    await expect(desk.run()).rejects.toMatchObject({ code: 'DISK_FULL', fault: 'local' });
  });
});

/** A consumer of which everything around is played by the test. */
function createDesk(
  blocks: number,
  options: { readonly following?: boolean; readonly refuses?: number; readonly breaks?: boolean } = {},
) {
  const chain: TinyChain = createTinyChain();
  for (let i = 0; i < blocks; i++) chain.next({ 1: `v${i}` });
  const channel = createChannel<HandedBlock>({ itemsMax: 99, bytesMax: 1_000 });
  const commits: number[][] = [];
  const unwinds: number[] = [];
  const events: RangeEvent[] = [];
  const halts: string[] = [];
  const rejections: Rejection[] = [];
  const outcomes: ForkOutcome[] = [];
  const stop = new AbortController();
  let stored: readonly Verified<SealedBlock>[] = [];

  const apply = {
    async commit(list: readonly Verified<SealedBlock>[]): Promise<CommitReport> {
      if (options.breaks) throw new SynclineError('DISK_FULL', 'local', 'no space is left');
      const good = list.filter((block) => options.refuses === undefined || block.ref.height < options.refuses);
      const bad = list[good.length];
      stored = [...stored, ...good];
      commits.push(good.map((block) => block.ref.height));
      const error = new SynclineError('STATE_ROOT_MISMATCH', 'peer', 'roots differ', { data: { check: 'state-root' } });
      const failure = bad === undefined ? null : { height: bad.ref.height, error: toPlainError(error) };
      return { committed: good.map((block) => block.ref), failure, wanted: [], hashes: 0 };
    },
    async unwind({ to }: { to: number }): Promise<BlockRef | null> {
      unwinds.push(to);
      stored = stored.slice(0, to + 1);
      return stored.at(-1)?.ref ?? null;
    },
  } as Partial<ApplyHost> as ApplyHost; // the consumer calls nothing else
  const sync = {
    env: { nowMs: () => 0, sleep: () => new Promise<void>(() => {}) },
    log: silentLogger,
    apply,
    store: createMemoryStore(),
    statePolicy: defaultStatePolicy,
    pipelinePolicy: { batchBlocksMax: 4, asideMs: 10_000 },
    notify: () => {},
  } as unknown as ConsumerOptions['sync']; // of all options it reads these
  const producer = { channel, epoch: 0, committed: () => {}, dispatch: (event: RangeEvent) => events.push(event) };
  const consumer = new Consumer({
    sync,
    producer: producer as unknown as ConsumerOptions['producer'], // of all it uses these
    forks: { resolve: async () => outcomes.shift() ?? { type: 'unknown' } },
    finality: { isDue: () => false, settle: async () => {}, report: () => null },
    rejections: {
      keep: async (one) => {
        rejections.push(one);
        return one;
      },
      count: 0,
    },
    confirmed: null,
    buildable: false,
    target: () => null,
    onBuilding: () => {},
    onUnwound: () => {},
    final: () => null,
    following: () => options.following ?? false,
    onCommitted: () => {},
    onHalt: (reason) => void halts.push(reason),
  });

  return {
    chain,
    channel,
    producer,
    consumer,
    commits,
    unwinds,
    halts,
    rejections,
    outcomes,
    get events() {
      return events.filter((event) => event.type !== 'tick');
    },
    block: (height: number) => chain.blocks[height] as Verified<SealedBlock>, // the test knows how many there are
    async hand(from: number, to: number) {
      for (const block of chain.blocks.slice(from, to + 1)) await channel.send({ epoch: producer.epoch, block }, 1);
    },
    /** Runs until nothing more happens by itself. */
    async run() {
      let failure: unknown = null;
      const running = consumer.run(stop.signal).catch((error: unknown) => {
        failure = error;
      });
      await settled();
      if (failure === null) return;
      await running;
      throw failure;
    },
  };
}

/** Lets all promises that can settle do so. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}
