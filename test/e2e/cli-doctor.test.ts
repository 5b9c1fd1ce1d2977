import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CHAIN_ID, CONTRACT, ScriptedL1 } from '../../src/chains/starknet/sources/l1/testing.ts';
import type { DoctorCheck, DoctorReport } from '../../src/cli/doctor/index.ts';
import { createStarknetDevnet, type StarknetDevnet, serveStarknetDevnet } from '../../src/devnet/starknet/index.ts';
import { runCli, startCli } from './cli-run.ts';
import { temporaryFolder } from './folders.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

interface Seen {
  readonly code: number | string;
  readonly report: DoctorReport;
  /** The first check of that name. */
  check(name: string): DoctorCheck | undefined;
}

function seen(code: number | string, stdout: string): Seen {
  const report = JSON.parse(stdout) as DoctorReport;
  return { code, report, check: (name) => report.checks.find((one) => one.name === name) };
}

async function doctor(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Seen> {
  const { code, stdout } = await runCli(['doctor', '--json', '--no-http', ...args], { env });
  return seen(code, stdout);
}

/** The same in a process with other limits, rights or flags. */
async function doctorUnder(
  start: { readonly shell?: string; readonly node?: readonly string[]; readonly uid?: number },
  args: readonly string[],
): Promise<Seen> {
  if (!existsSync(MAIN)) throw new Error('dist/cli/main.js is missing: run `npm run build` first');
  const command = [process.execPath, ...(start.node ?? []), MAIN, 'doctor', '--json', '--no-http', ...args];
  const [file = '', ...rest] =
    start.shell === undefined ? command : ['/bin/sh', '-c', `${start.shell}; exec "$@"`, 'sh', ...command];
  const child = spawn(file, rest, {
    cwd: '/',
    env: { PATH: process.env.PATH, HOME: '/nonexistent' },
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(start.uid === undefined ? {} : { uid: start.uid, gid: start.uid }),
  });
  let stdout = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number];
  return seen(code, stdout);
}

/** A file that describes the devnet's network, with some fields replaced. */
function networkFile(devnet: StarknetDevnet, changes: object = {}): string {
  const path = join(temporaryFolder('network'), 'network.json');
  writeFileSync(path, JSON.stringify({ family: 'starknet', ...devnet.network, ...changes }));
  return path;
}

async function syncedFolder(network: string, source: string): Promise<string> {
  const dataDir = temporaryFolder('doctor');
  const args = ['start', '--network', network, '--source', source, '--data-dir', dataDir, '--until', '5'];
  expect((await runCli([...args, '--no-http', '--quiet'])).code).toBe(0);
  return dataDir;
}

describe('syncline doctor', () => {
  it('has nothing to say against a sound folder with a sound source, and changes nothing there', async () => {
    const devnet = createStarknetDevnet({ blocks: 6 });
    await using server = await serveStarknetDevnet({ devnet });
    const network = networkFile(devnet);
    const dataDir = await syncedFolder(network, server.url.href);
    const args = ['--network', network, '--source', server.url.href, '--data-dir', dataDir];
    const { code, report, check } = await doctor(args);
    expect(code).toBe(0);
    expect(report).toMatchObject({ type: 'doctor', ok: true, network: 'starknet-devnet', dataDir });
    const verdicts = Object.fromEntries(report.checks.map(({ name, ok }) => [name, ok]));
    expect(verdicts).toEqual({
      node: true,
      kernel: true,
      memory: true,
      limits: expect.toBeOneOf([true, null]),
      config: true,
      network: true,
      folder: true,
      chain: true,
      lock: true,
      database: true,
      evidence: true,
      'disk-space': expect.toBeOneOf([true, null]),
      'disk-speed': expect.toBeOneOf([true, null]),
      port: true,
      source: true,
      'public-key': true,
      clock: true,
    });
    expect(check('database')?.message).toContain('at block 5');
    expect(check('source')?.message).toMatch(/block 5 in \d+ ms$/);
    const { stdout } = await runCli(['doctor', '--no-http', ...args]);
    expect(stdout).toMatch(/^✓ node +Node /);
    expect(stdout).not.toContain('✗');
  });

  it('says without a network what it can, and how to learn more', async () => {
    const { code, report, check } = await doctor([]);
    expect(code).toBe(0);
    expect(report).toMatchObject({ ok: true, network: null, dataDir: null });
    expect(check('network')).toMatchObject({ ok: null, fix: expect.stringContaining('--network') });
  });

  it('finds a folder that may not be written', async () => {
    const dataDir = temporaryFolder('readonly');
    chmodSync(dataDir, 0o555);
    // For root nothing is read-only: it looks as nobody.
    const uid = process.getuid?.() === 0 ? { uid: 65_534 } : {};
    const { code, check } = await doctorUnder(uid, ['--network', 'starknet-devnet', '--data-dir', dataDir]);
    expect(code).toBe(4);
    expect(check('folder')).toMatchObject({
      ok: false,
      message: expect.stringContaining('EACCES'),
      fix: expect.stringContaining('chmod'),
    });
    expect(check('disk-speed')).toMatchObject({ ok: false, message: expect.stringContaining('EACCES') });
  });

  it.each<[string, (dataDir: string) => void, string, string]>([
    ['of a newer version', (dataDir) => writeFileSync(join(dataDir, 'VERSION'), '99\n'), 'folder', 'newer version'],
    ['without its mark', (dataDir) => writeFileSync(join(dataDir, 'VERSION'), ''), 'folder', 'VERSION'],
    [
      'whose database is cut off',
      (dataDir) => truncateSync(join(dataDir, 'db', 'data.mdb'), 9_000),
      'database',
      'cut off',
    ],
  ])('finds a folder %s', async (_what, spoil, name, message) => {
    const devnet = createStarknetDevnet({ blocks: 6 });
    await using server = await serveStarknetDevnet({ devnet });
    const dataDir = await syncedFolder(networkFile(devnet), server.url.href);
    spoil(dataDir);
    const { code, check } = await doctor(['--data-dir', dataDir]);
    expect(code).toBe(4);
    expect(check(name)).toMatchObject({
      ok: false,
      message: expect.stringContaining(message),
      fix: expect.any(String),
    });
  });

  it('finds a folder of another chain, and a file where a folder should be', async () => {
    const devnet = createStarknetDevnet({ blocks: 6 });
    await using server = await serveStarknetDevnet({ devnet });
    const network = networkFile(devnet);
    const dataDir = await syncedFolder(network, server.url.href);
    const source = ['--source', server.url.href];
    const other = await doctor(['--network', 'starknet-sepolia', '--data-dir', dataDir, ...source]);
    expect(other.code).toBe(4);
    expect(other.check('chain')).toMatchObject({ ok: false, message: expect.stringMatching(/SN_DEVNET.*SN_SEPOLIA/) });
    const file = await doctor(['--network', network, '--data-dir', network, ...source]);
    expect(file.code).toBe(4);
    expect(file.check('folder')).toMatchObject({ ok: false, message: expect.stringContaining('no folder') });
  });

  it('tells a port that another program holds from one that the node itself holds', async () => {
    const holder = createTcpServer((socket) => socket.end('nothing of ours')).listen(0, '127.0.0.1');
    await once(holder, 'listening');
    onTestFinished(() => void holder.close());
    const taken = `127.0.0.1:${(holder.address() as AddressInfo).port}`;
    const occupied = await runCli(['doctor', '--json', '--http.addr', taken]);
    expect(occupied.code).toBe(4);
    const port = seen(occupied.code, occupied.stdout).check('port');
    expect(port).toMatchObject({ ok: false, message: `${taken} is taken by another program`, fix: expect.any(String) });

    const devnet = createStarknetDevnet({ blocks: 6 });
    await using server = await serveStarknetDevnet({ devnet });
    const dataDir = temporaryFolder('held');
    const base = ['--network', 'starknet-devnet', '--source', server.url.href, '--data-dir', dataDir];
    const node = startCli(['start', ...base, '--http.addr', '127.0.0.1:0', '--json']);
    await node.shows('"mode":"follow"');
    await node.shows('"msg":"started"');
    const [, addr = ''] = /"http":"http:\/\/([^"]+)"/.exec(node.stderr()) ?? [];
    const beside = await runCli(['doctor', '--json', ...base, '--http.addr', addr]);
    const { check } = seen(beside.code, beside.stdout);
    expect(beside.code).toBe(0);
    expect(check('port')).toMatchObject({ ok: true, message: `${addr} is held by the node that runs on this folder` });
    expect(check('lock')).toMatchObject({ ok: true, message: `process ${node.process.pid} writes there` });
    const elsewhere = await runCli(['doctor', '--json', '--http.addr', addr]);
    expect(seen(elsewhere.code, elsewhere.stdout).check('port')).toMatchObject({ ok: null });
  });

  it('finds a dead source, which is others’ to mend unless another one answers', async () => {
    const devnet = createStarknetDevnet({ blocks: 3 });
    await using server = await serveStarknetDevnet({ devnet });
    const dead = ['--source', 'http://127.0.0.1:1/feeder_gateway'];
    const base = ['--network', 'starknet-devnet', '--data-dir', temporaryFolder('dead')];
    const alone = await doctor([...base, ...dead]);
    expect(alone.code).toBe(5);
    expect(alone.check('source')).toMatchObject({
      ok: false,
      where: 'outside',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    expect(alone.check('clock')).toMatchObject({ ok: null });
    const beside = await doctor([...base, ...dead, '--source', server.url.href]);
    expect(beside.code).toBe(0);
    expect(beside.report.checks.filter(({ name }) => name === 'source').map(({ ok }) => ok)).toEqual([null, true]);
    const none = await doctor(['--network', 'starknet-goerli', '--data-dir', temporaryFolder('none')]);
    expect(none.code).toBe(4);
    expect(none.check('source')).toMatchObject({ ok: false, fix: expect.stringContaining('--source') });
  });

  it('finds a gateway with another key than its network’s', async () => {
    const devnet = createStarknetDevnet({ blocks: 3 });
    await using server = await serveStarknetDevnet({ devnet });
    const network = networkFile(devnet, { publicKey: '0x123' });
    const args = ['--network', network, '--source', server.url.href, '--data-dir', temporaryFolder('key')];
    const { code, check } = await doctor(args);
    expect(code).toBe(5);
    const message = expect.stringContaining(`expected 0x123, got ${devnet.publicKey}`);
    expect(check('public-key')).toMatchObject({ ok: false, message, fix: expect.any(String) });
    const unpinned = await doctor(['--network', 'starknet-devnet', ...args.slice(2)]);
    expect(unpinned.check('public-key')).toMatchObject({ ok: null });
  });

  it.each([
    ['ahead of', -3_600_000, false],
    ['behind', 3_600_000, false],
    ['level with', 0, true],
  ])('finds a clock that is %s the servers’', async (_how, offsetMs, ok) => {
    const gateway = createServer((request, response) => {
      response.sendDate = false;
      response.setHeader('date', new Date(Date.now() + offsetMs).toUTCString());
      const isKey = request.url?.includes('get_public_key') === true;
      response.end(isKey ? '"0x1"' : JSON.stringify({ block_hash: '0x5', block_number: 7 }));
    }).listen(0, '127.0.0.1');
    await once(gateway, 'listening');
    onTestFinished(() => {
      gateway.close();
      gateway.closeAllConnections();
    });
    const source = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/feeder_gateway`;
    const args = ['--network', 'starknet-devnet', '--source', source, '--data-dir', temporaryFolder('clock')];
    const { code, check } = await doctor(args);
    expect(check('source')).toMatchObject({ ok: true });
    expect(check('clock')).toMatchObject({ ok });
    expect(code).toBe(ok ? 0 : 4);
    if (!ok)
      expect(check('clock')).toMatchObject({
        message: expect.stringMatching(/^3(600|599|601)\.\d s (ahead of|behind)/),
      });
  });

  it('asks layer 1 too, when one is named', async () => {
    const devnet = createStarknetDevnet({ blocks: 3 });
    await using server = await serveStarknetDevnet({ devnet });
    const l1 = await ScriptedL1.listen();
    onTestFinished(() => l1.close());
    const network = networkFile(devnet, { l1ChainId: CHAIN_ID, coreContract: CONTRACT });
    const args = ['--network', network, '--source', server.url.href, '--data-dir', temporaryFolder('l1')];
    const url = l1.url('http').href.replace(/^l1\+/, '');
    const sound = await doctor([...args, '--l1.url', url]);
    expect(sound.code).toBe(0);
    expect(sound.check('l1')).toMatchObject({ ok: true });
    l1.chainId = 1;
    const other = await doctor([...args, '--l1.url', url]);
    expect(other.code).toBe(5);
    expect(other.check('l1')).toMatchObject({ ok: false, where: 'outside', fix: expect.stringContaining('--l1.url') });
  });

  it('runs the compiler that is named, as far as that goes', async () => {
    const devnet = createStarknetDevnet({ blocks: 3 });
    await using server = await serveStarknetDevnet({ devnet });
    const folder = temporaryFolder('compiler');
    const program = (name: string, text: string, mode = 0o755) => {
      const path = join(folder, name);
      writeFileSync(path, text, { mode });
      return path;
    };
    const base = ['--network', networkFile(devnet), '--source', server.url.href, '--data-dir', join(folder, 'data')];
    const checked = async (path: string) => {
      const { code, check } = await doctor([...base, '--sierra.compiler', path]);
      return { code, ...check('compiler') };
    };
    const sound = program('starknet-sierra-compile', '#!/bin/sh\necho "starknet-sierra-compile 2.12.0"\n');
    const message = `${sound}: starknet-sierra-compile 2.12.0`;
    expect(await checked(sound)).toMatchObject({ code: 0, ok: true, fix: null, where: 'local', message });
    expect(await checked(program('mute', '#!/bin/sh\nexit 3\n'))).toMatchObject({
      code: 0,
      ok: null,
      message: expect.stringContaining('exit code 3'),
      fix: expect.stringContaining('--sierra.argument'),
    });
    const fix = expect.stringContaining('--sierra.compiler');
    for (const path of [join(folder, 'missing'), program('plain', 'no program', 0o644), folder]) {
      expect(await checked(path)).toMatchObject({ code: 4, ok: false, message: expect.stringContaining(path), fix });
    }
    const lost = program('lost', '#!/nonexistent/interpreter\n');
    expect(await checked(lost)).toMatchObject({ code: 4, ok: false, message: expect.stringContaining('started'), fix });
    expect((await doctor(base)).check('compiler')).toBeUndefined();
  });

  it('asks the RPC upstream for its chain, and shows nothing of its URL but the host', async () => {
    const devnet = createStarknetDevnet({ blocks: 3 });
    await using server = await serveStarknetDevnet({ devnet });
    const network = networkFile(devnet);
    const base = ['--network', network, '--source', server.url.href, '--data-dir', temporaryFolder('upstream')];
    const checked = async (url: string) => {
      const { code, report, check } = await doctor([...base, '--rpc.upstream', url]);
      expect(JSON.stringify(report)).not.toContain('hush-hush-hush-key');
      return { code, ...check('upstream') };
    };
    const own = ['--network', network, '--source', server.url.href, '--data-dir', temporaryFolder('other'), '--json'];
    const node = startCli(['start', ...own, '--http.addr', '127.0.0.1:0']);
    await node.shows('"msg":"started"');
    const [, addr = ''] = /"http":"http:\/\/([^"]+)"/.exec(node.stderr()) ?? [];
    expect(await checked(`http://${addr}/rpc`)).toMatchObject({
      code: 0,
      ok: true,
      where: 'outside',
      message: expect.stringMatching(new RegExp(`^${addr}: same chain, specification 0\\.[0-9]+\\.\\S+ in [0-9]+ ms$`)),
    });
    const fix = expect.stringContaining('--rpc.upstream');
    expect(await checked('http://127.0.0.1:1/hush-hush-hush-key')).toMatchObject({
      code: 5,
      ok: false,
      message: '127.0.0.1:1: it cannot be reached: ECONNREFUSED',
      fix,
    });
    let answer = '';
    const asked: unknown[] = [];
    const scripted = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on('end', () => {
        const { id, method } = JSON.parse(body) as { id: number; method: string };
        asked.push(method);
        response.end(answer.replace('ID', String(id)));
      });
    }).listen(0, '127.0.0.1');
    await once(scripted, 'listening');
    onTestFinished(() => {
      scripted.close();
      scripted.closeAllConnections();
    });
    const url = `http://127.0.0.1:${(scripted.address() as AddressInfo).port}/hush-hush-hush-key`;
    answer = '{"jsonrpc":"2.0","id":ID,"result":"0x534e5f4d41494e"}';
    expect(await checked(url)).toMatchObject({
      code: 5,
      ok: false,
      message: expect.stringContaining('0x534e5f4d41494e'),
    });
    answer = '{"jsonrpc":"2.0","id":ID,"result":{"not":"a chain"}}';
    expect(await checked(url)).toMatchObject({
      code: 5,
      ok: false,
      message: expect.stringContaining('{"not":"a chain"}'),
    });
    answer = '{"jsonrpc":"2.0","id":ID,"error":{"code":-32601,"message":"no such method of hush-hush-hush-key"}}';
    expect(await checked(url)).toMatchObject({
      code: 5,
      message: expect.stringContaining('error -32601: no such method'),
    });
    answer = '<html>';
    expect(await checked(url)).toMatchObject({ code: 5, message: expect.stringContaining('no JSON-RPC'), fix });
    expect(new Set(asked)).toEqual(new Set(['starknet_chainId', 'starknet_specVersion']));
    expect((await doctor(base)).check('upstream')).toBeUndefined();
  });

  it('warns of names in the environment that mean nothing', async () => {
    const { code, check } = await doctor([], { SYNCLINE_NETWROK: 'x' });
    expect(code).toBe(0);
    expect(check('config')).toMatchObject({
      ok: null,
      message: expect.stringContaining('did you mean SYNCLINE_NETWORK?'),
    });
  });

  it('warns of tight limits and of hashing without WebAssembly', async () => {
    const few = await doctorUnder({ shell: 'ulimit -n 256' }, []);
    expect(few.code).toBe(0);
    expect(few.check('limits')).toMatchObject({ ok: null, fix: expect.stringContaining('ulimit -n') });
    const short = await doctorUnder({ shell: 'ulimit -f 100000' }, []);
    expect(short.code).toBe(4);
    expect(short.check('limits')).toMatchObject({ ok: false, message: expect.stringContaining('files may not grow') });
    const plain = await doctorUnder({ node: ['--no-expose-wasm'] }, []);
    expect(plain.check('kernel')).toMatchObject({ ok: null, fix: expect.any(String) });
  });

  it('shows no secret', async () => {
    const source = 'http://me:hush-password@127.0.0.1:1/feeder_gateway?apikey=hush-query';
    const base = ['doctor', '--network', 'starknet-mainnet', '--no-http', '--data-dir', temporaryFolder('hush')];
    const args = [...base, '--source', source, '--gateway.key', 'hush-key', '--l1.url', 'http://127.0.0.1:1/hush-path'];
    for (const flags of [[], ['--json']]) {
      const { stdout, stderr } = await runCli([...args, ...flags]);
      expect(`${stdout}${stderr}`).toContain('ECONNREFUSED');
      expect(`${stdout}${stderr}`).not.toMatch(/hush-(password|query|key|path)/);
    }
  });
});

it('the folder that a doctor looked at is as it was', async () => {
  const dataDir = join(temporaryFolder('untouched'), 'not', 'there');
  expect(
    (await doctor(['--network', 'starknet-devnet', '--data-dir', dataDir, '--source', 'file:///nowhere'])).code,
  ).toBe(5);
  expect(existsSync(dataDir)).toBe(false);
  mkdirSync(dataDir, { recursive: true });
  expect((await doctor(['--data-dir', dataDir])).check('folder')).toMatchObject({ ok: true });
});
