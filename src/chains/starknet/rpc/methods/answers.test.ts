import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { vectorsDir } from '../../../../../test/vectors/locate.ts';
import { createStarknetDevnet } from '../../../../devnet/starknet/index.ts';
import type { RpcService } from '../../../../engine/index.ts';
import { classKey, encodeClassRecord } from '../../classes/index.ts';
import { feltToHex, parseFelt } from '../../felt.ts';
import { compiledClassHashKey } from '../../rules/index.ts';
import { networkOf, openVectors } from '../../rules/testing.ts';
import type { StateDiff, Transaction } from '../../types.ts';
import type { ApiVersion } from '../api-version.ts';
import { createStarknetRpc } from '../index.ts';
import { type ChainFixture, commitCaptures, createChainFixture, putBlock } from '../testing.ts';
import { callMethod, type OpenRpc, openRpcDocuments } from './testing.ts';

const vectors = vectorsDir();
const root = join(vectors ?? '', 'starknet');
const readText = (file: string) => readFileSync(join(root, file), 'utf8');
const VERSIONS = [8, 9, 10] as const;

describe.skipIf(vectors === null)('answers', () => {
  const documents = {} as Record<ApiVersion, OpenRpc>;
  /** Methods that gave a valid answer at least once, by version. */
  const answered = { 8: new Set<string>(), 9: new Set<string>(), 10: new Set<string>() };

  beforeAll(() => {
    for (const version of VERSIONS)
      documents[version] = openRpcDocuments((file) => readText(`openrpc/${file}`), version);
  });

  /** The result of a call, which has to be what the document of its version says. */
  async function ask(service: RpcService, name: string, params: Readonly<Record<string, unknown>> = {}) {
    const version = versionOf(service);
    const outcome = await callMethod(service, name, params);
    if (outcome.type === 'fault') throw new Error(`${name}: ${JSON.stringify(outcome.fault)}`);
    if (name !== 'starknet_getCompiledCasm') expect(documents[version].resultError(name, outcome.result)).toBe(null);
    answered[version].add(name);
    return outcome.result;
  }

  /** Asks for a block and all that is in it in every way there is. */
  async function askForBlock(
    service: RpcService,
    blockId: unknown,
    { transactions, diff }: { readonly transactions: readonly Transaction[]; readonly diff: StateDiff | null },
  ) {
    for (const name of ['BlockWithTxHashes', 'BlockWithTxs', 'BlockWithReceipts', 'BlockTransactionCount']) {
      await ask(service, `starknet_get${name}`, { block_id: blockId });
    }
    for (const tx of transactions) {
      const of = { transaction_hash: feltToHex(tx.hash) };
      await ask(service, 'starknet_getTransactionByHash', of);
      await ask(service, 'starknet_getTransactionReceipt', of);
      await ask(service, 'starknet_getTransactionStatus', of);
    }
    if (transactions.length > 0) {
      await ask(service, 'starknet_getTransactionByBlockIdAndIndex', { block_id: blockId, index: 0 });
    }
    if (diff !== null) await ask(service, 'starknet_getStateUpdate', { block_id: blockId });
  }

  async function askForState(service: RpcService, blockId: unknown, diff: StateDiff) {
    for (const { address, entries } of diff.storageDiffs.slice(0, 3)) {
      const contract = { block_id: blockId, contract_address: feltToHex(address) };
      for (const { key } of entries.slice(0, 3)) {
        await ask(service, 'starknet_getStorageAt', { ...contract, key: feltToHex(key) });
      }
    }
    for (const { address } of diff.deployedContracts.slice(0, 3)) {
      const contract = { block_id: blockId, contract_address: feltToHex(address) };
      await ask(service, 'starknet_getNonce', contract);
      await ask(service, 'starknet_getClassHashAt', contract);
    }
  }

  async function askOfNode(service: RpcService) {
    for (const name of ['specVersion', 'chainId', 'blockNumber', 'blockHashAndNumber', 'syncing']) {
      await ask(service, `starknet_${name}`);
    }
  }

  for (const [folder, last] of [
    ['mainnet', 9],
    ['sepolia', 6],
  ] as const) {
    it(`over ${folder} 0 to ${last}, synced by the rules, are what the documents say`, async () => {
      const network = networkOf(folder);
      const fixture = await createChainFixture(network);
      await commitCaptures(fixture, (file) => readFileSync(join(root, folder, file)), last);
      const captures = openVectors(readText);
      for (const service of createStarknetRpc(fixture.environment, network)) {
        await askOfNode(service);
        for (let height = 0; height <= last; height++) {
          const { transactions } = captures.block(`${folder}/block/${height}.json`);
          const { stateDiff: diff } = captures.stateUpdate(`${folder}/state_update/${height}.json`);
          await askForBlock(service, { block_number: height }, { transactions: sample(transactions), diff });
          await askForState(service, { block_number: height }, diff);
        }
        const provisional = versionOf(service) === 8 ? 'pending' : 'pre_confirmed';
        await askForBlock(service, provisional, { transactions: [], diff: NO_CHANGES });
        await ask(service, 'starknet_getEvents', { filter: { from_block: { block_number: 0 }, chunk_size: 100 } });
      }
    });
  }

  it('over blocks of every protocol version and network are what the documents say', async () => {
    const captures = openVectors(readText);
    const files = captures.files.filter(
      ({ file, kind }) => /\/\d+\.json$/.test(file) && (kind === 'block' || kind === 'state_update_with_block'),
    );
    const versions = new Set<string>();
    const kinds = new Set<string>();
    for (const { file, kind, network } of files) {
      const loose =
        kind === 'block'
          ? { block: captures.block(file), stateDiff: null, oldRoot: null }
          : looseBundle(captures.bundle(file));
      const { header, transactions } = loose.block;
      const tested = sample(transactions);
      versions.add(header.version);
      for (const tx of tested) kinds.add(tx.type);
      const preset = networkOf(network);
      const fixture = await createChainFixture(preset);
      putBlock(fixture.store, { ...loose, stateDiff: loose.stateDiff ?? NO_CHANGES });
      for (const service of createStarknetRpc(fixture.environment, preset)) {
        const block = { block_hash: feltToHex(header.hash) };
        await askForBlock(service, block, { transactions: tested, diff: loose.stateDiff });
      }
    }
    expect(versions.size).toBeGreaterThanOrEqual(15);
    // What no capture has, DECLARE_V1 and V3, is in the test of the rendering.
    expect(kinds.size).toBe(9);
  });

  it('over a devnet, with state, flags, filters and proofs, are what the documents say', async () => {
    const devnet = createStarknetDevnet({ seed: 11, blocks: 12 });
    const fixture = await createChainFixture(devnet.network);
    await commitDevnet(fixture, devnet);
    await fixture.finalize(3);
    for (const service of createStarknetRpc(fixture.environment, devnet.network)) {
      const version = versionOf(service);
      await askOfNode(service);
      for (let height = 0; height < 12; height++) {
        const { block, stateUpdate } = devnet.blockAt(height) as NonNullable<ReturnType<typeof devnet.blockAt>>;
        const diff = stateUpdate.stateDiff;
        await askForBlock(service, { block_number: height }, { transactions: block.transactions, diff });
        await askForState(service, { block_number: height }, diff);
      }
      const { stateDiff } = (devnet.blockAt(0) as NonNullable<ReturnType<typeof devnet.blockAt>>).stateUpdate;
      const address = feltToHex((stateDiff.storageDiffs[0] as StateDiff['storageDiffs'][0]).address);
      await ask(service, 'starknet_getStorageProof', {
        block_id: 'latest',
        class_hashes: stateDiff.declaredClasses.map(({ classHash }) => feltToHex(classHash)),
        contract_addresses: [address, '0x1234'],
        contracts_storage_keys: [{ contract_address: address, storage_keys: ['0x0', '0x5'] }],
      });
      await ask(service, 'starknet_getStorageProof', { block_id: 'latest' });
      if (version !== 10) continue;
      const flags = { response_flags: ['INCLUDE_PROOF_FACTS'] };
      await ask(service, 'starknet_getBlockWithTxs', { block_id: { block_number: 5 }, ...flags });
      await ask(service, 'starknet_getBlockWithReceipts', { block_id: { block_number: 5 }, ...flags });
      await ask(service, 'starknet_getStateUpdate', { block_id: 'latest', contract_addresses: [address] });
      await ask(service, 'starknet_getStorageAt', {
        contract_address: address,
        key: '0x5',
        block_id: 'latest',
        response_flags: ['INCLUDE_LAST_UPDATE_BLOCK'],
      });
    }
  });

  it('about classes of all captures are what the documents say', async () => {
    const network = networkOf('mainnet');
    const fixture = await createChainFixture(network);
    const tip = putBlock(fixture.store, {
      block: openVectors(readText).block('mainnet/block/619596.json'),
      stateDiff: NO_CHANGES,
      oldRoot: null,
    });
    const files = openVectors(readText).files.filter(({ kind }) => kind === 'class');
    expect(files.length).toBeGreaterThan(25);
    for (const { file } of files) {
      const classHash = parseFelt(/(0x[0-9a-f]+)/.exec(file)?.[1]);
      const bytes = readFileSync(join(root, file));
      const kind = bytes.includes('"sierra_program"') ? 'sierra' : 'cairo0';
      fixture.store.commit([
        { table: 'content', key: classKey(classHash), value: encodeClassRecord({ kind, height: tip.height, bytes }) },
        { table: 'state', key: compiledClassHashKey(classHash), value: parseFelt('0x1') },
      ]);
      for (const service of createStarknetRpc(fixture.environment, network)) {
        await ask(service, 'starknet_getClass', { block_id: 'latest', class_hash: feltToHex(classHash) });
      }
    }
  });

  it('come from every method that is served, and each document is served in full', async () => {
    const [service] = createStarknetRpc(
      (await createChainFixture(networkOf('mainnet'))).environment,
      networkOf('mainnet'),
    );
    const elsewhere = service?.foreign ?? [];
    for (const version of VERSIONS) {
      const missing = documents[version].methods.filter(
        (name) => !answered[version].has(name) && !elsewhere.includes(name) && !ANSWERED_IN_OTHER_TESTS.includes(name),
      );
      expect(missing).toEqual([]);
    }
  });

  it('take the parameters of the documents, in their order', async () => {
    const network = networkOf('mainnet');
    const { environment } = await createChainFixture(network);
    for (const service of createStarknetRpc(environment, network)) {
      const document = documents[versionOf(service)];
      for (const [name, { params }] of [
        ...Object.entries(service.methods),
        ...Object.entries(service.subscriptions ?? {}),
      ]) {
        if (name === 'starknet_getCompiledCasm')
          expect(params).toEqual(['class_hash']); // in a document of its own
        else expect(params, name).toEqual(document.paramsOf(name));
      }
    }
  });

  it('that lack a member, or have one too many, would be noticed', async () => {
    const network = networkOf('mainnet');
    const fixture = await createChainFixture(network);
    await commitCaptures(fixture, (file) => readFileSync(join(root, 'mainnet', file)), 1);
    const [service] = createStarknetRpc(fixture.environment, network) as [RpcService];
    const name = 'starknet_getBlockWithReceipts';
    const block = (await ask(service, name, { block_id: 'latest' })) as Record<string, unknown> & {
      transactions: { transaction: Record<string, unknown>; receipt: Record<string, unknown> }[];
    };
    const [first, ...rest] = block.transactions;
    const changed = (receipt: object) => ({ ...block, transactions: [{ ...first, receipt }, ...rest] });
    const { actual_fee, ...receipt } = first?.receipt ?? {};
    expect(documents[10].resultError(name, block)).toBe(null);
    expect(documents[10].resultError(name, changed(receipt))).not.toBe(null);
    expect(documents[10].resultError(name, changed({ ...receipt, actual_fee: 7 }))).not.toBe(null);
    expect(documents[10].resultError(name, changed({ ...first?.receipt, block_number: 7 }))).not.toBe(null);
    expect(documents[10].resultError(name, { ...block, pages: 1 })).not.toBe(null);
    expect(documents[9].resultError(name, block)).not.toBe(null);
    expect(actual_fee).toBeDefined();
  });
});

describe.skipIf(vectors === null)('errors', () => {
  const network = networkOf('mainnet');
  let fixture: ChainFixture;
  const CONTRACT = '0x20cfa74ee3564b4cd5435cdace0f9c4d43b939620e4a0bb5076105df0a626c6';
  const UNKNOWN = '0x123456789';
  const nowhere = { block_number: 77 };

  beforeAll(async () => {
    fixture = await createChainFixture(network);
    await commitCaptures(fixture, (file) => readFileSync(join(root, 'mainnet', file)), 2);
  });

  const CASES: readonly [name: string, params: Record<string, unknown>, code: number][] = [
    ...['BlockWithTxHashes', 'BlockWithTxs', 'BlockWithReceipts', 'BlockTransactionCount', 'StateUpdate'].map(
      (name): [string, Record<string, unknown>, number] => [`starknet_get${name}`, { block_id: nowhere }, 24],
    ),
    ['starknet_getStorageAt', { contract_address: CONTRACT, key: '0x5', block_id: nowhere }, 24],
    ['starknet_getStorageAt', { contract_address: UNKNOWN, key: '0x5', block_id: 'latest' }, 20],
    ['starknet_getNonce', { contract_address: CONTRACT, block_id: nowhere }, 24],
    ['starknet_getNonce', { contract_address: UNKNOWN, block_id: 'latest' }, 20],
    ['starknet_getNonce', { contract_address: '0x1', block_id: 'latest' }, 20],
    ['starknet_getClassHashAt', { contract_address: CONTRACT, block_id: nowhere }, 24],
    ['starknet_getClassHashAt', { contract_address: UNKNOWN, block_id: 'latest' }, 20],
    ['starknet_getClassAt', { contract_address: CONTRACT, block_id: nowhere }, 24],
    ['starknet_getClassAt', { contract_address: UNKNOWN, block_id: 'latest' }, 20],
    ['starknet_getClass', { class_hash: UNKNOWN, block_id: 'latest' }, 28],
    ['starknet_getClass', { class_hash: UNKNOWN, block_id: nowhere }, 24],
    ['starknet_getTransactionByHash', { transaction_hash: UNKNOWN }, 29],
    ['starknet_getTransactionReceipt', { transaction_hash: UNKNOWN }, 29],
    ['starknet_getTransactionStatus', { transaction_hash: UNKNOWN }, 29],
    ['starknet_getTransactionByBlockIdAndIndex', { block_id: nowhere, index: 0 }, 24],
    ['starknet_getTransactionByBlockIdAndIndex', { block_id: 'latest', index: 1_000_000 }, 27],
    ['starknet_getStorageProof', { block_id: nowhere }, 24],
    ['starknet_getStorageProof', { block_id: { block_number: 1 } }, 42],
    ['starknet_getEvents', { filter: { from_block: { block_hash: UNKNOWN }, chunk_size: 10 } }, 24],
    ['starknet_getEvents', { filter: { chunk_size: 1_000_000 } }, 31],
    ['starknet_getEvents', { filter: { chunk_size: 10, continuation_token: 'x' } }, 33],
    ['starknet_getEvents', { filter: { chunk_size: 10, keys: Array.from({ length: 99 }, () => ['0x1']) } }, 34],
  ];

  it.each(CASES.map(([name, params, code]) => ({ name, params, code, shown: JSON.stringify(params).slice(0, 80) })))(
    '$name with $shown ends with code $code in all versions',
    async ({ name, params, code }) => {
      for (const service of createStarknetRpc(fixture.environment, network)) {
        const outcome = await callMethod(service, name, params);
        expect(outcome).toMatchObject({ type: 'fault', fault: { code } });
        const documented = openRpcDocuments((file) => readText(`openrpc/${file}`), versionOf(service)).errorsOf(name);
        const { message } = outcome.type === 'fault' ? outcome.fault : { message: '' };
        expect(documented).toContainEqual({ code, message });
      }
    },
  );

  it('of an empty node are that there are no blocks', async () => {
    const empty = await createChainFixture(network);
    for (const service of createStarknetRpc(empty.environment, network)) {
      for (const name of ['starknet_blockNumber', 'starknet_blockHashAndNumber']) {
        expect(await callMethod(service, name)).toMatchObject({
          fault: { code: 32, message: 'There are no blocks' },
        });
      }
      expect(await callMethod(service, 'starknet_getBlockWithTxs', { block_id: 'latest' })).toMatchObject({
        fault: { code: 24 },
      });
      expect(await callMethod(service, 'starknet_syncing')).toEqual({ type: 'result', result: false });
    }
  });

  const REFUSED: readonly [name: string, params: Record<string, unknown>][] = [
    ['starknet_getTransactionByHash', { transaction_hash: 'no felt' }],
    ['starknet_getTransactionByHash', { transaction_hash: 5 }],
    ['starknet_getTransactionByHash', { transaction_hash: UNKNOWN, response_flags: ['INCLUDE_EVERYTHING'] }],
    ['starknet_getBlockWithTxs', { block_id: 'latest', response_flags: 'INCLUDE_PROOF_FACTS' }],
    ['starknet_getTransactionByBlockIdAndIndex', { block_id: 'latest', index: -1 }],
    ['starknet_getTransactionByBlockIdAndIndex', { block_id: 'latest', index: '0' }],
    ['starknet_getStorageAt', { contract_address: CONTRACT, key: `0x8${'0'.repeat(62)}`, block_id: 'latest' }],
    ['starknet_getStorageAt', { contract_address: {}, key: '0x5', block_id: 'latest' }],
    ['starknet_getStateUpdate', { block_id: 'latest', contract_addresses: ['x'] }],
    ['starknet_getStateUpdate', { block_id: 'latest', contract_addresses: Array.from({ length: 1025 }, () => '0x1') }],
    ['starknet_getStorageProof', { block_id: 'pre_confirmed' }],
    ['starknet_getStorageProof', { block_id: 'latest', class_hashes: Array.from({ length: 101 }, () => '0x1') }],
    ['starknet_getStorageProof', { block_id: 'latest', contract_addresses: [`0x8${'0'.repeat(62)}`] }],
    ['starknet_getStorageProof', { block_id: 'latest', contracts_storage_keys: [{ contract_address: '0x1' }] }],
    [
      'starknet_getStorageProof',
      {
        block_id: 'latest',
        contracts_storage_keys: Array.from({ length: 60 }, () => ({ contract_address: '0x1', storage_keys: ['0x1'] })),
      },
    ],
  ];

  it.each(REFUSED.map(([name, params]) => ({ name, params, shown: JSON.stringify(params).slice(0, 80) })))(
    '$name refuses $shown as invalid parameters',
    async ({ name, params }) => {
      const [service] = createStarknetRpc(fixture.environment, network) as [RpcService];
      expect(await callMethod(service, name, params)).toMatchObject({
        type: 'fault',
        fault: { code: -32602, message: 'Invalid params' },
      });
    },
  );
});

/** `getClassAt` needs a contract of a class that is stored. */
const ANSWERED_IN_OTHER_TESTS = ['starknet_getClassAt'];

const NO_CHANGES: StateDiff = {
  storageDiffs: [],
  nonces: [],
  deployedContracts: [],
  replacedClasses: [],
  oldDeclaredContracts: [],
  declaredClasses: [],
  migratedCompiledClasses: [],
};

function versionOf(service: RpcService): ApiVersion {
  return Number(service.path.replace('/rpc/v0_', '')) as ApiVersion;
}

/** A few transactions of each kind: a look-up decodes the whole block. */
function sample(transactions: readonly Transaction[]): readonly Transaction[] {
  const seen = new Map<string, number>();
  return transactions.filter(({ type }) => {
    const count = (seen.get(type) ?? 0) + 1;
    seen.set(type, count);
    return count <= 2;
  });
}

function looseBundle({ block, stateUpdate }: ReturnType<ReturnType<typeof openVectors>['bundle']>) {
  return { block, stateDiff: stateUpdate.stateDiff, oldRoot: stateUpdate.oldRoot };
}

async function commitDevnet(fixture: ChainFixture, devnet: ReturnType<typeof createStarknetDevnet>): Promise<void> {
  for (let height = 0; height <= devnet.head.height; height++) {
    const { bundle } = devnet.shelvedAt(height) as NonNullable<ReturnType<typeof devnet.shelvedAt>>;
    await fixture.commit(height, { bundle: new Uint8Array(gunzipSync(bundle)) });
  }
}
