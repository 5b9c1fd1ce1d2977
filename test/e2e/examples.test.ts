import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from './folders.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLES = join(ROOT, 'examples');

beforeAll(() => {
  if (!existsSync(join(ROOT, 'dist/index.js'))) throw new Error('dist is missing: run `npm run build` first');
});

describe('examples, each run as a user would', () => {
  it('embed-a-node follows the events to the tip and prints the proven state root', async () => {
    const lines = await outputOf('embed-a-node.mjs');
    const heights = lines
      .filter((line) => line.startsWith('blocks '))
      .flatMap((line) => line.slice('blocks '.length).split(' '));
    expect(heights).toEqual(Array.from({ length: 12 }, (_, height) => String(height)));
    expect(lines.at(-2)).toMatch(/^at the tip: block 11 0x[0-9a-f]{1,64}$/);
    expect(lines.at(-1)).toMatch(/^state root 0x[0-9a-f]{1,64}, proven up to block 11$/);
  });

  it('resume-events handles each block once, across two restarts and a reorg', async () => {
    const handled = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, i) => `  handled block ${from + i}`);
    expect(await outputOf('resume-events.mjs')).toEqual([
      'first run, stopped early',
      ...handled(0, 4),
      'second run, to the tip',
      ...handled(5, 9),
      'third run, after a reorg of 4 blocks',
      '  took back blocks 9 down to 6',
      ...handled(6, 11),
      '12 rows: each block of the chain once',
    ]);
  });

  it('read-state reads a block and a storage value over JSON-RPC, and verifies its proof', async () => {
    const [block, storage, proof, ...rest] = await outputOf('read-state.mjs');
    expect(block).toMatch(/^block 7 0x[0-9a-f]{1,64}, 5 transactions$/);
    expect(storage).toMatch(/^storage 0x[0-9a-f]+ 0x[0-9a-f]+ = 0x[1-9a-f][0-9a-f]*, at block 1 0x[0-9a-f]+$/);
    expect(proof).toMatch(/^proven by state root 0x[0-9a-f]{1,64}, with class hash 0x[0-9a-f]{1,64}$/);
    expect(rest).toEqual([]);
  });

  it('lying-source names check, expected, got and the liar, and ends at the tip', async () => {
    const lines = await outputOf('lying-source.mjs');
    const count = lines.filter((line) => line.startsWith('rejected: ')).length;
    expect(count).toBeGreaterThan(0);
    for (let at = 0; at < 4 * count; at += 4) {
      const [what, expected, got, from] = lines.slice(at, at + 4);
      expect(what).toMatch(/^rejected: block \d*[02468] fails the check block-hash$/);
      expect(expected).toMatch(/^ {2}expected 0x[0-9a-f]{1,64}$/);
      expect(got).toMatch(/^ {2}got {6}0x[0-9a-f]{1,64}$/);
      expect(got?.slice(11)).not.toBe(expected?.slice(11));
      expect(from?.slice(11)).toBe(lines[3]?.slice(11));
    }
    const [liar, honest, tip] = lines.slice(4 * count);
    const id = lines[3]?.slice(11) ?? '';
    expect(id).toMatch(/^gateway:127\.0\.0\.1:\d+\/feeder_gateway$/);
    expect(liar?.startsWith(`${id}: `), liar).toBe(true);
    expect(honest).toMatch(/^gateway:127\.0\.0\.1:\d+\/feeder_gateway: ok, [1-9]\d* answers taken, 0 failures$/);
    expect(tip).toMatch(new RegExp(`^at the tip: block 39 0x[0-9a-f]{1,64}, after ${count} rejections$`));
  });

  it('own-chain counts the votes of its chain, and keeps to the conformance suites', async () => {
    const [tip, ...candidates] = await outputOf('own-chain/run.mjs');
    expect(tip).toMatch(/^counted up to block 19, state root 0x[0-9a-f]{64}$/);
    const votes = candidates.map((line) => Number(/^candidate \d: (\d+) votes$/.exec(line)?.[1]));
    expect(votes.reduce((sum, count) => sum + count, 0)).toBe(4 * (0 + 1 + 2 + 3 + 4));

    const suites = await outputOf('own-chain/votes.test.mjs', ['--test-reporter=tap']);
    expect(suites).toContain('# fail 0');
    expect(Number(suites.find((line) => line.startsWith('# pass '))?.slice('# pass '.length))).toBeGreaterThan(30);
  });
});

describe('the examples', () => {
  const files = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.mjs'));

  it('import nothing but the package, what Node has, and each other', () => {
    const foreign = files.flatMap((file) =>
      [...readFileSync(join(EXAMPLES, file), 'utf8').matchAll(/ from '([^']+)'/g)]
        .map((match) => match[1] ?? '')
        .filter((from) => !/^(node:.+|syncline(\/(starknet|devnet|testing))?|\.\/[a-z-]+\.mjs)$/.test(from))
        .map((from) => `${file} imports ${from}`),
    );
    expect(foreign).toEqual([]);
  });

  it('are all in the table of the README', () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    const programs = files.filter((file) => !file.includes('/') || file.endsWith('/run.mjs'));
    expect(programs.length).toBeGreaterThan(4);
    expect(programs.filter((file) => !readme.includes(`(examples/${file})`))).toEqual([]);
  });

  it('fit the types of the built package', async () => {
    const options = '--noEmit --strict --allowJs --checkJs --module nodenext --target es2022 --types node';
    const lib = ['--ignoreConfig', '--skipLibCheck', '--lib', 'es2023,esnext.disposable'];
    const paths = files.map((file) => join(EXAMPLES, file));
    const tsc = join(ROOT, 'node_modules/typescript/lib/tsc.js');
    await run(process.execPath, [tsc, ...options.split(' '), ...lib, ...paths], { cwd: ROOT }).catch((error) => {
      throw new Error(`the examples do not type-check\n${error.stdout}`);
    });
  });
});

/** Runs one to its end, which must be a good one, and gives its lines. It must leave no file behind. */
async function outputOf(example: string, flags: readonly string[] = []): Promise<readonly string[]> {
  const temporary = temporaryFolder('examples');
  const env = { ...process.env, TMPDIR: temporary, TEMP: temporary, TMP: temporary, NODE_TEST_CONTEXT: undefined };
  const { stdout, stderr } = await run(process.execPath, [...flags, join(EXAMPLES, example)], {
    cwd: temporary,
    env,
    timeout: 50_000,
    killSignal: 'SIGKILL',
  });
  expect(stderr).toBe('');
  expect(readdirSync(temporary)).toEqual([]);
  return stdout.trimEnd().split('\n');
}
