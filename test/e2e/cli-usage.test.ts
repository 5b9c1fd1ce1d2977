import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from './cli-run.ts';
import { temporaryFolder } from './folders.ts';

describe('help', () => {
  it('names the commands with examples, on stdout, with code 0', async () => {
    const { code, stdout, stderr } = await runCli(['--help']);
    expect([code, stderr]).toEqual([0, '']);
    for (const text of ['start', 'demo', 'devnet', 'status', 'check', 'explain', 'config', 'Examples:']) {
      expect(stdout).toContain(text);
    }
  });

  it('of a command names its flags with their defaults', async () => {
    const { stdout } = await runCli(['start', '--help']);
    expect(stdout).toContain('--http.addr <HOST:PORT>');
    expect(stdout).toContain('127.0.0.1:9545');
    expect(stdout).toContain('--no-http');
    expect(stdout).not.toMatch(/p2p|snapshot/);
  });

  it('is what comes of no command at all, with code 2', async () => {
    const { code, stderr } = await runCli([]);
    expect(code).toBe(2);
    expect(stderr).toContain('Usage: syncline');
  });

  it('tells the version, also as JSON', async () => {
    expect((await runCli(['--version'])).stdout).toMatch(/^syncline \d+\.\d+\.\d+/);
    const { stdout } = await runCli(['version', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ node: process.version, chains: { starknet: expect.any(String) } });
  });
});

describe('wrong usage ends with code 2 and says what was meant', () => {
  it.each([
    [['strat'], /unknown command 'strat'[\s\S]*Did you mean start\?/],
    [['start', '--netwrok', 'x'], /unknown option '--netwrok'[\s\S]*Did you mean --network\?/],
    [['start', '--moon.url', 'http://x'], /unknown option '--moon\.url'/],
    [['start'], /no network was named[\s\S]*--network NAME/],
    [['start', '--network', 'starknet-manet'], /did you mean starknet-mainnet\?/],
    [['start', '--network', 'starknet-mainnet', '--until', 'soon'], /--until: expected a whole number/],
    [['start', '--network', 'starknet-mainnet', '--source', 'file:///nowhere/at/all'], /does not exist/],
    [['start', '--network', 'starknet-goerli'], /no source to sync from[\s\S]*--source/],
    [['devnet', 'starknt'], /did you mean starknet\?/],
    [['devnet', 'starknet', '--fault', 'nonsense'], /no fault is called nonsense[\s\S]*wrong-hash/],
    [['status', '--data-dir', '/nowhere/at/all'], /there is no data folder/],
    [['explain', 'seven', '--data-dir', '/nowhere/at/all'], /there is no data folder/],
    [['check', 'starknet', '--network', 'starknet-mainnet', '/nowhere.json'], /cannot be read/],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await runCli(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('a node that nobody answers for is code 5', async () => {
    const { code, stderr } = await runCli(['status', '--url', 'http://127.0.0.1:1']);
    expect(code).toBe(5);
    expect(stderr).toContain('no node answers');
  });

  it('as a log line for programs with --json', async () => {
    const { code, stderr } = await runCli(['start', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({
      level: 'error',
      err: { code: 'USAGE_INVALID' },
      fix: expect.any(String),
    });
  });
});

describe('settings', () => {
  it('come from flag, environment, file and default, in that order', async () => {
    const cwd = temporaryFolder('config');
    writeFileSync(join(cwd, 'syncline.yaml'), 'until: 1\nsync:\n  window-blocks: 1\n  batch-blocks: 1\n');
    const env = { SYNCLINE_SYNC_WINDOW_BLOCKS: '2', SYNCLINE_SYNC_BATCH_BLOCKS: '2' };
    const { code, stdout } = await runCli(['config', 'print', '--json', '--origin', '--sync.batch-blocks', '3'], {
      cwd,
      env,
    });
    expect(code).toBe(0);
    const printed = JSON.parse(stdout) as Record<string, { value: unknown; origin: string }>;
    expect(printed['sync.batch-blocks']).toEqual({ value: 3, origin: '--sync.batch-blocks' });
    expect(printed['sync.window-blocks']).toEqual({ value: 2, origin: 'SYNCLINE_SYNC_WINDOW_BLOCKS' });
    expect(printed.until).toEqual({ value: 1, origin: expect.stringMatching(/syncline\.yaml:1$/) });
    expect(printed['log.level']).toEqual({ value: 'info', origin: 'default' });
  });

  it('in a file that are unknown are told with their line', async () => {
    const cwd = temporaryFolder('config');
    writeFileSync(join(cwd, 'node.yaml'), 'network: starknet-mainnet\n# a comment\nhtpp: false\n');
    const { code, stderr } = await runCli(['start', '--config', 'node.yaml'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain('node.yaml:3: unknown key htpp, did you mean http?');
  });

  it('that are unknown in the environment are warned about', async () => {
    const { code, stderr } = await runCli(['config', 'print'], {
      env: { SYNCLINE_NETWROK: 'x', SYNCLINE_VECTORS: '/v' },
    });
    expect(code).toBe(0);
    expect(stderr).toContain('SYNCLINE_NETWROK, did you mean SYNCLINE_NETWORK?');
    expect(stderr).not.toContain('SYNCLINE_VECTORS');
  });

  it('that are secret are shown nowhere', async () => {
    const cwd = temporaryFolder('config');
    writeFileSync(join(cwd, 'key'), 'hush-from-file\n');
    const env = { SYNCLINE_GATEWAY_KEY_FILE: join(cwd, 'key') };
    const source = 'https://me:hush-password@127.0.0.1:1/feeder_gateway?apikey=hush-query';
    const runs = [
      ['config', 'print', '--origin', '--source', source],
      ['config', 'print', '--json', '--gateway.key', 'hush-from-flag', '--l1.url', 'wss://host/v3/hush-from-url'],
      ['start', '--network', 'starknet-devnet', '--l1.url', 'https://host/v3/hush-from-url', '--source', source],
      ['start', '--gateway.key', 'hush-from-flag', '--source', 'hush-no-url'],
      ['start', '--network', 'starknet-mainnet', '--gateway.key=hush-from-flag', '--source', 'ftp://hush-host/'],
    ];
    for (const args of runs) {
      const { stdout, stderr } = await runCli(args, { cwd, env });
      const shown = `${stdout}${stderr}`.replaceAll('hush-host', '');
      expect(shown).not.toContain('hush');
    }
  });
});
