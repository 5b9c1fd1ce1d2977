import { constants } from 'node:fs';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Height, parseHeight, type Span } from '../../../../engine/index.ts';
import type { ErrorData } from '../../../../lib/index.ts';
import { isSynclineError } from '../../../../lib/index.ts';
import { type BodyLimits, readBounded } from '../bounded-body.ts';
import { outlineObject } from '../json-outline.ts';
import { BLOCK_PARTS, type BlockPart, type ClassPart } from '../parts.ts';
import { sourceError, systemCodeOf } from '../source-error.ts';

/** Sub-folder of each part. Files in it are `<height>.json` or `<height>.json.gz`, `<class hash>…` for classes. */
export const PART_FOLDERS: Readonly<Record<BlockPart | ClassPart, string>> = {
  block: 'block',
  stateUpdate: 'state_update',
  signature: 'signature',
  bundle: 'state_update_with_block',
  class: 'class',
  compiledClass: 'compiled_class',
};

/** One file as it was read. `stamp` changes when the file does. */
export interface FolderFile {
  readonly bytes: Uint8Array;
  readonly stamp: string;
}

/** Reads a folder of gateway answers. File names are made from numbers alone, so no path can lead out of it. */
export interface FolderFiles {
  /** Heights for which there is a file, by part. @throws {SynclineError} `SOURCE_UNAVAILABLE` without the folder. */
  list(): Promise<ReadonlyMap<BlockPart, ReadonlySet<Height>>>;
  /**
   * The file of one part, null when there is none. `unless` skips reading a file whose stamp is still that.
   * @throws {SynclineError} `SOURCE_UNAVAILABLE` when it cannot be read, `SOURCE_BAD_ANSWER` past a limit or when it is
   *   not one whole JSON object, as while somebody is still writing it.
   */
  read(part: BlockPart, height: Height, signal: AbortSignal): Promise<FolderFile | null>;
  /** As `read`, for the file of a class. @param classHash In canonical hex. */
  readClass(part: ClassPart, classHash: string, signal: AbortSignal): Promise<FolderFile | null>;
  /** What `read` would give as `stamp`, without reading; null when there is no file. */
  stamp(part: BlockPart, height: Height): Promise<string | null>;
}

export function createFolderFiles(path: string, limits: BodyLimits): FolderFiles {
  /** Plain files are looked for before compressed ones. */
  async function openFile(part: BlockPart | ClassPart, stem: string) {
    for (const suffix of ['.json', '.json.gz'] as const) {
      const name = join(path, PART_FOLDERS[part], `${stem}${suffix}`);
      try {
        // Opening a named pipe would wait for its writer, were it not for this flag; Windows has none of both.
        const handle = await open(name, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
        return { handle, name, encoding: suffix === '.json' ? ('identity' as const) : ('gzip' as const) };
      } catch (error) {
        if (!isMissing(error)) throw unreadable(error, name);
      }
    }
    return null;
  }

  async function withFile<T>(
    part: BlockPart | ClassPart,
    stem: string,
    use: (file: NonNullable<Awaited<ReturnType<typeof openFile>>>, stamp: string) => Promise<T>,
  ): Promise<T | null> {
    const file = await openFile(part, stem);
    if (file === null) return null;
    try {
      const stats = await file.handle.stat();
      if (!stats.isFile()) throw sourceError('SOURCE_UNAVAILABLE', 'not a regular file', { file: file.name });
      return await use(file, `${file.name} ${stats.size} ${stats.mtimeMs}`);
    } finally {
      await file.handle.close();
    }
  }

  const readFile = (part: BlockPart | ClassPart, stem: string, signal: AbortSignal) =>
    withFile(part, stem, async ({ handle, name, encoding }, stamp) => {
      const origin: ErrorData = { file: name };
      try {
        const bytes = await readBounded(chunksOf(handle), { encoding, limits, origin, signal });
        if (outlineObject(bytes) !== null) return { bytes, stamp };
      } catch (error) {
        signal.throwIfAborted();
        throw isSynclineError(error) ? error : unreadable(error, name);
      }
      throw sourceError('SOURCE_BAD_ANSWER', 'file is not one whole json object', origin);
    });

  return {
    async list() {
      const heights = new Map<BlockPart, ReadonlySet<Height>>();
      await readNames(path, { missingIsEmpty: false });
      for (const part of BLOCK_PARTS) {
        const names = await readNames(join(path, PART_FOLDERS[part]), { missingIsEmpty: true });
        heights.set(part, new Set(names.map(heightOf).filter((height) => height !== null)));
      }
      return heights;
    },
    read: (part, height, signal) => readFile(part, String(height), signal),
    readClass: readFile,
    stamp: (part, height) => withFile(part, String(height), async (_file, stamp) => stamp),
  };
}

/** A file's bytes in order. The handle stays the caller's: a stream would only give it back when it is destroyed. */
async function* chunksOf(handle: FileHandle): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { bytesRead, buffer } = await handle.read(new Uint8Array(256 * 1024));
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/** `12.json` and `12.json.gz` are 12; `latest.json`, `012.json`, `12.alt.json` and all others are nothing to us. */
function heightOf(name: string): Height | null {
  const digits = /^(0|[1-9][0-9]*)\.json(\.gz)?$/.exec(name)?.[1];
  const value = Number(digits ?? Number.NaN);
  return Number.isSafeInteger(value) ? parseHeight(value) : null;
}

/**
 * Heights as spans: ascending, not touching each other.
 * @param heights In any order, without repetition.
 */
export function spansOf(heights: Iterable<Height>): readonly Span[] {
  const spans: { from: Height; to: Height }[] = [];
  for (const height of [...heights].sort((a, b) => a - b)) {
    const last = spans.at(-1);
    if (last !== undefined && height === last.to + 1) last.to = height;
    else spans.push({ from: height, to: height });
  }
  return spans;
}

async function readNames(folder: string, { missingIsEmpty }: { missingIsEmpty: boolean }): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (missingIsEmpty && isMissing(error)) return [];
    throw unreadable(error, folder);
  }
}

function isMissing(error: unknown): boolean {
  const code = systemCodeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function unreadable(error: unknown, file: string) {
  return sourceError('SOURCE_UNAVAILABLE', 'cannot be read', { file, reason: systemCodeOf(error) ?? String(error) });
}
