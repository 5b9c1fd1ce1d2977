import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { starknet } from '../../src/chains/starknet/index.ts';
import { serveFolder } from '../../src/devnet/folder-gateway.ts';
import { createStarknetDevnet, serveStarknetDevnet } from '../../src/devnet/starknet/index.ts';
import type { Notice } from '../../src/engine/index.ts';
import { createNode, type NodeOptions, type NodeStatus } from '../../src/node/index.ts';
import { vectorsDir } from '../vectors/locate.ts';
import { temporaryFolder } from './folders.ts';
import { digestOf } from './store-dump.ts';

const vectors = vectorsDir();

describe.skipIf(vectors === null)('real mainnet blocks', () => {
  const folder = join(vectors ?? '', 'starknet', 'mainnet');
  const chain = starknet({ network: 'starknet-mainnet' });

  it('end in the same store from a folder and through a gateway with 429s, cut bodies and a dead first URL', async () => {
    const direct = await syncTo(9, { chain, sources: [pathToFileURL(folder)] });
    await using gateway = await serveFolder({ path: folder, faults: ['429:4', 'truncate:3'] });
    const throughHttp = await syncTo(9, { chain, sources: [await deadUrl(), gateway.url] });
    expect(throughHttp.status.confirmed?.hash).toBe(
      '0x31e5a5851e1a492827ba33180acb98263d1ace0f46fd4000bd4216d2119d480',
    );
    expect(throughHttp.status.stateRoot).toBe('0x27e6e1b37a9af4fd44b42752be35ec6c6ee43734342002c1151a403cc6e867f');
    expect(throughHttp.digest).toEqual(direct.digest);
    const incidents = throughHttp.notices.flatMap((n) => (n.type === 'source' ? [n.reason] : []));
    expect(incidents.some((reason) => reason.startsWith('SOURCE_RATE_LIMITED'))).toBe(true);
    expect(incidents.some((reason) => reason.startsWith('SOURCE_UNAVAILABLE'))).toBe(true);
  });
});

describe('a devnet gateway', () => {
  const made = createStarknetDevnet({ seed: 5, transactionsPerBlock: 3, storageUpdatesPerBlock: 6 });
  made.produce(60);
  const chain = starknet({ network: made.network });

  for (const fault of [
    '429:7',
    'slow:20',
    'truncate:9',
    'wrong-hash:20',
    'wrong-root:20',
    'wrong-signature:20',
    'drop-field:20',
    'html-error:9',
  ]) {
    // Mostly waiting for cool-downs, hence side by side.
    it.concurrent(`with the fault ${fault} still leads to the same store, and the incident is named`, async ({
      expect,
      onTestFinished,
    }) => {
      const clean = await cleanDigest(onTestFinished);
      await using server = await serveStarknetDevnet({ devnet: made, faults: [fault] });
      const { digest, notices } = await syncTo(made.head.height, { chain, sources: [server.url] }, onTestFinished);
      expect(digest).toEqual(clean);
      if (fault.startsWith('slow')) return;
      const named = notices.filter((n) => n.type === 'reject' || (n.type === 'source' && n.state === 'failed'));
      expect(named.length, JSON.stringify(server.faultsInjected())).toBeGreaterThan(0);
    });
  }

  let known: Promise<Readonly<Record<string, string>>> | null = null;
  /** The store of an undisturbed sync, made once for all. */
  function cleanDigest(onFinished?: (clean: () => void) => void) {
    known ??= (async () => {
      await using server = await serveStarknetDevnet({ devnet: made });
      return (await syncTo(made.head.height, { chain, sources: [server.url] }, onFinished)).digest;
    })();
    return known;
  }

  it('names the liar among two gateways and finishes from the honest one', async () => {
    await using honest = await serveStarknetDevnet({ devnet: made });
    await using liar = await serveStarknetDevnet({ devnet: made, faults: ['wrong-hash:2'] });
    const { digest, notices, status } = await syncTo(made.head.height, { chain, sources: [liar.url, honest.url] });
    expect(digest).toEqual(await cleanDigest());
    const named = new Set(notices.flatMap((n) => (n.type === 'reject' ? [n.source] : [])));
    const ids = status.sources.map((source) => source.id);
    expect([...named]).toEqual([ids[0]]);
  });
});

for (const depth of [1, 7, 300]) {
  it(`a devnet reorg of depth ${depth} ends on the new branch with the store of a fresh sync`, async () => {
    const devnet = createStarknetDevnet({ seed: depth, transactionsPerBlock: 2, storageUpdatesPerBlock: 4 });
    devnet.produce(depth + 20);
    const chain = starknet({ network: devnet.network });
    await using server = await serveStarknetDevnet({ devnet });
    const dataDir = temporaryFolder('reorg');
    const node = await createNode({ chain, sources: [server.url], dataDir, policy: { pipeline: { pollMs: 100 } } });
    const unwinds: unknown[] = [];
    const watching = (async () => {
      for await (const event of node.events({ from: 'genesis' })) {
        if (event.type === 'unwind') unwinds.push({ from: event.from.height, to: event.to?.height });
      }
    })();
    await reached(() => node.status(), devnet.head.height);
    const old = devnet.head.height;
    devnet.reorg({ depth, extend: depth + 2 });
    await reached(() => node.status(), devnet.head.height);
    await node.close();
    await watching;
    expect(unwinds).toEqual([{ from: old, to: old - depth }]);
    const fresh = await syncTo(devnet.head.height, { chain, sources: [server.url] });
    expect(await digestOf(dataDir)).toEqual(fresh.digest);
  });
}

async function syncTo(until: number, options: NodeOptions, onFinished?: (clean: () => void) => void) {
  const dataDir = temporaryFolder('gateway', onFinished);
  const notices: Notice[] = [];
  const node = await createNode({
    ...options,
    dataDir,
    until,
    onNotice: (notice) => notices.push(notice),
  });
  let status: NodeStatus;
  try {
    await node.ended;
    status = node.status();
  } finally {
    await node.close();
  }
  return { status, notices, digest: await digestOf(dataDir) };
}

async function reached(status: () => NodeStatus, height: number): Promise<void> {
  const deadline = Date.now() + 50_000;
  while (status().confirmed?.height !== height) {
    if (Date.now() > deadline) throw new Error(`not at ${height}: ${JSON.stringify(status())}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A URL on which nobody listens. */
async function deadUrl(): Promise<URL> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  await new Promise((resolve) => server.close(resolve));
  return new URL(`http://127.0.0.1:${port}/feeder_gateway`);
}
