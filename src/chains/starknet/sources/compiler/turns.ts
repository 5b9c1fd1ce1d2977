import { sourceError } from '../source-error.ts';

/** One after the other, in the order of asking. */
export interface Turns {
  /** Waits for a turn, which ends when it is disposed of. @throws The signal's reason; `SOURCE_UNAVAILABLE` when crowded. */
  take(signal: AbortSignal): Promise<Disposable>;
  /** Resolves when nobody has a turn or waits for one. */
  idle(): Promise<void>;
}

export function createTurns(): Turns {
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  return {
    async take(signal) {
      signal.throwIfAborted();
      if (waiting >= WAITING_MAX)
        throw sourceError('SOURCE_UNAVAILABLE', 'too many wait for the compiler', { waiting });
      const before = last;
      let end: () => void = () => {};
      last = new Promise((resolve) => {
        end = resolve;
      });
      waiting++;
      try {
        await unlessAborted(before, signal);
      } catch (error) {
        before.then(end); // who comes next still waits for those before
        throw error;
      } finally {
        waiting--;
      }
      return { [Symbol.dispose]: () => end() };
    },
    idle: () => last,
  };
}

function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
  });
}

/** More than the engine ever asks for at once. */
const WAITING_MAX = 64;
