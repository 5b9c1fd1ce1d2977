import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { silentLogger } from '../../lib/index.ts';
import type { RpcRefusal } from './observer.ts';
import { call, connectRpc, createTestService, serveRpc } from './testing.ts';

describe('JSON-RPC over a WebSocket', () => {
  it('answers calls, batches and nonsense, in any order, as text or as bytes', async () => {
    const { url } = await serveRpc({});
    const { socket, ask, until, heard } = await connectRpc(`${url}/rpc/test`);
    const slow = ask('test_later', [30]);
    expect(await ask('test_add', [1, 2])).toMatchObject({ result: 3 });
    expect(await slow).toMatchObject({ result: 30 });
    socket.send(Buffer.from(`[${call('test_add', [1, 1], 'a')},${call('test_add', [2, 2], 'b')}]`));
    await until((message) => Array.isArray(message));
    expect(heard.at(-1)).toMatchObject([{ result: 2 }, { result: 4 }]);
    socket.send('nonsense');
    expect(await until(({ id }) => id === null)).toMatchObject({ error: { code: -32700 } });
    socket.send('{"jsonrpc":"2.0","method":"test_add","params":[1,2]}');
    expect(await ask('test_fault')).toMatchObject({ error: { code: 24 } });
    expect(heard).toHaveLength(5);
  });

  it('begins a feed after the answer that names it, and ends it when told', async () => {
    const { service, log, tick } = createTestService();
    const { url, rpc } = await serveRpc({ services: [service] });
    const { ask, until, heard } = await connectRpc(`${url}/rpc`);
    const { result: id } = await ask('test_subscribeTicks');
    expect(id).toEqual(expect.any(String));
    await expect.poll(() => log).toEqual(['feed began']);
    tick();
    expect(await until(({ method }) => method === 'test_tick')).toEqual({
      jsonrpc: '2.0',
      method: 'test_tick',
      params: { subscription_id: id, result: 1 },
    });
    expect(await ask('test_unsubscribe', { subscription_id: id })).toMatchObject({ result: true });
    await expect.poll(() => log).toEqual(['feed began', 'feed ended']);
    expect(await ask('test_unsubscribe', [id])).toMatchObject({ error: { code: 66 } });
    expect(await ask('test_unsubscribe', [{}])).toMatchObject({ error: { code: -32602 } });
    tick();
    await ask('test_nothing');
    expect(heard.filter((message) => Object.hasOwn(message as object, 'method'))).toHaveLength(1);
    expect(rpc.report().subscriptions).toBe(0);
  });

  it('gives each subscription an id of its own, over all connections, and each its own feed', async () => {
    const { service, tick } = createTestService();
    const { url } = await serveRpc({ services: [service] });
    const [one, other] = await Promise.all([connectRpc(`${url}/rpc`), connectRpc(`${url}/rpc`)]);
    const ids: unknown[] = [];
    for (const { ask } of [one, one, other]) ids.push((await ask('test_subscribeTicks')).result);
    expect(new Set(ids).size).toBe(3);
    expect(await other.ask('test_unsubscribe', [ids[0]])).toMatchObject({ error: { code: 66 } });
    tick();
    await one.until(({ params }) => (params as { subscription_id?: string })?.subscription_id === ids[1]);
    expect(other.heard.filter((message) => Object.hasOwn(message as object, 'method'))).toHaveLength(1);
  });

  it('refuses a subscription by the fault that opening it gave, and one that nobody could end is none', async () => {
    const { service, log } = createTestService();
    const { url, rpc } = await serveRpc({ services: [service] });
    const { ask, socket } = await connectRpc(`${url}/rpc`);
    expect(await ask('test_subscribeNothing')).toMatchObject({ error: { code: 66 } });
    expect(await ask('test_subscribeTicks', [1, 2])).toMatchObject({ error: { code: -32602 } });
    socket.send('{"jsonrpc":"2.0","method":"test_subscribeTicks"}');
    await ask('test_nothing');
    expect(log).toEqual([]);
    expect(rpc.report().subscriptions).toBe(0);
  });

  it('subscribes in a batch too, and the answer still comes first', async () => {
    const { url } = await serveRpc({});
    const { socket, until, heard } = await connectRpc(`${url}/rpc`);
    socket.send(`[${call('test_subscribeFlood', [10, 1], 1)},${call('test_later', [20], 2)}]`);
    await until(({ method }) => method === 'test_flood');
    expect(heard[0]).toMatchObject([{ result: expect.any(String) }, { result: 20 }]);
  });

  it('cuts off a client whose feed failed, so that it does not wait for ever, and logs why', async () => {
    const lines: unknown[] = [];
    const { url } = await serveRpc({ log: { ...silentLogger, error: (...line) => lines.push(line) } });
    const { ask, closed } = await connectRpc(`${url}/rpc`);
    await ask('test_subscribeBug');
    expect((await closed).code).toBe(1011);
    expect(JSON.stringify(lines)).toContain('an inner secret');
  });

  it('ends all feeds and calls when the client leaves, however it leaves', async () => {
    for (const leave of ['close', 'terminate'] as const) {
      const { service, log } = createTestService();
      const { url, rpc } = await serveRpc({ services: [service] });
      const { ask, socket } = await connectRpc(`${url}/rpc`);
      await ask('test_subscribeTicks');
      await ask('test_subscribeTicks');
      socket.send(call('test_later', [60_000], 'x'));
      await expect.poll(() => rpc.report().callsUnderWay).toBe(1);
      socket[leave]();
      await expect.poll(() => log.filter((line) => line === 'feed ended').length).toBe(2);
      await expect
        .poll(() => rpc.report())
        .toEqual({
          sockets: 0,
          subscriptions: 0,
          callsUnderWay: 0,
          callsWaiting: 0,
          heldBytes: 0,
        });
    }
  });

  it('says good-bye when the server closes, and is done quickly', async () => {
    const { service, log } = createTestService();
    const { url, close } = await serveRpc({ services: [service] });
    const clients = await Promise.all(Array.from({ length: 20 }, () => connectRpc(`${url}/rpc`)));
    for (const { ask } of clients) await ask('test_subscribeTicks');
    clients[0]?.socket.send(call('test_later', [60_000]));
    const dead = await connectRpc(`${url}/rpc`);
    dead.socket.pause();
    const startedMs = performance.now();
    await close();
    expect(performance.now() - startedMs).toBeLessThan(1_500);
    for (const { closed } of clients) expect((await closed).code).toBe(1001);
    expect(log.filter((line) => line === 'feed ended')).toHaveLength(20);
  });

  it('waits no longer than a second for a call that does not stop', async () => {
    const lines: string[] = [];
    const { url, close } = await serveRpc({ log: { ...silentLogger, warn: (line) => void lines.push(line) } });
    const { socket, ask } = await connectRpc(`${url}/rpc`);
    socket.send(call('test_deaf'));
    await ask('test_nothing');
    const startedMs = performance.now();
    await close();
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    expect(lines).toEqual(['RPC calls go on although they were told to stop']);
  });
});

describe('a slow reader', () => {
  it('holds back its own feed and nobody else, and misses nothing once it reads again', async () => {
    const { service, log } = createTestService();
    const { url, rpc } = await serveRpc({ services: [service], limits: { feedBytesMax: 100_000 } });
    const slow = await connectRpc(`${url}/rpc`);
    const quick = await connectRpc(`${url}/rpc`);
    await slow.ask('test_nothing');
    slow.socket.pause();
    slow.socket.send(call('test_subscribeFlood', [50_000, 400], 'flood'));
    await expect.poll(() => rpc.report().heldBytes).toBeGreaterThan(100_000);
    await quick.ask('test_later', [100]);
    const sent = log.length;
    expect(sent).toBeLessThan(300);
    expect(rpc.report().heldBytes).toBeLessThan(300_000);
    await quick.ask('test_later', [100]);
    expect(log.length).toBe(sent);
    slow.socket.resume();
    await expect.poll(() => slow.heard.length, { timeout: 20_000 }).toBe(402);
    expect(log).toHaveLength(400);
  });

  it('is cut off when it takes nothing for too long, and what waited for it is dropped', async () => {
    const refused: RpcRefusal[] = [];
    const observer = { called() {}, refused: (reason: RpcRefusal) => void refused.push(reason) };
    const { url, rpc } = await serveRpc({ observer, limits: { stallTimeoutMs: 300, pingMs: 100 } });
    const { socket } = await connectRpc(`${url}/rpc`);
    socket.pause();
    socket.send(call('test_subscribeFlood', [100_000, 1_000]));
    await expect.poll(() => rpc.report().heldBytes).toBeGreaterThan(0);
    await expect
      .poll(() => rpc.report(), { timeout: 5_000 })
      .toMatchObject({ sockets: 0, heldBytes: 0, subscriptions: 0 });
    expect(refused).toEqual(['slow']);
  });

  it('in numbers: what waits for 32 that never read stays under 32 MiB, by calls and by feeds', async () => {
    const { url, rpc } = await serveRpc({ limits: { ratePerS: 0 } });
    const clients = await Promise.all(Array.from({ length: 32 }, () => connectRpc(`${url}/rpc`)));
    for (const [i, { socket }] of clients.entries()) {
      socket.pause();
      if (i % 2 === 0) socket.send(call('test_subscribeFlood', [60_000, 1_000]));
      else for (let n = 0; n < 200; n++) socket.send(call('test_large', [60_000], n));
    }
    let most = 0;
    for (let i = 0; i < 30; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      most = Math.max(most, rpc.report().heldBytes);
    }
    expect(most).toBeGreaterThan(1_000_000);
    expect(most).toBeLessThan(32 * 1024 * 1024);
  });
});

describe('what a WebSocket may cost', () => {
  it('is bounded: connections', async () => {
    const { url, rpc } = await serveRpc({ limits: { socketsMax: 2 } });
    const first = await connectRpc(`${url}/rpc`);
    await connectRpc(`${url}/rpc`);
    await expect(connectRpc(`${url}/rpc`)).rejects.toThrow('refused with 503');
    first.socket.close();
    await expect.poll(() => rpc.report().sockets).toBe(1);
    await connectRpc(`${url}/rpc`);
  });

  it('is bounded: subscriptions of one and of all, thousands of times over', async () => {
    const { url, rpc } = await serveRpc({
      limits: { subscriptionsPerSocketMax: 50, subscriptionsMax: 80, ratePerS: 0 },
    });
    const [one, other] = await Promise.all([connectRpc(`${url}/rpc`), connectRpc(`${url}/rpc`)]);
    const outcomes = async (client: typeof one, count: number) => {
      const answers = await Promise.all(Array.from({ length: count }, () => client.ask('test_subscribeTicks')));
      return answers.filter(({ result }) => result !== undefined).length;
    };
    expect(await outcomes(one, 3_000)).toBe(50);
    expect(await outcomes(other, 100)).toBe(30);
    expect(rpc.report().subscriptions).toBe(80);
    expect(await one.ask('test_subscribeTicks')).toMatchObject({ error: { code: -32005 } });
    expect(await one.ask('test_unsubscribe', ['1'])).toMatchObject({ result: true });
    expect(await other.ask('test_subscribeTicks')).toMatchObject({ result: expect.any(String) });
  });

  it('is bounded: the size of a message, in one frame or in many', async () => {
    const { url } = await serveRpc({ limits: { bodyBytesMax: 1_000 } });
    const whole = await connectRpc(`${url}/rpc`);
    whole.socket.send('x'.repeat(1_001));
    expect((await whole.closed).code).toBe(1009);
    const pieces = await connectRpc(`${url}/rpc`);
    for (let i = 0; i < 20; i++) pieces.socket.send('x'.repeat(100), { fin: false });
    expect((await pieces.closed).code).toBe(1009);
  });

  it('is bounded: calls under way at once; the others wait unread', async () => {
    const { url, rpc } = await serveRpc({ limits: { callsPerClientMax: 3, ratePerS: 0 } });
    const { ask } = await connectRpc(`${url}/rpc`);
    const answers = Promise.all(Array.from({ length: 60 }, () => ask('test_later', [10])));
    let most = 0;
    const timer = setInterval(() => {
      most = Math.max(most, rpc.report().callsUnderWay);
    }, 1);
    expect(await answers).toHaveLength(60);
    clearInterval(timer);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(3);
  });

  it('is bounded: the rate, told in the answer', async () => {
    const { url } = await serveRpc({ limits: { ratePerS: 5, batchMax: 5, bodyBytesMax: 10_000 }, nowMs: () => 0 });
    const { ask, socket, until } = await connectRpc(`${url}/rpc`);
    for (let i = 0; i < 10; i++) expect(await ask('test_nothing')).toMatchObject({ result: null });
    socket.send(call('test_nothing', [], 'late'));
    expect(await until(({ error }) => error !== undefined)).toMatchObject({
      error: { code: -32005, data: { retryAfterMs: 200 } },
    });
  });

  it('of one that is gone without a word is freed: nobody answers the ping', async () => {
    const { url, rpc } = await serveRpc({ limits: { pingMs: 50 } });
    const { hostname, port } = new URL(url);
    const lost = connect(Number(port), hostname);
    onTestFinished(() => void lost.destroy());
    lost.write(
      'GET /rpc HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n' +
        'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    const alive = await connectRpc(`${url}/rpc`);
    await expect.poll(() => rpc.report().sockets).toBe(2);
    lost.resume();
    await once(lost, 'close');
    expect(await alive.ask('test_nothing')).toMatchObject({ result: null });
    expect(rpc.report().sockets).toBe(1);
  });
});

describe('garbage', () => {
  const handshake =
    'GET /rpc HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n' +
    'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';

  it('in frames ends that connection and nothing else', async () => {
    const { url, rpc } = await serveRpc({});
    const { hostname, port } = new URL(url);
    const honest = await connectRpc(`${url}/rpc`);
    const frames = [
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], // reserved bits
      [0x81, 0x05, 1, 2, 3, 4, 5], // not masked
      [0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], // 2^63 bytes to come
      [0x83, 0x80, 0, 0, 0, 0], // an opcode that is none
      [0x80, 0x80, 0, 0, 0, 0], // the end of no message
      [0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28], // text that is no UTF-8
      [0x88, 0x81, 0, 0, 0, 0, 1], // a close of one byte
    ];
    for (const frame of frames) {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => {});
      socket.write(handshake);
      await once(socket, 'data');
      socket.write(Buffer.from(frame));
      await once(socket, 'close');
    }
    expect(await honest.ask('test_add', [1, 2])).toMatchObject({ result: 3 });
    await expect.poll(() => rpc.report().sockets).toBe(1);
  });

  it('in handshakes is refused: no key, another version, no such path, a half one', async () => {
    const { url } = await serveRpc({ http: { headerTimeoutMs: 300 } });
    const { hostname, port } = new URL(url);
    const attempts = [
      [handshake.replace(/sec-websocket-key.*\r\n\r\n/, '\r\n'), /^HTTP\/1\.1 400 /],
      [handshake.replace('version: 13', 'version: 99'), /^HTTP\/1\.1 4\d\d /],
      [handshake.replace('/rpc', '/nowhere').replace('host: x', 'host: x\r\nx: y'), /^HTTP\/1\.1 404 /],
      [handshake.slice(0, 60), /^HTTP\/1\.1 408 /],
    ] as const;
    for (const [text, expected] of attempts) {
      const socket = connect(Number(port), hostname);
      let answer = '';
      socket.on('data', (chunk: Buffer) => {
        answer += chunk.toString();
      });
      socket.on('error', () => {});
      socket.write(text);
      await expect.poll(() => answer, { timeout: 5_000 }).toMatch(expected);
      socket.destroy();
    }
  });

  it('from a page of another origin is refused, unless that origin is allowed; our own is', async () => {
    const strict = await serveRpc({});
    await expect(connectRpc(`${strict.url}/rpc`, { origin: 'https://evil.example' })).rejects.toThrow(
      'refused with 403',
    );
    await connectRpc(`${strict.url}/rpc`, { origin: strict.url });
    const open = await serveRpc({ cors: ['https://app.example'] });
    await connectRpc(`${open.url}/rpc`, { origin: 'https://app.example' });
    await expect(connectRpc(`${open.url}/rpc`, { origin: 'null' })).rejects.toThrow('refused with 403');
  });

  it('in thousands of small messages is answered piece by piece, and others get their turn', async () => {
    const { url } = await serveRpc({ limits: { ratePerS: 0 } });
    const { socket, heard } = await connectRpc(`${url}/rpc`);
    const honest = await connectRpc(`${url}/rpc`);
    for (let i = 0; i < 5_000; i++) socket.send('{');
    const startedMs = performance.now();
    expect(await honest.ask('test_add', [1, 2])).toMatchObject({ result: 3 });
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    await vi.waitFor(() => expect(heard).toHaveLength(5_000), { timeout: 20_000 });
  });
});
