import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createStarknetDevnet, serveStarknetDevnet } from '../../src/devnet/starknet/index.ts';
import { readTips } from '../../src/engine/index.ts';
import { openLmdb } from '../../src/store/index.ts';
import { createRandom } from '../../src/testing/index.ts';
import { type ChildLine, startSync } from './child.ts';
import { temporaryFolder } from './folders.ts';
import { digestOf } from './store-dump.ts';

/** Kills in one test run. */
const KILLS = Number(process.env.SYNCLINE_KILLS ?? 50);

it(`${KILLS} random kill -9 during a sync, each followed by a restart, end in the undisturbed store`, {
  timeout: 300_000,
}, async () => {
  const devnet = createStarknetDevnet({ seed: 50, transactionsPerBlock: 2, storageUpdatesPerBlock: 4 });
  devnet.produce(40);
  await using server = await serveStarknetDevnet({ devnet });
  const task = { network: devnet.network, source: server.url.href };
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.log(`kill seed ${seed}`);
  const random = createRandom(seed);

  const dataDir = temporaryFolder('kill');
  let confirmed = -1;
  let kills = 0;
  while (kills < KILLS) {
    // Always blocks to sync: the chain grows ahead of the node.
    devnet.produce(4);
    const child = startSync({ ...task, dataDir, until: 1_000_000 });
    await opened(child.lines, child.ended);
    await new Promise((resolve) => setTimeout(resolve, random() * 250));
    child.process.kill('SIGKILL');
    await child.ended;
    kills++;
    const open = child.lines[0] as ChildLine; // `opened` has seen it
    expect(Number(open.confirmed), 'a restart stands where the last commit left off').toBeGreaterThanOrEqual(confirmed);
    confirmed = await confirmedHeight(dataDir);
  }
  const until = devnet.head.height;
  const last = await startSync({ ...task, dataDir, until }).ended;
  const undisturbed = temporaryFolder('undisturbed');
  const clean = await startSync({ ...task, dataDir: undisturbed, until }).ended;
  expect(last).toMatchObject({ type: 'end', end: 'reached', stateRoot: clean?.stateRoot });
  expect(await digestOf(dataDir)).toEqual(await digestOf(undisturbed));
});

/** Waits until the node has opened its store. */
async function opened(lines: readonly ChildLine[], ended: Promise<unknown>): Promise<void> {
  let over = false;
  ended.then(
    () => {
      over = true;
    },
    () => {
      over = true;
    },
  );
  while (lines.length === 0) {
    if (over) await ended;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function confirmedHeight(dataDir: string): Promise<number> {
  await using store = openLmdb({ path: join(dataDir, 'db'), readOnly: true });
  using view = store.view();
  return readTips(view).acceptedOnL2?.height ?? -1;
}
