import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBell, toHex } from '../../lib/index.ts';
import { createMemoryStore } from '../../store/index.ts';
import { createTinyChain, openTinyHost, type TinyChain } from '../commit/testing.ts';
import type { ChainEvent, UnwindReason } from '../events.ts';
import type { BlockRef, Hash32, Height, Tips } from '../types.ts';
import { type EventsFrom, followEvents } from './chain-events.ts';

describe('an observer', () => {
  it('hears of every block from genesis on', async () => {
    const node = await createNode(5);
    const observer = node.observe('genesis');
    expect(await observer.next()).toEqual({
      type: 'extend',
      blocks: node.refs(0, 4),
      tips: { confirmed: node.ref(4) },
    });
    expect(await observer.waits()).toBe(true);
  });

  it('hears only of what comes next when it begins now', async () => {
    const node = await createNode(5);
    const observer = node.observe('now');
    expect(await observer.waits()).toBe(true);
    await node.grow(2);
    expect(await observer.next()).toMatchObject({ type: 'extend', blocks: node.refs(5, 6) });
  });

  it('hears of the first block when it begins now and there is none', async () => {
    const node = await createNode(0);
    const observer = node.observe('now');
    expect(await observer.waits()).toBe(true);
    await node.grow(1);
    expect(await observer.next()).toMatchObject({ type: 'extend', blocks: node.refs(0, 0) });
  });

  it('goes on after the tip it kept', async () => {
    const node = await createNode(9);
    const observer = node.observe(node.ref(6));
    expect(await observer.next()).toMatchObject({ type: 'extend', blocks: node.refs(7, 8) });
  });

  it('is led back first when the tip it kept is gone, with the reason', async () => {
    for (const reason of ['reorg', 'prune', 'invalid'] as const) {
      const node = await createNode(9);
      const kept = node.ref(6);
      await node.unwind(3, reason);
      await node.grow(4);
      const observer = node.observe(kept);
      expect(await observer.next()).toEqual({
        type: 'unwind',
        from: kept,
        to: node.ref(3),
        reason,
        tips: { confirmed: node.ref(3) },
      });
      expect(await observer.next()).toMatchObject({ type: 'extend', blocks: node.refs(4, 7) });
    }
  });

  it('is led back in one step over several reorgs', async () => {
    const node = await createNode(9);
    const kept = node.ref(8);
    for (const to of [6, 3, 5]) {
      await node.unwind(to, 'reorg');
      await node.grow(3);
    }
    const observer = node.observe(kept);
    expect(await observer.next()).toMatchObject({ type: 'unwind', from: kept, to: node.ref(3) });
    expect(await observer.next()).toMatchObject({ type: 'extend', blocks: node.refs(4, 8) });
  });

  it('is led back to nothing when no block is left', async () => {
    const node = await createNode(4);
    const kept = node.ref(2);
    await node.unwind(-1, 'invalid');
    expect(await node.observe(kept).next()).toMatchObject({ type: 'unwind', to: null, tips: { confirmed: null } });
  });

  it('hears of a branch that wins back as of any other', async () => {
    const node = await createNode(6);
    const first = node.chain.blocks;
    const observer = node.observe(node.ref(5));
    expect(await observer.waits()).toBe(true);
    await node.unwind(2, 'reorg');
    await node.grow(2);
    expect(await observer.next()).toMatchObject({ type: 'unwind', to: node.ref(2) });
    await observer.next();
    await node.unwind(2, 'reorg');
    await node.commit(first.slice(3));
    expect(await observer.next()).toMatchObject({ type: 'unwind', to: first[2]?.ref });
    expect(await observer.next()).toMatchObject({ type: 'extend', blocks: first.slice(3).map((block) => block.ref) });
  });

  it('cannot go on after a block that was never confirmed here', async () => {
    const node = await createNode(5);
    const stranger = { height: 3 as Height, hash: new Uint8Array(32).fill(9) as Hash32 };
    await expect(node.observe(stranger).next()).rejects.toMatchObject({
      code: 'EVENTS_UNKNOWN_BLOCK',
      fault: 'caller',
      data: { height: 3, hash: toHex(stranger.hash) },
    });
  });

  it('cannot go on after a block of another height than it says', async () => {
    const node = await createNode(5);
    const wrong = { height: 1 as Height, hash: node.ref(3).hash };
    await expect(node.observe(wrong).next()).rejects.toMatchObject({ code: 'EVENTS_UNKNOWN_BLOCK' });
  });

  it('gets a long past in pieces that it can hold', async () => {
    const node = await createNode(600);
    const observer = node.observe('genesis');
    const sizes: number[] = [];
    while (!(await observer.waits())) {
      const event = await observer.next();
      if (event?.type === 'extend') {
        sizes.push(event.blocks.length);
        expect(event.tips.confirmed).toEqual(event.blocks.at(-1));
      }
    }
    expect(sizes).toEqual([256, 256, 88]);
  });
});

describe('a tip that moves by itself', () => {
  it('is told as an advance', async () => {
    const node = await createNode(5);
    const observer = node.observe('now');
    expect(await observer.waits()).toBe(true);
    await node.advance({ final: node.ref(2) });
    expect(await observer.next()).toEqual({
      type: 'advance',
      tips: { confirmed: node.ref(4), final: node.ref(2) },
    });
  });

  it('is told only when it moved', async () => {
    const node = await createNode(5);
    await node.advance({ final: node.ref(2) });
    const observer = node.observe('now');
    expect(await observer.waits()).toBe(true);
    node.changed.ring();
    expect(await observer.waits()).toBe(true);
    await node.advance({ final: node.ref(2) });
    expect(await observer.waits()).toBe(true);
  });

  it('is told with the blocks when they come together', async () => {
    const node = await createNode(5);
    const observer = node.observe('now');
    expect(await observer.waits()).toBe(true);
    await node.host.advance({ final: node.ref(2) });
    await node.grow(1);
    expect(await observer.next()).toMatchObject({ type: 'extend', tips: { final: node.ref(2) } });
    expect(await observer.waits()).toBe(true);
  });

  it('is told when it is not in the store', async () => {
    const node = await createNode(5);
    let proposed: Tips = { proposed: { height: 5 as Height, hash: null } };
    const observer = node.observe('now', () => proposed);
    expect(await observer.waits()).toBe(true);
    proposed = { proposed: { height: 6 as Height, hash: null } };
    node.changed.ring();
    expect(await observer.next()).toMatchObject({ type: 'advance', tips: proposed });
    proposed = { proposed: null };
    node.changed.ring();
    expect(await observer.next()).toMatchObject({ type: 'advance', tips: proposed });
  });
});

describe('an observer that is slow', () => {
  it('loses nothing: its events lead to the canonical chain, wherever it began', async () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 4, arbitrary: fc.record({ type: fc.constant('grow' as const), by: fc.integer({ min: 1, max: 5 }) }) },
        {
          weight: 2,
          arbitrary: fc.record({ type: fc.constant('unwind' as const), by: fc.integer({ min: 1, max: 9 }) }),
        },
        { weight: 3, arbitrary: fc.record({ type: fc.constant('pull' as const), by: fc.integer({ min: 1, max: 3 }) }) },
      ),
      { maxLength: 25 },
    );
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (script, fromGenesis) => {
        const node = await createNode(4);
        const observer = node.observe(fromGenesis ? 'genesis' : node.ref(2));
        const known = fromGenesis ? [] : node.refs(0, 2).map(textOf);
        const pull = async () => fold(known, await observer.next());
        for (const step of script) {
          if (step.type === 'grow') await node.grow(step.by);
          else if (step.type === 'unwind')
            await node.unwind(Math.max(-1, node.chain.blocks.length - 1 - step.by), 'reorg');
          else for (let i = 0; i < step.by && !(await observer.waits()); i++) await pull();
        }
        while (!(await observer.waits())) await pull();
        expect(known).toEqual(node.chain.blocks.map((block) => textOf(block.ref)));
      }),
      { numRuns: 60 },
    );
  });

  it('hears of many blocks at once, and of one roll-back for many', async () => {
    const node = await createNode(2);
    const observer = node.observe(node.ref(1));
    await node.grow(20);
    await node.unwind(0, 'reorg');
    await node.grow(50);
    await node.unwind(10, 'reorg');
    await node.grow(5);
    expect(await observer.next()).toMatchObject({ type: 'unwind', to: node.ref(0) });
    expect(await observer.next()).toMatchObject({ type: 'extend', blocks: node.refs(1, 15) });
    expect(await observer.waits()).toBe(true);
  });
});

describe('an observer that is busy with an event', () => {
  it('does not miss what happens meanwhile, whatever the event', async () => {
    const node = await createNode(3);
    const observer = node.observe('now');
    expect(await observer.waits()).toBe(true);
    await node.advance({ final: node.ref(0) });
    expect(await observer.next()).toMatchObject({ type: 'advance' });
    await node.advance({ final: node.ref(1) });
    expect(await observer.next()).toMatchObject({ type: 'advance', tips: { final: node.ref(1) } });
    await node.grow(1);
    expect(await observer.next()).toMatchObject({ type: 'extend', blocks: node.refs(3, 3) });
    await node.unwind(1, 'reorg');
    expect(await observer.next()).toMatchObject({ type: 'unwind', to: node.ref(1) });
  });
});

describe('the end of an observation', () => {
  it('comes quietly with the abort, while waiting and before the first event', async () => {
    const node = await createNode(2);
    const waiting = node.observe('now');
    expect(await waiting.waits()).toBe(true);
    const idle = node.observe('genesis');
    node.stop.abort();
    expect(await waiting.next()).toBeNull();
    expect(await idle.next()).toBeNull();
  });

  it('leaves no listener behind', async () => {
    const node = await createNode(2);
    const observer = node.observe('now');
    for (let i = 0; i < 20; i++) {
      expect(await observer.waits()).toBe(true);
      await node.grow(1);
      await observer.next();
    }
    await observer.leave();
    expect(getEventListeners(node.stop.signal, 'abort')).toEqual([]);
  });
});

/** A store that grows and rolls back by hand, with observers. */
async function createNode(blocks: number) {
  const chain: TinyChain = createTinyChain();
  const store = createMemoryStore();
  const { host } = await openTinyHost({ store, unwindStepBlocks: 4 });
  const changed = createBell();
  const stop = new AbortController();
  const node = {
    chain,
    host,
    changed,
    stop,
    ref: (height: number) => refOf(chain, height),
    refs: (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => refOf(chain, from + i)),
    async commit(list: TinyChain['blocks']) {
      await host.commit(list);
      changed.ring();
    },
    async grow(count: number) {
      const from = chain.blocks.length;
      for (let i = 0; i < count; i++) chain.next({ [i % 5]: `v${i}` });
      await node.commit(chain.blocks.slice(from));
    },
    async unwind(to: number, reason: UnwindReason) {
      await host.unwind({ to, reason });
      chain.goTo(to);
      changed.ring();
    },
    async advance(tips: Tips) {
      await host.advance(tips);
      changed.ring();
    },
    observe(from: EventsFrom, volatileTips?: () => Tips) {
      const tips = { confirmed: 'confirmed', final: 'final' };
      const options = { store, tips, changed, from, signal: stop.signal };
      return createObserver(followEvents(volatileTips === undefined ? options : { ...options, volatileTips }));
    },
  };
  await node.grow(blocks);
  return node;
}

/** Pulls events one by one, and can tell whether the next one is still to happen. */
function createObserver(events: AsyncGenerator<ChainEvent>) {
  let asked: Promise<ChainEvent | null> | null = null;
  const ask = () => {
    asked ??= events.next().then((result) => (result.done === true ? null : result.value));
    return asked;
  };
  return {
    /** The next event, null at the end. */
    async next(): Promise<ChainEvent | null> {
      const event = await ask();
      asked = null;
      return event;
    },
    async waits(): Promise<boolean> {
      let waiting = true;
      ask().then(
        () => {
          waiting = false;
        },
        () => {
          waiting = false;
        },
      );
      await new Promise((resolve) => setImmediate(resolve));
      return waiting;
    },
    leave: () => events.return(undefined),
  };
}

/** What an observer does who keeps a list of the canonical blocks. */
function fold(known: string[], event: ChainEvent | null): void {
  if (event?.type === 'unwind') {
    expect(known.at(-1)).toBe(textOf(event.from));
    known.length = event.to === null ? 0 : event.to.height + 1;
    expect(known.at(-1)).toBe(event.to === null ? undefined : textOf(event.to));
  } else if (event?.type === 'extend') {
    expect(event.blocks[0]?.height).toBe(known.length);
    known.push(...event.blocks.map(textOf));
  }
}

function refOf(chain: TinyChain, height: number): BlockRef {
  const block = chain.blocks[height];
  if (block === undefined) throw new Error(`the chain has no block ${height}`);
  return block.ref;
}

function textOf(ref: BlockRef): string {
  return `${ref.height} ${toHex(ref.hash)}`;
}
