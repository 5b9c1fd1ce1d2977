import { type ChildProcess, spawn } from 'node:child_process';
import { watchMemory } from './memory-limit.ts';

/** One run of a program, with everything that bounds it. */
export interface CompilerRun {
  readonly path: string;
  readonly args: readonly string[];
  /** What is written to its standard input; null for nothing. */
  readonly stdin: Uint8Array | null;
  /** Where it runs and may put temporary files. */
  readonly folder: string;
  readonly timeoutMs: number;
  readonly memoryBytes: number;
  readonly outputBytesMax: number;
  /** A program that sets limits before it becomes another, such as `prlimit`; null to watch the memory from outside. */
  readonly limiter:
    | ((limits: { readonly timeoutMs: number; readonly memoryBytes: number }) => readonly string[])
    | null;
}

/** What came of a run. `detail` is for people. */
export type CompilerOutcome =
  | { readonly type: 'done'; readonly output: Uint8Array }
  | { readonly type: 'failed' | 'timeout' | 'memory' | 'output' | 'unstartable'; readonly detail: string };

/**
 * Runs a program to its end: without a shell, with an environment that holds nothing but a search path, in a process
 * group of its own. The whole group is killed when the time is up, a limit is crossed or the signal aborts, and
 * what is left of it when the program has ended.
 *
 * @returns With the program gone and its streams closed. @throws The signal's reason.
 */
export async function runCompiler(run: CompilerRun, signal: AbortSignal): Promise<CompilerOutcome> {
  signal.throwIfAborted();
  const { path, args, folder, timeoutMs, memoryBytes } = run;
  const [command = path, ...words] = [...(run.limiter?.({ timeoutMs, memoryBytes }) ?? []), path, ...args];
  let child: ChildProcess;
  try {
    child = spawn(command, words, {
      cwd: folder,
      // Nothing of ours: our own environment may hold keys.
      env: { PATH: process.env.PATH ?? '', LC_ALL: 'C', TMPDIR: folder },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      windowsHide: true,
    });
  } catch (error) {
    // Some failures are thrown and not told by an event: arguments that are too long, a program for another machine.
    return { type: 'unstartable', detail: error instanceof Error ? error.message : String(error) };
  }
  let stopped: Exclude<CompilerOutcome, { type: 'done' }> | null = null;
  const stop = (reason: typeof stopped) => {
    stopped ??= reason;
    killGroup(child);
  };
  const onAbort = () => stop({ type: 'failed', detail: 'stopped' });
  const onExit = () => killGroup(child); // a process that ends at once must not leave it behind
  signal.addEventListener('abort', onAbort, { once: true });
  process.on('exit', onExit);
  const timer = setTimeout(() => stop({ type: 'timeout', detail: `not done after ${timeoutMs} ms` }), timeoutMs);
  const tooMuch = () => stop({ type: 'memory', detail: `took more than ${memoryBytes} bytes of memory` });
  const memory = run.limiter === null ? watchMemory(child.pid, memoryBytes, tooMuch) : null;
  try {
    const output = collect(child, run.outputBytesMax, () => {
      stop({ type: 'output', detail: `printed more than ${run.outputBytesMax} bytes` });
    });
    feed(child, run.stdin);
    const end = await ended(child);
    signal.throwIfAborted();
    if (stopped !== null) return stopped;
    if (end.type === 'unstartable') return end;
    if (end.code === 0) return { type: 'done', output: output.stdout() };
    return { type: 'failed', detail: [end.signal ?? `exit code ${end.code}`, output.stderr()].join(': ') };
  } finally {
    clearTimeout(timer);
    memory?.[Symbol.dispose]();
    signal.removeEventListener('abort', onAbort);
    process.off('exit', onExit);
  }
}

type End =
  | { readonly type: 'ended'; readonly code: number | null; readonly signal: NodeJS.Signals | null }
  | { readonly type: 'unstartable'; readonly detail: string };

/** Resolves when the program has ended and its streams are closed. */
function ended(child: ChildProcess): Promise<End> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      if (child.pid === undefined) resolve({ type: 'unstartable', detail: error.message });
    });
    child.once('exit', () => {
      killGroup(child); // what it started and did not wait for
      // Something that left the group may hold the streams: nobody waits for that.
      setTimeout(() => closeStreams(child), STREAMS_MS).unref();
    });
    child.once('close', (code, signal) => resolve({ type: 'ended', code, signal }));
  });
}

function collect(child: ChildProcess, bytesMax: number, onTooMuch: () => void) {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let stderr = '';
  child.stdout?.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes <= bytesMax) chunks.push(chunk);
    else onTooMuch();
  });
  child.stderr?.on('data', (chunk: Uint8Array) => {
    if (stderr.length < STDERR_CHARS_MAX) stderr += Buffer.from(chunk).toString('utf8', 0, STDERR_CHARS_MAX);
  });
  return {
    stdout: () => new Uint8Array(Buffer.concat(chunks)),
    /** The first words, in one printable line. */
    stderr: () =>
      stderr
        .slice(0, STDERR_CHARS_MAX)
        .replaceAll(/[^\x20-\x7e]+/g, ' ')
        .trim(),
  };
}

function feed(child: ChildProcess, bytes: Uint8Array | null): void {
  child.stdin?.on('error', () => {}); // a program that does not read to the end shows in how it ends
  if (bytes === null) child.stdin?.end();
  else child.stdin?.end(bytes);
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL'); // the group is gone, or the system has none; harmless where the program is gone too
  }
}

function closeStreams({ stdin, stdout, stderr }: ChildProcess): void {
  for (const stream of [stdin, stdout, stderr]) stream?.destroy();
}

const STDERR_CHARS_MAX = 400;
/** How long streams may stay open when the program has ended; chosen. */
const STREAMS_MS = 500;
