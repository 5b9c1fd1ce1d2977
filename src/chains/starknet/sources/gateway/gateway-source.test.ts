import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { type Delivery, parseHeight } from '../../../../engine/index.ts';
import { createSystemEnv, type Logger, silentLogger } from '../../../../lib/index.ts';
import { createGatewaySource, type GatewaySourceOptions } from './gateway-source.ts';

const HASH = `0x${'ab'.repeat(31)}`;
const BLOCK = { block_hash: HASH, block_number: 5, transactions: [], transaction_receipts: [] };
const UPDATE = { block_hash: HASH, new_root: '0x1', old_root: '0x0', state_diff: {} };
const SIGNATURE = { block_hash: HASH, signature: ['0x1', '0x2'] };
const NOT_FOUND = { code: 'StarknetErrorCode.BLOCK_NOT_FOUND', message: 'Block number 5 was not found.' };
const MALFORMED = { code: 'StarkErrorCode.MALFORMED_REQUEST', message: 'Unknown field includeBlock' };
const PAIR = ['block', 'stateUpdate', 'signature'];

type Handler = (url: URL, response: ServerResponse, request: IncomingMessage) => void;

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A source over a local server that answers as told; `calls` is what it was asked. */
async function gateway(handler: Handler, options: Partial<GatewaySourceOptions> & { base?: string } = {}) {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    calls.push((request.url ?? '').replace('/feeder_gateway/', ''));
    handler(new URL(request.url ?? '', 'http://gateway'), response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = new URL((options.base ?? 'http://127.0.0.1:PORT/feeder_gateway').replace('PORT', String(port)));
  const source = createGatewaySource({ env: createSystemEnv(), log: silentLogger, ...options, url });
  cleanups.push(async () => {
    await source[Symbol.asyncDispose]();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { source, calls, port };
}

const json = (response: ServerResponse, value: unknown, status = 200) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));

const never = () => new AbortController().signal;

async function fetchAll(
  source: Awaited<ReturnType<typeof gateway>>['source'],
  parts: readonly string[] = PAIR,
  signal = never(),
) {
  const deliveries: Delivery[] = [];
  for await (const delivery of source.fetch({ height: parseHeight(5), parts }, { signal })) deliveries.push(delivery);
  return deliveries;
}

/** Deliveries as `part` → parsed bytes, or `absent`. */
function contents(deliveries: readonly Delivery[]) {
  return Object.fromEntries(
    deliveries.map((delivery) => [
      delivery.part,
      delivery.type === 'absent' ? 'absent' : (JSON.parse(Buffer.from(delivery.bytes).toString()) as unknown),
    ]),
  );
}

/** Answers as a gateway of the older kind: single calls only. */
const single: Handler = (url, response) => {
  const answers: Record<string, unknown> = { get_block: BLOCK, get_state_update: UPDATE, get_signature: SIGNATURE };
  json(response, answers[url.pathname.split('/').at(-1) ?? '']);
};

describe('a gateway asked for a class', () => {
  const CLASS = { sierra_program: ['0x1'], entry_points_by_type: {}, abi: '' };
  const COMPILED = { bytecode: ['0x1'], entry_points_by_type: {} };
  const UNDECLARED = { code: 'StarknetErrorCode.UNDECLARED_CLASS', message: 'Class with hash 0xc1 is not declared.' };
  const served: Handler = (url, response) =>
    json(response, url.pathname.endsWith('get_class_by_hash') ? CLASS : COMPILED);
  const ask = async (source: Awaited<ReturnType<typeof gateway>>['source'], parts: readonly string[], id?: string) => {
    const deliveries: Delivery[] = [];
    const request = { height: parseHeight(5), parts, ...(id === undefined ? {} : { id }) };
    for await (const delivery of source.fetch(request, { signal: never() })) deliveries.push(delivery);
    return contents(deliveries);
  };

  it('is asked by its hash, as of the newest block', async () => {
    const { source, calls } = await gateway(served);
    expect(await ask(source, ['class'], '0xc1')).toEqual({ class: CLASS });
    expect(await ask(source, ['compiledClass'], '0xc1/0xd1/blake2s')).toEqual({ compiledClass: COMPILED });
    expect(calls).toEqual([
      'get_class_by_hash?classHash=0xc1&blockNumber=latest',
      'get_compiled_class_by_class_hash?classHash=0xc1&blockNumber=latest',
    ]);
  });

  it('delivers it beside parts of a block', async () => {
    const { source } = await gateway((url, response, request) =>
      (url.searchParams.has('classHash') ? served : single)(url, response, request),
    );
    expect(await ask(source, ['class', 'block', 'odd', 'compiledClass'], '0xc1')).toEqual({
      odd: 'absent',
      block: BLOCK,
      class: CLASS,
      compiledClass: COMPILED,
    });
  });

  it('answers absent for one that is not declared, under any status', async () => {
    for (const status of [400, 500, 200]) {
      const { source } = await gateway((_url, response) => json(response, UNDECLARED, status));
      expect(await ask(source, ['class', 'compiledClass'], '0xc1')).toEqual({
        class: 'absent',
        compiledClass: 'absent',
      });
    }
  });

  it.each([undefined, '', '/', '..', '0x', 'c1', '0x1&blockHash=0x2', '0xg', `0x${'f'.repeat(64)}`])(
    'is not asked for the id %s',
    async (id) => {
      const { source, calls } = await gateway(served);
      expect(await ask(source, ['class', 'compiledClass'], id)).toEqual({ class: 'absent', compiledClass: 'absent' });
      expect(calls).toEqual([]);
    },
  );

  it('that answers something else, or refuses, has failed', async () => {
    const refusal = { code: 'StarknetErrorCode.INVALID_CONTRACT_CLASS', message: 'Compiled versions older than 1.1.0' };
    const cases: readonly (readonly [unknown, number, object])[] = [
      [BLOCK, 200, { code: 'SOURCE_BAD_ANSWER', fault: 'source', data: { expected: 'entry_points_by_type' } }],
      [refusal, 400, { code: 'SOURCE_REFUSED', fault: 'source', data: { errorCode: 'INVALID_CONTRACT_CLASS' } }],
    ];
    for (const [body, status, error] of cases) {
      const { source } = await gateway((_url, response) => json(response, body, status));
      await expect(ask(source, ['class'], '0xc1')).rejects.toMatchObject(error);
    }
  });

  it('has a limit to its answer', async () => {
    const bodyLimits = { bodyBytesMax: 1_000 };
    const { source } = await gateway((_url, response) => json(response, { ...CLASS, abi: 'x'.repeat(2_000) }), {
      bodyLimits,
    });
    await expect(ask(source, ['class'], '0xc1')).rejects.toMatchObject({
      code: 'SOURCE_BAD_ANSWER',
      data: { limit: 'bodyBytesMax' },
    });
  });
});

describe('a gateway asked for a block', () => {
  it('is asked once, and delivers one bundle as received', async () => {
    const body = { block: BLOCK, state_update: UPDATE, signature: ['0x1', '0x2'] };
    const { source, calls } = await gateway((_url, response) => json(response, body));
    const deliveries = await fetchAll(source);
    expect(contents(deliveries)).toEqual({ bundle: body });
    expect(calls).toEqual(['get_state_update?blockNumber=5&includeBlock=true&includeSignature=true']);
  });

  it('is asked for the signature when the bundle lacks it', async () => {
    const body = { block: BLOCK, state_update: UPDATE };
    const { source, calls } = await gateway((url, response) =>
      json(response, url.pathname.endsWith('get_signature') ? SIGNATURE : body),
    );
    expect(contents(await fetchAll(source))).toEqual({ bundle: body, signature: SIGNATURE });
    expect(calls.at(-1)).toBe('get_signature?blockNumber=5');
  });

  it('is asked by single calls for single parts', async () => {
    const { source, calls } = await gateway(single);
    expect(contents(await fetchAll(source, ['block']))).toEqual({ block: BLOCK });
    expect(contents(await fetchAll(source, ['signature', 'stateUpdate']))).toEqual({
      stateUpdate: UPDATE,
      signature: SIGNATURE,
    });
    expect(calls).toEqual(['get_block?blockNumber=5', 'get_state_update?blockNumber=5', 'get_signature?blockNumber=5']);
  });

  it('that does not have it answers absent for every part', async () => {
    for (const status of [400, 500, 200]) {
      const { source } = await gateway((_url, response) => json(response, NOT_FOUND, status));
      const absent = { block: 'absent', stateUpdate: 'absent', signature: 'absent' };
      expect(contents(await fetchAll(source))).toEqual(absent);
      expect(contents(await fetchAll(source, ['block']))).toEqual({ block: 'absent' });
    }
  });

  it('that overlooks includeBlock is asked by single calls from then on, and its answer is used', async () => {
    const { source, calls } = await gateway(single);
    const whole = { block: BLOCK, stateUpdate: UPDATE, signature: SIGNATURE };
    expect(contents(await fetchAll(source))).toEqual(whole);
    expect(calls.map((call) => call.split('?')[0])).toEqual(['get_state_update', 'get_block', 'get_signature']);
    calls.length = 0;
    expect(contents(await fetchAll(source))).toEqual(whole);
    expect(calls.some((call) => call.includes('includeBlock'))).toBe(false);
    expect(contents(await fetchAll(source, ['bundle']))).toEqual({ bundle: 'absent' });
  });

  it('that calls includeBlock malformed is asked by single calls from then on', async () => {
    const { source, calls } = await gateway((url, response, request) =>
      url.searchParams.has('includeBlock') ? json(response, MALFORMED, 400) : single(url, response, request),
    );
    const whole = { block: BLOCK, stateUpdate: UPDATE, signature: SIGNATURE };
    expect(contents(await fetchAll(source))).toEqual(whole);
    expect(contents(await fetchAll(source))).toEqual(whole);
    expect(calls.filter((call) => call.includes('includeBlock'))).toHaveLength(1);
  });

  it.each([400, 404])('that has no signatures to give (%i) still delivers the block', async (status) => {
    const { source } = await gateway((url, response) => {
      if (url.pathname.endsWith('get_signature')) return json(response, { code: 'X', message: 'no such call' }, status);
      return json(response, { block: BLOCK, state_update: UPDATE });
    });
    expect(await fetchAll(source).then(contents)).toMatchObject({ bundle: {}, signature: 'absent' });
    const code = status === 404 ? 'SOURCE_UNAVAILABLE' : 'SOURCE_REFUSED';
    await expect(fetchAll(source, ['signature'])).rejects.toMatchObject({ code });
  });

  it('whose signatures fail for now fails, so that it is asked again', async () => {
    const { source } = await gateway((url, response) => {
      if (url.pathname.endsWith('get_signature')) return response.writeHead(502).end();
      return json(response, { block: BLOCK, state_update: UPDATE });
    });
    await expect(fetchAll(source)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE', data: { status: 502 } });
  });

  it('that calls everything malformed is not taken for one without bundles', async () => {
    let broken = true;
    const { source, calls } = await gateway((_url, response) =>
      broken ? json(response, MALFORMED, 400) : json(response, { block: BLOCK, state_update: UPDATE, signature: [] }),
    );
    await expect(fetchAll(source)).rejects.toMatchObject({
      code: 'SOURCE_REFUSED',
      fault: 'source',
      data: { errorCode: 'MALFORMED_REQUEST', status: 400 },
    });
    broken = false;
    expect(Object.keys(contents(await fetchAll(source)))).toEqual(['bundle']);
    expect(calls.at(-1)).toContain('includeBlock');
  });
});

describe('a gateway surveyed', () => {
  it('claims everything up to its newest block', async () => {
    const { source, calls } = await gateway((_url, response) => json(response, { block_hash: HASH, block_number: 5 }));
    const { spans, head } = await source.survey({ signal: never() });
    expect(spans).toEqual([{ from: 0, to: 5 }]);
    expect(head?.height).toBe(5);
    expect(Buffer.from(head?.hash ?? []).toString('hex')).toBe(`00${'ab'.repeat(31)}`);
    expect(await source.hashAt(parseHeight(5), { signal: never() })).toEqual(head?.hash);
    expect(calls).toEqual(['get_block?blockNumber=latest&headerOnly=true', 'get_block?blockNumber=5&headerOnly=true']);
  });

  it('may ignore headerOnly and send a whole block, which is learnt once', async () => {
    const whole = { ...BLOCK, filler: 'x'.repeat(200_000) };
    const { source, calls } = await gateway((_url, response) => json(response, whole));
    for (let n = 0; n < 3; n++) expect((await source.survey({ signal: never() })).head?.height).toBe(5);
    expect(calls).toHaveLength(4);
  });

  it('may be empty, or lack a height', async () => {
    const { source } = await gateway((_url, response) => json(response, NOT_FOUND, 400));
    expect(await source.survey({ signal: never() })).toEqual({ spans: [], head: null });
    expect(await source.hashAt(parseHeight(9), { signal: never() })).toBeNull();
  });

  it.each([
    ['no hash', { block_number: 5 }],
    ['no number', { block_hash: HASH }],
    ['a number beyond 2^53', { block_hash: HASH, block_number: 2 ** 60 }],
    ['a negative number', { block_hash: HASH, block_number: -1 }],
    ['a fraction', { block_hash: HASH, block_number: 1.5 }],
    ['a number as text', { block_hash: HASH, block_number: '5' }],
    ['a hash above the field', { block_hash: `0x${'f'.repeat(64)}`, block_number: 5 }],
  ])('is not believed with %s', async (_what, body) => {
    const { source } = await gateway((_url, response) => json(response, body));
    const failure = { code: 'SOURCE_BAD_ANSWER', fault: 'source' };
    await expect(source.survey({ signal: never() })).rejects.toMatchObject(failure);
  });

  it('is not believed about another height than was asked for', async () => {
    const { source } = await gateway((_url, response) => json(response, { block_hash: HASH, block_number: 5 }));
    await expect(source.hashAt(parseHeight(6), { signal: never() })).rejects.toMatchObject({
      code: 'SOURCE_BAD_ANSWER',
      data: { expected: 6, got: 5 },
    });
  });
});

describe('a gateway in trouble', () => {
  const raw = (status: number, headers: Record<string, string>, body: string | Uint8Array): Handler => {
    return (_url, response) => response.writeHead(status, headers).end(body);
  };
  const html = '<html><body>Bad gateway</body></html>';
  const whole = JSON.stringify({ block: BLOCK, state_update: UPDATE, signature: [] });
  const bomb = gzipSync(Buffer.concat([Buffer.from('{"block":"'), Buffer.alloc(80 * 1024 * 1024, 0x30)]));

  it.each<[string, Handler, { code: string; data: Record<string, unknown> }]>([
    ['429 with seconds', raw(429, { 'retry-after': '7' }, ''), rateLimited(7_000)],
    ['429 with nothing more', raw(429, {}, 'slow down'), rateLimited(10_000)],
    ['502 with a page', raw(502, { 'content-type': 'text/html' }, html), failure('SOURCE_UNAVAILABLE', 502)],
    [
      '503 with a pause',
      raw(503, { 'retry-after': '20' }, ''),
      { code: 'SOURCE_UNAVAILABLE', data: { status: 503, retryAfterMs: 20_000 } },
    ],
    ['404', raw(404, {}, JSON.stringify(NOT_FOUND)), failure('SOURCE_UNAVAILABLE', 404)],
    ['403', raw(403, {}, ''), failure('SOURCE_UNAVAILABLE', 403)],
    ['500 with a page', raw(500, {}, html), failure('SOURCE_UNAVAILABLE', 500)],
    ['400 with a page', raw(400, {}, html), failure('SOURCE_BAD_ANSWER', 400)],
    ['200 with a page', raw(200, {}, html), failure('SOURCE_BAD_ANSWER', 200)],
    ['204', raw(204, {}, ''), failure('SOURCE_BAD_ANSWER', 204)],
    ['an empty body', raw(200, {}, ''), failure('SOURCE_BAD_ANSWER', 200)],
    ['json cut short', raw(200, {}, whole.slice(0, -20)), failure('SOURCE_BAD_ANSWER', 200)],
    ['json of another kind', raw(200, {}, '{"tx_status":"NOT_RECEIVED"}'), { code: 'SOURCE_BAD_ANSWER', data: {} }],
    ['gzip that is none', raw(200, { 'content-encoding': 'gzip' }, whole), failure('SOURCE_BAD_ANSWER', 200)],
    ['another encoding', raw(200, { 'content-encoding': 'br' }, whole), failure('SOURCE_BAD_ANSWER', 200)],
    [
      'a gzip bomb',
      raw(200, { 'content-encoding': 'gzip' }, bomb),
      { code: 'SOURCE_BAD_ANSWER', data: { limit: 'inflateRatioMax' } },
    ],
    [
      'a redirect',
      raw(302, { location: 'http://169.254.169.254/latest' }, ''),
      { code: 'SOURCE_BAD_ANSWER', data: { status: 302, location: '169.254.169.254' } },
    ],
    [
      'an application error',
      raw(500, {}, JSON.stringify({ code: 'StarknetErrorCode.OUT_OF_RANGE_BLOCK_HASH', message: 'no\nway' })),
      {
        code: 'SOURCE_REFUSED',
        data: { status: 500, errorCode: 'OUT_OF_RANGE_BLOCK_HASH', remoteMessage: 'no way' },
      },
    ],
  ])('fails typed: %s', async (_what, handler, expected) => {
    const { source, calls } = await gateway(handler);
    await expect(fetchAll(source)).rejects.toMatchObject({ fault: 'source', ...expected });
    await expect(fetchAll(source, ['block'])).rejects.toMatchObject({ fault: 'source', ...expected });
    expect(calls).toHaveLength(2); // nothing was retried
  });

  function rateLimited(retryAfterMs: number) {
    return { code: 'SOURCE_RATE_LIMITED', data: { status: 429, retryAfterMs } };
  }
  function failure(code: string, status: number) {
    return { code, data: { status } };
  }

  it('says with a date when to come back', async () => {
    const env = { ...createSystemEnv(), nowMs: () => Date.parse('2026-01-05T10:00:00Z') };
    const handler = raw(429, { 'retry-after': 'Mon, 05 Jan 2026 10:01:30 GMT' }, '');
    const { source } = await gateway(handler, { env });
    await expect(fetchAll(source)).rejects.toMatchObject(rateLimited(90_000));
  });

  it('says where the failure was, as the full address that was asked', async () => {
    const { source, port } = await gateway(raw(502, {}, ''));
    await expect(fetchAll(source, ['block'])).rejects.toMatchObject({
      data: { url: `http://127.0.0.1:${port}/feeder_gateway/get_block?blockNumber=5` },
    });
  });

  it('that resets the connection is unavailable', async () => {
    const { source } = await gateway((_url, _response, request) => request.socket.resetAndDestroy());
    await expect(fetchAll(source)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE', fault: 'source' });
  });

  it('that breaks off in the body is unavailable', async () => {
    const { source } = await gateway((_url, response, request) => {
      response.writeHead(200, { 'content-length': 1000 }).write(whole.slice(0, 100), () => request.socket.destroy());
    });
    await expect(fetchAll(source)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE', fault: 'source' });
  });

  it('that nobody runs is unavailable', async () => {
    const { port, source: closed } = await gateway(single);
    await cleanups.pop()?.();
    const url = new URL(`http://127.0.0.1:${port}/`);
    const source = createGatewaySource({ url, env: createSystemEnv(), log: silentLogger });
    cleanups.push(async () => source[Symbol.asyncDispose]());
    const failure = { code: 'SOURCE_UNAVAILABLE', data: { reason: expect.stringContaining('ECONNREFUSED') } };
    await expect(fetchAll(source)).rejects.toMatchObject(failure);
    await expect(fetchAll(closed)).rejects.toMatchObject({ code: 'SOURCE_CLOSED', fault: 'caller' });
  });

  it('that speaks no http is a bad answer', async () => {
    const { source } = await gateway((_url, _response, request) => {
      request.socket.end('SSH-2.0-OpenSSH_9.2\r\n\r\n');
    });
    await expect(fetchAll(source)).rejects.toMatchObject({ code: 'SOURCE_BAD_ANSWER', fault: 'source' });
  });

  it('that does not answer is cut off by the total time', async () => {
    const { source } = await gateway(() => {}, { timeouts: { totalTimeoutMs: 150 } });
    const failure = { code: 'SOURCE_TIMEOUT', fault: 'source', data: { timeoutMs: 150 } };
    await expect(fetchAll(source)).rejects.toMatchObject(failure);
  });

  it('that drips its body is cut off by the total time', async () => {
    const drip: Handler = (_url, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('{'), 20);
      response.on('close', () => clearInterval(timer));
    };
    const { source } = await gateway(drip, { timeouts: { totalTimeoutMs: 250 } });
    const startedMs = performance.now();
    await expect(fetchAll(source)).rejects.toMatchObject({ code: 'SOURCE_TIMEOUT', fault: 'source' });
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  it.each(['content-length', 'chunks'])('that sends too much is cut off (%s)', async (how) => {
    let sent = 0;
    const flood: Handler = (_url, response) => {
      response.writeHead(200, how === 'chunks' ? {} : { 'content-length': 100_000_000 });
      const send = () => {
        while (!response.destroyed && sent < 100_000_000) {
          sent += 65_536;
          if (!response.write(Buffer.alloc(65_536, 0x20))) break;
        }
      };
      response.on('drain', send);
      send();
    };
    const { source } = await gateway(flood, { bodyLimits: { wireBytesMax: 1_000_000 } });
    const failure = { code: 'SOURCE_BAD_ANSWER', data: { limit: 'wireBytesMax', limitValue: 1_000_000 } };
    await expect(fetchAll(source)).rejects.toMatchObject(failure);
    expect(sent).toBeLessThan(20_000_000);
  });

  it('that sends more than a body may hold is cut off', async () => {
    const { source } = await gateway(raw(200, {}, whole), { bodyLimits: { bodyBytesMax: 50 } });
    const failure = { code: 'SOURCE_BAD_ANSWER', data: { limit: 'bodyBytesMax', limitValue: 50 } };
    await expect(fetchAll(source)).rejects.toMatchObject(failure);
  });

  it('does not spoil the requests after it', async () => {
    let turn = 0;
    const { source } = await gateway((url, response, request) => {
      turn++;
      if (turn === 1) request.socket.destroy();
      else if (turn === 2) response.writeHead(429).end('x'.repeat(100_000));
      else if (turn === 3) response.writeHead(200).end('{');
      else single(url, response, request);
    });
    for (let n = 0; n < 3; n++) await expect(fetchAll(source, ['block'])).rejects.toThrow();
    expect(contents(await fetchAll(source, ['block']))).toEqual({ block: BLOCK });
  });

  it('can be left in the middle of a body', async () => {
    const controller = new AbortController();
    let closedByUs = false;
    const { source } = await gateway((_url, response) => {
      response.on('close', () => {
        closedByUs = true;
      });
      response.writeHead(200).write(whole.slice(0, 50), () => controller.abort(new Error('enough')));
    });
    await expect(fetchAll(source, PAIR, controller.signal)).rejects.toThrow('enough');
    await expect.poll(() => closedByUs).toBe(true);
  });
});

describe('requests to a gateway', () => {
  it('name us, accept gzip, and bring bodies inflated', async () => {
    const body = JSON.stringify({ block: BLOCK, state_update: UPDATE, signature: ['0x1', '0x2'] });
    let headers: IncomingMessage['headers'] = {};
    const { source } = await gateway((_url, response, request) => {
      headers = request.headers;
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body));
    });
    const [delivery] = await fetchAll(source);
    expect(delivery?.type === 'bytes' && Buffer.from(delivery.bytes).toString()).toBe(body);
    expect(headers['user-agent']).toMatch(/^syncline\/\d+\.\d+\.\d+/);
    expect(headers['accept-encoding']).toBe('gzip');
    expect(headers).not.toHaveProperty('x-throttling-bypass');
    expect(headers).not.toHaveProperty('authorization');
  });

  it('carry key, password and query of the base url, which show nowhere else', async () => {
    const secrets = ['canary-key-1', 'canary-password-2', 'canary-query-3'];
    const lines: unknown[] = [];
    const write = (message: string, fields?: unknown) => void lines.push([message, fields]);
    const log: Logger = { error: write, warn: write, info: write, debug: write };
    let turn = 0;
    const seen: unknown[] = [];
    const { source } = await gateway(
      (url, response, request) => {
        seen.push([
          request.headers['x-throttling-bypass'],
          request.headers.authorization,
          url.searchParams.get('apikey'),
        ]);
        const echo = JSON.stringify(request.headers) + url.search;
        turn++;
        if (turn === 1) json(response, { code: `X ${echo}`, message: `wrong key: ${echo}` }, 400);
        else if (turn === 2) response.writeHead(302, { location: `http://${secrets[0]}.example/${echo}` }).end();
        else if (turn === 3) request.socket.end(`${echo}\r\n\r\n`);
        else if (turn === 4) json(response, { [echo]: 1, [`${secrets[0]}`]: 2 });
        else if (turn === 5) response.writeHead(200, { 'content-encoding': `${secrets[0]}` }).end();
        else request.socket.destroy();
      },
      {
        base: `http://operator:${secrets[1]}@127.0.0.1:PORT/feeder_gateway?apikey=${secrets[2]}`,
        key: `${secrets[0]}\n`,
        log,
      },
    );
    const failures: unknown[] = [];
    for (let n = 0; n < 6; n++) {
      const error: unknown = await fetchAll(source, ['block']).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Error);
      if (!(error instanceof Error)) continue;
      failures.push({ ...error, message: error.message, stack: error.stack, cause: error.cause });
    }
    const basic = `Basic ${Buffer.from(`operator:${secrets[1]}`).toString('base64')}`;
    expect(seen[0]).toEqual([secrets[0], basic, secrets[2]]);
    const shown = JSON.stringify([failures, lines, source.id]);
    expect(failures).toHaveLength(6);
    expect(lines.length).toBeGreaterThan(0);
    for (const secret of [...secrets, basic.slice(6)]) expect(shown).not.toContain(secret);
  });

  it.each(['', '  ', 'two words', 'käse', 'a\nb'])('cannot carry the key %j', (key) => {
    const url = new URL('http://127.0.0.1:1/');
    const create = () => createGatewaySource({ url, key, env: createSystemEnv(), log: silentLogger });
    expect(create).toThrowError(expect.objectContaining({ code: 'SOURCE_UNSUPPORTED', fault: 'caller' }));
  });
});
