import type { BlockRef } from './types.ts';

/**
 * The tables of a store. Keys are bytes, ordered bytewise; `store/schema.ts` documents every key and value.
 * The engine owns all of them except what stands inside `part`, `state`, `trie`, `index` and `content`, which
 * chains fill: a chain marks its own sub-tables with the first byte of the key.
 */
export type Table =
  | 'meta'
  | 'block'
  | 'part'
  | 'height'
  | 'state'
  | 'history'
  | 'undo'
  | 'trie'
  | 'index'
  | 'content'
  | 'wanted'
  | 'orphan'
  | 'reject'
  | 'quarantine';

/** One change: `null` deletes. */
export interface Write {
  readonly table: Table;
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/** Keys in `[start, end)`, ascending, or descending from below `end` when `reverse`. */
export interface KeyRange {
  readonly start?: Uint8Array;
  readonly end?: Uint8Array;
  readonly reverse?: boolean;
  readonly limit?: number;
}

/**
 * A consistent snapshot for reading. Reads are synchronous. Keep it short-lived: an open view pins old pages.
 * Returned bytes are the caller's to keep.
 */
export interface StateView extends Disposable {
  get(table: Table, key: Uint8Array): Uint8Array | undefined;
  /** Must be drained or dropped before the view is disposed. */
  range(table: Table, range: KeyRange): Iterable<readonly [key: Uint8Array, value: Uint8Array]>;
}

/** Reading half of a store, for those who never write (the server, an observer, a second process). */
export interface ReadStore extends AsyncDisposable {
  /** The newest committed state. */
  view(): StateView;
}

/** One writer at a time; `commit` is atomic and durable when it returns. */
export interface Store extends ReadStore {
  /** Applies all writes in one transaction, later ones win. Throws fault `local`; then nothing was written. */
  commit(writes: readonly Write[]): void;
  /** Bytes on disk or in memory, roughly. */
  sizeBytes(): number;
}

/** Where the store stands, as its own records say. */
export interface Position {
  /** The confirmed tip, `null` in an empty store. */
  readonly confirmed: BlockRef | null;
}
