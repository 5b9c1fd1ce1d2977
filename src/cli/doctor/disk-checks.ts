import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { formatBytes } from '../format.ts';
import { bad, type DoctorCheck, doubtful, good } from './check.ts';

/** The disk that the data folder is, or will be, on. */
export function checkDisk(dataDir: string): readonly DoctorCheck[] {
  const folder = existingFolder(dataDir);
  return [checkSpace(freeBytes(folder)), checkSpeed(folder)];
}

/** @param bytes Free for this user; null where the file system does not count. */
export function checkSpace(bytes: number | null): DoctorCheck {
  if (bytes === null) return doubtful('disk-space', 'the file system does not tell its free space', null);
  const message = `${formatBytes(bytes)} free`;
  if (bytes < FREE_BYTES_MIN) return bad('disk-space', message, 'free some space, or name a folder on another disk');
  if (bytes < FREE_BYTES_COMFORT) return doubtful('disk-space', message, 'a public network needs a good deal more');
  return good('disk-space', message);
}

/** Writes and flushes a file that it removes again. */
function checkSpeed(folder: string): DoctorCheck {
  const path = join(folder, `.syncline-doctor-${process.pid}`);
  let measured: Speed;
  try {
    measured = measure(path);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    const fix = 'make sure that this user may write there and that the disk is neither full nor read-only';
    return bad('disk-speed', `${folder} cannot be written: ${reason}`, fix);
  } finally {
    rmSync(path, { force: true });
  }
  return judgeSpeed(measured);
}

interface Speed {
  readonly writeBytesPerS: number;
  /** Median time of a flush. */
  readonly flushMs: number;
}

export function judgeSpeed({ writeBytesPerS, flushMs }: Speed): DoctorCheck {
  const message = `writes ${formatBytes(writeBytesPerS)}/s, a flush takes ${flushMs.toFixed(1)} ms`;
  if (flushMs <= FLUSH_MS_MAX && writeBytesPerS >= WRITE_BYTES_PER_S_MIN) return good('disk-speed', message);
  return doubtful('disk-speed', message, 'every commit waits for one flush: a local SSD makes the sync faster');
}

function measure(path: string): Speed {
  const file = openSync(path, 'wx', 0o600);
  try {
    const block = Buffer.alloc(WRITE_BYTES, 1);
    const startedMs = performance.now();
    writeSync(file, block);
    fsyncSync(file);
    const writeMs = performance.now() - startedMs;
    const flushes: number[] = [];
    for (let i = 0; i < FLUSHES; i++) {
      const beganMs = performance.now();
      writeSync(file, block, 0, 4_096, i * 4_096);
      fsyncSync(file);
      flushes.push(performance.now() - beganMs);
    }
    const median = flushes.sort((a, b) => a - b)[FLUSHES >> 1] ?? 0;
    return { writeBytesPerS: WRITE_BYTES / Math.max(0.001, writeMs / 1000), flushMs: median };
  } finally {
    closeSync(file);
  }
}

function freeBytes(folder: string): number | null {
  try {
    const { blocks, bavail, bsize } = statfsSync(folder);
    return blocks === 0 ? null : bavail * bsize;
  } catch {
    return null;
  }
}

/** The folder itself, or the nearest one above it that exists. */
function existingFolder(path: string): string {
  for (let at = path; ; at = dirname(at)) {
    if (statSync(at, { throwIfNoEntry: false })?.isDirectory() || at === dirname(at)) return at;
  }
}

/** Below that a node may stop at any commit. */
const FREE_BYTES_MIN = 2 ** 30;
/** Chosen. */
const FREE_BYTES_COMFORT = 20 * 2 ** 30;
const WRITE_BYTES = 8 * 2 ** 20;
const FLUSHES = 9;
/** Chosen: ten commits a second. */
const FLUSH_MS_MAX = 100;
const WRITE_BYTES_PER_S_MIN = 10 * 2 ** 20;
