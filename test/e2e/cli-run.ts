import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './folders.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface CliOutcome {
  /** The exit code, or the signal that ended it. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
  /** From the start of the process to its end. */
  readonly tookMs: number;
}

export interface CliChild {
  readonly process: ChildProcess;
  /** Resolves once stdout and stderr together contain the text; rejects when the process ends without it. */
  shows(text: string): Promise<void>;
  /** What it has written so far. */
  stdout(): string;
  stderr(): string;
  readonly ended: Promise<CliOutcome>;
}

export interface CliOptions {
  /** Default: an empty folder. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the built command line to its end. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliOutcome> {
  return startCli(args, options).ended;
}

/** Starts the built command line, in a world without settings of its own. It does not outlive the test. */
export function startCli(args: readonly string[], options: CliOptions = {}): CliChild {
  if (!existsSync(MAIN)) throw new Error('dist/cli/main.js is missing: run `npm run build` first');
  const cwd = options.cwd ?? temporaryFolder('cli');
  const inherited = Object.entries(process.env).filter(([name]) => !/^(SYNCLINE_|NO_COLOR|FORCE_COLOR)/.test(name));
  const env = { ...Object.fromEntries(inherited), XDG_CONFIG_HOME: cwd, ...options.env };
  const startedMs = performance.now();
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  const hear = () => {
    for (const look of [...waiting]) look();
  };
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    hear();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    hear();
  });
  const ended = new Promise<CliOutcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ code: code ?? signal ?? 'unknown', stdout, stderr, tookMs: performance.now() - startedMs });
    });
  });
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
  });
  return {
    process: child,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    shows(text) {
      return new Promise((resolve, reject) => {
        const look = () => {
          if (!stdout.includes(text) && !stderr.includes(text)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
        ended.then(({ code }) => {
          look();
          reject(new Error(`ended with ${code} without showing ${JSON.stringify(text)}\n${stdout}\n${stderr}`));
        }, reject);
      });
    },
  };
}

export type JsonObject = { readonly type: string } & Readonly<Record<string, unknown>>;

/** Every line of the text as JSON. @throws where a line is none. */
export function jsonLines(text: string): readonly JsonObject[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JsonObject);
}
