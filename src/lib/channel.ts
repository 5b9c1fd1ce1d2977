import { SynclineError } from './error.ts';

/**
 * A bounded channel between one producer and one consumer: `send` waits while the channel is full, `receive`
 * waits while it is empty. Bounded by items and by their stated bytes; one item is always admitted, however
 * large, or a block bigger than the budget would never pass.
 */
export interface Channel<T> {
  send(item: T, bytes: number, signal?: AbortSignal): Promise<void>;
  /** Up to `itemsMax` items in order, at least one; `null` once closed and drained. */
  receive(itemsMax: number, signal?: AbortSignal): Promise<readonly T[] | null>;
  /** As `receive`, without waiting: empty when nothing is queued. */
  take(itemsMax: number): readonly T[];
  /** Rings whenever items came, went, or the channel closed. */
  readonly changed: Bell;
  /** Drops what is queued, e.g. when a reorg made it worthless. */
  clear(): void;
  close(): void;
  readonly items: number;
  readonly bytes: number;
}

export function createChannel<T>(limits: { itemsMax: number; bytesMax: number }): Channel<T> {
  let queue: { item: T; bytes: number }[] = [];
  let bytesHeld = 0;
  let closed = false;
  const changed = createBell();

  const full = (bytes: number) =>
    queue.length > 0 && (queue.length >= limits.itemsMax || bytesHeld + bytes > limits.bytesMax);

  return {
    async send(item, bytes, signal) {
      while (!closed && full(bytes)) await changed.wait(signal);
      if (closed) throw new SynclineError('CHANNEL_CLOSED', 'bug', 'item sent to a closed channel');
      queue.push({ item, bytes });
      bytesHeld += bytes;
      changed.ring();
    },
    async receive(itemsMax, signal) {
      while (!closed && queue.length === 0) await changed.wait(signal);
      return queue.length === 0 ? null : this.take(itemsMax);
    },
    take(itemsMax) {
      const taken = queue.splice(0, itemsMax);
      for (const entry of taken) bytesHeld -= entry.bytes;
      if (taken.length > 0) changed.ring();
      return taken.map((entry) => entry.item);
    },
    changed,
    clear() {
      queue = [];
      bytesHeld = 0;
      changed.ring();
    },
    close() {
      closed = true;
      changed.ring();
    },
    get items() {
      return queue.length;
    },
    get bytes() {
      return bytesHeld;
    },
  };
}

/** Wakes everybody who waits. A ring nobody waits for is forgotten: check your condition before you wait. */
export interface Bell {
  ring(): void;
  /** Resolves at the next ring; rejects with the signal's reason when it aborts first. */
  wait(signal?: AbortSignal): Promise<void>;
}

export function createBell(): Bell {
  let waiters: { resolve: () => void; detach: () => void }[] = [];
  return {
    ring() {
      const woken = waiters;
      waiters = [];
      for (const waiter of woken) {
        waiter.detach();
        waiter.resolve();
      }
    },
    wait(signal) {
      return new Promise<void>((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const waiter = { resolve, detach: () => signal?.removeEventListener('abort', onAbort) };
        function onAbort() {
          waiters = waiters.filter((other) => other !== waiter);
          reject(signal?.reason);
        }
        signal?.addEventListener('abort', onAbort, { once: true });
        waiters.push(waiter);
      });
    },
  };
}
