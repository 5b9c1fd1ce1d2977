export interface JoinedSignals {
  readonly signal: AbortSignal;
  /** Lets go of the signals that were joined. */
  readonly release: () => void;
}

/** A signal that aborts with the first of several. @see `createDeadline` for why not `AbortSignal.any`. */
export function joinSignals(signals: readonly AbortSignal[]): JoinedSignals {
  const controller = new AbortController();
  const listeners = signals.map((signal) => {
    const onAbort = () => controller.abort(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    return { signal, onAbort };
  });
  return {
    signal: controller.signal,
    release() {
      for (const { signal, onAbort } of listeners) signal.removeEventListener('abort', onAbort);
    },
  };
}
