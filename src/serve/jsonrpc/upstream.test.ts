import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Logger, silentLogger } from '../../lib/index.ts';
import { createRpcServer, requireUpstreamUrl } from './index.ts';
import type { RpcObserver } from './observer.ts';
import { call, connectRpc, createTestService, post, serveRpc } from './testing.ts';

type Called = Parameters<RpcObserver['called']>[0];

interface Asked {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: { readonly id: number; readonly method: string; readonly params?: unknown };
}

/** Another node. `answer` says what its HTTP server does. */
async function openUpstream(answer: (asked: Asked, response: ServerResponse) => void) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on('end', () => {
      const one = { url: request.url ?? '', headers: request.headers, body: JSON.parse(text) as Asked['body'] };
      asked.push(one);
      answer(one, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

const result = (text: string) => (asked: Asked, response: ServerResponse) =>
  void response.end(`{"jsonrpc":"2.0","id":${asked.body.id},"result":${text}}`);

/** A node in front of it. */
async function openFront(upstream: string, options: { readonly log?: Logger; readonly callTimeoutMs?: number } = {}) {
  const called: Called[] = [];
  const front = await serveRpc({
    services: [createTestService().service],
    upstream,
    limits: { callTimeoutMs: options.callTimeoutMs ?? 5_000, answerBytesMax: 1_000_000 },
    observer: { called: (one) => void called.push(one), refused() {} },
    log: options.log ?? silentLogger,
  });
  const ask = async (params?: unknown, id: unknown = 'mine') =>
    (await post(`${front.url}/rpc`, call('test_execute', params, id))).json as Record<string, unknown>;
  return { ...front, called, ask };
}

describe('a foreign method', () => {
  it('goes to the upstream as it is and comes back under the id of the caller', async () => {
    const upstream = await openUpstream(result('{"n":18446744073709551615}'));
    const { ask, called, url } = await openFront(`${upstream.url}/v1?x=y`);
    const reply = await post(`${url}/rpc`, call('test_execute', { a: [1] }, 'mine'));
    expect(reply.text).toBe('{"jsonrpc":"2.0","result":{"n":18446744073709551615},"id":"mine"}');
    await ask(undefined, 7);
    expect(upstream.asked.map(({ url: path, body }) => ({ path, method: body.method, params: body.params }))).toEqual([
      { path: '/v1?x=y', method: 'test_execute', params: { a: [1] } },
      { path: '/v1?x=y', method: 'test_execute', params: undefined },
    ]);
    expect(called).toMatchObject([{ method: 'test_execute', outcome: 'ok', upstream: true }, { upstream: true }]);
  });

  it('is the only kind that does', async () => {
    const upstream = await openUpstream(result('1'));
    const { url, called } = await openFront(upstream.url);
    expect((await post(`${url}/rpc`, call('test_add', [1, 2]))).json).toMatchObject({ result: 3 });
    expect((await post(`${url}/rpc`, call('test_none', []))).json).toMatchObject({ error: { code: -32601 } });
    expect(upstream.asked).toEqual([]);
    expect(called).toMatchObject([{ upstream: false }, { method: 'other', upstream: false }]);
  });

  it('works in batches and over a WebSocket', async () => {
    const upstream = await openUpstream(result('5'));
    const { url } = await openFront(upstream.url);
    const batch = `[${call('test_execute', [1], 1)},${call('test_add', [1, 2], 2)},${call('test_execute', [2], 3)}]`;
    expect((await post(`${url}/rpc`, batch)).json).toMatchObject([{ result: 5 }, { result: 3 }, { result: 5 }]);
    expect(await (await connectRpc(`${url}/rpc`)).ask('test_execute')).toMatchObject({ result: 5 });
  });

  it('gets the error of the upstream, also where it comes with another HTTP status', async () => {
    const error = { code: 40, message: 'Contract error', data: { revert: 'why' } };
    for (const status of [200, 400, 500]) {
      const upstream = await openUpstream(({ body }, response) => {
        response.writeHead(status).end(JSON.stringify({ jsonrpc: '2.0', id: body.id, error }));
      });
      const { ask, called } = await openFront(upstream.url);
      expect(await ask()).toEqual({ jsonrpc: '2.0', error, id: 'mine' });
      expect(called).toMatchObject([{ outcome: 'fault' }]);
    }
  });

  it.each<[string, (asked: Asked, response: ServerResponse) => void, RegExp]>([
    ['no JSON', (_, response) => void response.end('<html>'), /no JSON-RPC/],
    ['another id', (_, response) => void response.end('{"jsonrpc":"2.0","id":99,"result":1}'), /no JSON-RPC/],
    ['no result', ({ body }, response) => void response.end(`{"jsonrpc":"2.0","id":${body.id}}`), /no JSON-RPC/],
    ['an error that is none', (_, response) => void response.end('{"error":{"code":"x"}}'), /no JSON-RPC error/],
    ['an HTTP error', (_, response) => void response.writeHead(429).end('slow down'), /HTTP status 429/],
    ['a redirect', (_, response) => void response.writeHead(302, { location: '/other' }).end(), /HTTP status 302/],
    ['nothing at all', (_, response) => void response.socket?.destroy(), /cannot be reached/],
    [
      'half an answer',
      (_, response) =>
        void response.writeHead(200, { 'content-length': '9' }).write('x', () => response.socket?.destroy()),
      /cannot be reached/,
    ],
  ])('is told when the upstream answers %s', async (_, answer, reason) => {
    const { ask, called } = await openFront((await openUpstream(answer)).url);
    const error = { code: -32010, message: 'Upstream unavailable', data: { reason: expect.stringMatching(reason) } };
    expect(await ask()).toEqual({ jsonrpc: '2.0', error, id: 'mine' });
    expect(called).toMatchObject([{ outcome: 'upstream', upstream: true }]);
  });

  it('is given up when the upstream takes too long or says too much', async () => {
    const silent = await openFront((await openUpstream(() => {})).url, { callTimeoutMs: 100 });
    expect(await silent.ask()).toMatchObject({ error: { code: expect.any(Number) }, id: 'mine' });
    expect(silent.called[0]?.outcome).toMatch(/timeout|upstream/);
    const endless = await openFront(
      (
        await openUpstream((_, response) => {
          const more = () => void response.write('x'.repeat(100_000), more);
          more();
        })
      ).url,
    );
    expect(await endless.ask()).toMatchObject({ error: { code: -32003 }, id: 'mine' });
  });

  it('is told when nobody is there', async () => {
    const gone = await openUpstream(() => {});
    gone.server.close();
    const { ask } = await openFront(gone.url);
    expect(await ask()).toMatchObject({
      error: { code: -32010, data: { reason: 'it cannot be reached: ECONNREFUSED' } },
    });
  });

  it('stops asking when its caller leaves', async () => {
    let isLeft = false;
    const upstream = await openUpstream((_, response) => {
      response.on('close', () => {
        isLeft = true;
      });
    });
    const { url, rpc } = await openFront(upstream.url);
    const { socket } = await connectRpc(`${url}/rpc`);
    socket.send(call('test_execute'));
    await expect.poll(() => upstream.asked.length).toBe(1);
    socket.terminate();
    await expect.poll(() => isLeft).toBe(true);
    await expect.poll(() => rpc.report().callsUnderWay).toBe(0);
  });
});

describe('the URL of the upstream', () => {
  const canary = 'c4nary-s3cret-in-the-url';

  it('is shown nowhere: not in answers, errors, logs or pages, wherever in it the secret is', async () => {
    const lines: unknown[] = [];
    const note = (...line: unknown[]) => void lines.push(line);
    const log = { error: note, warn: note, info: note, debug: note };
    const upstream = await openUpstream((asked, response) => {
      const { authorization = '' } = asked.headers;
      const echo = `${asked.url} ${authorization} ${Buffer.from(authorization.slice(6), 'base64')}`;
      response.end(JSON.stringify({ jsonrpc: '2.0', id: 0, error: { code: 1, message: echo, data: [{ echo }] } }));
    });
    const seen: string[] = [];
    for (const url of [
      `${upstream.url}/v2/${canary}`,
      `${upstream.url}/?key=${canary}`,
      upstream.url.replace('://', `://user:${canary}@`),
      `http://127.0.0.1:1/${canary}`,
    ]) {
      const front = await openFront(url, { log });
      seen.push(JSON.stringify(await front.ask()), (await post(`${front.url}/rpc`, '', { method: 'GET' })).text);
    }
    expect(upstream.asked).toHaveLength(3);
    expect(`${seen.join('\n')}\n${JSON.stringify(lines)}`).not.toContain(canary);
    expect(`${seen.join('\n')}\n${JSON.stringify(lines)}`).not.toContain(
      Buffer.from(`user:${canary}`).toString('base64'),
    );
    expect(lines.length).toBeGreaterThan(0);
  });

  it('that is none is refused at once, without being repeated', () => {
    for (const url of [canary, `ftp://${canary}/`, `ws://${canary}/`]) {
      const refuse = () => createRpcServer({ services: [], upstream: url, log: silentLogger });
      for (const attempt of [refuse, () => requireUpstreamUrl(url)]) {
        expect(attempt).toThrow(expect.objectContaining({ code: 'RPC_UPSTREAM', fault: 'caller' }));
        try {
          attempt();
        } catch (error) {
          expect(`${error} ${JSON.stringify((error as { data: unknown }).data)}`).not.toContain(canary);
        }
      }
    }
  });
});
