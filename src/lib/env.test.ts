import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSystemEnv } from './env.ts';

describe('sleep on the system timers', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('ends after its time and leaves no listener on the signal', async () => {
    const { signal } = new AbortController();
    const sleep = createSystemEnv().sleep(5_000, signal);
    await vi.advanceTimersByTimeAsync(5_000);
    await sleep;
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('ends with the reason of the abort and leaves no timer', async () => {
    const controller = new AbortController();
    const sleep = createSystemEnv().sleep(5_000, controller.signal);
    const reason = new Error('stop');
    controller.abort(reason);
    await expect(sleep).rejects.toBe(reason);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not begin on a signal that has aborted', async () => {
    const reason = new Error('stop');
    await expect(createSystemEnv().sleep(5_000, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not cut to nothing by a time longer than the timers can count', async () => {
    let ended = false;
    void createSystemEnv()
      .sleep(2 ** 31 * 1_000)
      .then(() => {
        ended = true;
      });
    await vi.advanceTimersByTimeAsync(86_400_000);
    expect(ended).toBe(false);
  });
});
