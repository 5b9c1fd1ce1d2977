import { describe, expect, it } from 'vitest';
import { type BlockRef, type ChainEvent, type EventsFrom, followEvents, type Store } from '../../src/engine/index.ts';
import { toHex } from '../../src/lib/index.ts';
import { createRandom } from '../../src/testing/index.ts';
import { World } from './world.ts';

describe('observers of a node', () => {
  it('end up with the canonical chain, however slow they are and whatever the chain does', async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const random = createRandom(seed * 6_151);
      const world = new World(seed, { blocks: 30, memoShare: 0 });
      world.addSource({ id: 'a' });
      const observers = [
        { pauseMs: 0, from: 'genesis' as const, seen: [] as ChainEvent[] },
        { pauseMs: 700, from: 'genesis' as const, seen: [] as ChainEvent[] },
        { pauseMs: 15_000, from: 'genesis' as const, seen: [] as ChainEvent[] },
      ];
      await watch(world, observers, async (store) => {
        for (let step = 0; step < 4; step++) {
          await untilHead(world, store);
          const depth = 1 + Math.floor(random() * 12);
          if (random() < 0.6) world.devnet.reorg(depth, depth + Math.floor(random() * 6));
          else world.devnet.produce(1 + Math.floor(random() * 10));
          await world.env.sleep(random() * 5_000);
        }
        await untilHead(world, store);
        await world.env.sleep(120_000); // even the slowest catches up with what is left
      });
      for (const { pauseMs, seen } of observers) {
        expect(chainOf(seen), `an observer who pauses ${pauseMs} ms, seed ${seed}`).toEqual(canonical(world));
      }
    }
  });

  it('hold up nobody: the node is at the head while one of them has not moved', async () => {
    const world = new World(31, { blocks: 60, memoShare: 0 });
    world.addSource({ id: 'a' });
    const frozen = { pauseMs: 10_000_000, from: 'genesis' as const, seen: [] as ChainEvent[] };
    const started = world.env.nowMs();
    await watch(world, [frozen], (store) => untilHead(world, store));
    expect(world.env.nowMs() - started).toBeLessThan(30_000);
    expect(frozen.seen).toHaveLength(1);
  });

  it('go on where they stopped when the node is started again, also over a reorg meanwhile', async () => {
    const world = new World(32, { blocks: 40, memoShare: 0 });
    world.addSource({ id: 'a' });
    const first = { pauseMs: 0, from: 'genesis' as const, seen: [] as ChainEvent[] };
    await watch(world, [first], (store) => untilHead(world, store));
    const kept = lastBlock(first.seen);

    await world.syncToHead(); // nobody watches
    world.devnet.reorg(6, 9);
    await world.syncToHead();

    const second = { pauseMs: 0, from: kept, seen: [] as ChainEvent[] };
    await watch(world, [second], async (store) => {
      await untilHead(world, store);
      await world.env.sleep(1_000);
    });
    expect(second.seen[0]).toMatchObject({
      type: 'unwind',
      from: kept,
      to: { height: kept.height - 6 },
      reason: 'reorg',
    });
    expect(chainOf([...first.seen, ...second.seen])).toEqual(canonical(world));
  });
});

interface Observer {
  readonly pauseMs: number;
  readonly from: EventsFrom;
  readonly seen: ChainEvent[];
}

/** Runs a node with observers until the scenario is over. */
async function watch(
  world: World,
  observers: readonly Observer[],
  scenario: (store: Store) => Promise<void>,
): Promise<void> {
  const { sync, store, options } = world.createNode();
  const stop = new AbortController();
  const observe = async ({ pauseMs, from, seen }: Observer) => {
    const { signal } = stop;
    for await (const event of followEvents({ store, tips: options.tips, changed: sync.changed, from, signal })) {
      seen.push(event);
      if (pauseMs > 0) await world.env.sleep(pauseMs, signal).catch(() => {});
    }
  };
  const play = scenario(store).finally(() => stop.abort());
  await world.env.run(Promise.all([sync.run(stop.signal), play, ...observers.map(observe)]));
}

async function untilHead(world: World, store: Store): Promise<void> {
  while (!world.atHead(store)) await world.env.sleep(50);
}

/** The chain that an observer knows after all its events; each must follow from the one before. */
function chainOf(events: readonly ChainEvent[]): readonly string[] {
  const known: string[] = [];
  for (const event of events) {
    if (event.type === 'unwind') {
      expect(known.at(-1)).toBe(textOf(event.from));
      known.length = event.to === null ? 0 : event.to.height + 1;
    } else if (event.type === 'extend') {
      expect(event.blocks[0]?.height).toBe(known.length);
      known.push(...event.blocks.map(textOf));
    }
  }
  return known;
}

function canonical(world: World): readonly string[] {
  return Array.from({ length: world.devnet.head.ref.height + 1 }, (_, height) => {
    const block = world.devnet.blockAt(height);
    if (block === null) throw new Error(`the devnet has no block ${height}`);
    return textOf(block.ref);
  });
}

function lastBlock(events: readonly ChainEvent[]): BlockRef {
  for (const event of [...events].reverse()) {
    const ref = event.type === 'extend' ? event.blocks.at(-1) : null;
    if (ref) return ref;
  }
  throw new Error('no block was seen');
}

function textOf(ref: BlockRef): string {
  return `${ref.height} ${toHex(ref.hash)}`;
}
