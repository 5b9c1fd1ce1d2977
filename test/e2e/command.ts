import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export type JsonLine = { readonly type: string } & Readonly<Record<string, unknown>>;

/** The built command line as a child process. */
export interface Command {
  readonly process: ChildProcess;
  /** JSON lines so far, in order. */
  readonly lines: readonly JsonLine[];
  readonly stderr: () => string;
  /** Resolves with the first line that fits, now or later; rejects when the process ends without one. */
  until(fits: (line: JsonLine) => boolean): Promise<JsonLine>;
  /** Exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
}

/** Starts `syncline` with the given arguments; stdout is read as JSON lines where it is JSON. */
export function runCommand(args: readonly string[], env: Readonly<Record<string, string>> = {}): Command {
  if (!existsSync(MAIN)) throw new Error('dist/cli/main.js is missing: run `npm run build` first');
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...env },
  });
  const lines: JsonLine[] = [];
  const waiting = new Set<() => void>();
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  createInterface({ input: child.stdout }).on('line', (text) => {
    if (!text.startsWith('{')) return;
    lines.push(JSON.parse(text) as JsonLine);
    for (const look of [...waiting]) look();
  });
  const ended = new Promise<number | string>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
  });
  return {
    process: child,
    lines,
    stderr: () => stderr,
    ended,
    until(fits) {
      return new Promise((resolve, reject) => {
        let next = 0;
        const look = () => {
          for (; next < lines.length; next++) {
            const line = lines[next] as JsonLine; // next < length
            if (!fits(line)) continue;
            waiting.delete(look);
            resolve(line);
            return;
          }
        };
        waiting.add(look);
        look();
        ended.then((code) => {
          look();
          reject(new Error(`the command ended with ${code} before that line came\n${stderr.slice(-2000)}`));
        });
      });
    },
  };
}
