import { statSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import type { ReadStore, StateView, Store, Write } from '../../engine/index.ts';
import { SynclineError } from '../../lib/index.ts';
import { storeClosed } from '../errors.ts';
import { KeyRoom, requireShort } from '../schema.ts';
import { checkFiles, dataFileName, freeBytesOf } from './check-files.ts';
import { commitAgain } from './commit-again.ts';
import { createLmdbView, type Database } from './lmdb-view.ts';

export interface LmdbOptions {
  /** Folder of the database files `data.mdb` and `lock.mdb`; made when missing, unless `readOnly`. */
  readonly path: string;
  /** Opens for reading beside a writer in this or another process. Default: false. */
  readonly readOnly?: boolean;
  /**
   * Address space reserved for the file, in bytes; costs no memory and no disk, except on Windows. The map grows by
   * itself beyond it. Default: `mapSizeBytesDefault`.
   */
  readonly mapSizeBytes?: number;
}

/**
 * Opens an LMDB store.
 *
 * All tables share one LMDB database, told apart by the prefix byte of their keys: a commit across tables is one
 * transaction either way, each table is still one contiguous piece of the tree, and there are no database handles to
 * open, which in LMDB is not safe beside readers on other threads.
 *
 * Every commit is flushed to disk before `commit` returns. Only synchronous transactions are used: the callback forms
 * of lmdb-js (`transaction`, `batch`, `childTransaction`) never settle on some systems. One process writes at a time
 * (the data folder's lock sees to it), on one thread; `readersMax` views may be open at a time, over all processes.
 *
 * A thread must not be ended inside a commit: `worker.terminate()`, and `process.exit()` while a worker commits, then
 * wait for ever for a lock that the ended thread holds (lmdb-js 3.5.6, `EnvWrap::cleanupStrayTxns`). Ask the worker to
 * close instead; where there is no time to ask, kill the process by signal, which no commit minds.
 *
 * After `STORE_COMMIT_FAILED` the store may be used on: once the disk has space again, commits succeed.
 *
 * @throws {SynclineError} `STORE_UNOPENABLE` (fault `local`) for files that are missing (when `readOnly`), damaged or
 *   not accessible.
 */
export function openLmdb(options: LmdbOptions & { readonly readOnly: true }): ReadStore & Pick<Store, 'sizeBytes'>;
export function openLmdb(options: LmdbOptions): Store;
export function openLmdb(options: LmdbOptions): Store {
  const database = openDatabase(options);
  const keys = new KeyRoom();
  const views = new Set<StateView>();
  const forget = (view: StateView) => views.delete(view);
  /** Held although nobody uses it: the engine drops code that was compiled for views once there is none. */
  let newest: StateView | null = null;
  let closing: Promise<void> | null = null;

  return {
    view() {
      if (closing !== null) throw storeClosed();
      newest = createLmdbView(database, keys, forget);
      views.add(newest);
      return newest;
    },
    commit(writes) {
      if (closing !== null) throw storeClosed();
      if (options.readOnly) throw commitFailed(new Error('the store was opened for reading'), options.path);
      commit(database, keys, writes, options.path);
    },
    sizeBytes: () => statSync(join(options.path, dataFileName)).size,
    [Symbol.asyncDispose]() {
      closing ??= close(database, views);
      return closing;
    },
  };
}

function openDatabase(options: LmdbOptions): Database {
  try {
    checkFiles(options.path, options.readOnly ?? false);
    return open<Uint8Array, Uint8Array>({
      path: options.path,
      readOnly: options.readOnly ?? false,
      mapSize: options.mapSizeBytes ?? mapSizeBytesDefault,
      maxReaders: readersMax,
      noSubdir: false,
      encoding: 'binary',
      keyEncoding: 'binary',
      cache: false,
      compression: false,
      // Plain LMDB durability: data pages are flushed, then the root that points to them. With overlapping syncs a
      // commit could return earlier than that.
      overlappingSync: false,
    });
  } catch (error) {
    throw unopenable(error, options.path);
  }
}

function commit(database: Database, keys: KeyRoom, writes: readonly Write[], path: string): void {
  // Over-long keys are refused before the transaction begins.
  for (const { table, key } of writes) requireShort(table, key);
  if (writes.length === 0) return;
  try {
    commitAgain(() => database.transactionSync(() => writeAll(database, keys, writes)));
  } catch (error) {
    throw commitFailed(error, path);
  }
}

/** lmdb-js has copied key and value once a call returns. */
function writeAll(database: Database, keys: KeyRoom, writes: readonly Write[]): void {
  const small = new Uint8Array(smallBytesOf(writes));
  let at = 0;
  for (const { table, key, value } of writes) {
    const stored = keys.keyOf(table, key);
    if (value === null) {
      database.removeSync(stored);
    } else if (value.length > smallValueBytesMax) {
      database.putSync(stored, value);
    } else {
      small.set(value, at);
      database.putSync(stored, small.subarray(at, at + value.length));
      at += value.length;
    }
  }
}

function smallBytesOf(writes: readonly Write[]): number {
  let bytes = 0;
  for (const { value } of writes) if (value !== null && value.length <= smallValueBytesMax) bytes += value.length;
  return bytes;
}

async function close(database: Database, views: ReadonlySet<StateView>): Promise<void> {
  for (const view of [...views]) view[Symbol.dispose]();
  await database.close();
}

function unopenable(cause: unknown, path: string): SynclineError {
  return new SynclineError('STORE_UNOPENABLE', 'local', `database cannot be opened: ${reasonOf(cause)}`, {
    cause,
    data: {
      path,
      exitCode: 4,
      fix: 'check that the folder exists on a local disk and that this user may read and write it; if its files are damaged, restore them from a snapshot or delete the folder to sync again',
    },
  });
}

function commitFailed(cause: unknown, path: string): SynclineError {
  return new SynclineError('STORE_COMMIT_FAILED', 'local', `commit failed: ${reasonOf(cause)}`, {
    cause,
    data: {
      path,
      freeBytes: freeBytesOf(path),
      exitCode: 4,
      fix: 'check free space and permissions of the disk, then start again; what was committed before is intact',
    },
  });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/**
 * lmdb-js takes the address of a value's `ArrayBuffer`. So small an array has none until it is asked for, and to make it
 * takes longer than the write; these are therefore copied into one for all.
 */
const smallValueBytesMax = 64;

/** Views open at once, over all processes. Chosen; each costs 64 bytes of the lock file. */
const readersMax = 1024;

/** 256 GiB: above today's full stores, so that the map need not move while views are open, and far below 2^47. */
export const mapSizeBytesDefault = 256 * 2 ** 30;
