import { setMaxListeners } from 'node:events';
import { toSynclineError } from './error.ts';

/**
 * Owns background work: whatever is spawned in a scope has ended when the scope is closed, and the first failure
 * aborts the rest and is thrown by `close` (and by `done`). No promise floats.
 */
export interface Scope extends AsyncDisposable {
  readonly signal: AbortSignal;
  /** Starts a task; its failure (other than by our own abort) fails the scope. */
  spawn(task: (signal: AbortSignal) => Promise<void>): void;
  /** Runs at close, last in first out, after the tasks ended. */
  defer(cleanup: () => void | Promise<void>): void;
  /** Rejects with the first failure, resolves when the scope has closed. */
  readonly done: Promise<void>;
  close(): Promise<void>;
}

export function createScope(parent?: AbortSignal): Scope {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal); // every task listens, and there are many
  const tasks = new Set<Promise<void>>();
  const cleanups: (() => void | Promise<void>)[] = [];
  let failure: unknown;
  let failed = false;
  let closing: Promise<void> | null = null;
  let settle: { resolve: () => void; reject: (error: unknown) => void };
  const done = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  done.catch(() => {}); // the owner may only look at close()

  const fail = (error: unknown) => {
    if (failed || controller.signal.aborted) return;
    failed = true;
    failure = toSynclineError(error);
    settle.reject(failure);
    controller.abort(failure);
  };
  const onParentAbort = () => controller.abort(parent?.reason);
  if (parent?.aborted) onParentAbort();
  else parent?.addEventListener('abort', onParentAbort, { once: true });

  const close = async () => {
    parent?.removeEventListener('abort', onParentAbort);
    if (!controller.signal.aborted) controller.abort(new DOMException('the scope was closed', 'AbortError'));
    while (tasks.size > 0) await Promise.allSettled([...tasks]);
    for (const cleanup of cleanups.splice(0).reverse()) {
      try {
        await cleanup();
      } catch (error) {
        if (!failed) {
          failed = true;
          failure = toSynclineError(error);
        }
      }
    }
    settle.resolve();
    if (failed) throw failure;
  };

  return {
    signal: controller.signal,
    done,
    spawn(task) {
      const running = task(controller.signal).catch((error: unknown) => {
        if (!controller.signal.aborted) fail(error);
        else if (!isAbort(error, controller.signal) && !failed) {
          // It failed by itself while the scope was closing, say at its last commit: the owner must hear of it.
          failed = true;
          failure = toSynclineError(error);
        }
      });
      tasks.add(running);
      running.finally(() => tasks.delete(running));
    },
    defer(cleanup) {
      cleanups.push(cleanup);
    },
    close() {
      closing ??= close();
      return closing;
    },
    [Symbol.asyncDispose]() {
      return this.close();
    },
  };
}

/** Whether an error is only the echo of an abort. */
export function isAbort(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && (error === signal.reason || (error instanceof Error && error.name === 'AbortError'));
}
