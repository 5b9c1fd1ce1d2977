import { get, type IncomingMessage } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { createLedgerSource, ledger } from '../chains/ledger/index.ts';
import { createLedgerDevnet, type LedgerDevnet } from '../devnet/ledger/index.ts';
import { type Chain, type RpcEnvironment, RpcFault, type RpcService, readBlock } from '../engine/index.ts';
import { type SynclineError, silentLogger, toHex } from '../lib/index.ts';
import { createNode, type Node, type NodeServer, type ServeNodeOptions, serveNode } from './index.ts';

/** A service that shows what of its environment reaches a client. */
function environmentService(environment: RpcEnvironment): RpcService {
  return {
    path: '/rpc/v1',
    methods: {
      blockHash: {
        params: ['height'],
        call({ height }) {
          using view = environment.store.view();
          const block = readBlock(view, Number(height));
          if (block === null) throw new RpcFault({ code: 24, message: 'Block not found' });
          return toHex(block.ref.hash);
        },
      },
      progress: {
        params: [],
        call() {
          const { first, confirmed, target } = environment.progress();
          return { first: first?.height, confirmed: confirmed?.height, target, provisional: environment.provisional() };
        },
      },
    },
    subscriptions: {
      subscribeHeads: {
        params: [],
        open: () => async (notify, signal) => {
          for await (const event of environment.events({ from: 'genesis', signal })) {
            await notify('head', [event.type, event.tips.committed?.height ?? null]);
          }
        },
      },
    },
    unsubscribe: { method: 'unsubscribe', param: 'subscription_id', unknown: { code: 66, message: 'Unknown' } },
    foreign: ['execute'],
  };
}

interface World {
  readonly devnet: LedgerDevnet;
  readonly chain: Chain;
  readonly server: NodeServer;
  /** Opens a node on the devnet and shows it. */
  openNode(): Promise<Node>;
}

async function createWorld(
  options: {
    readonly blocks?: number;
    readonly serve?: Partial<ServeNodeOptions>;
    readonly rpc?: Chain['rpc'] | null;
  } = {},
): Promise<World> {
  const devnet = createLedgerDevnet({ seed: 3, transfersMax: 2 });
  devnet.produce(options.blocks ?? 20);
  const { rpc = async (environment) => [environmentService(environment)] } = options;
  const chain: Chain = { ...ledger(devnet.options), ...(rpc === null ? {} : { rpc }) };
  const addr = { host: '127.0.0.1', port: 0 };
  const server = await serveNode({ addr, chain, log: silentLogger, ...options.serve });
  onTestFinished(() => server.close());
  return {
    devnet,
    chain,
    server,
    async openNode() {
      const node = await createNode({
        chain,
        sources: [createLedgerSource({ id: 'peer:a', provider: devnet.view(), limits: { concurrencyMax: 4 } })],
        policy: { pipeline: { pollMs: 20, pollBehindMs: 20, asideMs: 50 } },
        onNotice: (notice) => server.notice(notice),
      });
      server.attach(node);
      onTestFinished(async () => {
        await server.detach();
        await node.close();
      });
      return node;
    },
  };
}

async function call(url: string, method: string, params: unknown = []): Promise<Record<string, unknown>> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  return (await (await fetch(url, { method: 'POST', body })).json()) as Record<string, unknown>;
}

const untilHeight = (node: Node, height: number) =>
  expect.poll(() => node.report().confirmed?.height, { timeout: 10_000 }).toBe(height);

/** Reads events until the condition holds; returns their data and the last id. */
function readEvents(url: string, isEnough: (data: readonly Record<string, unknown>[]) => boolean) {
  return new Promise<{ readonly data: readonly Record<string, unknown>[]; readonly lastId: string }>(
    (resolve, reject) => {
      const request = get(url, (response: IncomingMessage) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          const whole = text.slice(0, text.lastIndexOf('\n\n') + 2);
          const data = [...whole.matchAll(/^data: (.*)$/gm)].map(
            ([, json]) => JSON.parse(json ?? '') as Record<string, unknown>,
          );
          const lastId = [...whole.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? '';
          if (!isEnough(data)) return;
          request.destroy();
          resolve({ data, lastId });
        });
        response.on('error', reject);
      });
      request.on('error', reject);
    },
  );
}

const heightsOf = (data: readonly Record<string, unknown>[]) =>
  data.flatMap(({ blocks = [] }) => (blocks as { height: number }[]).map(({ height }) => height));

describe('a node over HTTP', () => {
  it('serves health and metrics before it is open, and everything afterwards', async () => {
    const { server, openNode } = await createWorld({
      serve: { explain: (_node, query) => (query === '7' ? { type: 'explanation' } : null) },
    });
    const statusOf = async (path: string) => (await fetch(`${server.url}${path}`)).status;
    const paths = ['/live', '/ready', '/status', '/explain/7', '/events', '/rpc', '/rpc/v1', '/metrics'];
    expect(await Promise.all(paths.map(statusOf))).toEqual([200, 503, 503, 503, 503, 503, 503, 200]);
    const node = await openNode();
    await untilHeight(node, 20);
    const after = ['/ready', '/status', '/explain/7', '/explain/8', '/rpc', '/rpc/v1', '/rpc/v2', '/metrics'];
    expect(await Promise.all(after.map(statusOf))).toEqual([200, 200, 200, 404, 200, 200, 404, 200]);
    expect(await (await fetch(`${server.url}/status`)).json()).toMatchObject({
      type: 'status',
      confirmed: { height: 20 },
    });
    const index = await (await fetch(server.url)).text();
    for (const path of ['/explain/*', '/events', '/rpc', '/metrics']) expect(index).toContain(path);
  });

  it('answers methods of its chain from the store, and tells where the sync stands', async () => {
    const { server, devnet, openNode } = await createWorld();
    const node = await openNode();
    await untilHeight(node, 20);
    const hash = toHex(devnet.head.ref.hash);
    expect(await call(`${server.url}/rpc`, 'blockHash', [20])).toMatchObject({ result: hash });
    expect(await call(`${server.url}/rpc/v1`, 'blockHash', { height: 21 })).toMatchObject({ error: { code: 24 } });
    expect(await call(`${server.url}/rpc`, 'progress')).toMatchObject({
      result: { first: 0, confirmed: 20, target: 20, provisional: [] },
    });
    expect(await call(`${server.url}/rpc`, 'execute')).toMatchObject({ error: { code: -32601 } });
  });

  it('feeds subscribers with the chain as it grows and is rolled back', async () => {
    const { server, devnet, openNode } = await createWorld();
    await untilHeight(await openNode(), 20);
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/rpc`);
    onTestFinished(() => socket.terminate());
    const heard: unknown[] = [];
    socket.on('message', (data: Buffer) => {
      const { method, params } = JSON.parse(data.toString()) as { method?: string; params?: { result: unknown } };
      if (method === 'head') heard.push(params?.result);
    });
    socket.on('open', () => socket.send('{"jsonrpc":"2.0","id":1,"method":"subscribeHeads"}'));
    await expect.poll(() => heard).toEqual([['extend', 20]]);
    devnet.produce(1);
    await expect.poll(() => heard.at(-1)).toEqual(['extend', 21]);
    devnet.reorg(4, 6);
    await expect.poll(() => heard.slice(-1)[0], { timeout: 10_000 }).toEqual(['extend', 23]);
    expect(heard).toContainEqual(['unwind', 17]);
  });

  it('streams chain events that can be resumed, also from a block that a reorg took', async () => {
    const { server, devnet, openNode } = await createWorld();
    const node = await openNode();
    await untilHeight(node, 20);
    const url = `${server.url}/events`;
    const all = await readEvents(`${url}?from=genesis`, (data) => heightsOf(data).at(-1) === 20);
    expect(heightsOf(all.data)).toEqual(Array.from({ length: 21 }, (_, i) => i));
    expect(all.lastId).toBe(`20:${toHex(devnet.head.ref.hash)}`);
    devnet.reorg(3, 5);
    await untilHeight(node, 22);
    const resumed = await readEvents(`${url}?from=${all.lastId}`, (data) => heightsOf(data).at(-1) === 22);
    expect(resumed.data[0]).toMatchObject({
      type: 'unwind',
      from: { height: 20 },
      to: { height: 17 },
      reason: 'reorg',
    });
    expect(heightsOf(resumed.data)).toEqual([18, 19, 20, 21, 22]);
    expect(resumed.lastId).toBe(`22:${toHex(devnet.head.ref.hash)}`);
    const unknown = await fetch(`${url}?from=20:0x${'5'.repeat(64)}`);
    expect([unknown.status, await unknown.json()]).toMatchObject([404, { error: { code: 'EVENTS_UNKNOWN_BLOCK' } }]);
  });

  it('lets go of the node so that it can close: streams end, calls are refused, the store is not read', async () => {
    const { server, openNode } = await createWorld();
    const node = await openNode();
    await untilHeight(node, 20);
    const stream = await fetch(`${server.url}/events?from=genesis`);
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/rpc`);
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    await new Promise<void>((resolve) => socket.once('open', () => resolve()));
    socket.send('{"jsonrpc":"2.0","id":1,"method":"subscribeHeads"}');
    await new Promise((resolve) => socket.once('message', resolve));
    await server.detach();
    await node.close();
    expect(await closed).toBe(1001);
    expect(await stream.text()).toContain('extend');
    const answer = await fetch(`${server.url}/rpc`, { method: 'POST', body: '{}' });
    expect([answer.status, await answer.json()]).toMatchObject([503, { error: { code: 'STARTING' } }]);
    expect((await fetch(`${server.url}/metrics`)).status).toBe(200);
  });

  it('has no JSON-RPC for a chain without, and says so for one whose services fail to load', async () => {
    const without = await createWorld({ rpc: null });
    await without.openNode();
    expect((await fetch(`${without.server.url}/rpc`)).status).toBe(404);
    const lines: unknown[] = [];
    const broken = await createWorld({
      rpc: async () => {
        throw new TypeError('an inner secret');
      },
      serve: { log: { ...silentLogger, error: (...line) => void lines.push(line) } },
    });
    await broken.openNode();
    await expect.poll(() => JSON.stringify(lines)).toContain('an inner secret');
    expect((await fetch(`${broken.server.url}/rpc`)).status).toBe(503);
  });

  it('refuses a wrong upstream before it listens', async () => {
    await expect(createWorld({ serve: { rpc: { upstream: 'nonsense' } } })).rejects.toMatchObject({
      code: 'RPC_UPSTREAM',
      data: { exitCode: 2 },
    } satisfies Partial<SynclineError>);
  });
});
