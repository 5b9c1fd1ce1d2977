import { SynclineError } from '../lib/index.ts';

/** Codes of errors that stores and data folders raise. */
export type StoreErrorCode =
  /** A key is longer than `keyBytesMax`. */
  | 'STORE_KEY_TOO_LONG'
  /** A stored key has a prefix that belongs to no table. */
  | 'STORE_KEY_UNKNOWN'
  /** The database files cannot be opened: missing, damaged, not readable, or not mappable. */
  | 'STORE_UNOPENABLE'
  /** A commit failed (disk full, I/O error); nothing of it was written. */
  | 'STORE_COMMIT_FAILED'
  /** A read failed inside the database. */
  | 'STORE_READ_FAILED'
  /** A store was used after it was closed. */
  | 'STORE_CLOSED'
  /** A view was used after it was disposed, or after its store was closed. */
  | 'STORE_VIEW_CLOSED'
  /** Another live process (or this one) writes to the data folder. */
  | 'FOLDER_LOCKED'
  /** The data folder holds another chain. */
  | 'FOLDER_OTHER_CHAIN'
  /** The data folder was written by newer software. */
  | 'FOLDER_NEWER'
  /** There is no data folder at the path. */
  | 'FOLDER_MISSING'
  /** The data folder's markers are damaged. */
  | 'FOLDER_DAMAGED'
  /** The operating system refused work on the data folder: permissions, a full or read-only disk. */
  | 'FOLDER_UNUSABLE';

export function storeClosed(): SynclineError {
  return new SynclineError('STORE_CLOSED', 'bug', 'store was used after it was closed');
}

export function viewClosed(): SynclineError {
  return new SynclineError('STORE_VIEW_CLOSED', 'bug', 'view was used after it was disposed');
}
