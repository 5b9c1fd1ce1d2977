import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createScope, isAbort } from './scope.ts';

describe('a scope', () => {
  it('waits for its tasks before it is closed', async () => {
    const scope = createScope();
    let ended = false;
    scope.spawn(async (signal) => {
      await aborted(signal);
      await settled();
      ended = true;
    });
    await scope.close();
    expect(ended).toBe(true);
  });

  it('aborts the other tasks when one fails', async () => {
    const scope = createScope();
    const seen: string[] = [];
    scope.spawn(async (signal) => {
      await aborted(signal);
      seen.push('aborted');
    });
    scope.spawn(async () => {
      throw new Error('broken');
    });
    await scope.close().catch(() => {});
    expect(seen).toEqual(['aborted']);
  });

  it('throws the first failure when it is closed, not one that follows from it', async () => {
    const scope = createScope();
    scope.spawn(async (signal) => {
      await aborted(signal);
      throw new Error('a consequence');
    });
    scope.spawn(async () => {
      throw new Error('the cause');
    });
    await scope.done.catch(() => {});
    await expect(scope.close()).rejects.toThrow('the cause');
  });

  it('tells of the first failure through `done` before it is closed', async () => {
    const scope = createScope();
    scope.spawn(async () => {
      throw new Error('broken');
    });
    await expect(scope.done).rejects.toThrow('broken');
    await scope.close().catch(() => {});
  });

  it('closes without an error when its tasks only end by its own abort', async () => {
    const scope = createScope();
    scope.spawn(async (signal) => {
      await aborted(signal);
      throw signal.reason;
    });
    await scope.close();
    await scope.done;
  });

  it('runs clean-ups after the tasks, the last one first', async () => {
    const scope = createScope();
    const order: string[] = [];
    scope.spawn(async (signal) => {
      await aborted(signal);
      await settled();
      order.push('task');
    });
    scope.defer(() => {
      order.push('first deferred');
    });
    scope.defer(async () => {
      await settled();
      order.push('last deferred');
    });
    await scope.close();
    expect(order).toEqual(['task', 'last deferred', 'first deferred']);
  });

  it('runs every clean-up although one fails, and throws that failure', async () => {
    const scope = createScope();
    const order: string[] = [];
    scope.defer(() => {
      order.push('first deferred');
    });
    scope.defer(() => {
      throw new Error('cannot close');
    });
    await expect(scope.close()).rejects.toThrow('cannot close');
    expect(order).toEqual(['first deferred']);
  });

  it('closes once, however often it is asked to', async () => {
    const scope = createScope();
    let cleanups = 0;
    scope.defer(() => {
      cleanups++;
    });
    await Promise.all([scope.close(), scope.close(), scope[Symbol.asyncDispose]()]);
    expect(cleanups).toBe(1);
  });

  it('waits for tasks that its tasks spawned', async () => {
    const scope = createScope();
    let ended = false;
    scope.spawn(async (signal) => {
      await aborted(signal);
      scope.spawn(async () => {
        await settled();
        ended = true;
      });
    });
    await scope.close();
    expect(ended).toBe(true);
  });

  it('aborts its tasks with the reason of its parent', async () => {
    const parent = new AbortController();
    const scope = createScope(parent.signal);
    const reason = new Error('stop');
    parent.abort(reason);
    expect(scope.signal.reason).toBe(reason);
    await scope.close();
  });

  it('is aborted from the start under a parent that has aborted', async () => {
    const scope = createScope(AbortSignal.abort(new Error('too late')));
    expect(scope.signal.aborted).toBe(true);
    await scope.close();
  });

  it('leaves no listener on its parent once it is closed', async () => {
    const { signal } = new AbortController();
    for (let i = 0; i < 20; i++) await createScope(signal).close();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('an abort', () => {
  it('is told from a failure that happens to come after it', () => {
    const signal = AbortSignal.abort(new Error('stop'));
    expect(isAbort(signal.reason, signal)).toBe(true);
    expect(isAbort(new DOMException('gone', 'AbortError'), signal)).toBe(true);
    expect(isAbort(new Error('disk full'), signal)).toBe(false);
  });

  it('is none while the signal has not aborted', () => {
    expect(isAbort(new DOMException('gone', 'AbortError'), new AbortController().signal)).toBe(false);
  });
});

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
