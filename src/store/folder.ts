import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isSynclineError, SynclineError } from '../lib/index.ts';
import { syncFolder, writeDurably } from './durable-file.ts';
import { acquireFolderLock, type LockTiming, readFolderWriter } from './folder-lock.ts';
import { schemaVersion } from './schema.ts';

/**
 * The data folder of one chain:
 *
 * ```
 * CHAIN        which chain this is, the chain's identity text and a line feed
 * VERSION      the schema's number, in decimal, and a line feed
 * LOCK         the process that writes here, as JSON (`folder-lock.ts`); absent when nobody does
 * db/          the store's files
 * evidence/    raw bytes of what was rejected
 * verify.json  how far an audit of the folder has come, where one was stopped; not part of what is verified
 * ```
 *
 * `VERSION` is written first and `CHAIN` last: a folder with `CHAIN` is complete, one without holds no data yet.
 */
export interface FolderPaths {
  /** Absolute, as are the others. */
  readonly path: string;
  readonly dbPath: string;
  readonly evidencePath: string;
}

/** A data folder held for writing. Closing it gives up the lock. */
export interface Folder extends FolderPaths, AsyncDisposable {
  readonly identity: string;
}

export interface FolderOptions {
  readonly path: string;
  /** `Chain.identity` of the chain that is, or will be, in the folder. One line of text. */
  readonly identity: string;
  /** For tests. */
  readonly lockTiming?: Partial<LockTiming>;
}

/**
 * Opens a data folder for writing and makes it, for its owner only, where there is none.
 *
 * @throws {SynclineError} `FOLDER_LOCKED`, `FOLDER_OTHER_CHAIN`, `FOLDER_NEWER`, `FOLDER_OLDER` (fault `caller`); `FOLDER_DAMAGED`,
 *   `FOLDER_UNUSABLE` (fault `local`). All carry `path`, `exitCode` and `fix` in their data.
 */
export async function openFolder(options: FolderOptions): Promise<Folder> {
  const paths = pathsOf(options.path);
  return translated(paths.path, async () => {
    await makeFolder(paths.path);
    checkChain(await readMarkers(paths), options.identity, paths.path);
    const lock = await acquireFolderLock(paths.path, options.lockTiming);
    try {
      // Again under the lock: another process may just have made the folder its own.
      const markers = await readMarkers(paths);
      checkChain(markers, options.identity, paths.path);
      if (markers === null) await writeDurably(join(paths.path, 'VERSION'), `${schemaVersion}\n`);
      await makeFolder(paths.dbPath);
      await makeFolder(paths.evidencePath);
      if (markers === null) await writeDurably(join(paths.path, 'CHAIN'), `${options.identity}\n`);
    } catch (error) {
      lock.release();
      throw error;
    }
    return { ...paths, identity: options.identity, [Symbol.asyncDispose]: async () => lock.release() };
  });
}

/** What a reader finds. */
export interface FolderReading extends FolderPaths {
  readonly identity: string;
  readonly schemaVersion: number;
  /** Process that writes in the folder now, `null` if none is known to. */
  readonly writerPid: number | null;
}

/**
 * Looks at a data folder without locking it; a writer may be at work there.
 *
 * @throws {SynclineError} `FOLDER_MISSING`, `FOLDER_NEWER`, `FOLDER_OLDER` (fault `caller`); `FOLDER_DAMAGED`, `FOLDER_UNUSABLE`
 *   (fault `local`).
 */
export async function readFolder(options: { readonly path: string }): Promise<FolderReading> {
  const paths = pathsOf(options.path);
  return translated(paths.path, async () => {
    const markers = await readMarkers(paths);
    if (markers === null) {
      throw folderError('FOLDER_MISSING', 'caller', 'there is no data folder', paths.path, {
        exitCode: 2,
        fix: 'name the folder that the node was started with, with --data-dir',
      });
    }
    return { ...paths, ...markers, writerPid: readFolderWriter(paths.path) };
  });
}

interface Markers {
  readonly identity: string;
  readonly schemaVersion: number;
}

/** `null`: the folder is new. */
async function readMarkers(paths: FolderPaths): Promise<Markers | null> {
  const identity = await readMarker(paths.path, 'CHAIN');
  const version = await readMarker(paths.path, 'VERSION');
  if (identity === null) {
    if (existsSync(join(paths.dbPath, 'data.mdb'))) throw damagedError(paths.path, 'CHAIN', identity);
    return null;
  }
  if (version === null || !/^[1-9][0-9]{0,8}$/.test(version)) throw damagedError(paths.path, 'VERSION', version);
  if (Number(version) > schemaVersion) {
    throw folderError('FOLDER_NEWER', 'caller', 'data folder was written by a newer version', paths.path, {
      expected: String(schemaVersion),
      got: version,
      exitCode: 4,
      fix: 'start the newer version again, or name another folder with --data-dir',
    });
  }
  if (Number(version) < schemaVersion) {
    throw folderError('FOLDER_OLDER', 'caller', 'data folder was written by an older version', paths.path, {
      expected: String(schemaVersion),
      got: version,
      exitCode: 4,
      fix: 'name an empty folder with --data-dir and sync again: its content lacks what this version looks up',
    });
  }
  return { identity, schemaVersion: Number(version) };
}

async function readMarker(folder: string, name: string): Promise<string | null> {
  try {
    return (await readFile(join(folder, name), 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function checkChain(markers: Markers | null, identity: string, path: string): void {
  if (markers === null || markers.identity === identity) return;
  throw folderError('FOLDER_OTHER_CHAIN', 'caller', 'data folder holds another chain', path, {
    expected: identity,
    got: markers.identity,
    exitCode: 4,
    fix: 'name another folder with --data-dir, or the network that the folder was made for with --network',
  });
}

async function makeFolder(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode: 0o700 });
  if (made !== undefined) await syncFolder(dirname(made));
}

function pathsOf(path: string): FolderPaths {
  const absolute = resolve(path);
  return { path: absolute, dbPath: join(absolute, 'db'), evidencePath: join(absolute, 'evidence') };
}

function damagedError(path: string, marker: string, got: string | null): SynclineError {
  return folderError('FOLDER_DAMAGED', 'local', `marker ${marker} is missing or unreadable`, path, {
    got,
    exitCode: 4,
    fix: 'restore the folder from a backup or a snapshot, or name another one with --data-dir',
  });
}

function folderError(
  code: string,
  fault: 'caller' | 'local',
  message: string,
  path: string,
  data: Readonly<Record<string, string | number | null>>,
  cause?: unknown,
): SynclineError {
  return new SynclineError(code, fault, message, { data: { path, ...data }, cause });
}

/** Errors of the operating system become ours. */
async function translated<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException | undefined)?.code;
    if (isSynclineError(error) || typeof reason !== 'string' || !/^E[A-Z]+$/.test(reason)) throw error;
    throw folderError(
      'FOLDER_UNUSABLE',
      'local',
      `data folder cannot be used: ${reason}`,
      path,
      {
        reason,
        exitCode: 4,
        fix: 'check that the path is a folder which this user may read and write, on a disk with free space',
      },
      error,
    );
  }
}
