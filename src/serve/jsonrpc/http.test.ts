import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RpcRefusal } from './observer.ts';
import { call, createTestService, post, serveRpc } from './testing.ts';

const fault = (code: number, id: unknown = null) => ({
  jsonrpc: '2.0',
  error: expect.objectContaining({ code }),
  id,
});

/** A raw connection, and all that comes back on it. */
async function open(
  port: number,
): Promise<{ readonly socket: Socket; answer(): string; readonly closed: Promise<void> }> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString();
  });
  socket.on('error', () => {}); // a reset after the answer is fine
  const closed = once(socket, 'close').then(() => {});
  await once(socket, 'connect');
  return { socket, answer: () => answer, closed };
}

describe('JSON-RPC over HTTP', () => {
  it('answers calls and batches at the path of the service and, for the first, at /rpc', async () => {
    const other = createTestService('/rpc/other').service;
    const { url } = await serveRpc({ services: [createTestService().service, { ...other, methods: {} }] });
    for (const path of ['/rpc', '/rpc/', '/rpc/test', '/rpc?x=y']) {
      const { status, headers, json } = await post(`${url}${path}`, call('test_add', [1, 2]));
      expect([status, headers['content-type']]).toEqual([200, 'application/json']);
      expect(json).toEqual({ jsonrpc: '2.0', result: 3, id: 1 });
    }
    expect((await post(`${url}/rpc`, `[${call('test_nothing')}]`)).json).toEqual([
      { jsonrpc: '2.0', result: null, id: 1 },
    ]);
    expect((await post(`${url}/rpc/other`, call('test_add', [1, 2]))).json).toEqual(fault(-32601, 1));
    expect((await post(`${url}/rpc/none`, call('test_add', [1, 2]))).status).toBe(404);
  });

  it('answers errors with status 200, since the transport did its work, and notifications with 204', async () => {
    const { url } = await serveRpc({});
    for (const body of ['', '{', '5', call('test_fault'), call('none')]) {
      const { status, json } = await post(`${url}/rpc`, body);
      expect(status).toBe(200);
      expect(json).toMatchObject({ jsonrpc: '2.0', error: { code: expect.any(Number) } });
    }
    const { status, text } = await post(`${url}/rpc`, '{"jsonrpc":"2.0","method":"test_nothing"}');
    expect([status, text]).toEqual([204, '']);
  });

  it('minds no content type', async () => {
    const { url } = await serveRpc({});
    for (const type of ['text/plain', 'application/json; charset=utf-8', 'application/x-www-form-urlencoded', '']) {
      const headers: Record<string, string> = type === '' ? {} : { 'content-type': type };
      expect((await post(`${url}/rpc`, call('test_add', [1, 2]), { headers })).json).toMatchObject({ result: 3 });
    }
  });

  it('tells a person who opens the path what to do', async () => {
    const { url } = await serveRpc({});
    const { status, text, headers } = await post(`${url}/rpc/test`, '', { method: 'GET', headers: {} });
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
    for (const word of ['POST', 'WebSocket', 'test_add(a, b, c?)', 'test_subscribeTicks', '--rpc.upstream']) {
      expect(text).toContain(word);
    }
    expect((await post(`${url}/rpc`, '', { method: 'HEAD', headers: {} })).status).toBe(200);
    const put = await post(`${url}/rpc`, 'x', { method: 'PUT' });
    expect([put.status, put.headers.allow]).toEqual([405, 'GET, HEAD, POST']);
  });

  it('keeps the connection through calls and errors', async () => {
    const { url } = await serveRpc({});
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const sockets = new Set<number | undefined>();
    agent.on('free', (socket: Socket) => sockets.add(socket.localPort));
    for (const body of [call('test_add', [1, 2]), '{', call('test_bug'), call('test_nothing')]) {
      await post(`${url}/rpc`, body, { agent });
    }
    expect(sockets.size).toBe(1);
  });

  it('stops a call whose client went away', async () => {
    const { service, log } = createTestService();
    const { port, rpc } = await serveRpc({ services: [service] });
    const { socket } = await open(port);
    const body = call('test_later', [60_000]);
    socket.write(`POST /rpc HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    await expect.poll(() => rpc.report().callsUnderWay).toBe(1);
    socket.destroy();
    await expect.poll(() => log).toEqual(['call aborted']);
    await expect.poll(() => rpc.report().callsUnderWay).toBe(0);
  });
});

describe('what a client may cost', () => {
  it('is bounded in size: too much is answered with 413, also where the length is not told or not true', async () => {
    const refused: RpcRefusal[] = [];
    const observer = { called() {}, refused: (reason: RpcRefusal) => void refused.push(reason) };
    const { url, port } = await serveRpc({ limits: { bodyBytesMax: 1_000 }, observer });
    const fits = call('test_echo', ['x'.repeat(900)]);
    expect((await post(`${url}/rpc`, fits)).json).toMatchObject({ result: 'x'.repeat(900) });
    for (const bytes of [1_001, 7_000]) {
      const { status, json } = await post(`${url}/rpc`, 'x'.repeat(bytes));
      expect(status).toBe(413);
      expect(json).toEqual(fault(-32600));
    }
    const large = await open(port);
    large.socket.write('POST /rpc HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\n');
    await large.closed;
    expect(large.answer()).toMatch(/^HTTP\/1\.1 413 [\s\S]*connection: close/i);
    const endless = await open(port);
    endless.socket.write('POST /rpc HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n');
    const flood = setInterval(() => endless.socket.write(`800\r\n${'x'.repeat(2_048)}\r\n`), 1);
    onTestFinished(() => clearInterval(flood));
    await endless.closed;
    expect(endless.answer()).toMatch(/^HTTP\/1\.1 413 /);
    expect(refused).toEqual(['size', 'size', 'size', 'size']);
  });

  it('is bounded in rate: beyond it, 429 with the time to wait, for this address alone', async () => {
    let nowMs = 0;
    const { url } = await serveRpc({ limits: { ratePerS: 5, batchMax: 10, bodyBytesMax: 10_000 }, nowMs: () => nowMs });
    const batch = `[${Array.from({ length: 8 }, (_, i) => call('test_nothing', [], i)).join(',')}]`;
    expect((await post(`${url}/rpc`, batch)).status).toBe(200);
    const { status, headers, json } = await post(`${url}/rpc`, batch);
    expect([status, headers['retry-after']]).toEqual([429, '2']);
    expect(json).toMatchObject({ error: { code: -32005, data: { retryAfterMs: 1_400 } }, id: null });
    nowMs = 1_400;
    expect((await post(`${url}/rpc`, batch)).status).toBe(200);
  });

  it('is bounded in time: a body that trickles in is cut off, and a connection that never asks', async () => {
    const { port, url } = await serveRpc({ http: { headerTimeoutMs: 300 } });
    const slow = await open(port);
    slow.socket.write('POST /rpc HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n');
    const trickle = setInterval(() => slow.socket.write(' '), 20);
    onTestFinished(() => clearInterval(trickle));
    const silent = await open(port);
    await Promise.all([slow.closed, silent.closed]);
    expect(slow.answer()).toMatch(/^HTTP\/1\.1 408 /);
    expect((await post(`${url}/rpc`, call('test_add', [1, 2]))).json).toMatchObject({ result: 3 });
  });

  it('is bounded in memory: answers that nobody takes are few, and others are asked to wait', async () => {
    const { port, url, rpc } = await serveRpc({
      limits: { heldBytesMax: 8_000_000, ratePerS: 0 },
      http: { stallTimeoutMs: 1_500 },
    });
    const body = call('test_large', [6_000_000]);
    const greedy = await Promise.all(Array.from({ length: 8 }, () => open(port)));
    for (const { socket } of greedy) {
      socket.pause();
      socket.write(`POST /rpc HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    }
    await expect.poll(() => rpc.report().heldBytes).toBeGreaterThan(8_000_000);
    expect(rpc.report().heldBytes).toBeLessThan(20_000_000);
    const { status, headers, json } = await post(`${url}/rpc`, call('test_add', [1, 2]));
    expect([status, headers['retry-after']]).toEqual([503, '1']);
    expect(json).toEqual(fault(-32005));
    // Whoever takes nothing is cut off, and then there is room again.
    await expect.poll(() => rpc.report().heldBytes, { timeout: 10_000 }).toBe(0);
    expect((await post(`${url}/rpc`, call('test_add', [1, 2]))).json).toMatchObject({ result: 3 });
  });

  it('is bounded in depth, for bodies as deep as they are long', async () => {
    const { url } = await serveRpc({});
    for (const piece of ['[', '{"a":', '[[],']) {
      const startedMs = performance.now();
      const { json } = await post(`${url}/rpc`, piece.repeat(Math.floor(1_000_000 / piece.length)));
      expect(json).toEqual(fault(-32600));
      expect(performance.now() - startedMs).toBeLessThan(1_000);
    }
  });

  it('is little for half-open connections: a thousand of them leave an honest client alone', async () => {
    const { port, url } = await serveRpc({ http: { headerTimeoutMs: 4_000 } });
    const halves = await Promise.all(Array.from({ length: 1_000 }, () => open(port)));
    for (const [i, { socket }] of halves.entries()) {
      if (i % 3 === 1) socket.write('POST /rpc HTTP/1.1\r\nhost: x\r\n');
      if (i % 3 === 2) socket.write('POST /rpc HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n{');
    }
    const tookMs: number[] = [];
    for (let i = 0; i < 100; i++) {
      const startedMs = performance.now();
      expect((await post(`${url}/rpc`, call('test_add', [i, 1]))).json).toMatchObject({ result: i + 1 });
      tookMs.push(performance.now() - startedMs);
    }
    expect(tookMs.sort((a, b) => a - b)[98]).toBeLessThan(250);
    await Promise.all(halves.map(({ closed }) => closed));
  });
});

describe('a page from elsewhere', () => {
  const origin = 'https://app.example';

  it('reads nothing by default', async () => {
    const { url } = await serveRpc({});
    const headers = { origin, 'content-type': 'text/plain' };
    expect(
      (await post(`${url}/rpc`, call('test_nothing'), { headers })).headers['access-control-allow-origin'],
    ).toBeUndefined();
    const asked = { ...headers, 'access-control-request-method': 'POST' };
    expect((await post(`${url}/rpc`, '', { method: 'OPTIONS', headers: asked })).status).toBe(405);
  });

  it('reads what it may when its origin is allowed', async () => {
    const { url } = await serveRpc({ cors: [origin] });
    const allowed = await post(`${url}/rpc`, call('test_add', [1, 2]), { headers: { origin } });
    expect(allowed.headers).toMatchObject({ 'access-control-allow-origin': origin, vary: 'origin' });
    const asked = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };
    const preflight = await post(`${url}/rpc`, '', { method: 'OPTIONS', headers: asked });
    expect(preflight.status).toBe(204);
    expect(preflight.headers['access-control-allow-headers']).toContain('content-type');
    const other = await post(`${url}/rpc`, call('test_nothing'), { headers: { origin: 'https://other.example' } });
    expect(other.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('reads everything when all origins are allowed', async () => {
    const { url } = await serveRpc({ cors: ['*'] });
    const { headers } = await post(`${url}/rpc`, call('test_nothing'), { headers: { origin } });
    expect(headers['access-control-allow-origin']).toBe('*');
  });
});

describe('a client that wishes for another protocol', () => {
  it('is answered as if it had not, with or without a body', async () => {
    const { port } = await serveRpc({});
    const body = call('test_add', [20, 3]);
    const wish = 'connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n';
    const posting = await open(port);
    posting.socket.write(
      `POST /rpc HTTP/1.1\r\nhost: x\r\n${wish}content-length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    posting.socket.write(body.slice(10));
    await expect.poll(posting.answer).toContain('"result":23');
    const getting = await open(port);
    getting.socket.write(`GET /rpc HTTP/1.1\r\nhost: x\r\n${wish}\r\n`);
    await expect.poll(getting.answer).toContain('JSON-RPC 2.0');
    getting.socket.write('GET /rpc HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    await getting.closed;
    expect(getting.answer().match(/HTTP\/1\.1 200/g)).toHaveLength(2);
  });
});

describe('a server that closes', () => {
  it('begins nothing more of a batch, and touches its methods no more', async () => {
    let calls = 0;
    let isClosed = false;
    const spin = {
      path: '/rpc/spin',
      methods: {
        spin: {
          params: [],
          call() {
            expect(isClosed).toBe(false);
            calls++;
            const untilMs = performance.now() + 5;
            while (performance.now() < untilMs);
          },
        },
      },
    };
    const { url, rpc } = await serveRpc({ services: [spin], limits: { ratePerS: 0 } });
    const batch = `[${Array.from({ length: 100 }, (_, id) => call('spin', [], id)).join(',')}]`;
    const answers = [post(`${url}/rpc`, batch), post(`${url}/rpc`, batch)].map((answer) => answer.catch(() => null));
    await expect.poll(() => calls).toBeGreaterThan(5);
    await rpc.close();
    isClosed = true;
    await Promise.all(answers);
    expect(calls).toBeLessThan(150);
    expect((await post(`${url}/rpc`, call('spin'))).status).toBe(503);
  });
});
