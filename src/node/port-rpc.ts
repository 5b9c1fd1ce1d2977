import type { MessagePort, Worker } from 'node:worker_threads';
import { fromPlainError, type PlainError, SynclineError, toPlainError } from '../lib/index.ts';

/** What crosses a thread: plain data and bytes. */
type Call = { readonly id: number; readonly method: string; readonly args: readonly unknown[] };
type Answer =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: PlainError };

type Methods = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>;

/** Serves an object's methods over a port. Errors cross as plain data with their code and fault. */
export function serveOverPort(port: MessagePort, methods: Methods): void {
  port.on('message', (call: Call) => {
    const method = methods[call.method] as ((...args: readonly unknown[]) => Promise<unknown>) | undefined;
    if (method === undefined) {
      const error = toPlainError(new SynclineError('WORKER_METHOD', 'bug', `no method ${call.method}`));
      port.postMessage({ id: call.id, ok: false, error } satisfies Answer);
      return;
    }
    method(...call.args).then(
      (value) => {
        const compact = compacted(value);
        port.postMessage({ id: call.id, ok: true, value: compact.value } satisfies Answer, compact.buffers);
      },
      (error: unknown) => port.postMessage({ id: call.id, ok: false, error: toPlainError(error) } satisfies Answer),
    );
  });
}

export interface RemoteCaller {
  call(method: string, args: readonly unknown[]): Promise<unknown>;
  /** Calls without an answer yet. */
  readonly pending: number;
}

/**
 * Calls methods in a worker. When the worker dies, every call under way fails with `WORKER_DIED` (fault `bug`),
 * and so does every later one.
 */
export function callOverWorker(worker: Worker, name: string): RemoteCaller {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let nextId = 1;
  let dead: SynclineError | null = null;
  worker.on('message', (answer: Answer) => {
    const caller = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.ok) caller?.resolve(answer.value);
    else caller?.reject(fromPlainError(answer.error));
  });
  const die = (cause: unknown) => {
    dead ??= new SynclineError('WORKER_DIED', 'bug', `the ${name} worker ended`, { cause });
    for (const caller of waiting.values()) caller.reject(dead);
    waiting.clear();
  };
  worker.on('error', die);
  worker.on('exit', (code) => die(new Error(`exit code ${code}`)));
  return {
    call(method, args) {
      if (dead !== null) return Promise.reject(dead);
      const id = nextId++;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        // The copies are ours to give away; the caller keeps its own.
        const compact = compacted(args);
        worker.postMessage({ id, method, args: compact.value as readonly unknown[] } satisfies Call, compact.buffers);
      });
    },
    get pending() {
      return waiting.size;
    },
  };
}

/**
 * Copies views that are a small piece of a large buffer: cloning a view would carry its whole buffer across. What
 * then owns its buffer alone can be transferred; the sender of an answer has no more use for it.
 */
function compacted(value: unknown): { value: unknown; buffers: ArrayBuffer[] } {
  const buffers = new Set<ArrayBuffer>();
  const visit = (item: unknown): unknown => {
    if (item instanceof Uint8Array) {
      const own = new Uint8Array(item); // also turns a Buffer, pooled or not, into a plain array of its own
      buffers.add(own.buffer);
      return own;
    }
    if (Array.isArray(item)) return item.map(visit);
    if (item !== null && typeof item === 'object') {
      return Object.fromEntries(Object.entries(item).map(([key, inner]) => [key, visit(inner)]));
    }
    return item;
  };
  return { value: visit(value), buffers: [...buffers] };
}
