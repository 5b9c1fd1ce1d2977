import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { SynclineError, silentLogger } from '../../lib/index.ts';
import { createHttpServer, type HttpRoute, type HttpServer, type HttpServerOptions, indexRoute } from './index.ts';

const routes: readonly HttpRoute[] = [
  { paths: ['/one', '/uno'], doc: 'a number', answer: () => ({ status: 200, json: { n: 1 } }) },
  {
    paths: ['/echo/*'],
    doc: 'what <you> say',
    answer: ({ rest, search }) => ({ status: 200, json: [rest, search.get('q')] }),
  },
  {
    paths: ['/broken'],
    doc: 'fails',
    answer() {
      throw new TypeError('an inner secret');
    },
  },
  {
    paths: ['/picky'],
    doc: 'fails politely',
    answer() {
      throw new SynclineError('PICKY', 'caller', 'that is no number');
    },
  },
  { paths: ['/stuck'], doc: 'never answers', answer: () => new Promise(() => {}) },
];

let server: HttpServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

async function open(options: Partial<HttpServerOptions> = {}): Promise<string> {
  const addr = { host: '127.0.0.1', port: 0 };
  server = await createHttpServer({
    addr,
    routes: [...routes, indexRoute('Title', routes)],
    log: silentLogger,
    ...options,
  });
  return server.url;
}

async function ask(path: string, init: RequestInit = {}): Promise<{ status: number; body: unknown; headers: Headers }> {
  const response = await fetch(`${server?.url ?? (await open())}${path}`, init);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json');
  return { status: response.status, body: isJson && text !== '' ? JSON.parse(text) : text, headers: response.headers };
}

/** Sends bytes as they are, and returns all that comes back. */
async function sendRaw(text: string): Promise<string> {
  const { hostname, port } = new URL(server?.url ?? (await open()));
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString();
  });
  socket.on('error', () => {}); // a reset after the answer is fine
  await once(socket, 'connect');
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

describe('a route', () => {
  it('answers under each of its paths, with or without a slash at the end', async () => {
    for (const path of ['/one', '/uno', '/one/', '/one?x=y']) {
      expect(await ask(path)).toMatchObject({ status: 200, body: { n: 1 } });
    }
  });

  it('answers HEAD with the same headers and no body', async () => {
    const get = await ask('/one');
    const head = await ask('/one', { method: 'HEAD' });
    expect([head.status, head.body]).toEqual([200, '']);
    expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
  });

  it('gets one more segment where it asks for one, decoded', async () => {
    expect((await ask('/echo/a%20b?q=2')).body).toEqual(['a b', '2']);
    for (const path of ['/echo/', '/echo/a/b', '/echo/%ff']) expect((await ask(path)).status).toBe(404);
  });

  it('that fails says nothing of why, unless it was the client', async () => {
    const broken = await ask('/broken');
    expect(broken).toMatchObject({ status: 500, body: { error: { code: 'INTERNAL' } } });
    expect(JSON.stringify(broken.body)).not.toMatch(/secret|at /);
    const picky = { error: { code: 'PICKY', message: 'that is no number' } };
    expect(await ask('/picky')).toMatchObject({ status: 400, body: picky });
  });
});

describe('everything else', () => {
  it('is a JSON error: another path, another method', async () => {
    expect(await ask('/two')).toMatchObject({ status: 404, body: { error: { code: 'NOT_FOUND' } } });
    const post = await ask('/one', { method: 'POST', body: 'x' });
    expect(post).toMatchObject({ status: 405, body: { error: { code: 'METHOD_NOT_ALLOWED' } } });
    expect(post.headers.get('allow')).toBe('GET, HEAD');
  });

  it('is bounded: URLs, headers, bodies, nonsense', async () => {
    expect((await ask(`/one?${'x'.repeat(3_000)}`)).status).toBe(414);
    expect(await sendRaw('GET /one HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n')).toMatch(/^HTTP\/1\.1 413 /);
    const headers = await sendRaw(`GET /one HTTP/1.1\r\nhost: x\r\nbig: ${'y'.repeat(20_000)}\r\n\r\n`);
    expect(headers).toMatch(/^HTTP\/1\.1 431 [\s\S]*"code":"HEADERS_TOO_LARGE"/);
    expect(await sendRaw('what is this\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"REQUEST_MALFORMED"/);
    expect(await sendRaw('GET //[ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('that takes too long to arrive is cut off', async () => {
    await open({ limits: { headerTimeoutMs: 200 } });
    expect(await sendRaw('GET /one HTTP/1.1\r\n')).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":"REQUEST_TIMEOUT"/);
  });

  it('beyond the allowed connections is closed', async () => {
    await open({ limits: { connectionsMax: 1 } });
    const { hostname, port } = new URL(server?.url ?? '');
    const first = connect(Number(port), hostname);
    await once(first, 'connect');
    const second = connect(Number(port), hostname);
    second.on('error', () => {});
    await once(second, 'close');
    expect(first.destroyed).toBe(false);
    first.destroy();
  });
});

describe('the page at /', () => {
  it('names the paths, as text for programs and as HTML for browsers', async () => {
    expect((await ask('/')).body).toContain('/echo/*          what <you> say');
    const html = await ask('/', { headers: { accept: 'text/html,*/*' } });
    expect(html.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(html.body).toContain('<a href="/one">/one</a>');
    expect(html.body).toContain('what &lt;you> say');
  });
});

describe('the server', () => {
  it('says when its address is taken, and how to go on', async () => {
    const url = new URL(await open());
    const addr = { host: '127.0.0.1', port: Number(url.port) };
    await expect(createHttpServer({ addr, routes, log: silentLogger })).rejects.toMatchObject({
      code: 'HTTP_ADDR_IN_USE',
      fault: 'local',
      data: { exitCode: 4, fix: expect.stringContaining('--http.addr') },
    });
    await expect(
      createHttpServer({ addr: { host: '192.0.2.1', port: 1 }, routes, log: silentLogger }),
    ).rejects.toMatchObject({ code: 'HTTP_ADDR_UNUSABLE' });
  });

  it('closes in under a second, though a connection idles and another waits for its answer', async () => {
    const url = await open();
    const idle = connect(Number(new URL(url).port), '127.0.0.1');
    await once(idle, 'connect');
    const stuck = fetch(`${url}/stuck`).catch((error: unknown) => error);
    await ask('/one');
    const startedMs = performance.now();
    await server?.close();
    await server?.close();
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    expect(await stuck).toBeInstanceOf(Error);
    idle.destroy();
  });
});
