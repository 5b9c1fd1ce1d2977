import { exitCodeOfSignal, type StopSignal } from './exit-codes.ts';

export interface StopWatch {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal;
  /** The signal that came first, null while none has. */
  readonly cause: StopSignal | null;
  /** Stops as a signal would, for other reasons: nobody reads our output any more. */
  stop(): void;
  dispose(): void;
}

export interface StopOptions {
  /** How long an orderly stop may take. */
  readonly timeoutMs: number;
  /**
   * Also stop when the terminal goes away. Not for a process without one: `nohup` relies on its being left alone.
   */
  readonly withTerminal?: boolean;
  /** Called right before the process ends by force, to put the terminal back in order. */
  onForced(reason: string): void;
}

/** SIGINT or SIGTERM once asks for an orderly stop; twice, or when that takes too long, the process ends at once. */
export function watchStopSignals(options: StopOptions): StopWatch {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | null = null;
  let cause: StopSignal | null = null;

  function force(signal: StopSignal, reason: string): never {
    options.onForced(reason);
    process.exit(exitCodeOfSignal(signal));
  }
  function onSignal(signal: StopSignal): void {
    if (cause !== null) force(signal, `${signal} again: ending at once`);
    cause = signal;
    const late = `the stop took longer than ${options.timeoutMs} ms: ending now`;
    timer = setTimeout(() => force(signal, late), options.timeoutMs).unref();
    controller.abort(new DOMException(`stopped by ${signal}`, 'AbortError'));
  }

  const signals: readonly StopSignal[] = options.withTerminal ? ['SIGINT', 'SIGTERM', 'SIGHUP'] : ['SIGINT', 'SIGTERM'];
  for (const signal of signals) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    get cause() {
      return cause;
    },
    stop: () => controller.abort(new DOMException('stopped', 'AbortError')),
    dispose() {
      for (const signal of signals) process.off(signal, onSignal);
      if (timer !== null) clearTimeout(timer);
    },
  };
}
