import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { BlockRef, ChainEvent, EventsFrom, Hash32, Height } from '../../engine/index.ts';
import { createBell, SynclineError, silentLogger, toHex } from '../../lib/index.ts';
import { createHttpServer } from '../http/index.ts';
import { formatCursor, parseCursor } from './cursor.ts';
import { createEventStreams, type EventStreamLimits } from './index.ts';

const TIPS = { confirmed: 'sure', final: 'settled' };
const ref = (height: number, byte = height): BlockRef => ({
  height: height as Height,
  hash: new Uint8Array(32).fill(byte) as Hash32,
});
const extend = (blocks: readonly BlockRef[]): ChainEvent => ({
  type: 'extend',
  blocks,
  tips: { sure: blocks.at(-1) ?? null, settled: null },
});

/** Streams of what a generator yields, behind a real server. */
async function serve(
  events: (options: { readonly from: EventsFrom; readonly signal: AbortSignal }) => AsyncIterable<ChainEvent>,
  limits: Partial<EventStreamLimits> = {},
) {
  const feed = { tips: TIPS, formatHash: (hash: Hash32) => toHex(hash).slice(0, 6), events };
  const streams = createEventStreams({ feed, limits, log: silentLogger });
  const server = await createHttpServer({
    addr: { host: '127.0.0.1', port: 0 },
    routes: [],
    endpoints: [
      {
        paths: ['/events'],
        doc: '',
        methods: ['GET', 'HEAD'],
        answer: (exchange) => streams.answer(exchange),
        close: () => streams.close(),
      },
    ],
    log: silentLogger,
  });
  onTestFinished(() => server.close());
  return { url: `${server.url}/events`, port: Number(new URL(server.url).port), streams, server };
}

/** A chain on which nothing happens. */
async function* silence({ signal }: { readonly signal: AbortSignal }): AsyncGenerator<ChainEvent> {
  yield* [];
  await createBell()
    .wait(signal)
    .catch(() => {}); // it ends quietly, as a chain does
}

function failing(): never {
  throw new SynclineError('EVENTS_UNKNOWN_BLOCK', 'caller', 'never had it');
}

/** One reader: the text so far, and the response to hold back or drop. */
async function read(url: string, headers: Record<string, string> = {}) {
  const request = get(url, { headers });
  onTestFinished(() => void request.destroy());
  request.on('error', () => {}); // it is destroyed in the end
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    text += chunk;
  });
  response.on('error', () => {});
  const ended = new Promise<void>((resolve) => response.once('close', () => resolve()));
  const parsed = () =>
    text
      .split('\n\n')
      .filter((block) => block.includes('data:'))
      .map((block) => ({
        id: /^id: (.*)$/m.exec(block)?.[1],
        data: JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? 'null') as Record<string, unknown>,
      }));
  return { response, text: () => text, events: parsed, ended };
}

describe('a cursor', () => {
  it('comes back from its text, and hashes may lack zeros at their front', () => {
    fc.assert(
      fc.property(fc.nat(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (height, hash) => {
        const block = { height: height as Height, hash: hash as Hash32 };
        expect(parseCursor(formatCursor(block))).toEqual(block);
        expect(parseCursor(formatCursor(block).replace(/:0x0+(?=.)/, ':0x'))).toEqual(block);
      }),
    );
    expect([parseCursor('genesis'), parseCursor('now'), formatCursor(null)]).toEqual(['genesis', 'now', 'genesis']);
  });

  it('that is none is refused', () => {
    for (const text of [
      '',
      '5',
      '5:',
      '5:0x',
      '-1:0x00',
      '5:00',
      `5:0x${'0'.repeat(65)}`,
      '1e3:0x00',
      '99999999999999999:0x1',
    ]) {
      expect(() => parseCursor(text)).toThrow(expect.objectContaining({ code: 'CURSOR_MALFORMED' }));
    }
  });
});

describe('a stream of events', () => {
  it('has each event as JSON, hashes as the chain writes them, and behind each the cursor to go on from', async () => {
    const all: ChainEvent[] = [
      extend([ref(0), ref(1)]),
      { type: 'unwind', from: ref(1), to: ref(0), reason: 'reorg', tips: { sure: ref(0) } },
      { type: 'unwind', from: ref(0), to: null, reason: 'invalid', tips: { sure: null } },
      { type: 'advance', tips: { sure: ref(2), settled: { height: 1 as Height, hash: null } } },
    ];
    const { url } = await serve(async function* () {
      yield* all;
    });
    const { response, events, ended, text } = await read(url);
    await ended;
    expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(text()).toMatch(/^retry: 2000\n\n/);
    expect(events()).toEqual([
      {
        id: formatCursor(ref(1)),
        data: {
          type: 'extend',
          blocks: [
            { height: 0, hash: '0x0000' },
            { height: 1, hash: '0x0101' },
          ],
          tips: { sure: { height: 1, hash: '0x0101' }, settled: null },
        },
      },
      {
        id: formatCursor(ref(0)),
        data: {
          type: 'unwind',
          from: { height: 1, hash: '0x0101' },
          to: { height: 0, hash: '0x0000' },
          reason: 'reorg',
          tips: { sure: { height: 0, hash: '0x0000' } },
        },
      },
      {
        id: 'genesis',
        data: {
          type: 'unwind',
          from: { height: 0, hash: '0x0000' },
          to: null,
          reason: 'invalid',
          tips: { sure: null },
        },
      },
      {
        id: formatCursor(ref(2)),
        data: { type: 'advance', tips: { sure: { height: 2, hash: '0x0202' }, settled: { height: 1, hash: null } } },
      },
    ]);
  });

  it('begins where the reader says: the header of a browser that comes back before the address, else with what is next', async () => {
    const asked: EventsFrom[] = [];
    const { url } = await serve(async function* ({ from }) {
      asked.push(from);
      yield* [];
    });
    const cursor = formatCursor(ref(7));
    await (await read(url)).ended;
    await (await read(`${url}?from=genesis`)).ended;
    await (await read(`${url}?from=${cursor}`)).ended;
    await (await read(`${url}?from=genesis`, { 'last-event-id': cursor })).ended;
    expect(asked).toEqual(['now', 'genesis', ref(7), ref(7)]);
  });

  it('from a block that is unknown, or no block, is refused with what to do', async () => {
    const { url, streams } = await serve(async function* () {
      yield failing();
    });
    for (const [from, status, code] of [
      [formatCursor(ref(7)), 404, 'EVENTS_UNKNOWN_BLOCK'],
      ['yesterday', 400, 'CURSOR_MALFORMED'],
    ] as const) {
      const { response, text, ended } = await read(`${url}?from=${from}`);
      await ended;
      expect(response.statusCode).toBe(status);
      expect(JSON.parse(text())).toMatchObject({ error: { code, fix: expect.stringContaining('from=genesis') } });
    }
    expect(streams.open).toBe(0);
  });

  it('beats while nothing happens', async () => {
    const { url } = await serve(silence, { beatMs: 20 });
    const { text } = await read(url);
    await expect.poll(() => text().match(/^: still here$/gm)?.length).toBeGreaterThan(3);
  });

  it('that fails is cut off and logged, not ended as if all were told', async () => {
    const { url, streams } = await serve(async function* () {
      yield extend([ref(0)]);
      await new Promise((resolve) => setTimeout(resolve, 30));
      throw new TypeError('an inner secret');
    });
    const { response, text, ended } = await read(url);
    await ended;
    expect(response.complete).toBe(false);
    expect(text()).toContain('extend');
    expect(text()).not.toContain('secret');
    expect(streams.open).toBe(0);
  });

  it('answers HEAD without opening anything', async () => {
    const { url, streams } = await serve(silence);
    const response = await fetch(url, { method: 'HEAD' });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    await expect.poll(() => streams.open).toBe(0);
  });
});

describe('a reader', () => {
  async function* endless(seen: { count: number }): AsyncGenerator<ChainEvent> {
    for (;;) {
      seen.count++;
      yield extend(Array.from({ length: 256 }, (_, i) => ref(i)));
      await Promise.resolve();
    }
  }

  it('that is slow gets its events later; none is made before the last was taken', async () => {
    const seen = { count: 0 };
    const { port, streams } = await serve(() => endless(seen));
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.pause();
    socket.write('GET /events HTTP/1.1\r\nhost: x\r\n\r\n');
    await expect.poll(() => streams.open).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = seen.count;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(seen.count).toBe(before);
    socket.resume();
    await expect.poll(() => seen.count).toBeGreaterThan(before + 10);
    socket.destroy();
    await expect.poll(() => streams.open).toBe(0);
  });

  it('that takes nothing for too long is cut off', async () => {
    const { port, streams } = await serve(() => endless({ count: 0 }), { stallTimeoutMs: 200 });
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    socket.pause();
    socket.write('GET /events HTTP/1.1\r\nhost: x\r\n\r\n');
    await expect.poll(() => streams.open).toBe(1);
    await expect.poll(() => streams.open, { timeout: 5_000 }).toBe(0);
  });

  it('that leaves is forgotten, one too many is asked to come later, and all end with the server', async () => {
    const { url, streams, server } = await serve(silence, { streamsMax: 2 });
    const first = await read(url);
    const second = await read(url);
    const third = await read(url);
    expect([third.response.statusCode, third.response.headers['retry-after']]).toEqual([503, '5']);
    first.response.destroy();
    await expect.poll(() => streams.open).toBe(1);
    expect((await read(url)).response.statusCode).toBe(200);
    const startedMs = performance.now();
    await server.close();
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    await second.ended;
  });
});
