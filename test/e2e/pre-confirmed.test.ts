import { expect, it } from 'vitest';
import { starknet } from '../../src/chains/starknet/index.ts';
import { createStarknetDevnet, serveStarknetDevnet } from '../../src/devnet/starknet/index.ts';
import { createNode, type Node } from '../../src/node/index.ts';
import { temporaryFolder } from './folders.ts';
import { digestOf } from './store-dump.ts';

const made = () =>
  createStarknetDevnet({ seed: 12, blocks: 12, transactionsPerBlock: 6, storageUpdatesPerBlock: 4, emptyShare: 0 });

it('the block being built is shown while it grows, never stored, and gone with the next confirmed one', async () => {
  const devnet = made();
  await using gateway = await serveStarknetDevnet({ devnet, preConfirmed: true });
  const dataDir = temporaryFolder('pre-confirmed');
  const node = await createNode({
    chain: starknet({ network: devnet.network }),
    sources: [gateway.url],
    dataDir,
    policy: { pipeline: { pollMs: 100, provisionalPollMs: 50 } },
  });
  const sizes: number[] = [];
  const onBlock = node.onProvisional(() => {
    const block = node.provisional().at(-1);
    if (block !== undefined) sizes.push(block.size);
  });
  const advances: unknown[] = [];
  const watching = (async () => {
    for await (const event of node.events({ from: 'genesis' })) {
      if (event.type === 'advance') advances.push(event.tips.preConfirmed?.height);
    }
  })();
  const top = devnet.head.height;
  await until(() => node.status().confirmed?.height === top - 1 && node.provisional().at(-1)?.size === 12);
  expect(node.status().tips).toMatchObject({
    preConfirmed: { height: top, hash: null },
    acceptedOnL2: { height: top - 1 },
  });
  expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
  expect(new Set(sizes).size).toBeGreaterThan(3);

  devnet.produce(1);
  await until(() => node.status().confirmed?.height === top);
  await until(() => node.provisional().at(-1)?.height === top + 1);
  onBlock[Symbol.dispose]();
  await node.close();
  await watching;
  expect(advances).toEqual(expect.arrayContaining([top, top + 1]));

  const twin = made();
  twin.produce(1);
  await using plain = await serveStarknetDevnet({ devnet: twin });
  const clean = temporaryFolder('confirmed-only');
  const other = await createNode({
    chain: starknet({ network: twin.network }),
    sources: [plain.url],
    dataDir: clean,
    until: top,
  });
  await other.ended;
  await other.close();
  expect(await digestOf(dataDir)).toEqual(await digestOf(clean));
});

it('a gateway that knows nothing of such blocks is no trouble', async () => {
  const devnet = made();
  await using gateway = await serveStarknetDevnet({ devnet });
  const node: Node = await createNode({
    chain: starknet({ network: devnet.network }),
    sources: [gateway.url],
    policy: { pipeline: { pollMs: 50, provisionalPollMs: 20 } },
  });
  await until(() => node.status().confirmed?.height === devnet.head.height);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(node.provisional()).toEqual([]);
  expect(node.status().sources).toMatchObject([{ state: 'ok', fail: 0 }]);
  await node.close();
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not come to that');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
