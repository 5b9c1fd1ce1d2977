import type { KeyRange, Table } from '../engine/index.ts';
import { SynclineError } from '../lib/index.ts';

/**
 * The whole key space of a store on one page.
 *
 * A stored key is the table's prefix byte, then the table's own key; tables therefore lie one after the other in one
 * ordered key space. Numbers are big-endian, so that byte order is numeric order. `‖` joins bytes.
 *
 * | Table        | Prefix | Key                            | Value |
 * | ------------ | ------ | ------------------------------ | ----- |
 * | `meta`       | 0x01   | text, UTF-8                    | by name, JSON where not said otherwise (`META` in `engine/commit`) |
 * | `block`      | 0x02   | height (8)                     | record of a confirmed block (`engine/commit`) |
 * | `part`       | 0x03   | height (8) ‖ part name, UTF-8  | the part in the chain's storage encoding |
 * | `height`     | 0x04   | block hash (32)                | height (8) |
 * | `state`      | 0x05   | chain sub-table (1) ‖ key      | the chain's value, as of the confirmed tip |
 * | `history`    | 0x06   | state key ‖ height (8)         | value before that height: 0x00 absent, or 0x01 ‖ value |
 * | `undo`       | 0x07   | height (8)                     | list of the state and index keys changed at that height: (0 state, 1 index where nothing stood before, or 2 index (1) ‖ length (2) ‖ key ‖ of 2: length (4) ‖ value before)… |
 * | `trie`       | 0x08   | chain prefix ‖ page            | node page |
 * | `index`      | 0x09   | chain sub-table (1) ‖ key      | the chain's value |
 * | `content`    | 0x0a   | part name, UTF-8 ‖ 0x00 ‖ id   | bytes of a late part, addressed by content |
 * | `wanted`     | 0x0b   | part name, UTF-8 ‖ 0x00 ‖ id   | JSON, the `Need` of content that a block named and that is not stored yet |
 * | `orphan`     | 0x0c   | block hash (32)                | height (8) ‖ parent hash (32) ‖ reason, UTF-8 |
 * | `reject`     | 0x0d   | sequence number (8)            | JSON, a `Rejection` |
 * | `quarantine` | 0x0e   | kind, UTF-8 ‖ 0x00 ‖ id        | JSON |
 *
 * Prefixes are part of the disk format: they never change meaning, and a new table takes the next free byte. A change
 * to any line of this table raises `schemaVersion`, unless all that was written before can still be read: kind 2 of undo
 * lists is newer than version 2, and lists without it undo as they did.
 */
const prefixes: Readonly<Record<Table, number>> = {
  meta: 0x01,
  block: 0x02,
  part: 0x03,
  height: 0x04,
  state: 0x05,
  history: 0x06,
  undo: 0x07,
  trie: 0x08,
  index: 0x09,
  content: 0x0a,
  wanted: 0x0b,
  orphan: 0x0c,
  reject: 0x0d,
  quarantine: 0x0e,
};

/**
 * Written to a data folder's `VERSION`; software of another version refuses the folder. 2: Starknet's event index.
 */
export const schemaVersion = 2;

/**
 * Longest key inside a table, in bytes. LMDB with 4 KiB pages takes keys of up to 1978 bytes (half a page less its
 * headers; lmdb-js keeps that bound on larger pages too), and one byte is the table's prefix.
 */
export const keyBytesMax = 1977;

/** Every table, in the order in which they lie in the key space. */
export const tables: readonly Table[] = (Object.keys(prefixes) as Table[]) // the record's type says that these are its keys
  .sort((a, b) => prefixes[a] - prefixes[b]);

/**
 * The stored key of a table's key: prefix byte ‖ key.
 * @throws {SynclineError} `STORE_KEY_TOO_LONG` (fault `bug`) above `keyBytesMax`.
 */
export function keyOf(table: Table, key: Uint8Array): Uint8Array {
  requireShort(table, key);
  const stored = new Uint8Array(key.length + 1);
  fillKey(stored, table, key);
  return stored;
}

/** @throws {SynclineError} `STORE_KEY_TOO_LONG` (fault `bug`) above `keyBytesMax`. */
export function requireShort(table: Table, key: Uint8Array): void {
  if (key.length <= keyBytesMax) return;
  throw new SynclineError('STORE_KEY_TOO_LONG', 'bug', `key of table ${table} is longer than the store allows`, {
    data: { table, expected: `at most ${keyBytesMax} bytes`, got: `${key.length} bytes` },
  });
}

/** Makes stored keys in room that it uses again: for whoever is done with one before the next is made. */
export class KeyRoom {
  /** One buffer for each length that came up; there are few, and `keyBytesMax` at most. */
  private readonly byLength: Uint8Array[] = [];

  /**
   * As `keyOf`, but good only until the next call.
   * @throws {SynclineError} `STORE_KEY_TOO_LONG` (fault `bug`) above `keyBytesMax`.
   */
  keyOf(table: Table, key: Uint8Array): Uint8Array {
    requireShort(table, key);
    const { length } = key;
    let stored = this.byLength[length];
    if (stored === undefined) {
      stored = new Uint8Array(length + 1);
      this.byLength[length] = stored;
    }
    fillKey(stored, table, key);
    return stored;
  }
}

function fillKey(stored: Uint8Array, table: Table, key: Uint8Array): void {
  stored[0] = prefixes[table];
  stored.set(key, 1);
}

/**
 * Table and key of a stored key; the key is a view into `stored`.
 * @throws {SynclineError} `STORE_KEY_UNKNOWN` (fault `local`) for a prefix that no table has.
 */
export function splitKey(stored: Uint8Array): { readonly table: Table; readonly key: Uint8Array } {
  const table = tables.find((name) => prefixes[name] === stored[0]);
  if (table === undefined) {
    throw new SynclineError('STORE_KEY_UNKNOWN', 'local', 'stored key belongs to no table', {
      data: { prefix: stored[0] ?? null },
    });
  }
  return { table, key: stored.subarray(1) };
}

/**
 * A table's range as stored keys in `[start, end)`; absent bounds become those of the table.
 * @throws {SynclineError} `STORE_KEY_TOO_LONG` (fault `bug`).
 */
export function boundsOf(table: Table, range: KeyRange): { readonly start: Uint8Array; readonly end: Uint8Array } {
  return {
    start: keyOf(table, range.start ?? new Uint8Array(0)),
    end: range.end === undefined ? new Uint8Array([prefixes[table] + 1]) : keyOf(table, range.end),
  };
}
