import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { type FinalClaim, parseHeight, type Source } from '../../../../engine/index.ts';
import { type Logger, type SynclineError, silentLogger } from '../../../../lib/index.ts';
import { RPC_BODY_BYTES_MAX } from './json-rpc.ts';
import { createL1Source, type L1SourceOptions } from './l1-source.ts';
import { CHAIN_ID, CONTRACT, createHastyEnv, type Reply, ScriptedL1, wordOf } from './testing.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const SCHEMES = ['http', 'ws'] as const;
const never = () => new AbortController().signal;

async function listen(port?: number): Promise<ScriptedL1> {
  const node = await ScriptedL1.listen(port);
  cleanups.push(() => node.close());
  return node;
}

function open(node: ScriptedL1, scheme: 'http' | 'ws', options: Partial<L1SourceOptions> & { path?: string } = {}) {
  const { path, ...others } = options;
  const source = createL1Source({
    url: node.url(scheme, path),
    chainId: CHAIN_ID,
    coreContract: CONTRACT,
    pollMs: 500, // ten milliseconds of the hasty clock
    env: createHastyEnv(),
    log: silentLogger,
    ...others,
  });
  cleanups.push(() => source[Symbol.asyncDispose]() as Promise<void>);
  return source;
}

/** Collects claims in the background until the test is over. */
function follow(source: Source) {
  const stop = new AbortController();
  const claims: FinalClaim[] = [];
  const ended = (async () => {
    for await (const claim of source.watchFinal?.({ signal: stop.signal }) ?? []) claims.push(claim);
  })();
  ended.catch(() => {}); // looked at below, and by tests that expect a failure
  cleanups.push(async () => {
    stop.abort();
    await ended.catch(() => {});
  });
  return {
    claims,
    ended,
    stop: () => stop.abort(),
    heights: () => claims.map(({ height }) => Number(height)),
    async reaches(height: number) {
      await until(() => claims.at(-1)?.height === height);
      return claims.at(-1) as FinalClaim; // there is one of that height
    },
  };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it did not happen in ten seconds');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What the source says of its own state. */
async function surveyError(source: Source): Promise<SynclineError | null> {
  try {
    await source.survey({ signal: never() });
    return null;
  } catch (error) {
    return error as SynclineError;
  }
}

const hex = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString('hex'));

describe.each(SCHEMES)('L1 over %s', (scheme) => {
  it('says at first what the contract holds at the finalized block, then what becomes final', async () => {
    const node = await listen();
    node.update({ l1Block: 90, height: 5 });
    node.update({ l1Block: 105, height: 8, root: 88, hash: 99 });
    node.update({ l1Block: 107, logIndex: 3, height: 9 });
    const watch = follow(open(node, scheme));
    const first = await watch.reaches(5);
    expect(first.reference).toBe('L1 block 100, state of the core contract');
    node.final = 106;
    const second = await watch.reaches(8);
    expect([hex(second.stateRoot), hex(second.hash)]).toEqual([wordOf(88), wordOf(99)]);
    expect(second.reference).toBe(`L1 block 105, log 0, transaction 0x${wordOf(85)}`);
    node.final = 108;
    node.latest = 120;
    await watch.reaches(9);
    node.update({ l1Block: 115, height: 12 });
    node.update({ l1Block: 115, logIndex: 1, height: 14 });
    node.final = 115;
    await watch.reaches(14);
    expect(watch.heights()).toEqual([5, 8, 9, 14]);
  });

  it('says nothing before the first update, and nothing twice', async () => {
    const node = await listen();
    const source = open(node, scheme);
    const watch = follow(source);
    await until(() => node.calls.length > 20);
    node.final = 105;
    await until(() => node.calls.length > 60);
    expect(watch.claims).toEqual([]);
    node.update({ l1Block: 106, height: 0 });
    node.final = 107;
    await watch.reaches(0);
    node.final = 109;
    const calls = node.calls.length;
    await until(() => node.calls.length > calls + 20);
    expect(watch.heights()).toEqual([0]);
    expect(await surveyError(source)).toBeNull();
  });

  it('goes by the highest of several updates', async () => {
    const node = await listen();
    const watch = follow(open(node, scheme));
    await until(() => node.calls.length > 10);
    for (const [logIndex, height] of [7, 8].entries()) node.update({ l1Block: 103, logIndex, height });
    node.final = 104;
    await watch.reaches(8);
    expect(watch.heights()).toEqual([8]);
  });

  it('is asked anew when its finality goes back or changes: what it says then is a claim as well', async () => {
    const node = await listen();
    node.update({ l1Block: 90, height: 5 });
    const watch = follow(open(node, scheme));
    await watch.reaches(5);
    node.update({ l1Block: 103, height: 8 });
    node.final = 104;
    await watch.reaches(8);
    node.final = 95;
    await watch.reaches(5);
    node.branch = 1;
    node.updates = [{ l1Block: 91, height: 6 }];
    await watch.reaches(6);
    node.final = 96;
    node.updates.push({ l1Block: 96, height: 7 });
    await watch.reaches(7);
  });

  it('is read in windows as large as it allows', async () => {
    const node = await listen();
    node.rangeMax = 3;
    const watch = follow(open(node, scheme));
    await until(() => node.calls.length > 8);
    node.latest = 220;
    for (const [index, l1Block] of [120, 150, 190].entries()) node.updates.push({ l1Block, height: index });
    node.final = 200;
    const last = await watch.reaches(2);
    expect(last.reference).toContain('L1 block 190');
    const ranges = node.calls.filter((call) => call.startsWith('eth_getLogs'));
    expect(ranges.length).toBeGreaterThan(33);
  });

  it('of another chain is refused with both ids, until it is the right one', async () => {
    const node = await listen();
    node.chainId = 1;
    node.update({ l1Block: 90, height: 5 });
    const source = open(node, scheme);
    expect(await surveyError(source)).toMatchObject({ code: 'SOURCE_OTHER_CHAIN', fault: 'source' }); // unwatched
    const watch = follow(source);
    await until(() => node.calls.filter((call) => call.startsWith('eth_chainId')).length > 3);
    const error = await surveyError(source);
    expect(error).toMatchObject({ code: 'SOURCE_OTHER_CHAIN', data: { expected: CHAIN_ID, got: 1 } });
    expect(error?.message).toBe(`the L1 node serves chain 1, and this network settles on chain ${CHAIN_ID}`);
    expect(watch.claims).toEqual([]);
    expect(node.calls.every((call) => call.startsWith('eth_chainId'))).toBe(true);
    node.chainId = CHAIN_ID;
    await watch.reaches(5);
    expect(await surveyError(source)).toBeNull();
  });

  it('without a contract at the address says so', async () => {
    const node = await listen();
    node.results.set('eth_call', () => '0x');
    const source = open(node, scheme);
    follow(source);
    await until(async () => (await surveyError(source)) !== null);
    expect((await surveyError(source))?.message).toBe('there is no core contract at its address');
  });

  it.each([
    ['no finalized block', 'eth_getBlockByNumber', () => null],
    ['a block that is none', 'eth_getBlockByNumber', () => ({ number: '0x64' })],
    ['a finalized block below zero', 'eth_getBlockByNumber', () => ({ number: '-0x1', hash: `0x${wordOf(1)}` })],
    ['words that are too short', 'eth_call', () => '0x01'],
    ['a height below -1', 'eth_call', () => `0x${wordOf(-5)}`],
    ['a height beyond all numbers', 'eth_call', () => `0x${wordOf(2n ** 200n)}`],
    ['a chain id that is none', 'eth_chainId', () => 'mainnet'],
    [
      'an error without words',
      'eth_chainId',
      () => {
        throw new Error('');
      },
    ],
  ])('that answers %s is in trouble, makes no claim, and is well when it is honest', async (_what, method, result) => {
    const node = await listen();
    node.update({ l1Block: 90, height: 5 });
    node.results.set(method, result);
    const source = open(node, scheme);
    const watch = follow(source);
    await until(async () => (await surveyError(source)) !== null);
    expect(await surveyError(source)).toMatchObject({ fault: 'source' });
    expect(watch.claims).toEqual([]);
    node.results.clear();
    await watch.reaches(5);
  });

  it.each([
    ['logs that are no list', () => ({})],
    ['logs of another contract', () => [{ address: '0x00' }]],
    ['logs of blocks that were not asked for', () => [{ ...LOG, blockNumber: '0x1' }]],
  ])('that answers %s makes no claim of them', async (_what, result) => {
    const node = await listen();
    node.update({ l1Block: 90, height: 5 });
    const source = open(node, scheme);
    const watch = follow(source);
    await watch.reaches(5);
    node.results.set('eth_getLogs', result);
    node.pushes = false;
    node.update({ l1Block: 103, height: 8 });
    node.final = 104;
    await until(async () => (await surveyError(source)) !== null);
    expect(await surveyError(source)).toMatchObject({ code: 'SOURCE_BAD_ANSWER' });
    node.results.clear();
    await watch.reaches(8); // the contract's own word, after a new start
  });

  it('whose logs and contract differ is believed by its contract', async () => {
    const node = await listen();
    const warned: string[] = [];
    const log: Logger = { ...silentLogger, warn: (message) => void warned.push(message) };
    const watch = follow(open(node, scheme, { log }));
    await until(() => node.calls.length > 10);
    node.results.set('eth_getLogs', () => []);
    node.pushes = false;
    node.update({ l1Block: 103, height: 8 });
    node.final = 104;
    const claim = await watch.reaches(8);
    expect(claim.reference).toBe('L1 block 104, state of the core contract');
    expect(warned).toEqual(['L1 logs and the state of the core contract differ']);
  });

  it('that goes away and comes back is followed on, with all that was made meanwhile', async () => {
    const node = await listen();
    node.update({ l1Block: 90, height: 5 });
    const { port } = node;
    const source = open(node, scheme);
    const watch = follow(source);
    await watch.reaches(5);
    await node.close();
    await until(async () => (await surveyError(source)) !== null);
    expect(await surveyError(source)).toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    const again = await listen(port);
    again.updates = [
      { l1Block: 90, height: 5 },
      { l1Block: 130, height: 20 },
    ];
    again.final = 140;
    again.latest = 150;
    await watch.reaches(20);
  });

  it('shows no secret, whatever is said about it', async () => {
    const node = await listen();
    const said: string[] = [];
    const log: Logger = {
      error: (...all) => void said.push(JSON.stringify(all)),
      warn: (...all) => void said.push(JSON.stringify(all)),
      info: (...all) => void said.push(JSON.stringify(all)),
      debug: (...all) => void said.push(JSON.stringify(all)),
    };
    node.results.set('eth_chainId', () => {
      throw new Error('no access for hush-path with hush-query');
    });
    const url = node.url(scheme, '/v3/hush-path?apikey=hush-query');
    url.username = 'me';
    url.password = 'hush-password';
    const source = open(node, scheme, { log, url });
    follow(source);
    await until(async () => (await surveyError(source)) !== null);
    const error = await surveyError(source);
    expect(error?.data.remoteMessage).toBe('no access for *** with ***');
    expect(JSON.stringify([source.id, error?.message, error?.data, error?.cause, said])).not.toContain('hush');
    expect(said.length).toBeGreaterThan(0);
    expect(node.headers.authorization).toBe(`Basic ${Buffer.from('me:hush-password').toString('base64')}`);
  });

  it('ends with its signal, quietly, at any time; closed it can be watched no more', async () => {
    const node = await listen();
    for (let waitMs = 0; waitMs < 12; waitMs += 3) {
      const watch = follow(open(node, scheme));
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      watch.stop();
      await watch.ended;
    }
    await until(() => node.clients.length === 0);
    const source = open(node, scheme);
    const watch = follow(source);
    await until(() => node.calls.length > 40);
    await source[Symbol.asyncDispose]();
    await expect(watch.ended).rejects.toMatchObject({ code: 'SOURCE_CLOSED', fault: 'caller' });
    await expect(source.survey({ signal: never() })).rejects.toMatchObject({ code: 'SOURCE_CLOSED' });
  });

  it('is an anchor: it serves no parts and no hashes', async () => {
    const node = await listen();
    const source = open(node, scheme);
    expect(source).toMatchObject({ id: `l1:127.0.0.1:${node.port}`, standing: 'anchor', parts: [] });
    expect(await source.survey({ signal: never() })).toEqual({ spans: [], head: null });
    expect(await source.hashAt(parseHeight(5), { signal: never() })).toBeNull();
    const request = { height: parseHeight(5), parts: ['block'] };
    const deliveries = [];
    for await (const delivery of source.fetch(request, { signal: never() })) deliveries.push(delivery);
    expect(deliveries).toEqual([{ type: 'absent', part: 'block' }]);
    expect(node.calls.every((call) => call.startsWith('eth_chainId'))).toBe(true);
  });
});

const LOG = {
  address: CONTRACT,
  topics: ['0xd342ddf7a308dec111745b00315c14b7efb2bdae570a6856e088ed0c65a3576c'],
  data: `0x${wordOf(1)}${wordOf(1)}${wordOf(1)}`,
  blockNumber: '0x1',
  blockHash: `0x${wordOf(1)}`,
  transactionHash: `0x${wordOf(1)}`,
  logIndex: '0x0',
};

const text =
  (body: string | Buffer, status = 200, headers: Record<string, string> = {}): Reply =>
  (response) =>
    response.writeHead(status, headers).end(body);
const rpc = (answer: (id: unknown) => unknown): Reply => {
  return (response, id) => response.writeHead(200).end(JSON.stringify(answer(id)));
};

describe('an L1 node over http', () => {
  const huge = 'a'.repeat(RPC_BODY_BYTES_MAX + 1);
  it.each<[string, Reply, object]>([
    ['another id', rpc((id) => ({ id: Number(id) + 1, result: '0x1' })), { code: 'SOURCE_BAD_ANSWER' }],
    ['the id as text', rpc((id) => ({ id: String(id), result: '0x1' })), { code: 'SOURCE_BAD_ANSWER' }],
    ['no id', rpc(() => ({ result: '0x1' })), { code: 'SOURCE_BAD_ANSWER' }],
    ['no result', rpc((id) => ({ id })), { code: 'SOURCE_BAD_ANSWER' }],
    ['a list', rpc((id) => [{ id, result: '0x1' }]), { code: 'SOURCE_BAD_ANSWER' }],
    ['garbage', text('\u0000\u0001 not json'), { code: 'SOURCE_BAD_ANSWER' }],
    ['nothing', text(''), { code: 'SOURCE_BAD_ANSWER' }],
    ['deep nesting', text('['.repeat(2_000_000)), { code: 'SOURCE_BAD_ANSWER' }],
    ['an error about no request', rpc(() => ({ id: null, error: { code: -32_700 } })), { code: 'SOURCE_REFUSED' }],
    ['a huge body', text(huge), { code: 'SOURCE_BAD_ANSWER', data: { limit: 'wireBytesMax' } }],
    [
      'a bomb',
      text(gzipSync(huge), 200, { 'content-encoding': 'gzip' }),
      { code: 'SOURCE_BAD_ANSWER', data: { limit: 'bodyBytesMax' } },
    ],
    ['a strange encoding', text('', 200, { 'content-encoding': 'br' }), { code: 'SOURCE_BAD_ANSWER' }],
    ['an endless body', endless, { code: 'SOURCE_BAD_ANSWER', data: { limit: 'wireBytesMax' } }],
    ['half a body', cutShort, { code: 'SOURCE_UNAVAILABLE' }],
    ['a redirect', text('', 302, { location: 'http://127.0.0.1:1/' }), { code: 'SOURCE_BAD_ANSWER' }],
    ['too many requests', text('', 429, { 'retry-after': '7' }), { code: 'SOURCE_RATE_LIMITED' }],
    [
      'too many requests in its own words',
      rpc((id) => ({ id, error: { code: -32_005, message: 'daily request rate limit' } })),
      { code: 'SOURCE_RATE_LIMITED', data: { retryAfterMs: 10_000 } },
    ],
    ['no access', text('Unauthorized', 401), { code: 'SOURCE_UNAVAILABLE', data: { status: 401 } }],
    [
      'an error with a status of its own',
      text('{"id":1,"error":{"code":-32000,"message":"no"}}', 400),
      { code: 'SOURCE_REFUSED', data: { rpcCode: -32_000, remoteMessage: 'no' } },
    ],
    ["a proxy's page", text('<html>bad gateway</html>', 502), { code: 'SOURCE_UNAVAILABLE', data: { status: 502 } }],
    ['silence', () => {}, { code: 'SOURCE_TIMEOUT' }],
  ])('that answers with %s is named for it', async (_what, reply, expected) => {
    const node = await listen();
    node.reply = reply;
    const source = open(node, 'http', { timeouts: { totalTimeoutMs: 400 } });
    const error = await surveyError(source);
    const { data = {}, ...rest } = expected as { data?: object };
    expect(error).toMatchObject({ fault: 'source', ...rest, data: { url: source.id, ...data } });
  });
});

describe('an L1 node over websocket', () => {
  it('tells of updates and of reorgs by itself: no range of logs is read twice', async () => {
    const node = await listen();
    const watch = follow(open(node, 'ws'));
    await until(() => node.calls.some((call) => call.startsWith('eth_getLogs')));
    const dropped = { l1Block: 103, height: 8 };
    node.update(dropped);
    node.update({ l1Block: 105, height: 10 });
    node.updates = [dropped]; // the one above goes as well, without a word
    node.takeBack(dropped);
    node.update({ l1Block: 102, height: 9 });
    node.final = 106;
    await watch.reaches(9);
    expect(node.calls.filter((call) => call.startsWith('eth_getLogs'))).toHaveLength(1);
  });

  it('is followed also where it loses or keeps what it should not', async () => {
    const node = await listen();
    const watch = follow(open(node, 'ws'));
    await until(() => node.calls.some((call) => call.startsWith('eth_getLogs')));
    node.pushes = false;
    node.update({ l1Block: 103, height: 8 });
    node.final = 104;
    expect((await watch.reaches(8)).reference).toContain('L1 block 103, log 0');
    // A reorg that it does not tell of: the update is made again, otherwise.
    node.push(node.log({ l1Block: 106, height: 9, root: 5 }));
    node.update({ l1Block: 107, height: 9, root: 6 });
    node.final = 108;
    const claim = await watch.reaches(9);
    expect(hex(claim.stateRoot)).toBe(wordOf(6));
    expect(watch.heights()).toEqual([8, 9]);
  });

  it.each<[string, (node: ScriptedL1) => void]>([
    ['a message that answers nothing', (node) => node.sendAll('{"id":99,"result":1}')],
    ['garbage', (node) => node.sendAll('not json')],
    ['bytes', (node) => node.sendAll(Buffer.from([1, 2, 3]))],
    ['a notification of another subscription', (node) => node.push({}, '0x99')],
    ['a notification of nothing', (node) => node.sendAll('{"method":"eth_subscription"}')],
    ['a log that is none', (node) => node.push({ address: CONTRACT })],
    ['a log of a height below -1', (node) => node.push(node.log({ l1Block: 103, height: -7 }))],
    ['a huge message', (node) => node.sendAll(' '.repeat(RPC_BODY_BYTES_MAX + 1))],
    [
      'logs without end',
      (node) => {
        const log = node.log({ l1Block: 103, height: 8 });
        for (let i = 0; i < 10_002; i++) node.push(log);
      },
    ],
  ])('that sends %s is left and opened anew', async (_what, misbehave) => {
    const node = await listen();
    node.update({ l1Block: 90, height: 5 });
    const seen: string[] = [];
    const log: Logger = { ...silentLogger, debug: (message, fields) => void seen.push(`${message} ${fields?.code}`) };
    const watch = follow(open(node, 'ws', { log }));
    await watch.reaches(5);
    await until(() => node.calls.some((call) => call.startsWith('eth_getLogs')));
    misbehave(node);
    await until(() => node.calls.filter((call) => call.startsWith('eth_chainId')).length > 1);
    expect(seen).toEqual(['L1 failed SOURCE_BAD_ANSWER']);
    node.updates.push({ l1Block: 109, height: 30 });
    node.final = 110;
    await watch.reaches(30);
  });

  it('that answers no request in time is left', async () => {
    const node = await listen();
    const source = open(node, 'ws', { timeouts: { totalTimeoutMs: 100 } });
    follow(source);
    await until(() => node.calls.length > 20);
    for (const socket of node.clients) socket.removeAllListeners('message');
    await until(async () => (await surveyError(source))?.code === 'SOURCE_TIMEOUT');
    await until(async () => (await surveyError(source)) === null);
  });

  it('that refuses the handshake is away, and says how long it wants to be left alone', async () => {
    const node = await listen();
    const refusing = createServer((_request, response) => response.writeHead(200).end());
    refusing.on('upgrade', (_request, socket) => {
      socket.end('HTTP/1.1 429 Too Many Requests\r\nretry-after: 3\r\ncontent-length: 0\r\n\r\n');
    });
    await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => new Promise((resolve) => refusing.close(() => resolve())));
    const { port } = refusing.address() as { port: number };
    const source = open(node, 'ws', { url: new URL(`l1+ws://127.0.0.1:${port}/`) });
    expect(await surveyError(source)).toMatchObject({ code: 'SOURCE_RATE_LIMITED', data: { retryAfterMs: 3_000 } });
  });

  it('that accepts and says nothing is away after a while', async () => {
    const node = await listen();
    const silent = createTcpServer((socket) => socket.on('error', () => {}).resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => new Promise((resolve) => silent.close(() => resolve())));
    const { port } = silent.address() as { port: number };
    const url = new URL(`l1+ws://127.0.0.1:${port}/`);
    const source = open(node, 'ws', { url, timeouts: { connectTimeoutMs: 100 } });
    expect(await surveyError(source)).toMatchObject({ code: 'SOURCE_TIMEOUT', fault: 'source' });
  });
});

function endless(response: Parameters<Reply>[0]): void {
  response.writeHead(200);
  const chunk = 'a'.repeat(1 << 20);
  const more = () => {
    while (!response.destroyed && response.write(chunk));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
}

function cutShort(response: Parameters<Reply>[0]): void {
  response.writeHead(200, { 'content-length': '100' });
  response.write('{"id":');
  setTimeout(() => response.destroy(), 20);
}
