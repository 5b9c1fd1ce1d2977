import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { createStarknetDevnet, serveStarknetDevnet } from '../../src/devnet/starknet/index.ts';
import { type CliChild, jsonLines, startCli } from './cli-run.ts';
import { temporaryFolder } from './folders.ts';

const CANARY = 'c4nary-s3cret-in-the-url';

/** Another node, which knows one method. */
async function openUpstream(): Promise<string> {
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on('end', () => {
      const { id, method } = JSON.parse(text) as { id: number; method: string };
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result: `${method} elsewhere` }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/${CANARY}`;
}

/** The built command line on a devnet, at its tip and serving. */
async function startServing(flags: readonly string[]) {
  const devnet = createStarknetDevnet({ seed: 8, transactionsPerBlock: 2, storageUpdatesPerBlock: 3 });
  const gateway = await serveStarknetDevnet({ devnet });
  onTestFinished(() => gateway[Symbol.asyncDispose]() as Promise<void>);
  const folder = temporaryFolder('serve');
  const network = join(folder, 'network.json');
  writeFileSync(network, JSON.stringify({ family: 'starknet', ...devnet.network }));
  const child = startCli([
    ...['start', '--network', network, '--source', gateway.url.href, '--data-dir', join(folder, 'data')],
    ...['--http.addr', '127.0.0.1:0', '--json', '--sync.poll-interval', '50ms', ...flags],
  ]);
  await child.shows('"msg":"started"');
  await child.shows('"mode":"follow"');
  return { devnet, child, url: urlOf(child) };
}

/** Where it serves, by the line in which it says that it has started. */
function urlOf(child: CliChild): string {
  const started = jsonLines(child.stderr()).find(({ msg }) => msg === 'started');
  return String(started?.http);
}

async function call(url: string, method: string, params: unknown = []): Promise<Record<string, unknown>> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  return (await (await fetch(`${url}/rpc`, { method: 'POST', body })).json()) as Record<string, unknown>;
}

describe('syncline start', () => {
  it('serves JSON-RPC, subscriptions, events and metrics of a chain that grows, and stops in under 2 s', async () => {
    const upstream = await openUpstream();
    const { devnet, child, url } = await startServing(['--rpc.upstream', upstream, '--rpc.batch-max', '2']);
    expect(await call(url, 'starknet_blockNumber')).toMatchObject({ result: devnet.head.height });
    expect(await call(url, 'starknet_call', { request: {}, block_id: 'latest' })).toMatchObject({
      result: 'starknet_call elsewhere',
    });
    expect(await call(url, 'starknet_nothing')).toMatchObject({ error: { code: -32601 } });
    const batch = Array.from({ length: 3 }, () => ({ jsonrpc: '2.0', id: 1, method: 'starknet_chainId' }));
    const refused = await fetch(`${url}/rpc`, { method: 'POST', body: JSON.stringify(batch) });
    expect(await refused.json()).toMatchObject({ error: { code: -32600 } });

    const socket = new WebSocket(`${url.replace('http', 'ws')}/rpc`);
    onTestFinished(() => socket.terminate());
    const heads: unknown[] = [];
    socket.on('message', (data: Buffer) => {
      const { method, params } = JSON.parse(data.toString()) as {
        method?: string;
        params?: { result: { block_number: number } };
      };
      if (method === 'starknet_subscriptionNewHeads') heads.push(params?.result.block_number);
    });
    await once(socket, 'open');
    socket.send('{"jsonrpc":"2.0","id":1,"method":"starknet_subscribeNewHeads"}');
    await once(socket, 'message');
    devnet.produce(2);
    await expect.poll(() => heads.at(-1), { timeout: 10_000 }).toBe(devnet.head.height);

    const events = await fetch(`${url}/events?from=genesis`);
    const reader = (events.body as ReadableStream<Uint8Array>).getReader();
    const first = Buffer.from((await reader.read()).value ?? []).toString();
    expect(first).toMatch(/^retry: /);
    const tip = /^syncline_chain_tip_block\{chain="[^"]+",tip="confirmed"\} (\d+)$/m;
    expect(tip.exec(await (await fetch(`${url}/metrics`)).text())?.[1]).toBe(String(devnet.head.height));

    const closed = once(socket, 'close');
    const stopMs = performance.now();
    child.process.kill('SIGINT');
    const { code, stdout, stderr } = await child.ended;
    expect(performance.now() - stopMs).toBeLessThan(2_000);
    expect(code).toBe(0);
    expect((await closed)[0]).toBe(1001);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'status', confirmed: { height: devnet.head.height } });
    expect(stdout + stderr).not.toContain(CANARY);
  });

  it('says what is missing where no upstream is named', async () => {
    const { url } = await startServing([]);
    expect(await call(url, 'starknet_call', { request: {}, block_id: 'latest' })).toMatchObject({
      error: { code: -32601, data: { reason: expect.stringContaining('--rpc.upstream') } },
    });
  });
});
