import { describe, expect, it } from 'vitest';
import { memoKey } from '../../src/chains/ledger/index.ts';
import { defaultLatePolicy, readTips, type Source, type Store, type Sync } from '../../src/engine/index.ts';
import { fromHex, SynclineError } from '../../src/lib/index.ts';
import { createMemoryStore } from '../../src/store/index.ts';
import { type SourcePlan, World } from './world.ts';

describe('documents that blocks name', () => {
  it('are all stored in the end, each from a source that has it', async () => {
    const world = new World(21, { blocks: 40, memoShare: 0.6 });
    const asked = listen(world, [
      { id: 'blocks', parts: BLOCKS },
      { id: 'memos', parts: ['memo'] },
    ]);
    await world.syncUntil((store) => world.atHead(store) && isComplete(world, store));
    expect(memosOf(world).length).toBeGreaterThan(10);
    expect(new Set(asked)).toEqual(new Set(['memo memos']));
  });

  it('come out of the archive when nobody has them in store', async () => {
    const world = new World(22, { blocks: 40, memoShare: 0.6, archivedMemoShare: 0.5 });
    const asked = listen(world, [
      { id: 'young', parts: [...BLOCKS, 'memo'] },
      { id: 'archive', parts: ['archivedMemo'] },
    ]);
    await world.syncUntil((store) => world.atHead(store) && isComplete(world, store));
    const archived = memosOf(world).filter((id) => world.devnet.memo(id) === null);
    expect(archived.length).toBeGreaterThan(3);
    expect(asked.filter((call) => call === 'archivedMemo archive')).toHaveLength(archived.length);
  });

  it('are quarantined when they are lost, once and by name, and hold up no block', async () => {
    const world = new World(23, { blocks: 40, memoShare: 0.6, lostMemoShare: 0.3 });
    world.addSource({ id: 'a' });
    const lost = memosOf(world).filter((id) => isLost(world, id));
    expect(lost.length).toBeGreaterThan(3);
    await world.syncUntil((store) => world.atHead(store) && missing(world, store).length === lost.length);
    await world.syncUntil(afterMs(world, 30_000));
    const quarantined = world.notices.flatMap((notice) => (notice.type === 'quarantine' ? [notice.id] : []));
    expect(new Set(quarantined)).toEqual(new Set(lost));
    const stored = withStore(world, (store) => missing(world, store));
    expect(new Set(stored)).toEqual(new Set(lost));
  });

  it('hold up no block while their only source is silent', async () => {
    const world = new World(24, { blocks: 40, memoShare: 0.6 });
    world.addSource({ id: 'blocks', parts: BLOCKS });
    world.addSource({ id: 'memos', parts: ['memo'], faults: { silentShare: 1 } });
    await world.syncToHead({}, 30_000);
  });

  it('are fetched once each, however many blocks name them and however often a node is started', async () => {
    const world = new World(25, { blocks: 40, memoShare: 0.6 });
    const asked = listen(world, [{ id: 'a' }]);
    await world.syncUntil((store) => world.atHead(store) && isComplete(world, store));
    await world.syncUntil(afterMs(world, 40_000));
    expect(asked).toHaveLength(memosOf(world).length);
  });

  it('are not forgotten by a restart: what was wanted is still wanted', async () => {
    const world = new World(26, { blocks: 40, memoShare: 0.6 });
    world.addSource({ id: 'blocks', parts: BLOCKS });
    await world.syncToHead();
    expect(withStore(world, (store) => missing(world, store)).length).toBeGreaterThan(10);
    world.addSource({ id: 'memos', parts: ['memo'] });
    await world.syncUntil((store) => isComplete(world, store));
    expect(withStore(world, (store) => [...store.view().range('wanted', {})])).toEqual([]);
  });

  it('survive being killed at any commit', async () => {
    for (let seed = 1; seed <= 4; seed++) {
      const world = new World(seed, { blocks: 30, memoShare: 0.5 });
      world.addSource({ id: 'a' });
      for (let kill = 1; kill <= 3; kill++) await world.crashAtCommit(seed * kill);
      await world.syncUntil((store) => world.atHead(store) && isComplete(world, store));
      expect(withStore(world, (store) => [...store.view().range('wanted', {})])).toEqual([]);
    }
  });

  it('are taken out of quarantine when somebody gets them after all', async () => {
    const world = new World(27, { blocks: 20, memoShare: 0.6 });
    world.addSource({ id: 'blocks', parts: BLOCKS });
    await world.syncToHead();
    await world.syncUntil(() => world.notices.some((notice) => notice.type === 'quarantine'));
    world.addSource({ id: 'memos', parts: ['memo'] });
    await world.syncUntil((store) => isComplete(world, store));
    expect(withStore(world, (store) => [...store.view().range('quarantine', {})])).toEqual([]);
  });

  it('are refused when they are false, and fetched from an honest source instead', async () => {
    const world = new World(28, { blocks: 30, memoShare: 0.6 });
    world.addSource({ id: 'blocks', parts: BLOCKS });
    world.addSource({ id: 'liar', parts: ['memo'], faults: { corruptShare: 1 } });
    world.addSource({ id: 'honest', parts: ['memo'] });
    await world.syncUntil((store) => world.atHead(store) && isComplete(world, store));
    expect(world.rejectedSources()).toEqual(new Set(['liar']));
  });

  it('are fetched a few at a time, however many are wanted', async () => {
    const world = new World(29, { blocks: 60, memoShare: 1 });
    let underWay = 0;
    let most = 0;
    world.addSource({ id: 'a' });
    const { options, sync, store } = world.createNode({ latePolicy: { ...defaultLatePolicy, concurrencyMax: 2 } });
    for (const source of options.sources) {
      const { fetch } = source;
      source.fetch = async function* (request, given) {
        const counts = request.id !== undefined;
        if (counts) most = Math.max(most, ++underWay);
        try {
          yield* fetch.call(source, request, given);
        } finally {
          if (counts) underWay--;
        }
      };
    }
    const stop = new AbortController();
    const watch = async () => {
      while (!world.atHead(store) || !isComplete(world, store)) await world.env.sleep(100);
      stop.abort();
    };
    await world.env.run(Promise.all([sync.run(stop.signal), watch()]));
    expect(most).toBe(2);
  });
});

describe('documents that only abandoned blocks named', () => {
  it('are wanted no more: not in the store, not in memory, not in quarantine, and nobody is asked for them', async () => {
    for (let seed = 31; seed <= 36; seed++) {
      const world = new World(seed, { blocks: 30, memoShare: 0.7 });
      const asked: string[] = [];
      world.addSource({ id: 'blocks', parts: BLOCKS });
      world.addSource({ id: 'memos', parts: ['memo'], faults: { denyShare: 1, latencyMs: [5, 4_000] } });
      const { options, sync, store } = world.createNode();
      for (const source of options.sources) listenTo(source, (id) => asked.push(id));
      const stop = new AbortController();
      let abandoned: readonly string[] = [];
      const story = async () => {
        while (!world.atHead(store)) await world.env.sleep(20);
        const before = memosOf(world);
        world.devnet.reorg(15, 18);
        const after = new Set(memosOf(world));
        abandoned = before.filter((id) => !after.has(id));
        while (!world.atHead(store)) await world.env.sleep(20);
        asked.length = 0;
        await world.env.sleep(120_000);
        stop.abort();
      };
      await world.env.run(Promise.all([sync.run(stop.signal), story()]));
      expect(abandoned.length).toBeGreaterThan(3);
      const wanted = [...memosOf(world)].sort();
      expect(idsIn(store, 'wanted')).toEqual(wanted);
      expect(idsIn(store, 'quarantine')).toEqual(wanted);
      expect(sync.report().latePending).toBe(wanted.length);
      expect([...new Set(asked)].sort()).toEqual(wanted);
    }
  });

  it('are none that the winning branch names too', async () => {
    const world = new World(37, { blocks: 30, memoShare: 0.7 });
    world.addSource({ id: 'blocks', parts: BLOCKS });
    await world.syncToHead();
    world.devnet.reorg(15, 18);
    await world.syncToHead();
    world.addSource({ id: 'memos', parts: ['memo'] });
    await world.syncUntil((store) => isComplete(world, store) && idsIn(store, 'wanted').length === 0);
  });
});

describe('the limits of a source', () => {
  it('hold for blocks and documents together', async () => {
    for (const concurrencyMax of [1, 2, 5]) {
      const world = new World(41, { blocks: 60, memoShare: 0.8 });
      world.addSource({ id: 'a', concurrencyMax });
      let underWay = 0;
      let most = 0;
      const { options, sync, store } = world.createNode();
      for (const source of options.sources) {
        const { fetch } = source;
        source.fetch = async function* (request, given) {
          most = Math.max(most, ++underWay);
          try {
            yield* fetch.call(source, request, given);
          } finally {
            underWay--;
          }
        };
      }
      await runUntil(world, sync, () => world.atHead(store) && isComplete(world, store));
      expect(most).toBe(concurrencyMax);
    }
  });

  it('make documents wait for a turn, and no longer', async () => {
    const world = new World(45, { blocks: 60, memoShare: 0.8 });
    world.addSource({ id: 'a', concurrencyMax: 1, faults: { latencyMs: [50, 50] } });
    const startedMs = world.env.nowMs();
    await world.syncUntil((store) => world.atHead(store) && isComplete(world, store));
    const requests = memosOf(world).length + 2 * 61; // a block comes in two
    expect(world.env.nowMs() - startedMs).toBeLessThan(requests * 60);
  });

  it('leave documents a share while there is always another block to be asked for', async () => {
    const world = new World(42, { blocks: 400, memoShare: 0.8 });
    world.addSource({ id: 'a', concurrencyMax: 4 });
    const { sync, store } = world.createNode();
    await runUntil(world, sync, () => heightOf(store) >= 300);
    const named = memosOf(world, 300).length;
    expect(named - missing(world, store, 300).length).toBeGreaterThan(named / 4);
  });

  it('say how long a request may take: a slow source is waited for', async () => {
    const world = new World(43, { blocks: 20, memoShare: 0.4 });
    world.addSource({ id: 'blocks', parts: BLOCKS });
    const slow = { concurrencyMax: 1, requestTimeoutMs: 60_000, faults: { latencyMs: [30_000, 50_000] as const } };
    world.addSource({ id: 'slow', parts: ['memo'], ...slow });
    await world.syncUntil((store) => world.atHead(store) && isComplete(world, store));
    expect(world.notices.filter(({ type }) => type === 'quarantine')).toEqual([]);
  });
});

describe('a source that asks to be left alone for a while', () => {
  it('when it was asked for a document, is asked for nothing until then, and the document is not given up', async () => {
    const world = new World(44, { blocks: 60, memoShare: 0.8 });
    world.addSource({ id: 'a', concurrencyMax: 4, faults: { latencyMs: [20, 20] } });
    const { options, sync, store } = world.createNode();
    const [source] = options.sources as [Source];
    const { fetch } = source;
    let busyUntilMs = 0;
    let refused = 0;
    let early = 0;
    source.fetch = async function* (request, given) {
      const nowMs = world.env.nowMs();
      // What was on its way already when it spoke is not meant.
      if (nowMs < busyUntilMs && nowMs > busyUntilMs - RETRY_AFTER_MS) early++;
      if (request.id !== undefined && refused < 5) {
        refused++;
        busyUntilMs = Math.max(busyUntilMs, nowMs + RETRY_AFTER_MS);
        throw new SynclineError('SOURCE_RATE_LIMITED', 'source', 'slower', { data: { retryAfterMs: RETRY_AFTER_MS } });
      }
      yield* fetch.call(source, request, given);
    };
    await runUntil(world, sync, () => world.atHead(store) && isComplete(world, store));
    expect([refused, early]).toEqual([5, 0]);
    expect(world.notices.filter(({ type }) => type === 'quarantine')).toEqual([]);
  });
});

const RETRY_AFTER_MS = 3_000;

/** Runs a node until the condition holds. */
async function runUntil(world: World, sync: Sync, condition: () => boolean): Promise<void> {
  const stop = new AbortController();
  const watch = async () => {
    while (!condition()) await world.env.sleep(50);
    stop.abort();
  };
  await world.env.run(Promise.all([sync.run(stop.signal), watch()]));
}

function heightOf(store: Store): number {
  using view = store.view();
  return readTips(view).committed?.height ?? -1;
}

function idsIn(store: Store, table: 'wanted' | 'quarantine'): readonly string[] {
  using view = store.view();
  return [...view.range(table, {})].map(([key]) => Buffer.from(key).toString().split('\0')[1] ?? '').sort();
}

/** Hears the ids of the documents that a source is asked for. */
function listenTo(source: Source, onId: (id: string) => void): void {
  const { fetch } = source;
  source.fetch = (request, given) => {
    if (request.id !== undefined) onId(request.id);
    return fetch.call(source, request, given);
  };
}

/** Ids of all documents that the chain names. */
function memosOf(world: World, to: number = world.devnet.head.ref.height): readonly string[] {
  const ids = new Set<string>();
  for (let height = 0; height <= to; height++) {
    for (const { memo } of world.devnet.blockAt(height)?.transfers ?? []) {
      if (memo !== null) ids.add(`0x${Buffer.from(memo).toString('hex')}`);
    }
  }
  return [...ids];
}

function isLost(world: World, id: string): boolean {
  return world.devnet.memo(id) === null && world.devnet.view().archivedMemo(id) === null;
}

function missing(world: World, store: Store, to?: number): readonly string[] {
  using view = store.view();
  return memosOf(world, to).filter((id) => view.get('content', memoKey(fromHex(id))) === undefined);
}

function isComplete(world: World, store: Store): boolean {
  return missing(world, store).length === 0;
}

function withStore<T>(world: World, look: (store: Store) => T): T {
  return look(createMemoryStore({ disk: world.disk }));
}

/** Hears which documents are asked for, as `memo source` or `archivedMemo source`; blocks are left out. */
function listen(world: World, sources: readonly SourcePlan[]): readonly string[] {
  const asked: string[] = [];
  for (const plan of sources) {
    const onCall = (call: string) => {
      const part = call.split(' ').at(-1) ?? '';
      if (call.startsWith('fetch') && part.endsWith('emo')) asked.push(`${part} ${plan.id}`);
    };
    world.addSource({ ...plan, faults: { latencyMs: [5, 80], ...plan.faults, onCall } });
  }
  return asked;
}

const BLOCKS = ['header', 'transactions', 'block'] as const;

function afterMs(world: World, ms: number): () => boolean {
  const endMs = world.env.nowMs() + ms;
  return () => world.env.nowMs() >= endMs;
}

it('all have their turn, although more of them are lost than are held at once', async () => {
  const world = new World(3, { blocks: 60, memoShare: 1, lostMemoShare: 0.2 });
  world.addSource({ id: 'a' });
  const startedMs = world.env.nowMs();
  let left = 0;
  const condition = (store: Store) => {
    using view = store.view();
    left = [...view.range('wanted', {})].length;
    return world.env.nowMs() - startedMs > 600_000;
  };
  await world.syncUntil(condition, { latePolicy: { ...defaultLatePolicy, entriesMax: 8 } });
  expect(left).toBeGreaterThan(8);
  expect(world.notices.filter((notice) => notice.type === 'quarantine')).toHaveLength(left);
});
