import type { RangeOptions, RootDatabase } from 'lmdb';
import type { KeyRange, StateView, Table } from '../../engine/index.ts';
import { SynclineError } from '../../lib/index.ts';
import { viewClosed } from '../errors.ts';
import { boundsOf, keyOf } from '../schema.ts';

export type Database = RootDatabase<Uint8Array, Uint8Array>;

/**
 * A view on an LMDB read transaction of its own.
 *
 * lmdb-js shares one read transaction among all reads of a tick, and a transaction sees nothing that was committed
 * after it began, whichever thread committed. So the shared one is dropped first, a new one is taken, and is at once
 * made no longer shared: from then on it ends with this view, and cursors on it are closed and not kept for reuse.
 *
 * @param onDispose Called once, when the view is disposed.
 */
export function createLmdbView(database: Database, onDispose: () => void): StateView {
  const transaction = reading(() => {
    database.resetReadTxn();
    const taken = database.useReadTransaction();
    database.resetReadTxn();
    return taken;
  });
  const options = { transaction };
  let open = true;

  /**
   * Reads in pages that grow from a few entries to many. No cursor stays open between pages: an iterator that is
   * simply dropped then holds nothing, and ending a transaction under an open cursor could crash the process.
   */
  function* range(table: Table, { reverse = false, limit = Number.POSITIVE_INFINITY, ...rest }: KeyRange) {
    const { start, end } = boundsOf(table, rest);
    const towards = { end: reverse ? start : end, inclusiveEnd: reverse, reverse, transaction };
    let from = reverse ? end : start;
    let exclusiveStart = reverse;
    let left = limit;
    for (let entriesMax = pageEntriesFirst; left > 0; entriesMax = Math.min(entriesMax * 4, pageEntriesMax)) {
      if (!open) throw viewClosed();
      const query = { ...towards, start: from, exclusiveStart };
      const page = reading(() => readPage(database, query, Math.min(entriesMax, left)));
      for (const [stored, value] of page.entries) {
        if (!open) throw viewClosed();
        yield [new Uint8Array(stored.subarray(1)), value] as const; // `slice` of a Buffer would be no copy
        from = stored;
      }
      if (page.complete) return;
      left -= page.entries.length;
      exclusiveStart = true;
    }
  }

  return {
    range,
    get(table, key) {
      if (!open) throw viewClosed();
      const stored = keyOf(table, key);
      const value = reading(() => database.get(stored, options));
      return value === undefined ? undefined : plain(value);
    },
    [Symbol.dispose]() {
      if (!open) return;
      open = false;
      transaction.done();
      onDispose();
    },
  };
}

interface Page {
  readonly entries: readonly (readonly [stored: Uint8Array, value: Uint8Array])[];
  /** Whether the range ended inside this page. */
  readonly complete: boolean;
}

function readPage(database: Database, query: RangeOptions, entriesMax: number): Page {
  const entries: [stored: Uint8Array, value: Uint8Array][] = [];
  let bytes = 0;
  for (const { key, value } of database.getRange(query)) {
    entries.push([key, plain(value)]);
    bytes += value.length;
    if (entries.length >= entriesMax || bytes >= pageBytesMax) return { entries, complete: false };
  }
  return { entries, complete: true };
}

/** lmdb-js answers with a `Buffer` over its own copy of the bytes; callers expect the plain type. */
function plain(value: Uint8Array): Uint8Array {
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SynclineError('STORE_READ_FAILED', 'local', `read failed: ${reason}`, { cause });
  }
}

/** Chosen: most ranges are short (a block's parts, one look-up), the others are scans. */
const pageEntriesFirst = 16;
const pageEntriesMax = 1024;
/** A page ends early once its values reach this. */
const pageBytesMax = 1 << 20;
