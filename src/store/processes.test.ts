import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../engine/index.ts';
import { createRandom } from '../testing/index.ts';
import { openFolder, openLmdb, readFolder } from './index.ts';

/** Other processes cannot run TypeScript on Node 20: they use the build, which `npm test` makes first. */
const builtStore = new URL('../../dist/store/index.js', import.meta.url);
const built = existsSync(builtStore);
if (!built) console.warn('skipped: tests of the store with several processes need dist/ (npm run build)');

let folder: string;
let names = 0;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syncline-processes-'));
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

describe.skipIf(!built)('a store that is killed', () => {
  it('has each batch whole or not at all, and all that it reported, after 10 kills in the middle of writing', async () => {
    const path = newPath();
    const random = createRandom(7);
    let reported = 0;
    for (let kill = 0; kill < 10; kill++) {
      const child = start('write-loop.mjs', path);
      const killAfter = 1 + Math.floor(random() * 15);
      let lines = 0;
      for await (const line of linesOf(child)) {
        reported = Number(line);
        lines++;
        if (lines === killAfter) child.kill('SIGKILL');
      }
      await using store = openLmdb({ path });
      const last = checkWriteLoop(store);
      expect(last).toBeGreaterThanOrEqual(reported);
      expect(last).toBeLessThanOrEqual(reported + 1);
    }
    expect(reported).toBeGreaterThan(20);
  });

  it('says when a commit fails, and keeps what was committed before', async () => {
    const path = newPath();
    // A limit on the size of files stands in for a full disk: both fail the write of a page.
    const script = [
      'ulimit -f 20000; exec "$@"',
      'sh',
      process.execPath,
      scriptPath('fill.mjs'),
      builtStore.href,
      path,
    ];
    const child = track(spawn('sh', ['-c', ...script], { stdio: ['ignore', 'pipe', 'inherit'] }));
    const [line] = await allLines(child);
    const failure = JSON.parse(line ?? '{}');
    expect(failure).toMatchObject({ code: 'STORE_COMMIT_FAILED', fault: 'local' });
    expect(failure.committed).toBeGreaterThan(0);
    await using store = openLmdb({ path });
    using view = store.view();
    expect(view.get('meta', new Uint8Array([1]))).toEqual(new Uint8Array([failure.committed]));
    expect([...view.range('part', {})].length).toBe(failure.committed);
  });
});

describe.skipIf(!built)('a reader', () => {
  const sees = async (ask: (question: string) => Promise<unknown>, store: Store) => {
    const write = (n: number) =>
      store.commit([{ table: 'meta', key: new Uint8Array([1]), value: new Uint8Array([n]) }]);
    expect(await ask('hold')).toBe(1);
    for (let n = 2; n < 12; n++) {
      write(n);
      expect(await ask('fresh')).toBe(n);
      expect(await ask('held')).toBe(1);
    }
  };

  it('in another process sees each commit in its next view, and none in an open one', async () => {
    const path = newPath();
    await using store = openLmdb({ path });
    store.commit([{ table: 'meta', key: new Uint8Array([1]), value: new Uint8Array([1]) }]);
    const child = track(fork(scriptPath('reader.mjs'), [builtStore.href, path]));
    await once(child, 'message');
    await sees(async (question) => {
      child.send(question);
      return (await once(child, 'message'))[0];
    }, store);
    child.send('close');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('on another thread sees each commit in its next view, and none in an open one', async () => {
    const path = newPath();
    await using store = openLmdb({ path });
    store.commit([{ table: 'meta', key: new Uint8Array([1]), value: new Uint8Array([1]) }]);
    const worker = new Worker(scriptPath('reader.mjs'), { workerData: [builtStore.href, path] });
    await once(worker, 'message');
    await sees(async (question) => {
      worker.postMessage(question);
      return (await once(worker, 'message'))[0];
    }, store);
    worker.postMessage('close');
    await once(worker, 'exit');
    store.commit([{ table: 'meta', key: new Uint8Array([1]), value: new Uint8Array([99]) }]);
    using view = store.view();
    expect(view.get('meta', new Uint8Array([1]))).toEqual(new Uint8Array([99]));
  });
});

describe.skipIf(!built)('a data folder', () => {
  const identity = 'chain of the tests';

  it('is refused to a second writer within a second, open to readers, and taken over when the writer is killed', async () => {
    const path = newPath();
    const child = start('hold-folder.mjs', path);
    const [line] = await once(createInterface({ input: outputOf(child) }), 'line');
    expect(JSON.parse(line)).toEqual({ held: child.pid });

    const startMs = performance.now();
    await expect(openFolder({ path, identity })).rejects.toMatchObject({
      code: 'FOLDER_LOCKED',
      fault: 'caller',
      data: { pid: child.pid, exitCode: 6 },
    });
    expect(performance.now() - startMs).toBeLessThan(1_000);
    expect(await readFolder({ path })).toMatchObject({ identity, writerPid: child.pid });

    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await readFolder({ path })).toMatchObject({ writerPid: null });
    await using taken = await openFolder({ path, identity });
    expect(JSON.parse(await readFile(join(taken.path, 'LOCK'), 'utf8'))).toMatchObject({ pid: process.pid });
  });

  it('goes to exactly one of five processes that find it with a dead lock', async () => {
    const path = newPath();
    const dead = start('hold-folder.mjs', path);
    await once(createInterface({ input: outputOf(dead) }), 'line');
    dead.kill('SIGKILL');
    await once(dead, 'exit');

    const contenders = Array.from({ length: 5 }, () => start('hold-folder.mjs', path));
    const outcomes = await Promise.all(
      contenders.map(async (child) => JSON.parse((await once(createInterface({ input: outputOf(child) }), 'line'))[0])),
    );
    const winners = outcomes.filter((outcome) => outcome.held !== undefined);
    expect(winners.length).toBe(1);
    for (const outcome of outcomes) {
      if (outcome.held === undefined) expect(outcome).toMatchObject({ code: 'FOLDER_LOCKED' });
    }
    for (const child of contenders) child.kill('SIGKILL');
  });
});

/** The number of the last batch, after checking that this batch and no other is there. */
function checkWriteLoop(store: Store): number {
  using view = store.view();
  const last = Buffer.from(view.get('meta', new TextEncoder().encode('last')) ?? new Uint8Array(4)).readUInt32BE();
  const values = [...view.range('state', {})].map(([, value]) => Buffer.from(value).readUInt32BE());
  expect(values).toEqual(Array(200).fill(last));
  const parts = [...view.range('part', {})].map(([key, value]) => {
    expect(value.every((byte) => byte === (Buffer.from(key).readUInt32BE() & 0xff))).toBe(true);
    return Buffer.from(key).readUInt32BE();
  });
  expect(parts).toEqual(Array.from({ length: Math.min(last, 20) }, (_, at) => Math.max(0, last - 20) + at + 1));
  return last;
}

function newPath(): string {
  return join(folder, String(names++));
}

function scriptPath(name: string): string {
  return fileURLToPath(new URL(`./testdata/${name}`, import.meta.url));
}

function start(script: string, path: string): ChildProcess {
  return track(
    spawn(process.execPath, [scriptPath(script), builtStore.href, path], { stdio: ['ignore', 'pipe', 'inherit'] }),
  );
}

function track(child: ChildProcess): ChildProcess {
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

function outputOf(child: ChildProcess) {
  if (child.stdout === null) throw new Error('the child was started without a pipe');
  return child.stdout;
}

function linesOf(child: ChildProcess): AsyncIterable<string> {
  return createInterface({ input: outputOf(child) });
}

async function allLines(child: ChildProcess): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(child)) lines.push(line);
  return lines;
}
