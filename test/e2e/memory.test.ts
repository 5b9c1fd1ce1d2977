import { expect, it } from 'vitest';
import { createStarknetDevnet, serveStarknetDevnet } from '../../src/devnet/starknet/index.ts';
import { defaultRangePolicy } from '../../src/engine/index.ts';
import { startSync } from './child.ts';
import { temporaryFolder } from './folders.ts';

const MIB = 1024 * 1024;
/**
 * What a node may use beyond its window: the runtime and its program (some 50 MiB of mapped files), two workers, kernels,
 * code, a young generation that grows to 32 MiB, and what the collector has not yet taken back.
 */
const BESIDE_WINDOW = 200 * MIB;

it('a sync of 2,000 blocks with a slow applier stays within its window', { timeout: 300_000 }, async () => {
  const devnet = createStarknetDevnet({ seed: 9, transactionsPerBlock: 1, storageUpdatesPerBlock: 2 });
  devnet.produce(2000);
  await using server = await serveStarknetDevnet({ devnet });
  const child = startSync({
    network: devnet.network,
    source: server.url.href,
    dataDir: temporaryFolder('memory'),
    until: 2000,
    applyDelayMs: 5,
  });
  const end = await child.ended;
  expect(end).toMatchObject({ type: 'end', end: 'reached' });
  console.log(
    `memory: rss ${Math.round(Number(end?.rssMax) / MIB)} MiB, window ${Math.round(Number(end?.heldMax) / 1024)} KiB, ${end?.tookMs} ms`,
  );
  expect(Number(end?.heldMax)).toBeLessThanOrEqual(defaultRangePolicy.windowBytes);
  expect(Number(end?.rssMax)).toBeLessThanOrEqual(defaultRangePolicy.windowBytes + BESIDE_WINDOW);
});
