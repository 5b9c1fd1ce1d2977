import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { vectorsDir } from '../../../../../test/vectors/locate.ts';
import { createStarknetDevnet } from '../../../../devnet/starknet/index.ts';
import type { RpcService } from '../../../../engine/index.ts';
import { createSystemEnv, silentLogger } from '../../../../lib/index.ts';
import { feltFromNumber, feltToHex } from '../../felt.ts';
import { findL1Messages } from '../../l1-messages.ts';
import { networkOf, openVectors } from '../../rules/testing.ts';
import { createL1Source } from '../../sources/index.ts';
import { CHAIN_ID, CONTRACT, receiptOf, ScriptedL1 } from '../../sources/l1/testing.ts';
import type { Block, MessageToL2, Receipt } from '../../types.ts';
import type { ApiVersion } from '../api-version.ts';
import { createStarknetRpc } from '../index.ts';
import { createL1Handlers } from '../l1-handlers.ts';
import { createChainFixture, provisionalFrom, putBlock } from '../testing.ts';
import { callMethod, type OpenRpc, openRpcDocuments } from './testing.ts';

const METHOD = 'starknet_getMessagesStatus';
const vectors = vectorsDir();
const root = join(vectors ?? '', 'starknet');
const readText = (file: string) => readFileSync(join(root, file), 'utf8');
const l1Hash = (number: number) => `0x${number.toString(16).padStart(64, '0')}`;

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** An Ethereum node that a test writes, as a node of Starknet would ask it. */
async function openL1() {
  const node = await ScriptedL1.listen();
  cleanups.push(() => node.close());
  return { node, source: l1Source(node) };
}

function l1Source(node: ScriptedL1) {
  const chain = { chainId: CHAIN_ID, coreContract: CONTRACT };
  const url = node.url('http', '/hush-key');
  const source = createL1Source({ url, ...chain, env: createSystemEnv(), log: silentLogger });
  cleanups.push(() => source[Symbol.asyncDispose]() as Promise<void>);
  return source;
}

type Taken = Receipt & { readonly consumedMessage: MessageToL2 };

/** Receipts of the messages that a block has taken. */
function takenBy({ receipts }: Block): readonly Taken[] {
  return receipts.filter((receipt): receipt is Taken => receipt.consumedMessage !== null);
}

describe.skipIf(vectors === null)('messages from L1', () => {
  const documents = {} as Record<ApiVersion, OpenRpc>;
  beforeAll(() => {
    for (const version of [8, 9, 10] as const) {
      documents[version] = openRpcDocuments((file) => readText(`openrpc/${file}`), version);
    }
  });

  /** What a service says of a transaction of L1, which has to be what the document of its version says. */
  async function ask(service: RpcService, hash: string): Promise<unknown> {
    const outcome = await callMethod(service, METHOD, { transaction_hash: hash });
    const document = documents[versionOf(service)];
    if (outcome.type === 'result') expect(document.resultError(METHOD, outcome.result)).toBe(null);
    else if (outcome.fault.code > 0) {
      const { code, message } = outcome.fault;
      expect(document.errorsOf(METHOD)).toContainEqual({ code, message });
    }
    return outcome.type === 'result' ? outcome.result : outcome.fault;
  }

  // The last two are from the days of 0.7, when the hash of a handler had another form.
  it.each([
    'mainnet/block/171486',
    'mainnet/block/16259',
    'sepolia/block/284801',
    'mainnet/block/1059',
    'goerli/block/47543',
  ])('that the real block %s has taken are found by their transactions', async (file) => {
    const block = openVectors(readText).block(`${file}.json`);
    const network = networkOf(file.split('/')[0] ?? '');
    const fixture = await createChainFixture(network);
    putBlock(fixture.store, { block, stateDiff: null, oldRoot: null });
    const { node, source } = await openL1();
    const taken = takenBy(block);
    expect(taken.length).toBeGreaterThan(0);
    const sent = taken.map(({ consumedMessage }) => consumedMessage).reverse();
    node.receipts.set(l1Hash(1), receiptOf(l1Hash(1), sent));
    const services = createStarknetRpc(fixture.environment, network, findL1Messages([source]));
    for (const finality of ['ACCEPTED_ON_L2', 'ACCEPTED_ON_L1']) {
      if (finality === 'ACCEPTED_ON_L1') await fixture.finalize(block.header.number);
      for (const service of services) {
        const expected = taken.map(({ transactionHash }) => ({
          transaction_hash: feltToHex(transactionHash),
          finality_status: finality,
          ...(versionOf(service) === 8 ? {} : { execution_status: 'SUCCEEDED' }),
        }));
        expect(await ask(service, l1Hash(1))).toEqual(expected.reverse());
      }
    }
  });

  it('are told in the stages of their way: sent, executed, confirmed; reverted with the reason', async () => {
    const devnet = createStarknetDevnet({ seed: 5, blocks: 40, transactionsPerBlock: 12, emptyShare: 0 });
    const blocks = Array.from({ length: 40 }, (_, height) => devnet.blockAt(height)?.block as Block);
    const reverted = blocks.find((block) => takenBy(block).some(({ revertError }) => revertError !== null));
    const block = reverted ?? (blocks[1] as Block);
    const tip = blocks[block.header.number - 1] as Block;
    const fixture = await createChainFixture(devnet.network);
    const on = putBlock(fixture.store, { block: tip, stateDiff: null, oldRoot: null });
    const { node, source } = await openL1();
    const taken = takenBy(block);
    const hashes = taken.map(({ transactionHash }) => feltToHex(transactionHash));
    node.receipts.set(
      l1Hash(1),
      receiptOf(
        l1Hash(1),
        taken.map(({ consumedMessage }) => consumedMessage),
      ),
    );
    const services = createStarknetRpc(fixture.environment, devnet.network, findL1Messages([source]));
    const [v10, v9, v8] = services as [RpcService, RpcService, RpcService];
    const sent = hashes.map((transaction_hash) => ({ transaction_hash, finality_status: 'RECEIVED' }));
    const outcomes = (finality_status: string) =>
      taken.map(({ revertError }, i) => ({
        transaction_hash: hashes[i],
        finality_status,
        ...(revertError === null
          ? { execution_status: 'SUCCEEDED' }
          : { execution_status: 'REVERTED', failure_reason: revertError }),
      }));
    expect(reverted).toBeDefined();

    expect(await ask(v8, l1Hash(1))).toEqual(sent);
    for (const service of [v9, v10]) expect(await ask(service, l1Hash(1))).toEqual([]);

    // Candidates have no execution status yet.
    const made = { block, stateDiff: devnet.blockAt(block.header.number)?.stateUpdate.stateDiff as never };
    fixture.build([provisionalFrom(made, on, { executed: 0 })]);
    for (const service of [v9, v10]) expect(await ask(service, l1Hash(1))).toEqual([]);
    fixture.build([provisionalFrom(made, on)]);
    expect(await ask(v8, l1Hash(1))).toEqual(sent);
    for (const service of [v9, v10]) expect(await ask(service, l1Hash(1))).toEqual(outcomes('PRE_CONFIRMED'));

    fixture.build([]);
    putBlock(fixture.store, { block, stateDiff: null, oldRoot: null });
    for (const service of [v9, v10]) expect(await ask(service, l1Hash(1))).toEqual(outcomes('ACCEPTED_ON_L2'));
    expect(await ask(v8, l1Hash(1))).toEqual(sent.map((one) => ({ ...one, finality_status: 'ACCEPTED_ON_L2' })));
  });

  describe('on an empty node', () => {
    const network = networkOf('mainnet');

    it('are none of a transaction that sent none, and an error of one that L1 does not know', async () => {
      const { node, source } = await openL1();
      node.receipts.set(l1Hash(1), receiptOf(l1Hash(1), []));
      const { environment } = await createChainFixture(network);
      for (const service of createStarknetRpc(environment, network, findL1Messages([source]))) {
        expect(await ask(service, l1Hash(1))).toEqual([]);
        expect(await ask(service, l1Hash(2))).toMatchObject({ code: 29, message: 'Transaction hash not found' });
        // Clients write hashes as numbers, without leading zeros.
        expect(await ask(service, '0x1')).toEqual([]);
        expect(await ask(service, '0x0000001')).toEqual([]);
      }
    });

    it('are refused for what is no hash, without asking L1', async () => {
      const { node, source } = await openL1();
      const { environment } = await createChainFixture(network);
      const [service] = createStarknetRpc(environment, network, findL1Messages([source])) as [RpcService];
      for (const hash of [undefined, null, 5, '', '0x', 'ff', '0xfg', `0x1${l1Hash(1).slice(2)}`, ['0x1']]) {
        expect(await callMethod(service, METHOD, { transaction_hash: hash })).toMatchObject({
          fault: { code: -32602, message: 'Invalid params' },
        });
      }
      expect(node.calls).toEqual([]);
    });

    it('are an internal error without secrets where L1 is away or lies', async () => {
      const { node, source } = await openL1();
      const { environment } = await createChainFixture(network);
      const [service] = createStarknetRpc(environment, network, findL1Messages([source])) as [RpcService];
      node.receipts.set(l1Hash(1), receiptOf(l1Hash(2), []));
      expect(await ask(service, l1Hash(1))).toEqual({
        code: -32603,
        message: 'Internal error',
        data: { reason: 'L1 gave no answer: a receipt is of another transaction', code: 'SOURCE_BAD_ANSWER' },
      });
      await node.close();
      const outcome = await ask(service, l1Hash(3));
      expect(outcome).toMatchObject({ code: -32603, data: { code: 'SOURCE_UNAVAILABLE' } });
      expect(JSON.stringify(outcome)).not.toContain('hush-key');
    });

    it('are hashed once for as long as they are remembered', async () => {
      const { node, source } = await openL1();
      const [message] = takenBy(openVectors(readText).block('mainnet/block/65000.json')) as [Taken];
      node.receipts.set(l1Hash(1), receiptOf(l1Hash(1), [message.consumedMessage]));
      const handlers = createL1Handlers(source, network);
      const { signal } = new AbortController();
      const hashes = await handlers.hashesOf(l1Hash(1), { signal });
      expect(hashes).toHaveLength(1);
      expect(await handlers.hashesOf(l1Hash(1), { signal })).toBe(hashes);
    });

    it('are known by any of several L1 nodes, and unknown only when all say so', async () => {
      const [first, second] = [await openL1(), await openL1()];
      const { environment } = await createChainFixture(network);
      const messages = findL1Messages([first.source, second.source]);
      const [service] = createStarknetRpc(environment, network, messages) as [RpcService];
      second.node.receipts.set(l1Hash(1), receiptOf(l1Hash(1), []));
      expect(await ask(service, l1Hash(1))).toEqual([]);
      expect(await ask(service, l1Hash(2))).toMatchObject({ code: 29 });
      first.node.chainId = 1;
      await first.source[Symbol.asyncDispose]();
      const other = l1Source(first.node);
      const [again] = createStarknetRpc(environment, network, findL1Messages([other, second.source])) as [RpcService];
      second.node.receipts.set(l1Hash(3), receiptOf(l1Hash(3), []));
      expect(await ask(again, l1Hash(3))).toEqual([]);
      expect(await ask(again, l1Hash(2))).toMatchObject({ code: -32603, data: { code: 'SOURCE_OTHER_CHAIN' } });
    });

    it('are left to another node where there is no L1 to ask, and it is said what to do', async () => {
      const { environment } = await createChainFixture(network);
      expect(findL1Messages([])).toBeNull();
      for (const service of createStarknetRpc(environment, network)) {
        expect(service.methods[METHOD]).toBeUndefined();
        expect(service.foreign).toContain(METHOD);
        expect(service.foreignReasons?.[METHOD]).toMatch(/--l1\.url.*--rpc\.upstream/);
      }
      const { source } = await openL1();
      for (const service of createStarknetRpc(environment, network, findL1Messages([source]))) {
        expect(service.methods[METHOD]?.params).toEqual(documents[versionOf(service)].paramsOf(METHOD));
        expect(service.foreign).not.toContain(METHOD);
      }
    });
  });

  it('that no block has taken are told under the hash that they will have', async () => {
    const network = networkOf('mainnet');
    const { environment } = await createChainFixture(network);
    const block = openVectors(readText).block('mainnet/block/65000.json');
    const [taken] = takenBy(block) as [Taken];
    const other = { ...taken.consumedMessage, nonce: feltFromNumber(1) };
    const { node, source } = await openL1();
    node.receipts.set(l1Hash(1), receiptOf(l1Hash(1), [taken.consumedMessage, other]));
    const services = createStarknetRpc(environment, network, findL1Messages([source]));
    const answer = (await ask(services[2] as RpcService, l1Hash(1))) as readonly { transaction_hash: string }[];
    expect(answer).toHaveLength(2);
    expect(answer[0]).toEqual({ transaction_hash: feltToHex(taken.transactionHash), finality_status: 'RECEIVED' });
    expect(answer[1]?.transaction_hash).not.toBe(answer[0]?.transaction_hash);
  });
});

function versionOf(service: RpcService): ApiVersion {
  return Number(service.path.replace('/rpc/v0_', '')) as ApiVersion;
}
