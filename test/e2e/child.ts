import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { NetworkParams } from '../../src/chains/starknet/index.ts';

const CHILD = fileURLToPath(new URL('./testdata/sync-child.mjs', import.meta.url));
const BUILT = fileURLToPath(new URL('../../dist/index.js', import.meta.url));

export interface SyncTask {
  readonly network: NetworkParams | string;
  readonly source: string;
  readonly dataDir: string;
  readonly until: number;
  readonly applyDelayMs?: number;
  readonly stateMode?: 'merge' | 'rebuild' | 'auto';
}

export interface ChildLine {
  readonly type: 'open' | 'first' | 'end';
  readonly [key: string]: unknown;
}

export interface SyncChild {
  readonly process: ChildProcess;
  readonly lines: readonly ChildLine[];
  /** Resolves when the process has ended, with the last line it printed. Rejects when it failed. */
  readonly ended: Promise<ChildLine | undefined>;
}

/** A node in a process of its own, on the built package. */
export function startSync(task: SyncTask): SyncChild {
  if (!existsSync(BUILT)) throw new Error('dist is missing: run `npm run build` first');
  const child = spawn(process.execPath, [CHILD, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: ChildLine[] = [];
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  createInterface({ input: child.stdout }).on('line', (text) => lines.push(JSON.parse(text) as ChildLine));
  const ended = new Promise<ChildLine | undefined>((resolve, reject) => {
    child.on('close', (code, signal) => {
      if (code === 0 || signal === 'SIGKILL') resolve(lines.at(-1));
      else reject(new Error(`the node ended with ${code ?? signal}\n${stderr.slice(-3000)}`));
    });
  });
  ended.catch(() => {}); // the test awaits it when it wants to
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended.catch(() => {});
  });
  return { process: child, lines, ended };
}
