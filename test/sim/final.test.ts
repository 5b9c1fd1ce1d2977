import { describe, expect, it } from 'vitest';
import {
  type ApplyHost,
  type ChainEvent,
  type FinalClaim,
  followEvents,
  type Hash32,
  readRejections,
  readTips,
  type Source,
  type Store,
  type SyncEnd,
  type SyncReport,
} from '../../src/engine/index.ts';
import { createBell, SynclineError, toHex } from '../../src/lib/index.ts';
import { createRandom } from '../../src/testing/index.ts';
import { World } from './world.ts';

/** Seeds in one test run; `SYNCLINE_SIM_SEEDS=1000` for a long one. */
const SEEDS = Number(process.env.SYNCLINE_SIM_SEEDS ?? 30);
const TIPS = { provisional: 'proposed', confirmed: 'committed', final: 'settled' } as const;

describe('the final tip', () => {
  it('follows an anchor, waits for blocks that are still to come, and every step is an event', async () => {
    const world = oneSource(11, 40);
    const { events, end } = await play(world, async ({ anchor, store }) => {
      anchor.claim(world, 30); // before anything is synced
      await until(world, () => finalHeight(store) === 30);
      anchor.claim(world, 35);
      await until(world, () => finalHeight(store) === 35);
      anchor.claim(world, 45);
      await world.env.sleep(20_000);
      expect(finalHeight(store)).toBe(35);
      world.devnet.produce(10);
      await until(world, () => finalHeight(store) === 45);
    });
    expect(end.type).toBe('stopped');
    expect(finalHeights(events)).toEqual([30, 35, 45]);
    expect(events.filter((event) => event.type === 'advance').length).toBeGreaterThan(0);
  });

  it('is not moved by a claim that is lower, repeated or says no more than a height it has', async () => {
    const world = oneSource(12, 40);
    const { events } = await play(world, async ({ anchor, store }) => {
      anchor.claim(world, 30);
      await until(world, () => finalHeight(store) === 30);
      anchor.claim(world, 12);
      anchor.claim(world, 30);
      anchor.say({ height: 20, hash: null, stateRoot: null });
      await world.env.sleep(20_000);
      expect(finalHeight(store)).toBe(30);
      anchor.say({ height: 33, hash: null, stateRoot: null });
      await until(world, () => finalHeight(store) === 33);
    });
    expect(finalHeights(events)).toEqual([30, 33]);
    expect(rejected(world)).toEqual([]);
  });

  it('stands still while the anchor is away; blocks go on, and it is told once', async () => {
    const world = oneSource(13, 40);
    let report: SyncReport | null = null;
    await play(world, async ({ anchor, store, sync }) => {
      anchor.trouble = new SynclineError('SOURCE_UNAVAILABLE', 'source', 'connection failed');
      await until(world, () => world.atHead(store));
      world.devnet.produce(5);
      await until(world, () => world.atHead(store));
      await world.env.sleep(120_000);
      report = sync.report();
      anchor.trouble = null;
      anchor.claim(world, 42);
      await until(world, () => finalHeight(store) === 42);
      await world.env.sleep(30_000);
      expect(sync.report().sources.at(-1)).toMatchObject({ id: 'anchor', state: 'ok', ok: 1, head: 42 });
    });
    expect(report).toMatchObject({ mode: 'follow' });
    const sources = (report as SyncReport | null)?.sources;
    expect(sources?.at(-1)).toMatchObject({ id: 'anchor', standing: 'anchor', state: 'cooling', head: null });
    const told = world.notices.filter((notice) => notice.type === 'source' && notice.id === 'anchor');
    expect(told.map((notice) => notice.type === 'source' && notice.state)).toEqual(['failed', 'ok']);
  });

  it('costs nothing else when its source gives up for good', async () => {
    const world = oneSource(14, 40);
    const { end } = await play(world, async ({ anchor, store }) => {
      anchor.giveUp(new SynclineError('SOURCE_BAD_ANSWER', 'source', 'no more'));
      await until(world, () => world.atHead(store));
    });
    expect(end.type).toBe('stopped');
    expect(world.notices).toContainEqual(
      expect.objectContaining({ id: 'anchor', state: 'failed', reason: expect.stringContaining('what is final') }),
    );
  });
});

describe('a block that contradicts what is final', () => {
  it('goes with the branch when the sources have moved on, above what was agreed', async () => {
    const world = oneSource(21, 40);
    const { events, end } = await play(world, async ({ anchor, store }) => {
      anchor.claim(world, 20);
      await until(world, () => world.atHead(store) && finalHeight(store) === 20);
      world.devnet.reorg(8, 8);
      // The node asks for heads only now and then: the anchor is the first to tell.
      anchor.claim(world, 38);
      await until(world, () => world.atHead(store) && finalHeight(store) === 38);
    });
    expect(end.type).toBe('stopped');
    const unwinds = events.filter((event) => event.type === 'unwind');
    expect(unwinds).toHaveLength(1);
    expect(unwinds[0]).toMatchObject({ to: { height: 32 }, reason: 'reorg' });
    expect(rejected(world)).toMatchObject([{ height: 38, check: 'l1', source: 'anchor' }]);
  });

  it('goes with all above what was agreed when the sources still show it, and is fetched anew', async () => {
    const world = oneSource(22, 40);
    const { events, end } = await play(world, async ({ anchor, store }) => {
      anchor.claim(world, 20);
      await until(world, () => world.atHead(store) && finalHeight(store) === 20);
      world.views.get('a')?.pin({ head: 40 });
      world.devnet.reorg(8, 8);
      anchor.claim(world, 38);
      await until(world, () => confirmedHeight(store) <= 20);
      world.views.get('a')?.follow(); // meanwhile the source learns of it
      await until(world, () => world.atHead(store) && finalHeight(store) === 38);
    });
    expect(end.type).toBe('stopped');
    expect(events.find((event) => event.type === 'unwind')).toMatchObject({ to: { height: 20 }, reason: 'invalid' });
    expect(rejected(world)).toHaveLength(1);
    expect(world.dump().replaceAll(/^(meta|undo) .*$/gm, '')).toBe(await freshDump(world));
  });

  it.each([
    ['a hash', { hash: new Uint8Array(32).fill(7) as Hash32 }],
    ['a state root', { stateRoot: new Uint8Array(32).fill(7) as Hash32 }],
  ])('halts the node when the sources deliver it again: %s', async (_what, lie) => {
    const world = oneSource(23, 40);
    const { store, end, events } = await play(world, async ({ anchor, store }) => {
      anchor.claim(world, 20);
      await until(world, () => world.atHead(store) && finalHeight(store) === 20);
      anchor.say({ ...claimOf(world, 38), ...lie });
      await world.env.sleep(600_000);
    });
    expect(end).toMatchObject({ type: 'halted', reason: expect.stringContaining('block 38 is final with another') });
    expect(events.filter((event) => event.type === 'unwind')).toHaveLength(1);
    expect(finalHeight(store)).toBe(20);
    const kept = rejected(world);
    expect(kept).toHaveLength(2);
    const ours = world.devnet.blockAt(38);
    expect(kept[0]).toMatchObject({
      height: 38,
      check: 'l1',
      source: 'anchor',
      expected: toHex(new Uint8Array(32).fill(7)),
      hash: toHex(ours?.ref.hash as Hash32),
      message: expect.stringContaining('test claim 38'),
    });
    using view = store.view();
    expect(readRejections(view, 9).map(({ check }) => check)).toEqual(['l1', 'l1']);
  });

  it('is synced anew from nothing where nothing was agreed', async () => {
    const world = oneSource(24, 30);
    const { end, events } = await play(world, async ({ anchor, store }) => {
      await until(world, () => world.atHead(store));
      anchor.say({ ...claimOf(world, 25), hash: new Uint8Array(32).fill(7) as Hash32 });
      await world.env.sleep(600_000);
    });
    expect(end.type).toBe('halted');
    expect(events.find((event) => event.type === 'unwind')).toMatchObject({ to: null, reason: 'invalid' });
  });

  it('halts at once, and removes nothing, when it was agreed before', async () => {
    for (const height of [20, 12]) {
      const world = oneSource(25, 40);
      const { end, events, store } = await play(world, async ({ anchor, store }) => {
        anchor.claim(world, 20);
        await until(world, () => world.atHead(store) && finalHeight(store) === 20);
        anchor.say({ ...claimOf(world, height), hash: new Uint8Array(32).fill(7) as Hash32 });
        await world.env.sleep(60_000);
      });
      expect(end).toMatchObject({ type: 'halted', reason: expect.stringContaining('already agreed') });
      expect(events.filter((event) => event.type === 'unwind')).toEqual([]);
      expect(confirmedHeight(store)).toBe(40);
    }
  });

  it('halts the node where blocks that would have to go cannot be removed', async () => {
    const world = oneSource(27, 30);
    const { end, store } = await play(
      world,
      async ({ anchor, store }) => {
        await until(world, () => world.atHead(store));
        anchor.say({ ...claimOf(world, 25), hash: new Uint8Array(32).fill(7) as Hash32 });
        await world.env.sleep(60_000);
      },
      {
        apply: (apply) => ({
          ...apply,
          unwind: async () => {
            throw new SynclineError('UNDO_MISSING', 'caller', 'blocks above -1 cannot be rolled back');
          },
        }),
      },
    );
    expect(end).toMatchObject({ type: 'halted', reason: expect.stringContaining('cannot be rolled back') });
    expect(confirmedHeight(store)).toBe(30);
  });

  it('stays while nobody can be asked, is not final, and is looked into when somebody can', async () => {
    const world = new World(26, { blocks: 40, memoShare: 0 });
    let away = false;
    world.addSource({ id: 'a' });
    const { events, end } = await play(
      world,
      async ({ anchor, store }) => {
        await until(world, () => world.atHead(store));
        away = true;
        anchor.say({ ...claimOf(world, 30), hash: new Uint8Array(32).fill(7) as Hash32 });
        await world.env.sleep(60_000);
        expect(confirmedHeight(store)).toBe(40);
        expect(finalHeight(store)).toBe(null);
        away = false;
        await world.env.sleep(600_000);
      },
      {
        source: (source) => ({
          ...source,
          hashAt: async (height, options) => {
            if (away) throw new SynclineError('SOURCE_UNAVAILABLE', 'source', 'away');
            return source.hashAt(height, options);
          },
        }),
      },
    );
    expect(end.type).toBe('halted');
    expect(events.filter((event) => event.type === 'unwind')).toHaveLength(1);
    expect(rejected(world)).toHaveLength(2); // found once, found again; not with every look
  });
});

describe('final tips in random histories', () => {
  it('only rise, stand on the canonical chain, and never halt a node whose anchor is honest', {
    timeout: 120_000 + SEEDS * 1_000,
  }, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = createRandom(seed * 7_919);
      const world = new World(seed, { blocks: 20, memoShare: 0 });
      for (const id of ['a', 'b']) world.addSource({ id, faults: { latencyMs: [5, 200], errorShare: random() * 0.2 } });
      let settled = 0;
      const { end, events, store } = await play(world, async ({ anchor, store }) => {
        for (let step = 0; step < 8; step++) {
          const head = world.devnet.head.ref.height;
          const free = head - settled;
          if (random() < 0.4 && free > 2) {
            const depth = 1 + Math.floor(random() * (free - 1));
            world.devnet.reorg(depth, depth + Math.floor(random() * 6));
          } else world.devnet.produce(1 + Math.floor(random() * 12));
          await world.env.sleep(random() * 8_000);
          if (random() < 0.7) {
            settled = Math.max(settled, Math.floor(random() * world.devnet.head.ref.height));
            anchor.claim(world, settled);
            if (random() < 0.3) anchor.claim(world, Math.floor(random() * settled)); // late, or read elsewhere
          }
          await world.env.sleep(random() * 8_000);
        }
        world.devnet.produce(1);
        anchor.claim(world, settled);
        await until(world, () => world.atHead(store) && (finalHeight(store) ?? 0) >= settled);
      });
      expect(end.type, `seed ${seed}`).toBe('stopped');
      const heights = finalHeights(events);
      expect(heights, `seed ${seed}`).toEqual([...heights].sort((x, y) => x - y));
      expect(toHex(finalTip(store)?.hash as Hash32)).toBe(toHex(world.devnet.blockAt(settled)?.ref.hash as Hash32));
    }
  });
});

interface Scene {
  readonly anchor: Anchor;
  readonly store: Store;
  readonly sync: ReturnType<World['createNode']>['sync'];
}

/** Runs a node with an anchor through a scenario; ends when either does. */
async function play(
  world: World,
  scenario: (scene: Scene) => Promise<void>,
  wrap: { source?: (source: Source) => Source; apply?: (apply: ApplyHost) => ApplyHost } = {},
) {
  const anchor = new Anchor();
  const { options } = world.createNode();
  const sources = [...options.sources.map((source) => wrap.source?.(source) ?? source), anchor.source()];
  const apply = wrap.apply === undefined ? {} : { apply: wrap.apply(options.apply) };
  const { sync, store } = world.createNode({ sources, tips: TIPS, ...apply });
  const stop = new AbortController();
  const events: ChainEvent[] = [];
  const observe = async () => {
    const from = { store, tips: TIPS, changed: sync.changed, from: 'genesis', signal: stop.signal } as const;
    for await (const event of followEvents(from)) events.push(event);
  };
  const running = sync.run(stop.signal).finally(() => stop.abort());
  const playing = scenario({ anchor, store, sync }).finally(() => stop.abort());
  const [end] = await world.env.run(Promise.all([running, observe(), Promise.race([playing, running])]));
  return { end: end as SyncEnd, events, store };
}

/** A source that only says what is final, as the test has it say. */
class Anchor {
  trouble: SynclineError | null = null;
  private readonly claims: FinalClaim[] = [];
  private readonly bell = createBell();
  private end: SynclineError | null = null;

  /** Says that the devnet's block at a height is final. */
  claim(world: World, height: number): void {
    this.say(claimOf(world, height));
  }

  say(claim: { height: number; hash: Hash32 | null; stateRoot: Hash32 | null }): void {
    this.claims.push({ ...claim, reference: `test claim ${claim.height}` } as FinalClaim); // heights of the test
    this.bell.ring();
  }

  giveUp(error: SynclineError): void {
    this.end = error;
    this.bell.ring();
  }

  source(): Source {
    const { claims, bell } = this;
    const ended = () => this.end;
    return {
      id: 'anchor',
      standing: 'anchor',
      parts: [],
      limits: { concurrencyMax: 1 },
      survey: async () => {
        if (this.trouble !== null) throw this.trouble;
        return { spans: [], head: null };
      },
      async *fetch() {},
      hashAt: async () => null,
      async *watchFinal({ signal }) {
        for (let next = 0; ; ) {
          const claim = claims[next];
          if (claim !== undefined) {
            next++;
            yield claim;
            continue;
          }
          const end = ended();
          if (end !== null) throw end;
          try {
            await bell.wait(signal);
          } catch {
            return;
          }
        }
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }
}

function oneSource(seed: number, blocks: number): World {
  const world = new World(seed, { blocks, memoShare: 0 });
  world.addSource({ id: 'a' });
  return world;
}

function claimOf(world: World, height: number): { height: number; hash: Hash32 | null; stateRoot: Hash32 | null } {
  const block = world.devnet.blockAt(height);
  // A claim may run ahead of the chain that the test has made so far.
  return { height, hash: block?.ref.hash ?? null, stateRoot: block?.signed.header.appHash ?? null };
}

async function until(world: World, condition: () => boolean): Promise<void> {
  while (!condition()) await world.env.sleep(50);
}

function finalTip(store: Store) {
  using view = store.view();
  return readTips(view)[TIPS.final] ?? null;
}

function finalHeight(store: Store): number | null {
  return finalTip(store)?.height ?? null;
}

function confirmedHeight(store: Store): number {
  using view = store.view();
  return readTips(view)[TIPS.confirmed]?.height ?? -1;
}

/** The heights of the final tip that an observer saw, each once, in order. */
function finalHeights(events: readonly ChainEvent[]): readonly number[] {
  const heights = events.flatMap(({ tips }) => tips[TIPS.final]?.height ?? []);
  return heights.filter((height, index) => index === 0 || height !== heights[index - 1]);
}

function rejected(world: World) {
  return world.notices.filter((notice) => notice.type === 'reject');
}

/** What a node without an anchor stores of the same chain, but for tips and undo lists. */
async function freshDump(world: World): Promise<string> {
  const fresh = world.twin();
  await fresh.syncToHead();
  return fresh.dump().replaceAll(/^(meta|undo) .*$/gm, '');
}
