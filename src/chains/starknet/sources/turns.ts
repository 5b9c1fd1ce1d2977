import { sourceError } from './source-error.ts';

/** One after the other, in the order of asking. */
export interface Turns {
  /** Waits for a turn, which ends when it is disposed of. @throws The signal's reason; `SOURCE_UNAVAILABLE` when crowded. */
  take(signal: AbortSignal): Promise<Disposable>;
  /** Resolves when nobody has a turn or waits for one. */
  idle(): Promise<void>;
}

/** @param crowded What is said to whom there is no room for. */
export function createTurns({ waitingMax, crowded }: { readonly waitingMax: number; readonly crowded: string }): Turns {
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  return {
    async take(signal) {
      signal.throwIfAborted();
      if (waiting >= waitingMax) throw sourceError('SOURCE_UNAVAILABLE', crowded, { waiting });
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
