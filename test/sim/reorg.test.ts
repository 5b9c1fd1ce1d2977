import { describe, expect, it } from 'vitest';
import { type BlockRef, type ChainEvent, followEvents, type Store } from '../../src/engine/index.ts';
import { createMemoryStore } from '../../src/store/index.ts';
import { createRandom } from '../../src/testing/index.ts';
import { World } from './world.ts';

describe('a reorganising chain', () => {
  for (const depth of [1, 7, 30]) {
    it(`is followed through a reorg of depth ${depth}, with one unwind before the new blocks`, async () => {
      const world = new World(depth, { blocks: 60, memoShare: 0 });
      world.addSource({ id: 'a' });
      const events = await eventsOf(world, async (store) => {
        await untilHead(world, store);
        world.devnet.reorg(depth, depth + 3);
        await untilHead(world, store);
      });
      const unwinds = events.filter((event) => event.type === 'unwind');
      expect(unwinds).toHaveLength(1);
      expect(unwinds[0]).toMatchObject({ from: { height: 60 }, to: { height: 60 - depth }, reason: 'reorg' });
      expect(world.dump()).toBe(await freshDump(world));
    });
  }

  it('is followed when it only shrinks', async () => {
    const world = new World(5, { blocks: 40, memoShare: 0 });
    world.addSource({ id: 'a' });
    await world.syncToHead();
    world.devnet.reorg(9, 0);
    await world.syncToHead();
    expect(world.head.height).toBe(31);
    expect(world.dump()).toBe(await freshDump(world));
  });

  it('ends on the winning branch whatever the sources do, for 60 random histories', { timeout: 120_000 }, async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = createRandom(seed * 104_729);
      const world = new World(seed, { blocks: 30 + Math.floor(random() * 30), memoShare: 0 });
      const ids = ['a', 'b', 'c'].slice(0, 1 + Math.floor(random() * 3));
      for (const id of ids) world.addSource({ id, faults: { latencyMs: [5, 300], errorShare: random() * 0.3 } });
      try {
        for (let step = 0; step < 4; step++) {
          await world.syncToHead();
          changeChain(world, random);
          // Some sources hear of it later; at least one knows at once.
          for (const id of ids.slice(1)) if (random() < 0.5) lag(world, id, random() * 20_000);
        }
        await world.syncToHead();
      } catch (error) {
        throw new Error(`seed ${seed} failed`, { cause: error });
      }
      expect(world.dump(), `content after seed ${seed}`).toBe(await freshDump(world));
    }
  });

  it('is not followed where it contradicts a final block', async () => {
    const world = new World(8, { blocks: 30, memoShare: 0 });
    world.addSource({ id: 'a' });
    await world.syncToHead();
    const store = createMemoryStore({ disk: world.disk });
    store.commit([
      {
        table: 'meta',
        key: Buffer.from('tips'),
        value: Buffer.from(
          JSON.stringify({
            committed: { height: 30, hash: hexOf(world, 30) },
            settled: { height: 25, hash: hexOf(world, 25) },
          }),
        ),
      },
    ]);
    world.devnet.reorg(10, 12);
    const { end } = await world.syncUntil(() => false, { tips: { confirmed: 'committed', final: 'settled' } });
    expect(end).toMatchObject({ type: 'halted' });
    expect(end.type === 'halted' && end.reason).toContain('final');
  });
});

describe('a node that is killed', () => {
  it('resumes where its store stands, at any commit, also in the middle of a roll-back', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = createRandom(seed * 31);
      const world = new World(seed, { blocks: 40, memoShare: 0 });
      world.addSource({ id: 'a' });
      let reorged = false;
      for (let kills = 0; kills < 6; kills++) {
        const dieAt = 1 + Math.floor(random() * 12);
        await world.crashAtCommit(dieAt);
        if (kills === 3 && !reorged) {
          await world.syncToHead();
          world.devnet.reorg(20, 25);
          reorged = true;
        }
      }
      await world.syncToHead();
      expect(world.dump(), `content after seed ${seed}`).toBe(await freshDump(world));
    }
  });
});

function changeChain(world: World, random: () => number): void {
  const kind = random();
  if (kind < 0.6) {
    const depth = 1 + Math.floor(random() * 20);
    world.devnet.reorg(depth, depth + Math.floor(random() * 5));
  } else if (kind < 0.75) world.devnet.reorg(1 + Math.floor(random() * 8), 0);
  else world.devnet.produce(1 + Math.floor(random() * 20));
}

function lag(world: World, id: string, forMs: number): void {
  const view = world.views.get(id);
  // What it had before the change: the branch below the current one, if there is one.
  view?.pin({ branch: Math.max(0, world.devnet.branch - 1) });
  void world.env.sleep(forMs).then(() => view?.follow());
}

function hexOf(world: World, height: number): string {
  return `0x${Buffer.from(world.devnet.blockAt(height)?.ref.hash ?? []).toString('hex')}`;
}

async function freshDump(world: World): Promise<string> {
  const fresh = world.twin();
  await fresh.syncToHead();
  return fresh.dump();
}

async function untilHead(world: World, store: Store): Promise<void> {
  while (!world.atHead(store)) await world.env.sleep(50);
}

/** Events that an observer sees while a node runs through the scenario. */
async function eventsOf(world: World, scenario: (store: Store) => Promise<void>): Promise<readonly ChainEvent[]> {
  const { sync, store, options } = world.createNode();
  const stop = new AbortController();
  const events: ChainEvent[] = [];
  const observe = async () => {
    const from = { store, tips: options.tips, changed: sync.changed, from: 'genesis', signal: stop.signal } as const;
    for await (const event of followEvents(from)) events.push(event);
  };
  await world.env.run(Promise.all([sync.run(stop.signal), observe(), scenario(store).finally(() => stop.abort())]));
  return events;
}

describe('sources that differ', () => {
  it('do not roll the node back when they are only a little behind', async () => {
    const world = new World(3, { blocks: 20, memoShare: 0 });
    const late = ['b', 'c'];
    for (const id of ['a', ...late]) world.addSource({ id });
    const events = await eventsOf(world, async (store) => {
      await untilHead(world, store);
      for (let block = 0; block < 10; block++) {
        for (const id of late) world.views.get(id)?.pin({ head: world.devnet.head.ref.height });
        world.devnet.produce(1);
        await world.env.sleep(2_500);
        for (const id of late) world.views.get(id)?.follow();
        await world.env.sleep(3_500);
      }
    });
    expect(events.filter((event) => event.type === 'unwind')).toEqual([]);
    expect(world.notices.filter((notice) => notice.type === 'source' && notice.state === 'aside')).toEqual([]);
  });

  it('show a reorg also when each serves only some of the parts', async () => {
    const world = new World(3, { blocks: 30, memoShare: 0 });
    world.addSource({ id: 'headers', parts: ['header'] });
    world.addSource({ id: 'bodies', parts: ['transactions'] });
    await world.syncToHead();
    world.devnet.reorg(5, 8);
    await world.syncToHead({}, 300_000);
    expect(world.dump()).toBe(await freshDump(world));
  });

  it('that lie about hashes neither unwind, stall nor halt the node while one is honest', async () => {
    const world = new World(9, { blocks: 40, memoShare: 0 });
    world.addSource({ id: 'honest' });
    for (const id of ['denier', 'forger', 'slow-forger']) world.addSource({ id });
    const events: ChainEvent[] = [];
    const { options } = world.createNode();
    const sources = options.sources.map((source) => {
      if (source.id === 'honest') return source;
      const junk = new Uint8Array(32).fill(7) as BlockRef['hash'];
      return {
        ...source,
        survey: async (ask: { signal: AbortSignal }) => {
          const survey = await source.survey(ask);
          return survey.head === null ? survey : { ...survey, head: { ...survey.head, hash: junk } };
        },
        hashAt: async (_: unknown, { signal }: { signal: AbortSignal }) => {
          if (source.id === 'slow-forger') await world.env.sleep(4_900, signal);
          return source.id === 'denier' ? null : junk;
        },
      };
    });
    const node = world.createNode({ sources });
    const stop = new AbortController();
    const observe = async () => {
      const from = { store: node.store, tips: options.tips, changed: node.sync.changed, from: 'genesis' } as const;
      for await (const event of followEvents({ ...from, signal: stop.signal })) events.push(event);
    };
    const play = async () => {
      await untilHead(world, node.store);
      for (let block = 0; block < 20; block++) {
        world.devnet.produce(1);
        await world.env.sleep(6_000);
      }
      await untilHead(world, node.store);
      stop.abort();
    };
    const [end] = await world.env.run(Promise.all([node.sync.run(stop.signal), observe(), play()]));
    expect(end.type).toBe('stopped');
    expect(events.filter((event) => event.type === 'unwind')).toEqual([]);
  });
});
