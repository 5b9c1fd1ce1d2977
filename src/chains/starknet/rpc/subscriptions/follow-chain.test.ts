import { describe, expect, it } from 'vitest';
import {
  type BlockRef,
  type ChainEvent,
  type EventsFrom,
  encodeOrphan,
  type Hash32,
  type Height,
  type RpcEnvironment,
} from '../../../../engine/index.ts';
import { createMemoryStore } from '../../../../store/index.ts';
import { type ChainNews, followChain } from './follow-chain.ts';

const ref = (height: number, fill = height): BlockRef => ({
  height: height as Height,
  hash: new Uint8Array(32).fill(fill) as Hash32,
});
const extend = (...heights: number[]): ChainEvent => ({
  type: 'extend',
  blocks: heights.map((height) => ref(height)),
  tips: {},
});

/** An environment whose events are given one by one, and which knows who is listening. */
function scripted(events: (signal: AbortSignal) => AsyncIterable<ChainEvent>) {
  const state = { listeners: new Set<() => void>(), reading: 0, from: null as EventsFrom | null | undefined };
  const store = createMemoryStore();
  const environment: RpcEnvironment = {
    store,
    provisional: () => [],
    progress: () => ({ first: null, confirmed: null, target: null, targetHash: null }),
    async *events({ from, signal }) {
      state.reading++;
      state.from = from;
      try {
        yield* events(signal);
      } finally {
        state.reading--;
      }
    },
    onProvisional(listener) {
      state.listeners.add(listener);
      return { [Symbol.dispose]: () => void state.listeners.delete(listener) };
    },
  };
  return { environment, state, store };
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

describe('following the chain', () => {
  it('begins with a look, passes blocks on, and ends with the signal, leaving nobody behind', async () => {
    const abort = new AbortController();
    const { environment, state } = scripted(async function* (signal) {
      yield extend(1, 2);
      yield { type: 'advance', tips: {} };
      await untilAborted(signal);
    });
    const seen: ChainNews[] = [];
    for await (const news of followChain(environment, { from: 'genesis', signal: abort.signal })) {
      seen.push(news);
      expect(state).toMatchObject({ reading: 1, from: 'genesis' });
      expect(state.listeners.size).toBe(1);
      if (seen.length === 3) abort.abort();
    }
    expect(seen.map(({ type }) => type)).toEqual(['changed', 'blocks', 'changed']);
    expect(state.reading).toBe(0);
    expect(state.listeners.size).toBe(0);
  });

  it('leaves nobody behind when its reader throws or breaks off', async () => {
    const { environment, state } = scripted(async function* (signal) {
      yield extend(1);
      await untilAborted(signal);
    });
    const { signal } = new AbortController();
    const reading = async () => {
      for await (const news of followChain(environment, { from: 'now', signal })) {
        if (news.type === 'blocks') throw new Error('the client is gone');
      }
    };
    await expect(reading()).rejects.toThrow('the client is gone');
    for await (const _news of followChain(environment, { from: 'now', signal })) break;
    expect(state.reading).toBe(0);
    expect(state.listeners.size).toBe(0);
  });

  it('ends with what the events end with', async () => {
    const { environment, state } = scripted(async function* () {
      yield extend(1);
      throw new Error('the store is gone');
    });
    const seen: ChainNews[] = [];
    const { signal } = new AbortController();
    const reading = async () => {
      for await (const news of followChain(environment, { from: 'now', signal })) seen.push(news);
    };
    await expect(reading()).rejects.toThrow('the store is gone');
    expect(seen.map(({ type }) => type)).toEqual(['changed', 'blocks']);
    expect(state.listeners.size).toBe(0);
  });

  it('takes the next event only when the last was read, and says once that much has changed', async () => {
    let given = 0;
    const abort = new AbortController();
    const { environment, state } = scripted(async function* (signal) {
      for (; given < 3 && !signal.aborted; ) yield extend(++given);
      await untilAborted(signal);
    });
    const news = followChain(environment, { from: 'now', signal: abort.signal });
    expect((await news.next()).value).toMatchObject({ type: 'changed' });
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(given).toBe(1);
    for (let i = 0; i < 5; i++) for (const listener of state.listeners) listener();
    const types: unknown[] = [];
    for (let i = 0; i < 4; i++) types.push((await news.next()).value?.type);
    expect(types.filter((type) => type === 'changed')).toHaveLength(1);
    expect(types.filter((type) => type === 'blocks')).toHaveLength(3);
    abort.abort();
    expect((await news.next()).done).toBe(true);
  });

  it('finds the first block that a reorg took by walking back from the last', async () => {
    const { environment, store } = scripted(async function* () {
      yield { type: 'unwind', from: ref(5, 0x55), to: ref(2, 0x22), reason: 'reorg', tips: {} };
    });
    const orphan = (height: number, fill: number, parent: number) => ({
      table: 'orphan' as const,
      key: new Uint8Array(32).fill(fill),
      value: encodeOrphan({ ref: ref(height, fill), parent: ref(0, parent).hash, reason: 'reorg' }),
    });
    store.commit([orphan(5, 0x55, 0x44), orphan(4, 0x44, 0x33), orphan(3, 0x33, 0x22)]);
    const { signal } = new AbortController();
    const seen: ChainNews[] = [];
    for await (const news of followChain(environment, { from: 'now', signal })) seen.push(news);
    expect(seen[1]).toMatchObject({
      type: 'reorg',
      result: {
        starting_block_hash: `0x${'33'.repeat(32)}`,
        starting_block_number: 3,
        ending_block_hash: `0x${'55'.repeat(32)}`,
        ending_block_number: 5,
      },
    });
  });
});
