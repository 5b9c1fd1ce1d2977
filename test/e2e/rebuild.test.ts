import { expect, it } from 'vitest';
import { starknet } from '../../src/chains/starknet/index.ts';
import { createStarknetDevnet, type StarknetDevnet, serveStarknetDevnet } from '../../src/devnet/starknet/index.ts';
import type { Notice, Source, StatePolicy } from '../../src/engine/index.ts';
import { createSystemEnv, silentLogger } from '../../src/lib/index.ts';
import { createNode, type NodeStatus } from '../../src/node/index.ts';
import { createRandom } from '../../src/testing/index.ts';
import { startSync } from './child.ts';
import { temporaryFolder } from './folders.ts';
import { digestOf } from './store-dump.ts';

/** Blocks of 0.13.1 do not commit to their state diffs: a false one passes all checks of the block. */
function createOldDevnet(blocks: number, seed: number): StarknetDevnet {
  const devnet = createStarknetDevnet({
    ...{ seed, blocks, protocolVersion: '0.13.1' },
    ...{ transactionsPerBlock: 1, storageUpdatesPerBlock: 3, contracts: 6 },
  });
  return devnet;
}

it('one corrupted diff among 64 merged blocks is named, and the sync ends with the honest root', async () => {
  const devnet = createOldDevnet(80, 31);
  const { honest, misled } = await syncBoth(devnet, { mode: 'merge' }, 'wrong-diff:41', { batchBlocksMax: 64 });
  expect(culprits(misled.notices)).toEqual(['state-root 41']);
  expect(misled.digest).toEqual(honest.digest);
  expect(misled.status.stateRoot).toBe(honest.status.stateRoot);
});

it('one corrupted diff among 1,000 blocks in rebuild mode is named, and the sync ends with the honest root', {
  timeout: 300_000,
}, async () => {
  const devnet = createOldDevnet(1_001, 32);
  const { honest, misled } = await syncBoth(devnet, { mode: 'rebuild' }, 'wrong-diff:617');
  expect(culprits(misled.notices)).toEqual(['state-root 617']);
  expect(misled.digest).toEqual(honest.digest);
  expect(misled.status.stateRoot).toBe(honest.status.stateRoot);
  // Built at once it is the same state, trie pages and all, as hashed block by block.
  expect(misled.status.state).toEqual({ level: 'state-root', proven: 1_000 });
  expect(misled.seen).toContain('pending');
});

it('random kill -9 during a rebuild, each followed by a restart, end in the store of a merged sync', {
  timeout: 300_000,
}, async () => {
  const devnet = createOldDevnet(200, 33);
  await using server = await serveStarknetDevnet({ devnet });
  const task = { network: devnet.network, source: server.url.href };
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.log(`rebuild kill seed ${seed}`);
  const random = createRandom(seed);
  const dataDir = temporaryFolder('rebuild-kill');
  const until = devnet.head.height;
  for (let kill = 0; kill < KILLS; kill++) {
    const child = startSync({ ...task, dataDir, until, stateMode: 'rebuild' });
    while (child.lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, random() * 400));
    child.process.kill('SIGKILL');
    await child.ended;
  }
  const last = await startSync({ ...task, dataDir, until, stateMode: 'rebuild' }).ended;
  const undisturbed = temporaryFolder('rebuild-clean');
  const clean = await startSync({ ...task, dataDir: undisturbed, until, stateMode: 'merge' }).ended;
  expect(last).toMatchObject({ type: 'end', end: 'reached', stateRoot: clean?.stateRoot });
  expect(await digestOf(dataDir)).toEqual(await digestOf(undisturbed));
});

/** An honest merged sync, and one in which a liar is asked beside an honest gateway. */
async function syncBoth(
  devnet: StarknetDevnet,
  state: Partial<StatePolicy>,
  fault: string,
  pipeline: { batchBlocksMax?: number } = {},
) {
  await using honestGateway = await serveStarknetDevnet({ devnet });
  await using liar = await serveStarknetDevnet({ devnet, faults: [fault] });
  const honest = await syncTo(devnet, [honestGateway.url], { mode: 'merge' }, pipeline);
  // The honest gateway has blocks only once a block was refused: whatever the liar falsified was taken from it.
  const misled = await syncTo(devnet, [liar.url], state, pipeline, honestGateway.url);
  return { honest, misled };
}

async function syncTo(
  devnet: StarknetDevnet,
  sources: readonly URL[],
  state: Partial<StatePolicy>,
  pipeline: { batchBlocksMax?: number },
  afterRefusal?: URL,
) {
  const dataDir = temporaryFolder('rebuild');
  const notices: Notice[] = [];
  const seen: string[] = [];
  const chain = starknet({ network: devnet.network });
  const emptyUntil = (url: URL): Source => {
    const source = chain.createSource(url, { env: createSystemEnv(), log: silentLogger });
    const refused = () => notices.some((notice) => notice.type === 'reject');
    return { ...source, survey: async (how) => (refused() ? source.survey(how) : { spans: [], head: null }) };
  };
  const node = await createNode({
    chain,
    sources: afterRefusal === undefined ? sources : [...sources, emptyUntil(afterRefusal)],
    dataDir,
    until: devnet.head.height,
    onNotice: (notice) => notices.push(notice),
    policy: { state, pipeline: { channelBlocks: 64, pollBehindMs: 100, ...pipeline } },
  });
  const watch = setInterval(() => seen.push(node.status().state.level), 20);
  let status: NodeStatus;
  try {
    await node.ended;
    status = node.status();
  } finally {
    clearInterval(watch);
    await node.close();
  }
  return { status, notices, seen, digest: await digestOf(dataDir) };
}

/** Each refused height and check once: the liar may be asked again before the other gateway has been. */
function culprits(notices: readonly Notice[]): readonly string[] {
  return [...new Set(notices.flatMap((n) => (n.type === 'reject' ? [`${n.check} ${n.height}`] : [])))];
}

/** Kills in one test run. */
const KILLS = Number(process.env.SYNCLINE_KILLS ?? 12);
