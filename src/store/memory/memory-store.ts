import type { StateView, Store, Write } from '../../engine/index.ts';
import { isSynclineError, SynclineError } from '../../lib/index.ts';
import { storeClosed, viewClosed } from '../errors.ts';
import { boundsOf, keyOf } from '../schema.ts';
import { edit, emptyState, lookUp, type SortedState, scan } from './sorted-map.ts';

/** What outlives a memory store: give the same disk to the next one, and it is as if the process had restarted. */
export interface MemoryDisk {
  /** The newest committed state. Owned by the stores on this disk. */
  state: SortedState;
  /** Bytes of all keys and values. */
  bytes: number;
}

export function createMemoryDisk(): MemoryDisk {
  return { state: emptyState, bytes: 0 };
}

export interface MemoryStoreOptions {
  /** Default: a new, empty disk. */
  readonly disk?: MemoryDisk;
  /**
   * Fault hook for tests: runs before commit number `n` (from 1) takes effect. What it throws is thrown by `commit`,
   * as `STORE_COMMIT_FAILED` unless it is already one of our errors, and nothing is written.
   */
  readonly beforeCommit?: (n: number) => void;
}

/** A store in memory with the same promises as the one on disk, except that it ends with the process. */
export function createMemoryStore(options: MemoryStoreOptions = {}): Store {
  const disk = options.disk ?? createMemoryDisk();
  let commits = 0;
  let open = true;

  return {
    view() {
      if (!open) throw storeClosed();
      return createMemoryView(disk.state, () => open);
    },
    commit(writes) {
      if (!open) throw storeClosed();
      const { state, bytes } = applied(disk, writes);
      commits++;
      runHook(options.beforeCommit, commits);
      disk.state = state;
      disk.bytes = bytes;
    },
    sizeBytes: () => disk.bytes,
    async [Symbol.asyncDispose]() {
      open = false;
    },
  };
}

function applied(disk: MemoryDisk, writes: readonly Write[]): MemoryDisk {
  const batch = edit(disk.state);
  const before = new Map<string, number>();
  for (const { table, key, value } of writes) {
    const text = textOf(keyOf(table, key));
    if (!before.has(text)) before.set(text, sizeOf(text, lookUp(disk.state, text)));
    if (value === null) batch.delete(text);
    else batch.set(text, copyOf(value));
  }
  const state = batch.finish();
  let bytes = disk.bytes;
  for (const [text, size] of before) bytes += sizeOf(text, lookUp(state, text)) - size;
  return { state, bytes };
}

function sizeOf(text: string, value: Uint8Array | undefined): number {
  return value === undefined ? 0 : text.length + value.length;
}

function runHook(hook: ((n: number) => void) | undefined, n: number): void {
  try {
    hook?.(n);
  } catch (error) {
    if (isSynclineError(error)) throw error;
    throw new SynclineError('STORE_COMMIT_FAILED', 'local', 'commit failed', { cause: error, data: { commit: n } });
  }
}

function createMemoryView(state: SortedState, storeOpen: () => boolean): StateView {
  let open = true;
  const check = () => {
    if (!open || !storeOpen()) throw viewClosed();
  };
  return {
    get(table, key) {
      check();
      const value = lookUp(state, textOf(keyOf(table, key)));
      return value === undefined ? undefined : copyOf(value);
    },
    *range(table, range) {
      check();
      const { start, end } = boundsOf(table, range);
      let left = range.limit ?? Number.POSITIVE_INFINITY;
      if (left <= 0) return;
      const bounds = { start: textOf(start), end: textOf(end), reverse: range.reverse ?? false };
      for (const [text, value] of scan(state, bounds)) {
        yield [bytesOf(text), copyOf(value)];
        if (--left <= 0) return;
        check();
      }
    },
    [Symbol.dispose]() {
      open = false;
    },
  };
}

function copyOf(value: Uint8Array): Uint8Array {
  return new Uint8Array(value);
}

function textOf(stored: Uint8Array): string {
  return Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength).toString('latin1');
}

/** The table's key of a stored key's text. */
function bytesOf(text: string): Uint8Array {
  const key = new Uint8Array(text.length - 1);
  for (let i = 0; i < key.length; i++) key[i] = text.charCodeAt(i + 1);
  return key;
}
