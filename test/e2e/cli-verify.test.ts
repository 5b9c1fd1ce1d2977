import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createStarknetDevnet, serveStarknetDevnet } from '../../src/devnet/starknet/index.ts';
import { concatBytes, u64be } from '../../src/lib/index.ts';
import type { VerifyReport } from '../../src/node/index.ts';
import { openFolder, openLmdb } from '../../src/store/index.ts';
import { applierOf, ledgerSubject, type Subject, starknetSubject } from '../audit/stores.ts';
import { vectorsDir } from '../vectors/locate.ts';
import { jsonLines, runCli, startCli } from './cli-run.ts';
import { temporaryFolder } from './folders.ts';

/** A data folder as a node leaves it. */
async function makeFolder(subject: Subject): Promise<string> {
  const path = temporaryFolder('verify');
  await using folder = await openFolder({ path, identity: subject.chain.identity });
  await using store = openLmdb({ path: folder.dbPath });
  const applier = applierOf(subject, store);
  await applier.recover();
  const blocks = subject.blocks();
  for (let start = 0; start < blocks.length; start += 16) await applier.commit(blocks.slice(start, start + 16));
  return path;
}

/** Changes one byte of the stored transactions of a block. */
async function damage(dataDir: string, height: number): Promise<void> {
  await using store = openLmdb({ path: join(dataDir, 'db') });
  const key = concatBytes(u64be(height), Buffer.from('transactions'));
  using view = store.view();
  const value = new Uint8Array(view.get('part', key) ?? []);
  value[40] = (value[40] ?? 0) ^ 1;
  store.commit([{ table: 'part', key, value }]);
}

async function verify(args: readonly string[], cwd?: string) {
  const { code, stdout, stderr } = await runCli(['verify', '--json', ...args], cwd === undefined ? {} : { cwd });
  return { code, stderr, report: (stdout === '' ? null : JSON.parse(stdout)) as VerifyReport | null };
}

describe('syncline verify', () => {
  it('finds nothing in a sound folder, and leaves nothing there', async () => {
    const dataDir = await makeFolder(starknetSubject({ blocks: 40 }));
    const { code, report } = await verify(['--data-dir', dataDir, '--deep']);
    expect(code).toBe(0);
    expect(report).toMatchObject({
      type: 'verify',
      ok: true,
      family: 'starknet',
      network: 'starknet-devnet',
      from: 0,
      to: { height: 39, hash: expect.stringMatching(/^0x[1-9a-f]/) },
      blocks: 40,
      deep: true,
      resumedAt: null,
      difference: null,
    });
    expect(report?.checks['block-hash']).toEqual({ passed: 40, undecided: 0, reasons: [] });
    // The mark does not hold the key; what it proved then is not disputed now.
    expect(report?.checks.signature).toMatchObject({ passed: 0, undecided: 40 });
    expect(report?.checks.proofs).toMatchObject({ passed: 0, undecided: 40 });
    expect(existsSync(join(dataDir, 'verify.json'))).toBe(false);
  });

  it('verifies signatures too when the network’s file tells the key', async () => {
    const subject = starknetSubject({ blocks: 12 });
    const dataDir = await makeFolder(subject);
    const network = join(dataDir, 'network.json');
    const { network: params } = subject.chain.options as { readonly network: object };
    writeFileSync(network, JSON.stringify({ family: 'starknet', ...params }));
    const { code, report } = await verify(['--data-dir', dataDir, '--network', network]);
    expect(code).toBe(0);
    expect(report?.checks.signature).toMatchObject({ passed: 12, undecided: 0 });
  });

  it('names the first difference with code 3, for programs and for people', async () => {
    const dataDir = await makeFolder(starknetSubject({ blocks: 20 }));
    await damage(dataDir, 13);
    const { code, report } = await verify(['--data-dir', dataDir]);
    expect(code).toBe(3);
    expect(report).toMatchObject({ ok: false, difference: { height: 13, table: 'part' } });
    const { check, expected, got } = report?.difference ?? {};
    expect([check, expected, got]).toEqual([expect.any(String), expect.any(String), expect.any(String)]);
    const { code: again, stdout } = await runCli(['verify', '--data-dir', dataDir]);
    expect(again).toBe(3);
    expect(stdout).toMatch(new RegExp(`✗ Block 13 of starknet-devnet fails the check ${check}`));
    expect(stdout).toMatch(/\n {2}expected {2}\S.*\n {2}got {7}\S/);
    // Blocks that the damage is not among hold.
    expect((await verify(['--data-dir', dataDir, '--from', '14'])).report).toMatchObject({ ok: true, blocks: 6 });
    expect((await verify(['--data-dir', dataDir, '--to', '12'])).report).toMatchObject({ ok: true, blocks: 13 });
  });

  it('passes beside a running node while the tip advances, also deep', { timeout: 120_000 }, async () => {
    const devnet = createStarknetDevnet({ blocks: 150 });
    await using server = await serveStarknetDevnet({ devnet, blockTimeMs: 150 });
    const dataDir = temporaryFolder('beside');
    const node = startCli([
      ...['start', '--network', 'starknet-devnet', '--source', server.url.href, '--data-dir', dataDir],
      ...['--no-http', '--json', '--sync.poll-interval', '100ms'],
    ]);
    await node.shows('"mode":"follow"');
    const before = devnet.head.height;
    for (const flags of [[], ['--deep']]) {
      const { code, report } = await verify(['--data-dir', dataDir, ...flags]);
      expect({ code, difference: report?.difference }).toEqual({ code: 0, difference: null });
      expect(report?.blocks).toBeGreaterThanOrEqual(150);
    }
    expect(devnet.head.height).toBeGreaterThan(before);
    devnet.reorg({ depth: 5 });
    expect(await verify(['--data-dir', dataDir, '--deep'])).toMatchObject({ code: 0, report: { difference: null } });
    node.process.kill('SIGINT');
    expect((await node.ended).code).toBe(0);
    expect(await verify(['--data-dir', dataDir, '--deep'])).toMatchObject({ code: 0, report: { ok: true } });
  });

  it('goes on after a kill -9 where it was', async () => {
    const subject = starknetSubject({ blocks: 160, transactionsPerBlock: 1, storageUpdatesPerBlock: 2 });
    const dataDir = await makeFolder(subject);
    const file = join(dataDir, 'verify.json');
    const { network } = subject.chain.options as { readonly network: object };
    const task = JSON.stringify({ network, dataDir, executeDelayMs: 20 });
    const killed = spawn(
      process.execPath,
      [fileURLToPath(new URL('./testdata/verify-child.mjs', import.meta.url)), task],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    const ended = once(killed, 'exit');
    onTestFinished(async () => {
      killed.kill('SIGKILL');
      await ended;
    });
    while (!existsSync(file) && killed.exitCode === null) await sleep(10);
    killed.kill('SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ version: 1, course: { from: 0, to: null } });

    const { code, report } = await verify(['--data-dir', dataDir]);
    expect(code).toBe(0);
    expect(report).toMatchObject({ ok: true, blocks: 160 });
    expect(report?.resumedAt).toBeGreaterThan(0);
    expect(report?.resumedAt).toBeLessThan(160);
    expect(report?.checks['block-hash']).toEqual({ passed: 160, undecided: 0, reasons: [] });
    expect(existsSync(file)).toBe(false);

    // What another range, another folder or nobody left is no beginning.
    for (const text of ['', '{"version":1}', 'null', JSON.stringify({ version: 1, identity: 'other', course: {} })]) {
      writeFileSync(file, text);
      expect((await verify(['--data-dir', dataDir, '--to', '9'])).report).toMatchObject({ ok: true, resumedAt: null });
    }
  });

  it('stopped by a signal it keeps its progress, and --restart begins anew', async () => {
    const dataDir = await makeFolder(
      starknetSubject({ blocks: 250, transactionsPerBlock: 2, storageUpdatesPerBlock: 4 }),
    );
    const child = startCli(['verify', '--data-dir', dataDir]);
    await child.shows('phase=records');
    child.process.kill('SIGINT');
    const { code, stdout, stderr } = await child.ended;
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr).toContain('The same command goes on from here');
    expect(existsSync(join(dataDir, 'verify.json'))).toBe(true);
    expect((await verify(['--data-dir', dataDir, '--restart'])).report).toMatchObject({ ok: true, resumedAt: null });
  });

  it('verifies a ledger by the file that describes it', async () => {
    const subject = ledgerSubject();
    const dataDir = await makeFolder(subject);
    const { network: name, genesis } = subject.chain.options as { readonly network: string; readonly genesis: object };
    const network = join(dataDir, 'network.json');
    writeFileSync(network, JSON.stringify({ family: 'ledger', name, genesis }));
    const { code, report } = await verify(['--data-dir', dataDir, '--network', network, '--deep']);
    expect(code).toBe(0);
    expect(report).toMatchObject({ ok: true, family: 'ledger', blocks: 40 });
    expect(await verify(['--data-dir', dataDir])).toMatchObject({ code: 2, report: null });
  });

  it('ends with the code that says what is wrong', async () => {
    expect(await verify(['--data-dir', '/nowhere/at/all'])).toMatchObject({ code: 2, report: null });
    const dataDir = await makeFolder(starknetSubject({ blocks: 4 }));
    for (const range of [
      ['--to', '99'],
      ['--from', '99'],
      ['--from', '3', '--to', '2'],
      ['--to', 'soon'],
    ]) {
      expect(await verify(['--data-dir', dataDir, ...range]), range.join(' ')).toMatchObject({ code: 2, report: null });
    }
    const other = await verify(['--data-dir', dataDir, '--network', 'starknet-mainnet']);
    expect(other).toMatchObject({ code: 4, report: null });
    expect(jsonLines(other.stderr)[0]).toMatchObject({ err: { code: 'FOLDER_OTHER_CHAIN' } });
  });
});

describe.skipIf(vectorsDir() === null)('syncline verify on captured blocks', () => {
  it('holds for the first blocks of mainnet, and says what nobody can check', async () => {
    const dataDir = temporaryFolder('mainnet');
    const source = `file://${join(vectorsDir() ?? '', 'starknet', 'mainnet')}`;
    const args = ['--network', 'starknet-mainnet', '--data-dir', dataDir];
    await runCli(['start', ...args, '--source', source, '--until', '9', '--no-http', '--quiet']);
    const { code, report } = await verify([...args, '--deep']);
    expect(code).toBe(0);
    expect(report).toMatchObject({ ok: true, network: 'starknet-mainnet', blocks: 10 });
    expect(report?.checks['block-hash']).toMatchObject({ passed: 10 });
    expect(report?.checks['receipt-commitment']).toMatchObject({
      undecided: 10,
      reasons: ['blocks before 0.13.2 do not commit to receipts'],
    });
  });
});
