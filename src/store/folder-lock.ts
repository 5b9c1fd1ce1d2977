import { randomBytes } from 'node:crypto';
import { linkSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SynclineError } from '../lib/index.ts';
import { describeThisProcess, isProcessAlive, type ProcessMark, parseProcessMark } from './process-mark.ts';

/** The exclusive right to write in a data folder. */
export interface FolderLock {
  /** Gives the right back; harmless when repeated. */
  release(): void;
}

/**
 * Takes a folder's `LOCK`, which names the process that writes there. It survives that process: a lock whose holder
 * is dead is taken over.
 *
 * Whether the holder lives is told from its process id and start time. Where these mean nothing (the holder ran in
 * another container, on another machine, or before a reboot), the lock's modification time tells: a live holder
 * touches it every `beatMs`, and a lock that stays untouched for `watchMs` is dead.
 *
 * Races: `LOCK` comes into being whole, by linking a draft that is already written, and only if there is none. Only
 * the removal of a dead lock needs more, since between looking and removing, somebody else's fresh lock may have come
 * in its place. So every contender first puts down a draft under a name of its own, then looks for others, and removes
 * a dead lock only if it is alone. Of two contenders the later looks after the earlier put down its draft, so at most
 * one finds itself alone; those who do not, step back for a random while.
 *
 * @param folder An existing folder.
 * @throws {SynclineError} `FOLDER_LOCKED` (fault `caller`) with the holder's `pid`.
 */
export async function acquireFolderLock(folder: string, options: Partial<LockTiming> = {}): Promise<FolderLock> {
  const timing = { ...defaultTiming, ...options };
  const lock = join(folder, lockName);
  const mark = describeThisProcess(randomBytes(8).toString('hex'));
  const draft = join(folder, `${lockName}.${mark.token}`);
  const text = `${JSON.stringify(mark)}\n`;
  try {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      writeFileSync(draft, text, { mode: 0o600 });
      if (createFrom(draft, { path: lock, text })) return hold(lock, text, timing.beatMs);
      const seen = readOrNull(lock);
      if (seen === null) continue;
      const holder = parseProcessMark(seen);
      if (await isHeld(lock, holder, timing.watchMs)) throw lockedError(folder, holder);
      if (isAlone(folder, draft, timing.watchMs)) {
        if (readOrNull(lock) === seen) rmSync(lock, { force: true });
        continue;
      }
      rmSync(draft, { force: true });
      await sleep(stepBackMsMin + Math.random() * stepBackMsMin * 4);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  throw lockedError(folder, parseProcessMark(readOrNull(lock) ?? ''));
}

/** Who writes in the folder at this moment, `null` if nobody is known to. Takes no lock. */
export function readFolderWriter(folder: string): number | null {
  const holder = parseProcessMark(readOrNull(join(folder, lockName)) ?? '');
  return holder !== null && isProcessAlive(holder) === true ? holder.pid : null;
}

export interface LockTiming {
  /** How often a holder touches its lock, in milliseconds. */
  readonly beatMs: number;
  /** How long an untouched lock of an unknown holder is watched before it counts as dead, in milliseconds. */
  readonly watchMs: number;
}

/** Chosen: four missed beats; a start after a killed container or a reboot takes that much longer. */
const defaultTiming: LockTiming = { beatMs: 1_000, watchMs: 4_000 };

function hold(lock: string, text: string, beatMs: number): FolderLock {
  const beat = setInterval(() => {
    try {
      utimesSync(lock, new Date(), new Date());
    } catch {
      // A lock removed by hand is no reason to stop writing; a disk that fails shows itself at the next commit.
    }
  }, beatMs);
  beat.unref();
  let held = true;
  return {
    release() {
      if (!held) return;
      held = false;
      clearInterval(beat);
      if (readOrNull(lock) === text) rmSync(lock, { force: true });
    },
  };
}

/** Whether the lock's holder lives. Waits only when the process table cannot tell. */
async function isHeld(lock: string, holder: ProcessMark | null, watchMs: number): Promise<boolean> {
  const known = holder === null ? null : isProcessAlive(holder);
  if (known !== null) return known;
  const before = touchedMs(lock);
  for (let waited = 0; waited < watchMs; waited += watchMs / 8) {
    await sleep(watchMs / 8);
    const now = touchedMs(lock);
    if (now === null) return false;
    if (now !== before) return true;
  }
  return false;
}

/** Whether no other live contender has put down a draft. Removes drafts of the dead: their names never come back. */
function isAlone(folder: string, ownDraft: string, watchMs: number): boolean {
  const ownMs = touchedMs(ownDraft) ?? 0;
  let alone = true;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!name.startsWith(`${lockName}.`) || path === ownDraft) continue;
    const contender = parseProcessMark(readOrNull(path) ?? '');
    // Drafts live for milliseconds; one of an unknown process counts as long as a lock of an unknown process would.
    const alive = (contender && isProcessAlive(contender)) ?? ownMs - (touchedMs(path) ?? 0) < watchMs;
    if (alive) alone = false;
    else rmSync(path, { force: true });
  }
  return alone;
}

/** Makes the lock with all its content at once; false when there is one already. */
function createFrom(draft: string, lock: { readonly path: string; readonly text: string }): boolean {
  try {
    linkSync(draft, lock.path);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') return false;
    if (code === undefined || !noHardLinks.has(code)) throw error;
  }
  try {
    // Not whole at once: who reads it in between finds an unknown holder, watches, and sees it touched.
    writeFileSync(lock.path, lock.text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function touchedMs(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;
}

function lockedError(folder: string, holder: ProcessMark | null): SynclineError {
  const who = holder === null ? 'another process' : `process ${holder.pid} on ${holder.host}`;
  return new SynclineError('FOLDER_LOCKED', 'caller', `data folder is in use by ${who}`, {
    data: {
      path: folder,
      pid: holder?.pid ?? null,
      exitCode: 6,
      fix: 'stop that process first, or name another folder with --data-dir; commands that only read may run beside it',
    },
  });
}

const lockName = 'LOCK';
const noHardLinks: ReadonlySet<string> = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']);
/** Chosen: contenders that keep meeting are let down after about a second. */
const attemptsMax = 20;
const stepBackMsMin = 10;
