import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { vectorsDir } from '../vectors/locate.ts';
import { jsonLines, runCli, startCli } from './cli-run.ts';
import { temporaryFolder } from './folders.ts';

const vectors = vectorsDir();

/** Flags that replay a folder of captures. */
function replay(network: string, dataDir: string): string[] {
  const folder = join(vectors ?? '', 'starknet', network.replace('starknet-', ''));
  return ['start', '--network', network, '--source', `file://${folder}`, '--data-dir', dataDir];
}

function capturedHash(network: string, height: number): string {
  const path = join(vectors ?? '', 'starknet', network.replace('starknet-', ''), 'block', `${height}.json`);
  return (JSON.parse(readFileSync(path, 'utf8')) as { block_hash: string }).block_hash;
}

describe.skipIf(vectors === null)('syncline start', () => {
  it('syncs the first blocks of mainnet to the known hash and state root, every step a JSON line', async () => {
    const dataDir = temporaryFolder('mainnet');
    const { code, stdout } = await runCli([
      ...replay('starknet-mainnet', dataDir),
      '--until',
      '9',
      '--json',
      '--no-http',
    ]);
    expect(code).toBe(0);
    const lines = jsonLines(stdout);
    expect(lines.at(-1)).toMatchObject({
      type: 'status',
      family: 'starknet',
      network: 'starknet-mainnet',
      serving: true,
      confirmed: { height: 9, hash: '0x31e5a5851e1a492827ba33180acb98263d1ace0f46fd4000bd4216d2119d480' },
      tips: {
        acceptedOnL2: { height: 9, hash: '0x31e5a5851e1a492827ba33180acb98263d1ace0f46fd4000bd4216d2119d480' },
        acceptedOnL1: null,
      },
      stateRoot: '0x27e6e1b37a9af4fd44b42752be35ec6c6ee43734342002c1151a403cc6e867f',
      target: 9,
      counts: { blocks: 10 },
      quarantined: 0,
      rejected: 0,
      peers: [],
    });
    for (const line of lines) expect(line).toMatchObject({ type: expect.any(String), timeMs: expect.any(Number) });

    // The extends follow on each other without a hole, and reach the end before the status does.
    let next = 0;
    for (const line of lines.filter(({ type }) => type === 'extend')) {
      const { from, to } = line as unknown as { from: { height: number }; to: { height: number } };
      expect(from.height).toBe(next);
      next = to.height + 1;
    }
    expect(next).toBe(10);

    const status = await runCli(['status', '--data-dir', dataDir, '--json']);
    expect(status.code).toBe(0);
    expect(JSON.parse(status.stdout)).toMatchObject({ mode: 'stopped', serving: false, confirmed: { height: 9 } });
  });

  it.each([
    ['starknet-sepolia', 6, '0x2729a9ded030fa182a4802b9accf662d071d23fdfb2011504d1777927c9abaf'],
    ['starknet-goerli2', 6, null],
    ['starknet-integration', 1, null],
  ])('syncs the first blocks of %s', async (network, until, stateRoot) => {
    const dataDir = temporaryFolder('network');
    const { code, stdout } = await runCli([
      ...replay(network, dataDir),
      '--until',
      String(until),
      '--json',
      '--no-http',
    ]);
    expect(code).toBe(0);
    const status = jsonLines(stdout).at(-1);
    expect(status).toMatchObject({ confirmed: { height: until, hash: capturedHash(network, until) }, rejected: 0 });
    if (stateRoot !== null) expect(status).toMatchObject({ stateRoot });
  });

  it('writes logs to stderr and the result to stdout for people', async () => {
    const dataDir = temporaryFolder('plain');
    const { code, stdout, stderr } = await runCli([
      ...replay('starknet-mainnet', dataDir),
      '--until',
      '2',
      '--no-http',
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain('Done at block 2 of starknet-mainnet.');
    expect(stdout).toContain(capturedHash('starknet-mainnet', 2));
    expect(stderr).toContain('Mode range');
  });

  it('explains each block: how every group of fields is proven, and who sent it', async () => {
    const dataDir = temporaryFolder('explain');
    await runCli([...replay('starknet-mainnet', dataDir), '--until', '3', '--no-http', '--quiet']);
    const hash = capturedHash('starknet-mainnet', 3);
    for (const query of ['3', hash]) {
      const { code, stdout } = await runCli(['explain', query, '--data-dir', dataDir, '--json']);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        block: {
          height: 3,
          hash,
          proofs: {
            parentHash: { by: 'hash' },
            receipts: { by: 'unverified', meaning: expect.stringContaining('receipts') },
          },
          from: { block: expect.stringMatching(/^folder:/) },
        },
        rejections: [],
      });
    }
    const { stdout } = await runCli(['explain', '3', '--data-dir', dataDir]);
    expect(stdout).toMatch(/receipts +unverified +the block hash before 0\.13\.2 does not cover receipts/);
    expect((await runCli(['explain', '4', '--data-dir', dataDir])).code).toBe(2);
  });

  it('refuses a folder of another chain with code 4', async () => {
    const dataDir = temporaryFolder('other');
    await runCli([...replay('starknet-mainnet', dataDir), '--until', '0', '--no-http', '--quiet']);
    const { code, stderr } = await runCli([...replay('starknet-sepolia', dataDir), '--until', '0', '--no-http']);
    expect(code).toBe(4);
    expect(stderr).toMatch(/FOLDER_OTHER_CHAIN[\s\S]*SN_SEPOLIA[\s\S]*SN_MAIN/);
  });

  it('is alone on its folder, serves, can be looked at, and stops in under 2 s', async () => {
    const dataDir = temporaryFolder('alone');
    const first = startCli([...replay('starknet-mainnet', dataDir), '--http.addr', '127.0.0.1:0', '--json']);
    await first.shows('"msg":"started"');
    await first.shows('"mode":"follow"');

    const second = await runCli([...replay('starknet-mainnet', dataDir), '--no-http']);
    expect(second.code).toBe(6);
    expect(second.stderr).toContain(String(first.process.pid));

    const beside = await runCli(['status', '--data-dir', dataDir, '--json']);
    expect(JSON.parse(beside.stdout)).toMatchObject({ mode: 'unknown', confirmed: { height: 9 } });

    const stopMs = performance.now();
    first.process.kill('SIGINT');
    const { code, stdout, stderr } = await first.ended;
    expect(performance.now() - stopMs).toBeLessThan(2_000);
    expect(code).toBe(0);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'status', confirmed: { height: 9 } });
    const started = jsonLines(stderr).find((line) => line.msg === 'started');
    expect(started?.http).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('ends when nobody reads its output any more', async () => {
    const dataDir = temporaryFolder('pipe');
    const child = startCli([...replay('starknet-mainnet', dataDir), '--no-http', '--json']);
    child.process.stdout?.destroy();
    const { code } = await child.ended;
    expect(code).toBe(0);
  });
});
