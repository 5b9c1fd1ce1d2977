import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { starknet } from '../../src/chains/starknet/index.ts';
import {
  createStarknetDevnet,
  type StarknetDevnet,
  type StarknetDevnetServer,
  serveStarknetDevnet,
} from '../../src/devnet/starknet/index.ts';
import type { ChainEvent, Notice } from '../../src/engine/index.ts';
import { toHex } from '../../src/lib/index.ts';
import { createNode, type Node } from '../../src/node/index.ts';
import { jsonLines, runCli, startCli } from '../e2e/cli-run.ts';
import { temporaryFolder } from '../e2e/folders.ts';
import { ANVIL_CHAIN_ID, type Anvil, anvilPath, startAnvil } from './anvil.ts';
import { type CoreContract, deployCoreContract, type SettledBlock } from './core-contract.ts';

const POLICY = { pipeline: { pollMs: 100, pollBehindMs: 200 } } as const;

describe.skipIf(anvilPath() === null)('a node with L1', () => {
  it.each(['http', 'ws'] as const)('has its final tip follow the core contract over %s', async (transport) => {
    await using scene = await openScene(30);
    const { anvil, contract, devnet } = scene;
    await using running = await run(scene, anvil[transport]);
    const { node, notices } = running;
    await contract.update(settled(devnet, 10));
    await contract.update(settled(devnet, 17));
    await anvil.mine(1);
    await accepted(node, 10);
    await anvil.mine(1);
    await accepted(node, 17);
    expect(node.status().tips.acceptedOnL1?.hash).toBe(shortHex(settled(devnet, 17).hash));

    // L1 may be ahead: the devnet makes the same blocks here, only earlier.
    const ahead = createStarknetDevnet(devnet.options);
    ahead.produce(20);
    await contract.update(settled(ahead, 45));
    await anvil.mine(2);
    await heard(node, 45);
    expect(node.status().tips.acceptedOnL1?.height).toBe(17);
    devnet.produce(20);
    await accepted(node, 45);

    expect(notices.filter(({ type }) => type === 'reject')).toEqual([]);
    const source = node.status().sources.find(({ standing }) => standing === 'anchor');
    expect(source).toMatchObject({ id: `l1:127.0.0.1:${anvil.port}`, state: 'ok', head: 45 });
    const events = await running.close();
    const heights = events.flatMap(({ tips }) => tips.acceptedOnL1?.height ?? []);
    expect([...new Set(heights)]).toEqual([10, 17, 45]);
    expect(events.some(({ type }) => type === 'advance')).toBe(true);
    expect(events.some(({ type }) => type === 'unwind')).toBe(false);
  });

  it('syncs without it while it is away, tells so once, and takes up its word when it comes', async () => {
    await using scene = await openScene(12);
    const { devnet } = scene;
    const { port } = scene.anvil;
    await scene.anvil.kill();
    await using running = await run(scene, `http://127.0.0.1:${port}`);
    const { node, notices } = running;
    await confirmed(node, devnet.head.height);
    await until(() => anchorOf(node)?.state === 'cooling', 'the anchor to be away');
    expect(node.status()).toMatchObject({ mode: 'follow', tips: { acceptedOnL1: null } });
    expect(told(notices)).toEqual(['failed SOURCE_UNAVAILABLE']);
    await using anvil = await startAnvil({ port });
    const contract = await deployCoreContract(anvil);
    await contract.update(settled(devnet, 9));
    await anvil.mine(2);
    await accepted(node, 9);
    await until(() => anchorOf(node)?.state === 'ok', 'the anchor to be back');
    expect(told(notices)).toEqual(['failed SOURCE_UNAVAILABLE', 'ok']);
  });

  it('takes nothing from an L1 of another chain, says which, and syncs', async () => {
    await using scene = await openScene(12, { l1ChainId: 1 });
    const { anvil, contract, devnet } = scene;
    await contract.update(settled(devnet, 9));
    await anvil.mine(2);
    await using running = await run(scene, anvil.http);
    const { node, notices } = running;
    await confirmed(node, devnet.head.height);
    await until(() => told(notices).length > 0, 'word of the wrong chain');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(told(notices)).toEqual(['failed SOURCE_OTHER_CHAIN']);
    const [reason] = notices.flatMap((notice) => (notice.type === 'source' ? notice.reason : []));
    expect(reason).toContain(`serves chain ${ANVIL_CHAIN_ID}, and this network settles on chain 1`);
    expect(node.status().tips.acceptedOnL1).toBeNull();
  });

  it('halts on a lie about what was agreed, and keeps its blocks', async () => {
    await using scene = await openScene(30);
    const { anvil, contract, devnet } = scene;
    await using running = await run(scene, anvil.http);
    const { node } = running;
    await contract.update(settled(devnet, 20));
    await anvil.mine(2);
    await accepted(node, 20);
    await contract.update({ ...settled(devnet, 15), hash: settled(devnet, 3).hash });
    await anvil.mine(2);
    const end = await node.ended;
    expect(end).toMatchObject({
      type: 'halted',
      reason: expect.stringContaining('block 15 is final with another hash'),
    });
    expect(node.status()).toMatchObject({ mode: 'halted', confirmed: { height: devnet.head.height } });
  });
});

describe.skipIf(anvilPath() === null)('syncline start --l1.url', () => {
  it('ends with code 7 when its sources deliver again what L1 contradicts, with the evidence kept', async () => {
    await using scene = await openScene(40);
    const { anvil, contract, devnet, gateway } = scene;
    await contract.update(settled(devnet, 12));
    await anvil.mine(2);
    const dataDir = temporaryFolder('l1');
    const network = join(dataDir, 'network.json');
    writeFileSync(network, JSON.stringify({ family: 'starknet', ...scene.network }));
    writeFileSync(join(dataDir, 'l1-url'), `${anvil.http}/?apikey=hush-key\n`);
    const store = join(dataDir, 'store');
    const child = startCli([
      ...['start', '--network', network, '--source', gateway.url.href, '--data-dir', store, '--json', '--no-http'],
      ...['--l1.url-file', join(dataDir, 'l1-url'), '--l1.poll', '100ms', '--sync.poll-interval', '100ms'],
    ]);
    await child.shows('"acceptedOnL1":{"height":12');
    const ours = settled(devnet, 30);
    const theirs = settled(devnet, 29);
    await contract.update({ ...ours, hash: theirs.hash });
    await anvil.mine(2);
    const { code, stdout, stderr } = await child.ended;
    expect(code, stderr).toBe(7);
    expect(`${stdout}${stderr}`).not.toContain('hush-key');

    const lines = jsonLines(stdout);
    const rejects = lines.filter(({ type }) => type === 'reject');
    expect(rejects).toHaveLength(2);
    expect(rejects[0]).toMatchObject({
      height: 30,
      check: 'l1',
      expected: shortHex(theirs.hash),
      got: shortHex(ours.hash),
      source: `l1:127.0.0.1:${anvil.port}`,
      message: expect.stringMatching(/^block 30 is final with another hash \(L1 block \d+, log 0, transaction 0x/),
    });
    expect(lines.filter(({ type }) => type === 'unwind')).toMatchObject([{ to: { height: 12 }, reason: 'invalid' }]);
    expect(lines.at(-1)).toMatchObject({
      type: 'status',
      mode: 'halted',
      reason: expect.stringContaining('the sources deliver the same block again'),
      tips: { acceptedOnL1: { height: 12, hash: shortHex(settled(devnet, 12).hash) } },
    });

    const evidence = JSON.parse(gunzipSync(readFileSync(String(rejects[0]?.evidence))).toString()) as Evidence;
    const claim = evidence.parts.find(({ part }) => part === 'finalClaim');
    expect(JSON.parse(claim?.text ?? '')).toMatchObject({ height: 30, hash: toHex(theirs.hash) });
    expect(evidence.parts.length).toBeGreaterThan(1); // our block's own parts beside it

    const explained = await runCli(['explain', '30', '--data-dir', store, '--json']);
    expect(JSON.parse(explained.stdout)).toMatchObject({ rejections: [{ check: 'l1' }, { check: 'l1' }] });
  });

  it('is refused where the network names no core contract', async () => {
    const { code, stderr } = await runCli([
      ...['start', '--network', 'starknet-devnet', '--source', 'http://127.0.0.1:1/feeder_gateway'],
      ...['--data-dir', temporaryFolder('l1'), '--no-http', '--l1.url', 'http://127.0.0.1:1/hush-key'],
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('names no core contract on L1');
    expect(stderr).not.toContain('hush-key');
  });
});

interface Evidence {
  readonly parts: readonly { readonly part: string; readonly text?: string }[];
}

/** L1 with the contract, L2 with a gateway, and the network that joins them. */
interface Scene extends AsyncDisposable {
  readonly anvil: Anvil;
  readonly contract: CoreContract;
  readonly devnet: StarknetDevnet;
  readonly gateway: StarknetDevnetServer;
  readonly network: StarknetDevnet['network'];
}

async function openScene(blocks: number, network: Partial<StarknetDevnet['network']> = {}): Promise<Scene> {
  const anvil = await startAnvil();
  const contract = await deployCoreContract(anvil);
  const devnet = createStarknetDevnet({ seed: 11, blocks, transactionsPerBlock: 2, storageUpdatesPerBlock: 4 });
  const gateway = await serveStarknetDevnet({ devnet });
  const settling = { l1ChainId: ANVIL_CHAIN_ID, coreContract: contract.address, ...network };
  return {
    anvil,
    contract,
    devnet,
    gateway,
    network: { ...devnet.network, ...settling },
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await anvil.kill();
    },
  };
}

interface Running extends AsyncDisposable {
  readonly node: Node;
  readonly notices: readonly Notice[];
  /** Ends it; what it told of the chain. */
  close(): Promise<readonly ChainEvent[]>;
}

async function run({ network, gateway }: Scene, l1Url: string): Promise<Running> {
  const notices: Notice[] = [];
  const events: ChainEvent[] = [];
  const node = await createNode({
    chain: starknet({ network, l1Url, l1PollMs: 100 }),
    sources: [gateway.url],
    policy: POLICY,
    onNotice: (notice) => notices.push(notice),
  });
  const listening = (async () => {
    for await (const event of node.events({ from: 'genesis' })) events.push(event);
  })();
  const close = async () => {
    await node.close();
    await listening;
    return events;
  };
  return {
    node,
    notices,
    close,
    async [Symbol.asyncDispose]() {
      await close();
    },
  };
}

function settled(devnet: StarknetDevnet, height: number): SettledBlock {
  const block = devnet.shelvedAt(height);
  if (block === null) throw new Error(`the devnet has no block ${height}`);
  return { height, root: block.stateRoot, hash: block.ref.hash };
}

/** What was told of the anchor: the state, and the code of the reason. */
function told(notices: readonly Notice[]): readonly string[] {
  return notices.flatMap((notice) => {
    if (notice.type !== 'source' || !notice.id.startsWith('l1:')) return [];
    return [notice.state === 'ok' ? 'ok' : `${notice.state} ${notice.reason.split(':')[0]}`];
  });
}

function anchorOf(node: Node) {
  return node.status().sources.find(({ standing }) => standing === 'anchor');
}

function accepted(node: Node, height: number): Promise<void> {
  return until(() => node.status().tips.acceptedOnL1?.height === height, `block ${height} to be accepted on L1`);
}

function confirmed(node: Node, height: number): Promise<void> {
  return until(() => node.status().confirmed?.height === height, `block ${height} to be confirmed`);
}

function heard(node: Node, height: number): Promise<void> {
  return until(() => anchorOf(node)?.head === height, `L1 to claim block ${height}`);
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 40_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** As Starknet writes hashes: without leading zeros. */
function shortHex(hash: Uint8Array): string {
  return `0x${BigInt(toHex(hash)).toString(16)}`;
}
