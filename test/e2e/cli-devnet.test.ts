import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jsonLines, runCli, startCli } from './cli-run.ts';
import { temporaryFolder } from './folders.ts';

describe('syncline demo', () => {
  it('reaches its height offline, within 10 s of its start to the first block', async () => {
    const { code, stdout, tookMs } = await runCli(['demo', '--until', '40', '--json', '--no-http']);
    expect(code).toBe(0);
    const lines = jsonLines(stdout);
    expect(lines.at(-1)).toMatchObject({ type: 'status', network: 'starknet-devnet', confirmed: { height: 40 } });
    expect(lines.at(-1)).toMatchObject({ unverified: {} });
    const firstMs = lines.find(({ type }) => type === 'extend')?.timeMs as number;
    const lastMs = lines.at(-1)?.timeMs as number;
    expect(tookMs - (lastMs - firstMs)).toBeLessThan(10_000);
  });

  it('steps aside when its port is taken, follows the tip, and stops in under 2 s', async () => {
    // Whoever holds the default port, we or somebody else, it is taken.
    const holder = createServer().listen(9545, '127.0.0.1');
    holder.on('error', () => {});
    const child = startCli(['demo', '--blocks', '10', '--block-time', '200ms']);
    await child.shows('serving on a free port instead');
    await child.shows('serving http://127.0.0.1:');
    await child.shows('At the tip');
    const stopMs = performance.now();
    child.process.kill('SIGTERM');
    const { code, stdout } = await child.ended;
    expect(performance.now() - stopMs).toBeLessThan(2_000);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Stopped at block \d+ of starknet-devnet\.$/m);
    holder.close();
  });

  it('gets past faults and names them', async () => {
    const faults = ['--fault', 'wrong-hash:6', '--fault', '429:9'];
    const { code, stdout } = await runCli([
      'demo',
      '--blocks',
      '12',
      '--until',
      '11',
      '--json',
      '--no-http',
      ...faults,
    ]);
    expect(code).toBe(0);
    const lines = jsonLines(stdout);
    expect(lines.find(({ type }) => type === 'reject')).toMatchObject({
      height: 6,
      check: 'block-hash',
      expected: expect.stringMatching(/^0x/),
      got: expect.stringMatching(/^0x/),
      source: expect.stringMatching(/^gateway:/),
      evidence: expect.any(String),
    });
    expect(lines.some(({ type, reason }) => type === 'source' && String(reason).includes('RATE_LIMITED'))).toBe(true);
    expect(lines.at(-1)).toMatchObject({ type: 'status', confirmed: { height: 11 }, rejected: expect.any(Number) });
  });
});

describe('syncline devnet starknet', () => {
  it('prints its address, and a node syncs from it by the name of its network alone', async () => {
    const child = startCli(['devnet', 'starknet', '--port', '0', '--blocks', '6', '--block-time', '0s', '--json']);
    await child.shows('"type":"devnet"');
    child.process.kill('SIGINT');
    expect((await child.ended).code).toBe(0);

    const devnet = startCli(['devnet', 'starknet', '--port', '0', '--blocks', '6', '--block-time', '0s']);
    await devnet.shows('Ctrl-C stops');
    const url = /http:\S+/.exec(devnet.stdout())?.[0] ?? '';
    const dataDir = temporaryFolder('devnet');
    const args = ['start', '--network', 'starknet-devnet', '--source', url, '--data-dir', dataDir];
    const { code, stdout } = await runCli([...args, '--until', '5', '--json', '--no-http']);
    expect(code).toBe(0);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ confirmed: { height: 5 }, rejected: 0 });
    devnet.process.kill('SIGINT');
    const ended = await devnet.ended;
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain(`syncline start --network starknet-devnet --source ${url}`);
  });

  it('writes itself as a folder, with a network file that knows its key', async () => {
    const cwd = temporaryFolder('write');
    const written = await runCli(['devnet', 'starknet', '--blocks', '4', '--seed', '7', '--write', 'chain'], { cwd });
    expect(written.code).toBe(0);
    const args = ['start', '--network', 'chain/network.json', '--source', './chain', '--data-dir', 'data'];
    const { code, stdout } = await runCli([...args, '--until', '3', '--json', '--no-http'], { cwd });
    expect(code).toBe(0);
    // With the key every block's signature is verified too: nothing is left unverified.
    expect(jsonLines(stdout).at(-1)).toMatchObject({ confirmed: { height: 3 }, unverified: {} });
    const checked = await runCli(
      [
        'check',
        'starknet',
        '--network',
        'chain/network.json',
        join('chain', 'block', '3.json'),
        join('chain', 'signature', '3.json'),
      ],
      { cwd },
    );
    expect(checked.code).toBe(0);
    expect(checked.stdout).toMatch(/✓ signature/);
  });
});
