import type { RpcContext } from '../../engine/index.ts';
import { fault } from './faults.ts';

/**
 * The life of one call: it is over when its time is up or its caller left. The signal is made only when somebody asks
 * for it, because most calls answer at once and never look.
 */
export class CallScope implements RpcContext {
  private readonly caller: { readonly signal: AbortSignal };
  private readonly timeoutMs: number;
  private readonly startedMs = performance.now();
  private controller: AbortController | null = null;
  private readonly onLeft = () => this.controller?.abort(this.caller.signal.reason);

  constructor(caller: { readonly signal: AbortSignal }, timeoutMs: number) {
    this.caller = caller;
    this.timeoutMs = timeoutMs;
  }

  get signal(): AbortSignal {
    if (this.controller === null) {
      this.controller = new AbortController();
      const { signal } = this.caller;
      if (signal.aborted) this.onLeft();
      else signal.addEventListener('abort', this.onLeft, { once: true });
    }
    return this.controller.signal;
  }

  /**
   * What the work comes to, unless time is up or the caller leaves first. The work itself may go on: it was told by the
   * signal.
   * @throws {RpcFault} `Request timed out`. The reason of the caller's signal.
   */
  async within<T>(work: PromiseLike<T>): Promise<T> {
    const { signal } = this;
    const leftMs = Math.max(0, this.timeoutMs - (performance.now() - this.startedMs));
    const timer = setTimeout(() => {
      this.controller?.abort(fault('timeout', `no answer within ${this.timeoutMs} ms`));
    }, leftMs);
    let onAbort = () => {};
    const over = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason);
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([work, over]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  end(): void {
    if (this.controller !== null) this.caller.signal.removeEventListener('abort', this.onLeft);
  }
}
