import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RpcProvider, WebSocketChannel } from 'starknet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { starknet } from '../../src/chains/starknet/index.ts';
import { createStarknetDevnet, serveStarknetDevnet } from '../../src/devnet/starknet/index.ts';
import type { Chain } from '../../src/engine/index.ts';
import { silentLogger } from '../../src/lib/index.ts';
import { createNode, type Node, type NodeOptions, type NodeServer, serveNode } from '../../src/node/index.ts';
import { vectorsDir } from '../vectors/locate.ts';

const vectors = vectorsDir();
const captures = join(vectors ?? '', 'starknet', 'mainnet');
const CLASS_HASH = '0x10455c752b86932ce552f2b0fe81a880746649b9aee7e0d842bf3f52378f9f8';
const CONTRACT = '0x20cfa74ee3564b4cd5435cdace0f9c4d43b939620e4a0bb5076105df0a626c6';

describe.skipIf(vectors === null)('starknet.js over HTTP, on real mainnet blocks', () => {
  let served: Served;
  let provider: RpcProvider;

  beforeAll(async () => {
    const chain = starknet({ network: 'starknet-mainnet' });
    served = await serve(chain, { sources: [pathToFileURL(captures)] });
    await reached(
      served.node,
      () => served.node.status().confirmed?.height === 9 && served.node.status().counts.classes === 1,
    );
    provider = new RpcProvider({
      nodeUrl: new URL('/rpc/v0_8', served.server.url).href,
      specVersion: '0.8',
      retries: 0,
    });
  });
  afterAll(() => served.close());

  it('reads the chain', async () => {
    expect(await provider.getChainId()).toBe('0x534e5f4d41494e');
    expect(await provider.getBlockNumber()).toBe(9);
    expect(await provider.getBlockLatestAccepted()).toEqual({
      block_hash: '0x31e5a5851e1a492827ba33180acb98263d1ace0f46fd4000bd4216d2119d480',
      block_number: 9,
    });
    expect(await provider.getSyncingStats()).toBe(false);
  });

  it('reads blocks, by number, hash and tag', async () => {
    const hash = '0x47c3637b57c2b079b93c61539950c17e868a28f46cdef28f88521067f21e943';
    const block = await provider.getBlockWithTxs(0);
    expect(block).toMatchObject({ block_hash: hash, block_number: 0, parent_hash: '0x0', status: 'ACCEPTED_ON_L2' });
    expect(await provider.getBlockTransactionCount(hash)).toBe(block.transactions.length);
    expect((await provider.getBlockWithTxHashes('latest')).transactions.length).toBeGreaterThan(0);
    expect(await provider.getBlockWithTxHashes('pending')).toMatchObject({ transactions: [] });
  });

  it('reads transactions and receipts', async () => {
    const { transactions } = (await provider.getBlockWithReceipts(1)) as {
      transactions: readonly { receipt: { transaction_hash: string; type: string } }[];
    };
    expect(transactions.length).toBeGreaterThan(1);
    for (const [index, { receipt }] of transactions.entries()) {
      const { transaction_hash: hash } = receipt;
      expect(await provider.getTransactionByHash(hash)).toMatchObject({ transaction_hash: hash, type: receipt.type });
      const found = await provider.getTransactionReceipt(hash);
      expect(found.isSuccess()).toBe(true);
      expect(found).toMatchObject({ block_number: 1, execution_status: 'SUCCEEDED' });
      expect(await provider.getTransactionStatus(hash)).toMatchObject({ finality_status: 'ACCEPTED_ON_L2' });
      expect(await provider.getTransactionByBlockIdAndIndex(1, index)).toMatchObject({ transaction_hash: hash });
    }
    await expect(provider.getTransactionByHash('0x1234')).rejects.toMatchObject({ baseError: { code: 29 } });
  });

  it('reads state updates and storage, of now and of then', async () => {
    const update = await provider.getStateUpdate(0);
    expect(update.state_diff.deployed_contracts).toContainEqual({ address: CONTRACT, class_hash: CLASS_HASH });
    const { address, storage_entries: entries } = update.state_diff.storage_diffs[0] ?? {
      address: '',
      storage_entries: [],
    };
    for (const { key, value } of entries as { key: string; value: string }[]) {
      expect(await provider.getStorageAt(address, key, 0)).toBe(value);
    }
    expect(await provider.getNonceForAddress(CONTRACT, 'latest')).toBe('0x0');
    await expect(provider.getStorageAt('0x1234', '0x0', 'latest')).rejects.toMatchObject({ baseError: { code: 20 } });
  });

  it('reads classes, and decompresses their programs', async () => {
    expect(await provider.getClassHashAt(CONTRACT, 0)).toBe(CLASS_HASH);
    const byHash = await provider.getClassByHash(CLASS_HASH);
    expect(byHash).toMatchObject({
      entry_points_by_type: { CONSTRUCTOR: expect.any(Array) },
      program: expect.anything(),
    });
    expect(await provider.getClassAt(CONTRACT, 'latest')).toEqual(byHash);
  });

  it('reads events', async () => {
    const page = await provider.getEvents({ from_block: { block_number: 0 }, to_block: 'latest', chunk_size: 10 });
    expect(page).toEqual({ events: [] });
  });

  it('reads storage proofs', async () => {
    const keys = [{ contract_address: CONTRACT, storage_keys: ['0x5'] }];
    const answer = await provider.fetch('starknet_getStorageProof', {
      block_id: 'latest',
      contract_addresses: [CONTRACT],
      contracts_storage_keys: keys,
    });
    const { result: proof } = (await answer.json()) as { result: unknown };
    expect(proof).toMatchObject({
      contracts_proof: { contract_leaves_data: [{ class_hash: CLASS_HASH, nonce: '0x0' }] },
      global_roots: { contracts_tree_root: '0x27e6e1b37a9af4fd44b42752be35ec6c6ee43734342002c1151a403cc6e867f' },
    });
  });

  it('is told which methods this node does not have', async () => {
    const call = { contractAddress: CONTRACT, entrypoint: 'balanceOf', calldata: [] };
    await expect(provider.callContract(call, 'latest')).rejects.toMatchObject({ baseError: { code: -32601 } });
  });

  it('finds each version at its path, and the newest at /rpc', async () => {
    for (const [path, version] of [
      ['/rpc', '0.10.4-rc.1'],
      ['/rpc/v0_10', '0.10.4-rc.1'],
      ['/rpc/v0_9', '0.9.0'],
      ['/rpc/v0_8', '0.8.0'],
    ] as const) {
      const answer = await fetch(new URL(path, served.server.url), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'starknet_specVersion', params: [] }),
      });
      expect(await answer.json()).toEqual({ jsonrpc: '2.0', id: 1, result: version });
    }
  });
});

describe('starknet.js over WebSocket, on a devnet', () => {
  it('hears of new heads, of events and of a reorg, and can unsubscribe', async () => {
    const devnet = createStarknetDevnet({ seed: 41, blocks: 6, emptyShare: 0 });
    await using gateway = await serveStarknetDevnet({ devnet });
    const chain = starknet({ network: devnet.network });
    await using served = await serve(chain, { sources: [gateway.url], policy: { pipeline: { pollMs: 50 } } });
    await reached(served.node, () => served.node.status().confirmed?.height === devnet.head.height);
    const url = new URL('/rpc/v0_8', served.server.url);
    url.protocol = 'ws:';
    const channel = new WebSocketChannel({ nodeUrl: url.href, websocket: new WebSocket(url) as never });
    const heads: number[] = [];
    const reorgs: unknown[] = [];
    let events = 0;
    channel.onNewHeads = ({ result }) => void heads.push(result.block_number);
    channel.onReorg = ({ result }) => void reorgs.push(result);
    channel.onEvents = () => void events++;
    await channel.waitForConnection();
    await channel.subscribeNewHeads(3);
    await channel.subscribeEvents(undefined, undefined, 1);
    await until(() => heads.length === 3 && events > 0);
    devnet.produce(1);
    await until(() => heads.length === 4);
    expect(heads).toEqual([3, 4, 5, 6]);
    devnet.reorg({ depth: 2, extend: 3 });
    await until(() => heads.length === 7);
    expect(heads.slice(4)).toEqual([5, 6, 7]);
    // Both subscriptions are told.
    expect(reorgs.length).toBe(2);
    expect(reorgs[0]).toMatchObject({ starting_block_number: 5, ending_block_number: 6 });
    expect(await channel.unsubscribeNewHeads()).toBe(true);
    devnet.produce(1);
    await reached(served.node, () => served.node.status().confirmed?.height === devnet.head.height);
    expect(heads.length).toBe(7);
    channel.disconnect();
    await channel.waitForDisconnection();
  });
});

interface Served extends AsyncDisposable {
  readonly node: Node;
  readonly server: NodeServer;
  close(): Promise<void>;
}

async function serve(chain: Chain, options: Omit<NodeOptions, 'chain'>): Promise<Served> {
  const server = await serveNode({ addr: { host: '127.0.0.1', port: 0 }, chain, log: silentLogger });
  const node = await createNode({ chain, ...options });
  server.attach(node);
  const close = async () => {
    await server.close();
    await node.close();
  };
  await until(async () => (await fetch(new URL('/rpc', server.url))).status === 200);
  return { node, server, close, [Symbol.asyncDispose]: close };
}

async function reached(node: Node, isReached: () => boolean): Promise<void> {
  await until(isReached, () => JSON.stringify(node.status()));
}

async function until(isSo: () => boolean | Promise<boolean>, describe = () => 'it never came to it'): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(describe());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
