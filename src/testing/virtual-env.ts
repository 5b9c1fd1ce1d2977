import { createHash, type Hash } from 'node:crypto';
import type { Env } from '../lib/index.ts';

/**
 * A world of its own: time stands still until everything waits, then jumps to the next timer; chance comes from the
 * seed. What runs in it must touch no real clock, timer, socket or disk; then the same seed gives the same run.
 */
export interface VirtualEnv extends Env {
  /** Runs until the work has settled, at whatever virtual time. @throws {Error} when everything waits for nothing. */
  run<T>(work: Promise<T>): Promise<T>;
  /** Adds a line to the trace: what happened, in order. The time is added. */
  trace(line: string): void;
  /** SHA-256 over the trace so far, hex. Two runs did the same if and only if these agree. */
  traceHash(): string;
  /** The last lines of the trace, for a failing test. */
  readonly lastLines: readonly string[];
}

export function createVirtualEnv(seed: number): VirtualEnv {
  const random = createRandom(seed);
  const timers = createTimers();
  const hash: Hash = createHash('sha256');
  const lastLines: string[] = [];
  let nowMs = START_MS;

  return {
    nowMs: () => nowMs,
    random,
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const timer = timers.add(nowMs + Math.max(0, ms), () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
        function onAbort() {
          timers.remove(timer);
          reject(signal?.reason);
        }
        signal?.addEventListener('abort', onAbort, { once: true });
      });
    },
    yield: () => Promise.resolve(),
    async run(work) {
      let settled = false;
      const watched = work.finally(() => {
        settled = true;
      });
      watched.catch(() => {}); // the caller awaits it below
      for (;;) {
        await settleMicrotasks();
        if (settled) return watched;
        const timer = timers.next();
        if (timer === null) throw new Error('nothing left to happen, and the work is not done');
        nowMs = timer.atMs;
        timer.fire();
      }
    },
    trace(line) {
      const stamped = `${nowMs - START_MS} ${line}`;
      hash.update(`${stamped}\n`);
      lastLines.push(stamped);
      if (lastLines.length > LINES_KEPT) lastLines.shift();
    },
    traceHash: () => hash.copy().digest('hex'),
    lastLines,
  };
}

/** mulberry32 (Tommy Ettinger, public domain). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Timer {
  readonly atMs: number;
  readonly sequence: number;
  readonly fire: () => void;
}

/** A binary heap by time, then by order of arrival. */
function createTimers() {
  const heap: Timer[] = [];
  let sequence = 0;
  const before = (a: Timer, b: Timer) => a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);
  const removed = new Set<Timer>();

  function push(timer: Timer): void {
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(timer, heap[parent] as Timer)) break; // parent < at < length
      heap[at] = heap[parent] as Timer;
      at = parent;
    }
    heap[at] = timer;
  }

  function pop(): Timer | null {
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined) return null;
    if (heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Timer, heap[child] as Timer)) child++;
      if (!before(heap[child] as Timer, last)) break; // child < length
      heap[at] = heap[child] as Timer;
      at = child;
    }
    heap[at] = last;
    return top;
  }

  return {
    add(atMs: number, fire: () => void): Timer {
      const timer = { atMs, sequence: sequence++, fire };
      push(timer);
      return timer;
    },
    remove(timer: Timer): void {
      removed.add(timer);
    },
    next(): Timer | null {
      for (let timer = pop(); timer !== null; timer = pop()) if (!removed.delete(timer)) return timer;
      return null;
    },
  };
}

/** A real macrotask runs only when every microtask has run: then everything in here waits for a timer. */
function settleMicrotasks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** 2023-11-14, an arbitrary moment that all simulations share. */
const START_MS = 1_700_000_000_000;
const LINES_KEPT = 200;
