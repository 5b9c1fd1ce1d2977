import { Agent, type IncomingMessage, request } from 'node:http';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { RpcFault, type RpcFeed, type RpcService } from '../../engine/index.ts';
import { createBell, SynclineError, silentLogger } from '../../lib/index.ts';
import { createHttpServer, type HttpLimits } from '../http/index.ts';
import { createRpcServer, type RpcServer, type RpcServerOptions } from './index.ts';

/** A service whose every method shows one thing a method can do, and the levers behind it. */
export function createTestService(path = '/rpc/test') {
  const bell = createBell();
  const log: string[] = [];
  let ticks = 0;
  const ticker: RpcFeed = async (notify, signal) => {
    log.push('feed began');
    try {
      for (;;) {
        await bell.wait(signal);
        await notify('test_tick', ticks);
      }
    } finally {
      log.push('feed ended');
    }
  };
  const service: RpcService = {
    path,
    methods: {
      test_add: { params: ['a', 'b', 'c?'], call: ({ a, b, c }) => Number(a) + Number(b) + Number(c ?? 0) },
      test_echo: { params: ['value?'], call: ({ value }) => value },
      test_nothing: { params: [], call: () => undefined },
      test_later: {
        params: ['ms'],
        call: ({ ms }, { signal }) =>
          new Promise((resolve, reject) => {
            const timer = setTimeout(() => resolve(ms), Number(ms));
            signal.addEventListener('abort', () => {
              clearTimeout(timer);
              log.push('call aborted');
              reject(signal.reason);
            });
          }),
      },
      test_deaf: { params: [], call: () => new Promise(() => {}) },
      test_large: { params: ['bytes'], call: ({ bytes }) => 'x'.repeat(Number(bytes)) },
      test_fault: {
        params: [],
        call() {
          throw new RpcFault({ code: 24, message: 'Block not found', data: { height: 5 } });
        },
      },
      test_bug: {
        params: [],
        call() {
          throw new SynclineError('STORE_CORRUPT', 'local', 'an inner secret');
        },
      },
      test_unwritable: { params: [], call: () => 10n },
    },
    subscriptions: {
      test_subscribeTicks: { params: ['every?'], open: () => ticker },
      test_subscribeNothing: {
        params: [],
        open() {
          throw new RpcFault({ code: 66, message: 'Invalid subscription' });
        },
      },
      test_subscribeFlood: {
        params: ['bytes', 'count'],
        open:
          ({ bytes, count }) =>
          async (notify) => {
            for (let i = 0; i < Number(count); i++) {
              await notify('test_flood', 'x'.repeat(Number(bytes)));
              log.push('flooded');
            }
          },
      },
      test_subscribeBug: {
        params: [],
        open: () => async () => {
          throw new TypeError('an inner secret');
        },
      },
    },
    unsubscribe: {
      method: 'test_unsubscribe',
      param: 'subscription_id',
      unknown: { code: 66, message: 'Invalid subscription id' },
    },
    foreign: ['test_execute'],
  };
  return {
    service,
    log,
    tick() {
      ticks++;
      bell.ring();
    },
  };
}

/** The services behind a real HTTP server, for one test. */
export async function serveRpc(
  options: Partial<RpcServerOptions> & { readonly http?: Partial<HttpLimits>; readonly cors?: readonly string[] },
): Promise<{ readonly url: string; readonly port: number; readonly rpc: RpcServer; close(): Promise<void> }> {
  const rpc = createRpcServer({ services: [createTestService().service], log: silentLogger, ...options });
  const server = await createHttpServer({
    addr: { host: '127.0.0.1', port: 0 },
    routes: [],
    endpoints: [
      {
        paths: rpc.paths,
        doc: '',
        methods: ['GET', 'HEAD', 'POST'],
        answer: (exchange) => rpc.answer(exchange),
        upgrade: (handshake) => rpc.upgrade(handshake),
        close: () => rpc.close(),
      },
    ],
    log: silentLogger,
    ...(options.http === undefined ? {} : { limits: options.http }),
    ...(options.cors === undefined ? {} : { cors: options.cors }),
  });
  onTestFinished(() => server.close());
  return { url: server.url, port: Number(new URL(server.url).port), rpc, close: () => server.close() };
}

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** The body as JSON; null where there is none. */
  readonly json: unknown;
}

/** One POST by Node's own client. */
export function post(
  url: string,
  body: string | Uint8Array,
  options: { readonly headers?: Record<string, string>; readonly agent?: Agent; readonly method?: string } = {},
): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    const { headers = { 'content-type': 'application/json' }, agent = new Agent(), method = 'POST' } = options;
    const sent = request(url, { method, headers, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        const isJson = response.headers['content-type']?.startsWith('application/json') && text !== '';
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: isJson ? JSON.parse(text) : null,
        });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

export function call(method: string, params?: unknown, id: unknown = 1): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params });
}

export interface Client {
  readonly socket: WebSocket;
  /** All messages so far. */
  readonly heard: unknown[];
  ask(method: string, params?: unknown): Promise<Record<string, unknown>>;
  /** The first message that fits, now or later. */
  until(fits: (message: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  /** With the code that the other side closed with. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

/** A WebSocket client for one test. */
export async function connectRpc(url: string, headers: Record<string, string> = {}): Promise<Client> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers });
  onTestFinished(() => socket.terminate());
  const heard: Record<string, unknown>[] = [];
  const waiting = new Set<() => void>();
  let nextId = 1;
  const asked = new Map<unknown, (answer: Record<string, unknown>) => void>();
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Record<string, unknown>;
    heard.push(message);
    asked.get(message.id)?.(message);
    asked.delete(message.id);
    for (const look of [...waiting]) look();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
    socket.once('unexpected-response', (_, response) => reject(new Error(`refused with ${response.statusCode}`)));
  });
  socket.on('error', () => {}); // a reset is followed by `close`
  const until: Client['until'] = (fits) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = heard.find(fits);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      closed.then(({ code }) => reject(new Error(`closed with ${code} before that came`)));
    });
  return {
    socket,
    heard,
    until,
    ask(method, params) {
      const id = nextId++;
      socket.send(call(method, params, id));
      return new Promise((resolve, reject) => {
        asked.set(id, resolve);
        closed.then(({ code }) => reject(new Error(`closed with ${code} before the answer came`)));
      });
    },
    closed,
  };
}
