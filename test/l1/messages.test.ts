import { RpcProvider } from 'starknet';
import { describe, expect, it } from 'vitest';
import { feltToHex, type MessageToL2, type Receipt, starknet } from '../../src/chains/starknet/index.ts';
import { createStarknetDevnet, type StarknetDevnet, serveStarknetDevnet } from '../../src/devnet/starknet/index.ts';
import { silentLogger } from '../../src/lib/index.ts';
import { createNode, type Node, type NodeServer, serveNode } from '../../src/node/index.ts';
import { ANVIL_CHAIN_ID, type Anvil, anvilPath, startAnvil } from './anvil.ts';
import { type CoreContract, deployCoreContract } from './core-contract.ts';

const METHOD = 'starknet_getMessagesStatus';
const UNKNOWN = `0x${'5e'.repeat(32)}`;

describe.skipIf(anvilPath() === null)('messages from a real L1', () => {
  it.each(['http', 'ws'] as const)('are told by the transaction that sent them, over %s', async (transport) => {
    await using scene = await openScene();
    const { anvil, contract, devnet } = scene;
    await using node = await serve(scene, { l1Url: anvil[transport] });
    await until(() => node.node.status().confirmed?.height === devnet.head.height, 'the sync');
    const settledHeight = 20;
    await contract.update(settled(devnet, settledHeight));
    await anvil.mine(2);
    await until(() => node.node.status().tips.acceptedOnL1?.height === settledHeight, 'what is final');

    // What the devnet will have taken later is known: its next blocks are already made elsewhere.
    const ahead = createStarknetDevnet(devnet.options);
    ahead.produce(10);
    const taken = takenBy(ahead);
    const old = one(taken, ({ height }) => height <= settledHeight);
    const reverted = one(taken, ({ height, receipt }) => height < 40 && receipt.revertError !== null);
    const coming = one(taken, ({ height }) => height >= 40);
    const lost = { ...old.message, nonce: coming.message.nonce }; // which nobody ever handles
    const hash = await contract.send([reverted.message, coming.message, lost, old.message]);

    const succeeded = { execution_status: 'SUCCEEDED' };
    const failed = { execution_status: 'REVERTED', failure_reason: reverted.receipt.revertError };
    const revertedFinality = reverted.height <= settledHeight ? 'ACCEPTED_ON_L1' : 'ACCEPTED_ON_L2';
    const first = { transaction_hash: reverted.hash, finality_status: revertedFinality };
    const last = { transaction_hash: old.hash, finality_status: 'ACCEPTED_ON_L1' };
    const received = { finality_status: 'RECEIVED' };
    for (const version of ['v0_9', 'v0_10']) {
      expect(await node.ask(version, hash)).toEqual({
        result: [
          { ...first, ...failed },
          { ...last, ...succeeded },
        ],
      });
    }
    expect(await node.ask('v0_8', hash)).toEqual({
      result: [
        first,
        { transaction_hash: coming.hash, ...received },
        { transaction_hash: expect.stringMatching(/^0x[0-9a-f]+$/), ...received },
        last,
      ],
    });

    devnet.produce(10);
    await until(() => node.node.status().confirmed?.height === devnet.head.height, 'the message to arrive');
    const arrived = { transaction_hash: coming.hash, finality_status: 'ACCEPTED_ON_L2' };
    expect(coming.receipt.revertError).toBeNull();
    expect(await node.ask('v0_10', hash)).toEqual({
      result: [
        { ...first, ...failed },
        { ...arrived, ...succeeded },
        { ...last, ...succeeded },
      ],
    });

    const provider = new RpcProvider({
      nodeUrl: new URL('/rpc/v0_8', node.server.url).href,
      specVersion: '0.8',
      retries: 0,
    });
    // `getL1MessagesStatus` of starknet.js 7.1 asks this and throws whatever the answer is.
    if (!('getMessagesStatus' in provider.channel)) throw new Error('no channel of 0.8');
    const told = await provider.channel.getMessagesStatus(hash);
    expect(told).toMatchObject([first, arrived, received, last]);
    await expect(provider.channel.getMessagesStatus(UNKNOWN)).rejects.toMatchObject({ baseError: { code: 29 } });
  });

  it('are none of other transactions, and unknown of what L1 does not know or took back', async () => {
    await using scene = await openScene();
    const { anvil, contract, devnet } = scene;
    await using node = await serve(scene, { l1Url: anvil.http });
    const [message] = takenBy(devnet) as [Taken];
    const other = await deployCoreContract(anvil);
    expect(await node.ask('v0_10', await other.send([message.message]))).toEqual({ result: [] });
    expect(await node.ask('v0_10', await contract.send([]))).toEqual({ result: [] });
    expect(await node.ask('v0_10', UNKNOWN)).toMatchObject({ error: { code: 29 } });
    const hash = await contract.send([message.message]);
    await anvil.reorg(1);
    expect(await node.ask('v0_10', hash)).toMatchObject({ error: { code: 29 } });
  });

  it('cannot be told while L1 is away, and everything else can', async () => {
    await using scene = await openScene();
    const { anvil, contract, devnet } = scene;
    await using node = await serve(scene, { l1Url: `${anvil.http}/hush-key` });
    await until(() => node.node.status().confirmed?.height === devnet.head.height, 'the sync');
    const [{ message, hash }] = takenBy(devnet) as [Taken];
    const sent = await contract.send([message]);
    await anvil.kill();
    const answer = await node.ask('v0_10', sent);
    expect(answer).toMatchObject({ error: { code: -32603, data: { code: 'SOURCE_UNAVAILABLE' } } });
    expect(JSON.stringify(answer)).not.toContain('hush-key');
    expect(await node.ask('v0_10', hash, 'starknet_getTransactionStatus')).toMatchObject({
      result: { finality_status: 'ACCEPTED_ON_L2' },
    });
  });

  it('are asked of another node where there is no L1, and without one it is said what to do', async () => {
    await using scene = await openScene();
    const { anvil, contract, devnet } = scene;
    await using upstream = await serve(scene, { l1Url: anvil.http });
    await until(() => upstream.node.status().confirmed?.height === devnet.head.height, 'the sync');
    await using passing = await serve(scene, { upstream: new URL('/rpc/v0_10', upstream.server.url).href });
    await using alone = await serve(scene, {});
    const [{ message, hash }] = takenBy(devnet) as [Taken];
    const sent = await contract.send([message]);
    expect(await passing.ask('v0_10', sent)).toMatchObject({ result: [{ transaction_hash: hash }] });
    expect(await alone.ask('v0_10', sent)).toMatchObject({
      error: { code: -32601, data: { reason: expect.stringMatching(/no L1 to ask.*--l1\.url/) } },
    });
  });
});

interface Scene extends AsyncDisposable {
  readonly anvil: Anvil;
  readonly contract: CoreContract;
  readonly devnet: StarknetDevnet;
  readonly gateway: Awaited<ReturnType<typeof serveStarknetDevnet>>;
}

async function openScene(): Promise<Scene> {
  const anvil = await startAnvil();
  const contract = await deployCoreContract(anvil);
  const devnet = createStarknetDevnet({ seed: 7, blocks: 40, transactionsPerBlock: 12, emptyShare: 0 });
  const gateway = await serveStarknetDevnet({ devnet });
  return {
    anvil,
    contract,
    devnet,
    gateway,
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await anvil.kill();
    },
  };
}

interface Served extends AsyncDisposable {
  readonly node: Node;
  readonly server: NodeServer;
  /** The answer without its frame. */
  ask(version: string, hash: string, method?: string): Promise<object>;
}

async function serve(
  { devnet, gateway, contract }: Scene,
  { l1Url, upstream }: { readonly l1Url?: string; readonly upstream?: string },
): Promise<Served> {
  const network = { ...devnet.network, l1ChainId: ANVIL_CHAIN_ID, coreContract: contract.address };
  const chain = starknet({ network, l1PollMs: 100, ...(l1Url === undefined ? {} : { l1Url }) });
  const rpc = upstream === undefined ? {} : { rpc: { upstream } };
  const server = await serveNode({ addr: { host: '127.0.0.1', port: 0 }, chain, log: silentLogger, ...rpc });
  const node = await createNode({
    chain,
    sources: [gateway.url],
    policy: { pipeline: { pollMs: 100, pollBehindMs: 200 } },
  });
  server.attach(node);
  await until(async () => (await fetch(new URL('/rpc', server.url))).status === 200, 'the services');
  return {
    node,
    server,
    async ask(version, hash, method = METHOD) {
      const response = await fetch(new URL(`/rpc/${version}`, server.url), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: [hash] }),
      });
      const { jsonrpc: _version, id: _id, ...answer } = (await response.json()) as Record<string, unknown>;
      return answer;
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await node.close();
    },
  };
}

/** A message that a block of the devnet has taken. */
interface Taken {
  readonly height: number;
  readonly message: MessageToL2;
  readonly receipt: Receipt;
  /** Of the transaction that handled it. */
  readonly hash: string;
}

function takenBy(devnet: StarknetDevnet): readonly Taken[] {
  return Array.from({ length: devnet.head.height + 1 }, (_, height) => height).flatMap((height) =>
    (devnet.blockAt(height)?.block.receipts ?? []).flatMap((receipt) => {
      const { consumedMessage: message, transactionHash } = receipt;
      return message === null ? [] : [{ height, message, receipt, hash: feltToHex(transactionHash) }];
    }),
  );
}

/** The first such one that succeeded, unless it is asked for by its failure. */
function one(taken: readonly Taken[], is: (one: Taken) => boolean): Taken {
  const fits = taken.filter(is);
  const found = fits.find(({ receipt }) => receipt.revertError === null) ?? fits[0];
  if (found === undefined) throw new Error('the devnet has no such message');
  return found;
}

function settled(devnet: StarknetDevnet, height: number) {
  const block = devnet.shelvedAt(height);
  if (block === null) throw new Error(`the devnet has no block ${height}`);
  return { height, root: block.stateRoot, hash: block.ref.hash };
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 40_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
