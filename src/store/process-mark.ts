import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Enough about a process to tell later whether it still runs. */
export interface ProcessMark {
  readonly pid: number;
  /** Start time in the system's ticks since boot; `null` where the system does not say. Tells reused ids apart. */
  readonly start: string | null;
  /** Where `pid` and `start` have a meaning: one boot of one machine, and one container on it. */
  readonly space: string;
  readonly host: string;
  /** Unique to this mark. */
  readonly token: string;
}

export function describeThisProcess(token: string): ProcessMark {
  return { pid: process.pid, start: statOf(process.pid)?.start ?? null, space: thisSpace(), host: hostname(), token };
}

/** Reads a mark from a file's text; `null` if it is none. */
export function parseProcessMark(text: string): ProcessMark | null {
  let mark: Partial<Record<keyof ProcessMark, unknown>> | null;
  try {
    mark = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof mark !== 'object' || mark === null) return null;
  const { pid, start, space, host, token } = mark;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return null;
  if (start !== null && typeof start !== 'string') return null;
  if (typeof space !== 'string' || typeof host !== 'string' || typeof token !== 'string') return null;
  return { pid, start, space, host, token };
}

/** Whether the process runs; `null` when this process cannot know. */
export function isProcessAlive(mark: ProcessMark): boolean | null {
  if (mark.space !== thisSpace()) return null;
  try {
    process.kill(mark.pid, 0);
  } catch (error) {
    // EPERM: it exists and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const stat = statOf(mark.pid);
  if (stat === null || mark.start === null) return true;
  // A killed process that its parent has not yet collected (Z, X) keeps its id and does nothing any more.
  return stat.start === mark.start && stat.state !== 'Z' && stat.state !== 'X';
}

/** State letter and start time of a process, from `/proc/<pid>/stat` (see proc_pid_stat(5)); `null` without it. */
function statOf(pid: number): { readonly state: string; readonly start: string } | null {
  const text = readText(`/proc/${pid}/stat`);
  // The second field is the program's name in brackets and may hold anything; the rest is separated by spaces.
  const [state, ...rest] = text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? [];
  const start = rest[18]; // field 22; `rest` begins with field 4
  return state === undefined || start === undefined ? null : { state, start };
}

/** Linux: boot and process-id namespace. Elsewhere: the machine's name, and reused ids are not told apart. */
function thisSpace(): string {
  const boot = readText('/proc/sys/kernel/random/boot_id')?.trim();
  if (boot === undefined) return hostname();
  try {
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return boot;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
