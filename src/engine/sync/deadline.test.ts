import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Env } from '../../lib/index.ts';
import { withDeadline } from './deadline.ts';

describe('work with a deadline', () => {
  it('gives what it came to', async () => {
    const clock = createClock();
    expect(await withDeadline(clock.env, limit(), async () => 42)).toBe(42);
  });

  it('fails as it failed', async () => {
    const clock = createClock();
    const work = withDeadline(clock.env, limit(), () => Promise.reject(new Error('broken')));
    await expect(work).rejects.toThrow('broken');
  });

  it('fails by the fault of the source when its time is up, although it does not listen', async () => {
    const clock = createClock();
    const work = withDeadline(clock.env, limit(), () => new Promise(() => {}));
    clock.pass();
    await expect(work).rejects.toMatchObject({ code: 'SOURCE_TIMEOUT', fault: 'source', data: { timeoutMs: 5_000 } });
  });

  it('is told through its signal when its time is up', async () => {
    const clock = createClock();
    let seen: AbortSignal | null = null;
    const work = withDeadline(clock.env, limit(), (signal) => {
      seen = signal;
      return new Promise(() => {});
    });
    clock.pass();
    await work.catch(() => {});
    expect(seen).toMatchObject({ aborted: true });
  });

  it('ends with the reason of its parent', async () => {
    const parent = new AbortController();
    const work = withDeadline(createClock().env, limit(parent.signal), () => new Promise(() => {}));
    const reason = new Error('stop');
    parent.abort(reason);
    await expect(work).rejects.toBe(reason);
  });

  it('does not begin under a parent that has aborted', async () => {
    const reason = new Error('stop');
    let begun = false;
    const work = withDeadline(createClock().env, limit(AbortSignal.abort(reason)), async () => {
      begun = true;
    });
    await expect(work).rejects.toBe(reason);
    expect(begun).toBe(false);
  });

  it('leaves neither a timer nor a listener behind, however it ends', async () => {
    const { signal } = new AbortController();
    const clock = createClock();
    await withDeadline(clock.env, limit(signal), async () => 1);
    await withDeadline(clock.env, limit(signal), () => Promise.reject(new Error('broken'))).catch(() => {});
    const silent = withDeadline(clock.env, limit(signal), () => new Promise(() => {}));
    clock.pass();
    await silent.catch(() => {});
    expect(clock.sleeping).toBe(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

function limit(signal: AbortSignal = new AbortController().signal) {
  return { timeoutMs: 5_000, signal, what: 'an answer' };
}

/** An environment in which time passes for all sleepers at once. */
function createClock() {
  const sleepers = new Set<() => void>();
  const env: Env = {
    nowMs: () => 0,
    random: () => 0,
    yield: () => Promise.resolve(),
    sleep: (_, signal) =>
      new Promise((resolve, reject) => {
        sleepers.add(resolve);
        signal?.addEventListener('abort', () => {
          sleepers.delete(resolve);
          reject(signal.reason);
        });
      }),
  };
  return {
    env,
    get sleeping() {
      return sleepers.size;
    },
    pass() {
      for (const wake of sleepers) wake();
      sleepers.clear();
    },
  };
}
