import { randomFillSync } from 'node:crypto';

/**
 * Everything the world decides for us: time and chance. The engine takes one of these and touches neither
 * `Date`, `Math.random` nor `setTimeout` itself, so a whole node also runs under a virtual clock from a seed.
 */
export interface Env {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
  /** A number in [0, 1). */
  random(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Lets other work run, without passing time: for long synchronous loops. */
  yield(): Promise<void>;
}

/** The real clock, the operating system's randomness, real timers. */
export function createSystemEnv(): Env {
  const word = new Uint32Array(1);
  return {
    nowMs: () => Date.now(),
    random: () => (randomFillSync(word)[0] as number) / 2 ** 32, // the array has one element
    sleep: (ms, signal) => sleepOnTimers(ms, signal),
    yield: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

function sleepOnTimers(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      },
      Math.min(ms, TIMER_MS_MAX),
    );
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Longest time a timer can count, 24.8 days: a longer one would end at once. Whoever sleeps looks again anyway. */
const TIMER_MS_MAX = 2 ** 31 - 1;
