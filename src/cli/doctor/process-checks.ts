import { readFileSync } from 'node:fs';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { createFeltHasher } from '../../crypto/index.ts';
import { mapSizeBytesDefault } from '../../store/index.ts';
import { formatBytes, formatCount } from '../format.ts';
import { bad, type DoctorCheck, doubtful, good } from './check.ts';

/** The program that runs this, and what it was given. */
export function checkProcess(): readonly DoctorCheck[] {
  return [
    checkNode(process.versions.node),
    checkKernel(createFeltHasher().variant),
    checkMemory(memoryOfThisProcess()),
    ...checkLimits(readText('/proc/self/limits')),
  ];
}

export function checkNode(version: string): DoctorCheck {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1]);
  const needed = NODE_MIN.join('.');
  if (!isOld) return good('node', `Node ${version} on ${availableParallelism()} processors`);
  return bad('node', `Node ${version} is too old`, `install Node ${needed} or later`);
}

/** @param variant Which felt hasher runs here; `createFeltHasher` takes the fastest that passes its self-test. */
export function checkKernel(variant: string): DoctorCheck {
  if (variant === 'wasm-5x51') return good('kernel', `hashes with ${variant}, the fastest`);
  if (variant !== 'typescript') return good('kernel', `hashes with ${variant}; Node 22 and later may run a faster one`);
  const message = 'hashes without WebAssembly, some fifty times slower than with it';
  return doubtful('kernel', message, 'start Node without flags that forbid WebAssembly, such as --jitless');
}

interface Memory {
  readonly totalBytes: number;
  readonly availableBytes: number;
}

export function checkMemory({ totalBytes, availableBytes }: Memory): DoctorCheck {
  const message = `${formatBytes(availableBytes)} of ${formatBytes(totalBytes)} memory available`;
  if (availableBytes >= MEMORY_BYTES_MIN) return good('memory', message);
  const fix = `free some, or give the process at least ${formatBytes(MEMORY_BYTES_MIN)}; --sync.window-bytes makes a node smaller`;
  return doubtful('memory', message, fix);
}

/** The smaller of what the machine and what a container grants. */
function memoryOfThisProcess(): Memory {
  const constrained = process.constrainedMemory();
  const totalBytes = constrained > 0 && constrained < totalmem() ? constrained : totalmem();
  const kernel = /^MemAvailable:\s+(\d+) kB$/m.exec(readText('/proc/meminfo') ?? '')?.[1];
  const free = kernel === undefined ? freemem() : Number(kernel) * 1024;
  return { totalBytes, availableBytes: Math.min(totalBytes, free) };
}

/** @param limits Text of `/proc/self/limits` (see proc_pid_limits(5)), null where there is none. */
export function checkLimits(limits: string | null): readonly DoctorCheck[] {
  if (limits === null) return [doubtful('limits', 'this system does not tell the limits of a process', null)];
  const soft = (name: string) => {
    const value = new RegExp(`^${name} +(\\S+)`, 'm').exec(limits)?.[1] ?? 'unlimited';
    return value === 'unlimited' ? Number.POSITIVE_INFINITY : Number(value);
  };
  const checks: DoctorCheck[] = [];
  const files = soft('Max open files');
  if (files < OPEN_FILES_MIN) {
    const fix = `raise it: ulimit -n ${OPEN_FILES_MIN}, or LimitNOFILE= in a systemd unit`;
    checks.push(doubtful('limits', `only ${formatCount(files)} open files are allowed`, fix));
  }
  const space = soft('Max address space');
  if (space < mapSizeBytesDefault) {
    const message = `only ${formatBytes(space)} of address space is allowed; the database maps ${formatBytes(mapSizeBytesDefault)}`;
    checks.push(bad('limits', message, 'lift it: ulimit -v unlimited, or LimitAS=infinity in a systemd unit'));
  }
  const size = soft('Max file size');
  if (size < FILE_BYTES_MIN) {
    const message = `files may not grow beyond ${formatBytes(size)}`;
    checks.push(bad('limits', message, 'lift it: ulimit -f unlimited, or LimitFSIZE=infinity in a systemd unit'));
  }
  return checks.length > 0 ? checks : [good('limits', 'open files, address space and file size are not cut short')];
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** `engines` in package.json. */
const NODE_MIN = [20, 19] as const;
/** A node syncing small blocks takes some 175 MiB; chosen with room for large ones. */
const MEMORY_BYTES_MIN = 512 * 2 ** 20;
/** Chosen: HTTP connections come on top of a handful of files. */
const OPEN_FILES_MIN = 1_024;
/** Chosen: a database below that is of a network that nobody uses. */
const FILE_BYTES_MIN = 64 * 2 ** 30;
