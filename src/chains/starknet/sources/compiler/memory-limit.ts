import { accessSync, constants, readFileSync } from 'node:fs';

/** Makes the words that go before a command to run it within limits. */
export type Limiter = (limits: { readonly timeoutMs: number; readonly memoryBytes: number }) => readonly string[];

/**
 * util-linux's `prlimit`, which sets limits on itself and then becomes the program: on the address space, as Pathfinder
 * and the sequencer do for their compilers, on CPU time, so that a compiler whose node was killed ends by itself, and
 * on core dumps. Null where it is not installed: Node can set no limits.
 *
 * @see prlimit(1), setrlimit(2)
 */
export function findLimiter(): Limiter | null {
  const program = PRLIMIT_PATHS.find(isProgram);
  if (program === undefined) return null;
  return ({ timeoutMs, memoryBytes }) => {
    const cpuS = Math.ceil(timeoutMs / 1000);
    return [program, `--as=${memoryBytes}`, `--cpu=${cpuS}`, '--core=0', '--'];
  };
}

/** Whether a process's memory can be seen from outside. */
export function canWatchMemory(): boolean {
  return residentBytes('self') !== null;
}

/**
 * Looks at the resident memory of a process again and again, until it is disposed of or has called once. Does nothing
 * where that cannot be seen. Processes that this one starts do not count.
 */
export function watchMemory(pid: number | undefined, bytesMax: number, onTooMuch: () => void): Disposable {
  const timer = setInterval(() => {
    if (pid === undefined || (residentBytes(pid) ?? 0) <= bytesMax) return;
    clearInterval(timer);
    onTooMuch();
  }, LOOK_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** @see proc_pid_status(5), `VmRSS` */
function residentBytes(pid: number | 'self'): number | null {
  try {
    const kib = /^VmRSS:\s+([0-9]{1,12}) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return kib === undefined ? null : Number(kib) * 1024;
  } catch {
    return null; // it has ended, or the system has no such files
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Never sought on the search path, which others may have set. */
const PRLIMIT_PATHS = ['/usr/bin/prlimit', '/bin/prlimit'];
/** Chosen. */
const LOOK_MS = 50;
