import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type AuditCourse, parseAuditCourse } from '../../engine/index.ts';
import { writeDurably } from '../../store/index.ts';

/** Keeps how far an audit of a data folder has come, outside its database. */
export interface ProgressFile {
  /** What an earlier run of the same request left, null where there is nothing of use. */
  load(): Promise<AuditCourse | null>;
  /** Notes the newest course, and writes it now and then. */
  note(course: AuditCourse): void;
  /** Writes the newest course. */
  flush(): Promise<void>;
  /** There is nothing left to be taken up again. */
  remove(): Promise<void>;
}

export interface ProgressFileOptions {
  /** The data folder. */
  readonly path: string;
  readonly identity: string;
  readonly request: { readonly from: number; readonly to: number | null };
  readonly nowMs: () => number;
  /** Told once when the file cannot be written: the audit goes on without. */
  readonly onError: (error: unknown) => void;
}

/**
 * The file `verify.json` in the data folder: `{ version, identity, course }`. It is replaced as a whole, so that it is
 * there before or after whatever happens, and never half. A course names the blocks that it has verified by their
 * hashes; whoever takes it up checks that they are still there.
 */
export function createProgressFile({ path, identity, request, nowMs, onError }: ProgressFileOptions): ProgressFile {
  const file = join(path, PROGRESS_FILE);
  let newest: AuditCourse | null = null;
  let savedMs = nowMs();
  let writing: Promise<void> | null = null;
  let isUsable = true;

  async function write(): Promise<void> {
    if (newest === null || !isUsable) return;
    const course = newest;
    savedMs = nowMs();
    try {
      await writeDurably(file, `${JSON.stringify({ version: FORMAT, identity, course })}\n`);
    } catch (error) {
      isUsable = false;
      onError(error);
    }
  }

  return {
    async load() {
      try {
        const kept = JSON.parse(await readFile(file, 'utf8')) as unknown;
        const { version, identity: marked, course } = (kept ?? {}) as Readonly<Record<string, unknown>>;
        return version === FORMAT && marked === identity ? parseAuditCourse(course, request) : null;
      } catch {
        return null; // none, or none of ours: the audit begins anew, and its course replaces it
      }
    },
    note(course) {
      newest = course;
      if (writing !== null || nowMs() - savedMs < SAVE_MS) return;
      writing = write().finally(() => {
        writing = null;
      });
    },
    async flush() {
      await writing;
      await write();
    },
    async remove() {
      await writing;
      newest = null;
      await rm(file, { force: true }).catch(onError);
    },
  };
}

export const PROGRESS_FILE = 'verify.json';
/** Rises with any change of a course's meaning. */
const FORMAT = 1;
/** Chosen: what a kill costs. */
const SAVE_MS = 1_000;
