export { syncFolder, writeDurably } from './durable-file.ts';
export type { StoreErrorCode } from './errors.ts';
export {
  type Folder,
  type FolderOptions,
  type FolderPaths,
  type FolderReading,
  openFolder,
  readFolder,
} from './folder.ts';
export type { LockTiming } from './folder-lock.ts';
export { type LmdbOptions, mapSizeBytesDefault, openLmdb } from './lmdb/lmdb-store.ts';
export {
  createMemoryDisk,
  createMemoryStore,
  type MemoryDisk,
  type MemoryStoreOptions,
} from './memory/memory-store.ts';
export { boundsOf, keyBytesMax, keyOf, schemaVersion, splitKey, tables } from './schema.ts';
