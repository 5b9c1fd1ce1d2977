import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createStarknetDevnet, type DevnetClass } from '../../../../devnet/starknet/index.ts';
import { type Delivery, parseHeight, type Source, type Store } from '../../../../engine/index.ts';
import { createSystemEnv, silentLogger } from '../../../../lib/index.ts';
import { createMemoryStore } from '../../../../store/index.ts';
import { classKey, encodeClassRecord } from '../../classes/index.ts';
import { feltToHex } from '../../felt.ts';
import { createStarknetSource } from '../index.ts';
import type { SierraCompiler } from './compiler-address.ts';
import { compilerSourceUrl, createCompilerSource, inspectCompiler } from './index.ts';
import { findLimiter } from './memory-limit.ts';

/** Stands in for a compiler; its modes are described there. */
const program = fileURLToPath(new URL('../../../../../test/e2e/testdata/sierra-compiler.mjs', import.meta.url));
const devnet = createStarknetDevnet({ seed: 51, blocks: 1 });
const ofKind = (kind: string) => devnet.classes.find(({ seed }) => seed.kind === kind) ?? expect.unreachable();
const sierra = ofKind('sierra');
const cairo0 = ofKind('cairo0');
const signal = new AbortController().signal;

let store: Store;
let folder = '';
let before: string | undefined;
const opened: Source[] = [];

beforeEach(async () => {
  store = createMemoryStore();
  for (const one of [sierra, cairo0]) {
    const bytes = Buffer.from(devnet.classFiles(one).json ?? '');
    const record = encodeClassRecord({ kind: one.seed.kind, height: parseHeight(0), bytes });
    store.commit([{ table: 'content', key: classKey(one.classHash), value: record }]);
  }
  folder = await mkdtemp(join(tmpdir(), 'syncline-compiler-test-'));
  before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
});
afterEach(async () => {
  for (const source of opened.splice(0)) await source[Symbol.asyncDispose]();
  expect((await readdir(folder)).filter((name) => name.startsWith('syncline-compile-'))).toEqual([]);
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  await rm(folder, { recursive: true });
});

function open(
  compiler: Partial<SierraCompiler> = {},
  options: Partial<Parameters<typeof createCompilerSource>[0]> = {},
): Source {
  const url = new URL(compilerSourceUrl({ path: program, ...compiler }));
  const source = createCompilerSource({ url, env: createSystemEnv(), log: silentLogger, store, ...options });
  opened.push(source);
  return source;
}

const idOf = ({ classHash }: DevnetClass) => `${feltToHex(classHash)}/0x1/blake2s`;

async function compileWith(source: Source, id = idOf(sierra), abort = signal): Promise<Delivery> {
  const request = { height: parseHeight(0), parts: ['localCompiledClass'], id };
  for await (const delivery of source.fetch(request, { signal: abort })) return delivery;
  return expect.unreachable();
}

/** Whether a process still runs; one that has ended and that nobody has asked about yet does not. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => null);
  if (stat !== null) return !/\) Z /.test(stat);
  if (process.platform === 'linux') return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function isGone(pid: number): Promise<boolean> {
  for (let i = 0; i < 100 && (await isAlive(pid)); i++) await new Promise((resolve) => setTimeout(resolve, 20));
  return !(await isAlive(pid));
}

describe('a compiler as a source', () => {
  it.each([
    ['from a file', {}],
    ['from standard input', { args: ['compile'] }],
    ['from a file with the class as it was received', { args: ['compile', '{class}'] }],
    ['behind a line for people', { args: ['chatty', '{sierra}'] }],
  ])('compiles a stored Sierra class %s', async (_, compiler) => {
    const delivery = await compileWith(open(compiler));
    if (delivery.type === 'absent') return expect.unreachable();
    expect(delivery.part).toBe('localCompiledClass');
    const expected = JSON.parse(devnet.classFiles(sierra).compiledJson ?? '') as unknown;
    expect(JSON.parse(Buffer.from(delivery.bytes).toString())).toEqual(expected);
    expect(delivery.bytes.buffer.byteLength).toBe(delivery.bytes.length);
  });

  it('has nothing of classes that are not stored, of Cairo 0 classes, and of anything else', async () => {
    const source = open();
    const absent = { type: 'absent', part: 'localCompiledClass' };
    for (const id of ['0x1/0x2/poseidon', idOf(cairo0), '', '../0x1']) {
      expect(await compileWith(source, id)).toEqual(absent);
    }
    const request = { height: parseHeight(0), parts: ['block', 'class'], id: feltToHex(sierra.classHash) };
    const deliveries = [];
    for await (const delivery of source.fetch(request, { signal })) deliveries.push(delivery);
    expect(deliveries).toEqual([
      { type: 'absent', part: 'block' },
      { type: 'absent', part: 'class' },
    ]);
    const noStore = createCompilerSource({
      url: new URL(compilerSourceUrl({ path: program })),
      env: createSystemEnv(),
      log: silentLogger,
    });
    opened.push(noStore);
    expect(await compileWith(noStore)).toEqual(absent);
  });

  it('has no blocks', async () => {
    const source = open();
    expect(source).toMatchObject({ id: `compiler:${program}`, parts: ['localCompiledClass'], contentOnly: true });
    expect(await source.survey({ signal })).toEqual({ spans: [], head: null });
    expect(await source.hashAt(parseHeight(0), { signal })).toBeNull();
  });

  it('takes one request at a time, which ends by its own limit and not by the engine’s', () => {
    const { limits } = open({ timeoutMs: 45_000 });
    expect(limits.concurrencyMax).toBe(1);
    expect(limits.requestTimeoutMs).toBeGreaterThan(45_000);
  });

  it('is opened by the URL of a program, and by nothing else', async () => {
    const context = { env: createSystemEnv(), log: silentLogger, store };
    const source = createStarknetSource(new URL(`compiler://${program}?arg=compile&timeoutMs=5000`), context);
    opened.push(source);
    expect(await compileWith(source)).toMatchObject({ type: 'bytes' });
    const text = join(folder, 'text');
    await writeFile(text, 'no program');
    for (const url of [
      `compiler://${join(folder, 'missing')}`,
      `compiler://${text}`,
      `compiler://${folder}`,
      `compiler://host${program}`,
      `compiler://${program}?timeoutMs=soon`,
      `compiler://${program}?memoryBytes=0`,
    ]) {
      expect(() => createStarknetSource(new URL(url), context), url).toThrowError(
        expect.objectContaining({ code: 'SOURCE_UNSUPPORTED', fault: 'caller' }),
      );
    }
  });

  it('gives the program no environment of ours', async () => {
    process.env.SYNCLINE_CANARY = 'secret';
    try {
      const error = await compileWith(open({ args: ['confess', '{sierra}'] })).catch((thrown: unknown) => thrown);
      const told = /\{.*\}/.exec(String((error as Error).message))?.[0] ?? '';
      const { env } = JSON.parse(told) as { readonly env: readonly string[] };
      expect(env.filter((name) => !['PATH', 'LC_ALL', 'TMPDIR', 'PWD', 'SHLVL', '_'].includes(name))).toEqual([]);
    } finally {
      delete process.env.SYNCLINE_CANARY;
    }
  });

  it('runs one program at a time', async () => {
    const source = open({ args: ['alone', join(folder, 'lock')] });
    const all = await Promise.all([1, 2, 3, 4].map(() => compileWith(source)));
    expect(all.map(({ type }) => type)).toEqual(['bytes', 'bytes', 'bytes', 'bytes']);
  });
});

describe('a compiler that is asked for its version', () => {
  const inspect = async (text: string, abort = signal) => {
    const path = join(folder, 'compiler');
    await writeFile(path, text, { mode: 0o755 });
    return inspectCompiler(new URL(compilerSourceUrl({ path })), abort);
  };

  it('tells it, in one printable line', async () => {
    const told = await inspect('#!/bin/sh\nprintf "compiler 2.12.0 \\033[31m %s\\nmore\\n" "$1"\n');
    expect(told).toMatchObject({ type: 'version', version: 'compiler 2.12.0  [31m --version' });
  });

  it.each([
    ['fails', '#!/bin/sh\necho unknown argument >&2\nexit 2\n', 'silent', /^exit code 2: unknown argument$/],
    ['prints nothing', '#!/bin/sh\n', 'silent', /prints nothing/],
    ['prints without end', '#!/bin/sh\nwhile :; do echo more and more; done\n', 'silent', /more than 65536 bytes/],
    ['has no interpreter', '#!/nonexistent/interpreter\n', 'unstartable', /./],
  ])('and %s is seen through', async (_, text, type, detail) => {
    expect(await inspect(text)).toMatchObject({ type, detail: expect.stringMatching(detail) });
  });

  it('and hangs is killed after some seconds', async () => {
    const startedMs = performance.now();
    expect(await inspect('#!/bin/sh\nsleep 600\n')).toMatchObject({ type: 'silent', detail: 'not done after 5000 ms' });
    expect(performance.now() - startedMs).toBeLessThan(15_000);
  });

  it('and is none is refused', async () => {
    const url = new URL(compilerSourceUrl({ path: join(folder, 'missing') }));
    await expect(inspectCompiler(url, signal)).rejects.toMatchObject({ code: 'SOURCE_UNSUPPORTED', fault: 'caller' });
  });
});

it('arguments that no program can take are the compiler’s trouble, and not the end of the node', async () => {
  const source = open({ args: ['x'.repeat(2 ** 20)] }, { limiter: null });
  await expect(compileWith(source)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE', fault: 'source' });
});

describe('a compiler that fails is a source that has trouble, no liar:', () => {
  it.each([
    ['crash', 'SOURCE_REFUSED', /SIGABRT: thread main panicked/],
    ['refuse', 'SOURCE_REFUSED', /exit code 1: Error: Compilation failed\. \[31mUnsupported libfunc/],
    ['garbage', 'SOURCE_BAD_ANSWER', /printed no compiled class/],
  ])('%s', async (mode, code, message) => {
    await expect(compileWith(open({ args: [mode, '{sierra}'] }))).rejects.toMatchObject({
      code,
      fault: 'source',
      message: expect.stringMatching(message),
    });
  });

  it('hang, which ends with all processes of its group', async () => {
    const file = join(folder, 'pid');
    const startedMs = performance.now();
    const failed = compileWith(open({ args: ['family', file], timeoutMs: 3_000 }));
    await expect(failed).rejects.toMatchObject({ code: 'SOURCE_TIMEOUT', fault: 'source' });
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    expect(await isGone(Number(await readFile(file, 'utf8')))).toBe(true);
  });

  it('litter, which is cleared away without waiting for it', async () => {
    const file = join(folder, 'pid');
    expect(await compileWith(open({ args: ['litter', file] }))).toMatchObject({ type: 'bytes' });
    expect(await isGone(Number(await readFile(file, 'utf8')))).toBe(true);
  });

  it('endless output', async () => {
    const source = open({ args: ['endless'] }, { outputBytesMax: 2 ** 20 });
    await expect(compileWith(source)).rejects.toMatchObject({ code: 'SOURCE_BAD_ANSWER', fault: 'source' });
  });

  it('a program that is gone', async () => {
    const gone = join(folder, 'gone');
    await writeFile(gone, '#!/bin/sh\n', { mode: 0o755 });
    const source = open({ path: gone, args: [] }, { limiter: null });
    await rm(gone);
    await expect(compileWith(source)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE', fault: 'source' });
  });

  it.skipIf(process.platform !== 'linux')('too much memory, seen from outside', async () => {
    const source = open({ args: ['hungry'], memoryBytes: 200 * 2 ** 20 }, { limiter: null });
    const failed = compileWith(source);
    await expect(failed).rejects.toMatchObject({ code: 'SOURCE_REFUSED', data: { outcome: 'memory' } });
  });

  it.skipIf(findLimiter() === null)('too much memory, refused by the system', async () => {
    const limits = { memoryBytes: 1.5 * 2 ** 30, timeoutMs: 20_000 };
    expect(await compileWith(open(limits))).toMatchObject({ type: 'bytes' });
    const failed = compileWith(open({ args: ['hungry'], ...limits }));
    await expect(failed).rejects.toMatchObject({ code: 'SOURCE_REFUSED', data: { outcome: 'failed' } });
  });

  it('again and again out of time, whereupon it is left alone for a while', async () => {
    let nowMs = 0;
    const env = { ...createSystemEnv(), nowMs: () => nowMs };
    const source = open({ args: ['hang'], timeoutMs: 150 }, { env });
    for (let i = 0; i < 3; i++) await expect(compileWith(source)).rejects.toMatchObject({ code: 'SOURCE_TIMEOUT' });
    await expect(compileWith(source)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE', fault: 'source' });
    nowMs += 600_000;
    await expect(compileWith(source)).rejects.toMatchObject({ code: 'SOURCE_TIMEOUT' });
  });
});

describe('a compile that nobody waits for any more', () => {
  it('is killed, and the next one has its turn', async () => {
    const file = join(folder, 'pid');
    const source = open({ args: ['family', file] });
    const first = new AbortController();
    const second = new AbortController();
    const outcomes = Promise.allSettled([
      compileWith(source, idOf(sierra), first.signal),
      compileWith(source, idOf(sierra), second.signal),
    ]);
    const pid = await written(file);
    second.abort(new Error('second left'));
    first.abort(new Error('first left'));
    expect((await outcomes).map((one) => (one.status === 'rejected' ? String(one.reason) : one.status))).toEqual([
      'Error: first left',
      'Error: second left',
    ]);
    expect(await isGone(pid)).toBe(true);
  });

  it('ends with the source', async () => {
    const file = join(folder, 'pid');
    const source = open({ args: ['family', file] });
    const failed = compileWith(source).catch((error: unknown) => error);
    const pid = await written(file);
    await source[Symbol.asyncDispose]();
    expect(await failed).toMatchObject({ code: 'SOURCE_CLOSED' });
    expect(await isGone(pid)).toBe(true);
    await expect(compileWith(source)).rejects.toMatchObject({ code: 'SOURCE_CLOSED' });
  });
});

async function written(file: string): Promise<number> {
  for (;;) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text !== '') return Number(text);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
