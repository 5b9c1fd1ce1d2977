import type { GetOptions, RangeOptions, RootDatabase, Transaction } from 'lmdb';
import type { KeyRange, StateView, Table } from '../../engine/index.ts';
import { SynclineError } from '../../lib/index.ts';
import { viewClosed } from '../errors.ts';
import { boundsOf, type KeyRoom } from '../schema.ts';

export type Database = RootDatabase<Uint8Array, Uint8Array> & {
  /** As lmdb-js has it; its own types leave out the options. The bytes are good until the next call. */
  getBinaryFast(key: Uint8Array, options: GetOptions): Uint8Array | undefined;
};

/**
 * A view on an LMDB read transaction of its own.
 *
 * lmdb-js shares one read transaction among all reads of a tick, and a transaction sees nothing that was committed
 * after it began, whichever thread committed. So the shared one is dropped first, a new one is taken, and is at once
 * made no longer shared: from then on it ends with this view, and cursors on it are closed and not kept for reuse.
 *
 * @param keys      Room for keys, which the views of a store may share.
 * @param onDispose Called once, when the view is disposed.
 */
export function createLmdbView(database: Database, keys: KeyRoom, onDispose: (view: StateView) => void): StateView {
  try {
    database.resetReadTxn();
    const transaction = database.useReadTransaction();
    database.resetReadTxn();
    return new LmdbView(database, keys, transaction, onDispose);
  } catch (cause) {
    throw readFailed(cause);
  }
}

/** A class, not closures: whatever the engine compiles for a closure is gone with the view it was made for. */
class LmdbView implements StateView {
  private readonly database: Database;
  private readonly keys: KeyRoom;
  private readonly transaction: Transaction;
  private readonly getOptions: GetOptions;
  private readonly onDispose: (view: StateView) => void;
  private open = true;

  constructor(database: Database, keys: KeyRoom, transaction: Transaction, onDispose: (view: StateView) => void) {
    this.database = database;
    this.keys = keys;
    this.transaction = transaction;
    this.getOptions = { transaction };
    this.onDispose = onDispose;
  }

  get(table: Table, key: Uint8Array): Uint8Array | undefined {
    if (!this.open) throw viewClosed();
    const stored = this.keys.keyOf(table, key);
    try {
      const shared = this.database.getBinaryFast(stored, this.getOptions);
      return shared === undefined ? undefined : ownCopy(shared);
    } catch (cause) {
      throw readFailed(cause);
    }
  }

  /**
   * Reads in pages that grow from a few entries to many. No cursor stays open between pages: an iterator that is
   * simply dropped then holds nothing, and ending a transaction under an open cursor could crash the process.
   */
  *range(
    table: Table,
    { reverse = false, limit = Number.POSITIVE_INFINITY, ...rest }: KeyRange,
  ): Iterable<readonly [Uint8Array, Uint8Array]> {
    const { transaction } = this;
    const { start, end } = boundsOf(table, rest);
    const towards = { end: reverse ? start : end, inclusiveEnd: reverse, reverse, transaction };
    let from = reverse ? end : start;
    let exclusiveStart = reverse;
    let left = limit;
    for (let entriesMax = pageEntriesFirst; left > 0; entriesMax = Math.min(entriesMax * 4, pageEntriesMax)) {
      if (!this.open) throw viewClosed();
      const page = readPage(this.database, { ...towards, start: from, exclusiveStart }, Math.min(entriesMax, left));
      for (const [stored, value] of page.entries) {
        if (!this.open) throw viewClosed();
        yield [new Uint8Array(stored.subarray(1)), value] as const; // `slice` of a Buffer would be no copy
        from = stored;
      }
      if (page.complete) return;
      left -= page.entries.length;
      exclusiveStart = true;
    }
  }

  [Symbol.dispose](): void {
    if (!this.open) return;
    this.open = false;
    this.transaction.done();
    this.onDispose(this);
  }
}

interface Page {
  readonly entries: readonly (readonly [stored: Uint8Array, value: Uint8Array])[];
  /** Whether the range ended inside this page. */
  readonly complete: boolean;
}

function readPage(database: Database, query: RangeOptions, entriesMax: number): Page {
  const entries: [stored: Uint8Array, value: Uint8Array][] = [];
  let bytes = 0;
  try {
    for (const { key, value } of database.getRange(query)) {
      entries.push([key, plain(value)]);
      bytes += value.length;
      if (entries.length >= entriesMax || bytes >= pageBytesMax) return { entries, complete: false };
    }
  } catch (cause) {
    throw readFailed(cause);
  }
  return { entries, complete: true };
}

/** lmdb-js answers with a `Buffer` over its own copy of the bytes; callers expect the plain type. */
function plain(value: Uint8Array): Uint8Array {
  return new Uint8Array(value.buffer, value.byteOffset, value.length);
}

/**
 * A copy of the bytes in the buffer that lmdb-js uses for all values, whose `length` is set to the present one's. By way
 * of a plain view: to `slice` a Buffer into plain bytes takes longer than the look-up.
 */
function ownCopy(shared: Uint8Array): Uint8Array {
  return plain(shared).slice();
}

function readFailed(cause: unknown): SynclineError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SynclineError('STORE_READ_FAILED', 'local', `read failed: ${reason}`, { cause });
}

/** Chosen: most ranges are short (a block's parts, one look-up), the others are scans. */
const pageEntriesFirst = 16;
const pageEntriesMax = 1024;
/** A page ends early once its values reach this. */
const pageBytesMax = 1 << 20;
