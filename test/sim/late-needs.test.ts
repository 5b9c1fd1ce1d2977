import { describe, expect, it } from 'vitest';
import { memoKey } from '../../src/chains/ledger/index.ts';
import { defaultLatePolicy, type Store } from '../../src/engine/index.ts';
import { fromHex } from '../../src/lib/index.ts';
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

/** Ids of all documents that the chain names. */
function memosOf(world: World): readonly string[] {
  const ids = new Set<string>();
  for (let height = 0; height <= world.devnet.head.ref.height; height++) {
    for (const { memo } of world.devnet.blockAt(height)?.transfers ?? []) {
      if (memo !== null) ids.add(`0x${Buffer.from(memo).toString('hex')}`);
    }
  }
  return [...ids];
}

function isLost(world: World, id: string): boolean {
  return world.devnet.memo(id) === null && world.devnet.view().archivedMemo(id) === null;
}

function missing(world: World, store: Store): readonly string[] {
  using view = store.view();
  return memosOf(world).filter((id) => view.get('content', memoKey(fromHex(id))) === undefined);
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
