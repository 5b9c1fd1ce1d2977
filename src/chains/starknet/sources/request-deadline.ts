export interface Deadline {
  readonly signal: AbortSignal;
  /** Whether the time was up, rather than the caller's signal. */
  readonly expired: () => boolean;
  /** Lets go of the timer and of the caller's signal. */
  readonly release: () => void;
}

/**
 * A signal that follows the caller's and also fires after `timeoutMs`. Made by hand because `AbortSignal.any` on the
 * oldest supported Node keeps every derived signal alive as long as its parent, and a parent lives as long as a sync.
 */
export function createDeadline(signal: AbortSignal, timeoutMs: number): Deadline {
  const controller = new AbortController();
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    controller.abort();
  }, timeoutMs);
  const onAbort = () => controller.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    expired: () => expired,
    release() {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    },
  };
}
