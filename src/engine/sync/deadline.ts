import { type Env, SynclineError } from '../../lib/index.ts';

/**
 * Runs work that must end: after `timeoutMs`, or when the parent aborts, the promise rejects, whether or not the
 * work listens to its signal.
 *
 * @throws {SynclineError} `SOURCE_TIMEOUT` (fault `source`); the parent's abort reason.
 */
export async function withDeadline<T>(
  env: Env,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal; readonly what: string },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { timeoutMs, signal, what } = options;
  signal.throwIfAborted();
  const controller = new AbortController();
  const settled = new AbortController();
  const onParentAbort = () => controller.abort(signal.reason);
  signal.addEventListener('abort', onParentAbort, { once: true });
  env.sleep(timeoutMs, settled.signal).then(
    () => controller.abort(timedOut(what, timeoutMs)),
    () => {}, // the work ended first
  );
  const aborted = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true });
  });
  aborted.catch(() => {}); // nobody may be racing any more
  try {
    return await Promise.race([work(controller.signal), aborted]);
  } finally {
    settled.abort();
    signal.removeEventListener('abort', onParentAbort);
  }
}

function timedOut(what: string, timeoutMs: number): SynclineError {
  return new SynclineError('SOURCE_TIMEOUT', 'source', `${what} took too long`, { data: { timeoutMs } });
}
