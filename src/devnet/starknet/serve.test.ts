import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { feltToHex } from '../../chains/starknet/index.ts';
import { parseBundle, parseJsonBytes } from '../../chains/starknet/wire/index.ts';
import { createSystemEnv, isSynclineError } from '../../lib/index.ts';
import {
  createStarknetDevnet,
  type DevnetClass,
  type InjectedFault,
  type ServeStarknetDevnetOptions,
  serveStarknetDevnet,
} from './index.ts';
import { createFollower } from './testing.ts';

const servers: AsyncDisposable[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
});

const shared = createStarknetDevnet({ seed: 21, blocks: 25, transactionsPerBlock: 3, storageUpdatesPerBlock: 6 });

async function serve(options: Partial<ServeStarknetDevnetOptions> = {}) {
  const server = await serveStarknetDevnet({ devnet: shared, ...options });
  servers.push(server);
  const get = (call: string, headers: Record<string, string> = {}) => fetch(`${server.url}/${call}`, { headers });
  const json = async (call: string): Promise<unknown> => (await get(call)).json();
  const bundle = async (height: number | string) =>
    new Uint8Array(
      await (await get(`get_state_update?blockNumber=${height}&includeBlock=true&includeSignature=true`)).arrayBuffer(),
    );
  return { server, get, json, bundle };
}

const hashAt = (height: number) => feltToHex(shared.shelvedAt(height)?.ref.hash ?? expect.unreachable());

/** Which check refuses the served bytes; null when they are verified. */
function checkOf(height: number, bytes: Uint8Array): unknown {
  try {
    return createFollower(shared).examine(height, bytes).type === 'sealed' ? null : 'incomplete';
  } catch (error) {
    if (!isSynclineError(error)) throw error;
    return error.data.check ?? error.code;
  }
}

describe('the gateway', () => {
  test('answers for a block by number, by hash, as the latest, and with its header only', async () => {
    const { json } = await serve();
    const block = await json('get_block?blockNumber=7');
    expect(block).toMatchObject({ block_number: 7, block_hash: hashAt(7), starknet_version: '0.14.2' });
    expect(await json(`get_block?blockHash=${hashAt(7)}`)).toEqual(block);
    expect(await json('get_block?blockNumber=latest')).toMatchObject({ block_number: 24, block_hash: hashAt(24) });
    expect(await json('get_block?blockNumber=latest&headerOnly=true')).toEqual({
      block_hash: hashAt(24),
      block_number: 24,
    });
  });

  test('answers for state updates and signatures, alone and together with the block', async () => {
    const { json, bundle } = await serve();
    const together = JSON.parse(Buffer.from(await bundle(9)).toString());
    expect(Object.keys(together)).toEqual(['block', 'state_update', 'signature']);
    expect(await json('get_block?blockNumber=9')).toEqual(together.block);
    expect(await json('get_state_update?blockNumber=9')).toEqual(together.state_update);
    expect(await json('get_signature?blockNumber=9')).toEqual({ block_hash: hashAt(9), signature: together.signature });
    const { signature: _, ...unsigned } = together;
    expect(await json('get_state_update?blockNumber=9&includeBlock=true')).toEqual(unsigned);
    expect(parseBundle(together)).toEqual(shared.blockAt(9));
  });

  test('tells its key and its contracts', async () => {
    const { json } = await serve();
    expect(await json('get_public_key')).toBe(shared.publicKey);
    expect(await json('get_contract_addresses')).toMatchObject({ Starknet: `0x${'0'.repeat(40)}` });
  });

  test.each([
    ['get_block?blockNumber=25', 'StarknetErrorCode.BLOCK_NOT_FOUND'],
    ['get_block?blockNumber=pending', 'StarknetErrorCode.BLOCK_NOT_FOUND'],
    ['get_state_update?blockHash=0x123', 'StarknetErrorCode.BLOCK_NOT_FOUND'],
    ['get_block?blockHash=latest', 'StarkErrorCode.MALFORMED_REQUEST'],
    ['get_block?blockNumber=0x1', 'StarkErrorCode.MALFORMED_REQUEST'],
    ['get_signature?blockNumber=1&blockHash=0x1', 'StarkErrorCode.MALFORMED_REQUEST'],
    ['get_class_by_hash?classHash=0x1&blockNumber=latest', 'StarknetErrorCode.UNDECLARED_CLASS'],
  ])('refuses %s with %s', async (call, code) => {
    const { get } = await serve();
    const response = await get(call);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ code, message: expect.any(String) });
  });

  test('knows no other paths', async () => {
    const { get } = await serve();
    expect((await get('get_nothing')).status).toBe(404);
    expect((await get('../get_block?blockNumber=1')).status).toBe(404);
  });

  test('compresses for those who accept it, and keeps connections open', async () => {
    const { server } = await serve();
    const path = '/feeder_gateway/get_state_update?blockNumber=3&includeBlock=true&includeSignature=true';
    const request = (accept: string) => `GET ${path} HTTP/1.1\r\nHost: devnet\r\n${accept}\r\n`;
    const text = await rawAnswers(server.url, [request('Accept-Encoding: gzip\r\n'), request('')]);
    expect(text.match(/HTTP\/1.1 200 OK/g)).toHaveLength(2);
    expect(text.match(/content-encoding: gzip/g)).toHaveLength(1);
    expect(gunzipSync(shared.shelvedAt(3)?.bundle ?? '').toString()).toBe(text.slice(text.lastIndexOf('\r\n\r\n') + 4));
  });

  test('makes a block each time the block time has passed, until it is closed', async () => {
    const devnet = createStarknetDevnet({ seed: 22, blocks: 2, transactionsPerBlock: 1, storageUpdatesPerBlock: 1 });
    const ticks: (() => void)[] = [];
    const env = {
      ...createSystemEnv(),
      sleep: (ms: number, signal?: AbortSignal) =>
        new Promise<void>((resolve, reject) => {
          expect(ms).toBe(1500);
          ticks.push(resolve);
          signal?.addEventListener('abort', () => reject(signal.reason));
        }),
    };
    const { server, json } = await serve({ devnet, blockTimeMs: 1500, env });
    for (const height of [2, 3]) {
      ticks.shift()?.();
      await new Promise(setImmediate);
      expect(await json('get_block?blockNumber=latest')).toMatchObject({ block_number: height });
    }
    await server.close();
    await server.close();
    expect(devnet.head.height).toBe(3);
  });

  test('refuses to start with a fault it does not know, or on a port that is taken', async () => {
    await expect(serveStarknetDevnet({ devnet: shared, faults: ['nonsense'] })).rejects.toThrowError(
      expect.objectContaining({ code: 'FAULT_UNKNOWN' }),
    );
    const { server } = await serve();
    await expect(serveStarknetDevnet({ devnet: shared, port: Number(server.url.port) })).rejects.toThrowError(
      expect.objectContaining({ code: 'DEVNET_LISTEN' }),
    );
  });
});

describe('classes', () => {
  const devnet = createStarknetDevnet({ seed: 26, blocks: 10, transactionsPerBlock: 12, storageUpdatesPerBlock: 2 });
  const sierra = devnet.classes.find((one) => one.seed.kind === 'sierra') ?? expect.unreachable();
  const cairo0 = devnet.classes.find((one) => one.seed.kind === 'cairo0') ?? expect.unreachable();
  const later = devnet.classes.find(({ height }) => height > 0) ?? expect.unreachable();
  const file = (one: DevnetClass, rest = '') => `get_class_by_hash?classHash=${feltToHex(one.classHash)}${rest}`;
  const compiled = (one: DevnetClass) => `get_compiled_class_by_class_hash?classHash=${feltToHex(one.classHash)}`;
  const text = async (response: Response) => ({ status: response.status, body: await response.text() });

  test('are served as they were hashed, Sierra classes also compiled', async () => {
    const { get } = await serve({ devnet });
    for (const one of [sierra, cairo0]) {
      const { json, compiledJson } = devnet.classFiles(one);
      expect(await text(await get(file(one, '&blockNumber=latest')))).toEqual({ status: 200, body: json });
      expect(await text(await get(file(one, '&blockNumber=pending')))).toEqual({ status: 200, body: json });
      if (compiledJson === null) continue;
      expect(await text(await get(compiled(one)))).toEqual({ status: 200, body: compiledJson });
    }
  });

  test('are unknown before the block that named them, and Cairo 0 classes are not compiled', async () => {
    const { get } = await serve({ devnet });
    const asked = [
      file(later, `&blockNumber=${later.height - 1}`),
      compiled(cairo0),
      'get_class_by_hash?classHash=0x1',
    ];
    for (const call of asked) {
      const response = await get(call);
      expect(response.status, call).toBe(400);
      expect(await response.json()).toMatchObject({ code: 'StarknetErrorCode.UNDECLARED_CLASS' });
    }
    expect((await get(file(later, `&blockNumber=${later.height}`))).status).toBe(200);
    expect(await (await get('get_class_by_hash?classHash=12')).json()).toMatchObject({
      code: 'StarkErrorCode.MALFORMED_REQUEST',
    });
  });

  test.each([
    ['wrong-class:1', file, 'json'],
    ['wrong-casm:1', compiled, 'compiledJson'],
  ] as const)('%s changes one number, twice', async (fault, call, member) => {
    const faults: InjectedFault[] = [];
    const { get } = await serve({ devnet, faults: [fault], onFault: (one) => faults.push(one) });
    const honest = devnet.classFiles(sierra)[member] ?? '';
    for (let serving = 0; serving < 2; serving++) {
      const { body } = await text(await get(call(sierra)));
      expect(body.length).toBe(honest.length);
      expect([...body].filter((char, i) => char !== honest[i])).toHaveLength(1);
    }
    expect((await text(await get(call(sierra)))).body).toBe(honest);
    expect(faults).toHaveLength(2);
    expect(faults[0]).toMatchObject({ fault, height: 0, detail: expect.stringContaining(feltToHex(sierra.classHash)) });
  });

  test('missing-class hides every class twice, or some for good', async () => {
    const { get } = await serve({ devnet, faults: ['missing-class'] });
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await get(file(cairo0))).status);
    expect(statuses).toEqual([400, 400, 200]);
    const { get: from } = await serve({ devnet, faults: ['missing-class:every2'] });
    const [first, second] = devnet.classes;
    for (let i = 0; i < 4; i++) {
      expect((await from(file(first ?? sierra))).status).toBe(200);
      expect((await from(file(second ?? sierra))).status).toBe(400);
    }
  });
});

test('a late signature is missing alone and in bundles until its time has come', async () => {
  let nowMs = 1_000;
  const env = { ...createSystemEnv(), nowMs: () => nowMs };
  const { server, get, bundle } = await serve({ faults: ['late-signature:500'], env });
  const members = async () => Object.keys(JSON.parse(Buffer.from(await bundle(6)).toString()) as object);
  expect(await members()).toEqual(['block', 'state_update']);
  nowMs += 499;
  expect(await members()).toEqual(['block', 'state_update']);
  const refused = await get('get_signature?blockNumber=6');
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ code: 'StarknetErrorCode.BLOCK_NOT_FOUND' });
  nowMs += 1;
  expect(await members()).toEqual(['block', 'state_update', 'signature']);
  expect((await get('get_signature?blockNumber=6')).status).toBe(200);
  expect(server.faultsInjected()).toEqual({ 'late-signature': 3 });
});

describe('a fault of answers is found by the right check, and is over after two servings', () => {
  test.each([
    ['wrong-hash:4', 'block-hash'],
    ['wrong-root:4', 'block-hash'],
    ['wrong-diff:4', 'state-diff-commitment'],
    ['wrong-signature:4', 'signature'],
    ['forged-root:4', null],
    ['html-error:4', 'parse'],
  ])('%s', async (fault, check) => {
    const faults: InjectedFault[] = [];
    const { server, bundle } = await serve({ faults: [fault], onFault: (injected) => faults.push(injected) });
    const kind = fault.split(':')[0] ?? '';
    const honest = new Uint8Array(gunzipSync(shared.shelvedAt(8)?.bundle ?? ''));
    expect(checkOf(7, await bundle(7))).toBeNull();
    for (let serving = 0; serving < 2; serving++) {
      const bytes = await bundle(8);
      expect(Buffer.from(bytes).equals(honest)).toBe(false);
      expect(checkOf(8, bytes)).toBe(check);
    }
    expect(Buffer.from(await bundle(8)).equals(honest)).toBe(true);
    expect(server.faultsInjected()).toEqual({ [kind]: 2 });
    expect(faults).toMatchObject([
      { kind, fault, height: 8 },
      { kind, fault, height: 8 },
    ]);
  });

  test('drop-field leaves out another member at each height, and no such block is verified', async () => {
    const faults: InjectedFault[] = [];
    const { bundle } = await serve({ faults: ['drop-field:1'], faultServings: 1, onFault: (one) => faults.push(one) });
    for (let height = 1; height <= 12; height++) {
      expect(checkOf(height, await bundle(height)), faults.at(-1)?.detail).not.toBeNull();
    }
    expect(new Set(faults.map(({ detail }) => detail)).size).toBe(12);
    expect(checkOf(1, await bundle(1))).toBeNull();
  });

  test('a forged root is sealed, but leads to another state', async () => {
    const { bundle } = await serve({ faults: ['forged-root:1'] });
    const follower = createFollower(shared);
    await follower.apply(follower.sealed(0));
    const examination = follower.examine(1, await bundle(1));
    if (examination.type !== 'sealed') return expect.unreachable();
    expect(await follower.apply(examination.block)).not.toEqual(new Uint8Array(examination.block.stateRoot));
  });

  test('single calls for a height are forged alike', async () => {
    const { json } = await serve({ faults: ['wrong-hash:1'] });
    const answers = [await json('get_block?blockNumber=5'), await json('get_state_update?blockNumber=5')];
    answers.push(await json('get_signature?blockNumber=5'));
    const hashes = new Set(answers.map((answer) => (answer as { block_hash: string }).block_hash));
    expect(hashes.size).toBe(1);
    expect(hashes).not.toContain(hashAt(5));
  });

  test('html-error comes with status 502 and with status 200', async () => {
    const { get } = await serve({ faults: ['html-error:1'] });
    const answers = [await get('get_block?blockNumber=1'), await get('get_block?blockNumber=2')];
    expect(answers.map(({ status }) => status)).toEqual([502, 200]);
    for (const answer of answers) expect(await answer.text()).toMatch(/^<html>/);
  });

  test('truncate breaks the connection within the body', async () => {
    const { server, bundle } = await serve({ faults: ['truncate:4'] });
    await expect(bundle(4)).rejects.toThrow();
    await expect(bundle(4)).rejects.toThrow();
    expect(parseBundle(parseJsonBytes(await bundle(4), 'bundle'))).toEqual(shared.blockAt(4));
    expect(server.faultsInjected()).toEqual({ truncate: 2 });
  });
});

describe('faults of requests', () => {
  test('every n-th is refused with a time to wait', async () => {
    const { server, get } = await serve({ faults: ['429:3'] });
    const answers = [];
    for (let i = 0; i < 6; i++) answers.push(await get('get_public_key'));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429, 200, 200, 429]);
    expect(answers[2]?.headers.get('retry-after')).toBe('1');
    expect(server.faultsInjected()).toEqual({ '429': 2 });
  });

  test('slow waits before it answers', async () => {
    const waited: number[] = [];
    const env = { ...createSystemEnv(), sleep: async (ms: number) => void waited.push(ms) };
    const { server, json } = await serve({ faults: ['slow:700'], env });
    expect(await json('get_public_key')).toBe(shared.publicKey);
    expect(waited).toEqual([700]);
    expect(server.faultsInjected()).toEqual({ slow: 1 });
  });
});

describe('a reorg', () => {
  const small = { transactionsPerBlock: 1, storageUpdatesPerBlock: 2 };

  test('comes once the head block has been served, and once', async () => {
    const devnet = createStarknetDevnet({ ...small, seed: 23, blocks: 12 });
    const { struck, onFault } = recorder();
    const { server, json, bundle } = await serve({ devnet, faults: ['reorg:4'], onFault });
    const latest = () => json('get_block?blockNumber=latest&headerOnly=true');
    await bundle(5);
    const before = await latest();
    expect(devnet.branch).toBe(0);
    await bundle(11);
    expect(await struck).toEqual({ kind: 'reorg', fault: 'reorg:4', height: 11, detail: '4 blocks replaced' });
    expect(await latest()).not.toEqual(before);
    await bundle(11);
    await latest();
    expect(devnet.branch).toBe(1);
    expect(server.faultsInjected()).toEqual({ reorg: 1 });
  });

  test('comes at a height of the head, and leaves genesis however deep it is', async () => {
    const devnet = createStarknetDevnet({ ...small, seed: 24, blocks: 6 });
    const { struck, onFault } = recorder();
    const { json } = await serve({ devnet, faults: ['reorg:50@5'], onFault });
    await json('get_block?blockNumber=2');
    expect(await struck).toEqual({ kind: 'reorg', fault: 'reorg:50@5', height: 5, detail: '5 blocks replaced' });
    expect(devnet.head.height).toBe(5);
    expect(feltToHex(devnet.shelvedAt(0)?.ref.hash ?? expect.unreachable())).toBe(devnet.network.genesisHash);
  });
});

test('a roll-back lowers the head, rests, and grows again on another branch', async () => {
  const devnet = createStarknetDevnet({ seed: 25, blocks: 12, transactionsPerBlock: 1, storageUpdatesPerBlock: 2 });
  const { struck, onFault } = recorder();
  const resting: (() => void)[] = [];
  const env = {
    ...createSystemEnv(),
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        if (ms === 3_000) resting.push(resolve);
        signal?.addEventListener('abort', () => reject(signal.reason));
      }),
  };
  const { server, json, bundle } = await serve({ devnet, faults: ['gateway-rollback:4'], onFault, env });
  await bundle(11);
  expect(await struck).toEqual({
    kind: 'gateway-rollback',
    fault: 'gateway-rollback:4',
    height: 11,
    detail: '4 blocks abandoned',
  });
  expect(await json('get_block?blockNumber=latest')).toMatchObject({ block_number: 7 });
  expect(await json('get_block?blockNumber=8')).toMatchObject({ code: 'StarknetErrorCode.BLOCK_NOT_FOUND' });
  resting.shift()?.();
  await new Promise(setImmediate);
  expect(await json('get_block?blockNumber=latest')).toMatchObject({ block_number: 12 });
  expect(devnet.branch).toBe(1);
  await server.close();
});

/** Hands out the first fault that strikes. */
function recorder() {
  let onFault: (fault: InjectedFault) => void = () => {};
  const struck = new Promise<InjectedFault>((resolve) => {
    onFault = resolve;
  });
  return { struck, onFault };
}

/** Everything a server sends on one connection for requests sent one after the other. */
function rawAnswers(url: URL, requests: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(url.port), url.hostname);
    const waiting = [...requests];
    socket.setEncoding('latin1');
    socket.on('error', reject);
    socket.on('end', () => resolve(Buffer.from(text, 'latin1').toString()));
    socket.on('data', (chunk) => {
      text += chunk;
      const bodies = text.split(/HTTP\/1\.1 200 OK/).slice(1);
      const last = bodies.at(-1) ?? '';
      const length = Number(/content-length: (\d+)/.exec(last)?.[1]);
      if (last.length < last.indexOf('\r\n\r\n') + 4 + length) return;
      const next = waiting.shift();
      if (next === undefined) socket.end();
      else socket.write(next);
    });
    socket.write(waiting.shift() ?? '');
  });
}
