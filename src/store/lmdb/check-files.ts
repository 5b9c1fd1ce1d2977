import { accessSync, closeSync, constants, fstatSync, mkdirSync, openSync, readSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Looks at LMDB's files before LMDB does: lmdb-js 3.5.6 crashes the process (a use after free, then a segmentation
 * fault) when LMDB refuses to open, and reading a file that is cut off is a bus error.
 *
 * Makes the folder when writing. Only what LMDB itself would stumble over is checked; a file can pass and be damaged
 * further in.
 *
 * @throws {Error} with the reason as its message, or the error of the operating system.
 */
export function checkFiles(path: string, readOnly: boolean): void {
  if (!readOnly) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    // LMDB writes the lock file through a memory map: without a block to back it, that is a bus error as well.
    const freeBytes = freeBytesOf(path);
    if (freeBytes !== null && freeBytes < freeBytesMin)
      throw new Error(`the disk is full, ${freeBytes} bytes are free`);
  }
  checkLockFile(join(path, 'lock.mdb'), readOnly);
  checkDataFile(join(path, dataFileName), readOnly);
}

/** Bytes a user may still write on the disk of `path`, `null` where the file system does not count. */
export function freeBytesOf(path: string): number | null {
  try {
    const { blocks, bavail, bsize } = statfsSync(path);
    return blocks === 0 ? null : bavail * bsize;
  } catch {
    return null;
  }
}

export const dataFileName = 'data.mdb';

function checkLockFile(path: string, readOnly: boolean): void {
  try {
    // Readers write their place into it. Never open and close it here: closing any descriptor of the file drops all
    // of LMDB's locks on it that this process holds.
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT' && !(readOnly && code === 'EROFS')) throw error;
  }
}

function checkDataFile(path: string, readOnly: boolean): void {
  let file: number;
  try {
    file = openSync(path, readOnly ? 'r' : 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !readOnly) return;
    throw error;
  }
  try {
    if (fstatSync(file).size === 0 && !readOnly) return; // LMDB makes a new database of it
    const first = readMeta(file, 0);
    const second = readMeta(file, first.pageBytes);
    const newest = second.transaction > first.transaction ? second : first;
    // The size comes after the meta pages: a writer may be at work, who writes in the opposite order.
    const pages = BigInt(Math.floor(fstatSync(file).size / newest.pageBytes));
    const missingBytes = (newest.lastPage + 1n - pages) * BigInt(newest.pageBytes);
    if (newest.roots.some((root) => root !== noPage && root >= pages) || missingBytes > missingBytesMax) {
      throw new Error(`the file is cut off, ${missingBytes} bytes are missing`);
    }
  } finally {
    closeSync(file);
  }
}

interface Meta {
  readonly pageBytes: number;
  /** Root pages of the two trees: free pages, then data. */
  readonly roots: readonly bigint[];
  readonly lastPage: bigint;
  readonly transaction: bigint;
}

/**
 * Reads one of the two meta pages (`MDB_page_header` and `MDB_meta` in lmdb-js 3.5.6
 * `dependencies/lmdb/libraries/liblmdb/mdb.c`; little-endian, as on all systems Node runs on):
 *
 * ```
 * 0 page (8) | 8 txn (8) | 16 pad (2) | 18 flags (2) | 20 bounds (4) | 24 magic (4) | 28 version (4) | 32 address (8)
 * 40 map size (8) | 48 free tree (48) | 96 data tree (48) | 144 last page (8) | 152 transaction (8)
 * tree: 0 page size (4) | 4 flags, depth (4) | 8 counts of pages and entries (4 × 8) | 40 root page (8)
 * ```
 */
function readMeta(file: number, offset: number): Meta {
  const page = Buffer.alloc(160);
  if (readSync(file, page, 0, page.length, offset) !== page.length) throw new Error('the file is cut off');
  const isMeta = (page.readUInt16LE(18) & 0x08) !== 0;
  if (!isMeta || page.readUInt32LE(24) !== 0xbeefc0de) throw new Error('the file is not an LMDB database, or damaged');
  const version = page.readUInt16LE(28);
  if (version !== 2) throw new Error(`the file has LMDB format ${version}, expected 2`);
  const pageBytes = page.readUInt32LE(48);
  if (pageBytes < 256 || pageBytes > 65_536) throw new Error('the file is damaged');
  return {
    pageBytes,
    roots: [page.readBigUInt64LE(88), page.readBigUInt64LE(136)],
    lastPage: page.readBigUInt64LE(144),
    transaction: page.readBigUInt64LE(152),
  };
}

/** Root of an empty tree. */
const noPage = 2n ** 64n - 1n;

/**
 * A sound file may end before its last page, by what one commit wrote and deleted again. Chosen: more than any commit
 * is likely to; 3,000 random commits left no gap at all.
 */
const missingBytesMax = 64n * 2n ** 20n;

/** Chosen: the lock file and the first pages take about 100 KiB. */
const freeBytesMin = 2 ** 20;
