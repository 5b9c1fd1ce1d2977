import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { vectorsDir } from '../../../../../test/vectors/locate.ts';
import type { RpcService } from '../../../../engine/index.ts';
import { networkOf, openVectors } from '../../rules/testing.ts';
import { createStarknetRpc } from '../index.ts';
import { type ChainFixture, commitCaptures, createChainFixture, putBlock } from '../testing.ts';
import { callMethod, resultOf } from './testing.ts';

/*
 * What is answered is what the gateway said, compared with its own JSON and none of our parsers: numbers by value,
 * members by their names in both.
 */

type Json = Readonly<Record<string, unknown>>;

const vectors = vectorsDir();
const root = join(vectors ?? '', 'starknet');
const readText = (file: string) => readFileSync(join(root, file), 'utf8');
const json = (file: string) => JSON.parse(readText(file)) as Json;
const LAST = 9;

describe.skipIf(vectors === null)('over mainnet 0 to 9', () => {
  const network = networkOf('mainnet');
  let fixture: ChainFixture;
  let service: RpcService;

  beforeAll(async () => {
    fixture = await createChainFixture(network);
    await commitCaptures(fixture, (file) => readFileSync(join(root, 'mainnet', file)), LAST);
    service = createStarknetRpc(fixture.environment, network)[0] as RpcService;
  });

  it('a block has the members of the gateway, with the same values', async () => {
    for (let height = 0; height <= LAST; height++) {
      const gateway = json(`mainnet/block/${height}.json`);
      const block = (await resultOf(service, 'starknet_getBlockWithReceipts', {
        block_id: { block_number: height },
      })) as Json & { transactions: { transaction: Json; receipt: Json }[] };
      expect(byValue(block)).toMatchObject(
        byValue({
          block_hash: gateway.block_hash,
          parent_hash: gateway.parent_block_hash,
          block_number: height,
          new_root: `0x${String(gateway.state_root).replace(/^0x/, '')}`,
          timestamp: gateway.timestamp,
          transaction_count: (gateway.transactions as Json[]).length,
        }) as object,
      );
      for (const [index, { transaction, receipt }] of block.transactions.entries()) {
        expectSameTransaction(transaction, (gateway.transactions as Json[])[index] as Json);
        expectSameReceipt(receipt, (gateway.transaction_receipts as Json[])[index] as Json);
      }
      const count = await resultOf(service, 'starknet_getBlockTransactionCount', {
        block_id: { block_number: height },
      });
      expect(count).toBe((gateway.transactions as Json[]).length);
    }
  });

  it('a state update has the changes of the gateway', async () => {
    for (let height = 0; height <= LAST; height++) {
      const gateway = json(`mainnet/state_update/${height}.json`);
      const diff = gateway.state_diff as Json;
      const update = (await resultOf(service, 'starknet_getStateUpdate', {
        block_id: { block_number: height },
      })) as Json & { state_diff: Json };
      expect(byValue([update.block_hash, update.new_root, update.old_root])).toEqual(
        byValue([gateway.block_hash, hex(gateway.new_root), hex(gateway.old_root)]),
      );
      const storage = Object.entries(diff.storage_diffs as Record<string, unknown>);
      expect(byValue(update.state_diff.storage_diffs)).toEqual(
        byValue(storage.map(([address, entries]) => ({ address, storage_entries: entries }))),
      );
      const deployed = diff.deployed_contracts as Json[];
      expect(byValue(update.state_diff.deployed_contracts)).toEqual(
        byValue(
          deployed.map(({ address, class_hash, contract_hash }) => ({
            address,
            class_hash: class_hash ?? contract_hash,
          })),
        ),
      );
      expect(byValue(update.state_diff.nonces)).toEqual(
        byValue(
          Object.entries((diff.nonces ?? {}) as Json).map(([contract_address, nonce]) => ({ contract_address, nonce })),
        ),
      );
    }
  });

  it('a filter leaves the changes of its contracts only', async () => {
    const gateway = json('mainnet/state_update/1.json').state_diff as { storage_diffs: Record<string, unknown> };
    const [first, second] = Object.keys(gateway.storage_diffs);
    const of = (contract_addresses: unknown) =>
      resultOf(service, 'starknet_getStateUpdate', { block_id: { block_number: 1 }, contract_addresses }) as Promise<{
        state_diff: { storage_diffs: { address: string }[]; deployed_contracts: { address: string }[] };
      }>;
    const one = (await of([first])).state_diff;
    expect(one.storage_diffs.map(({ address }) => BigInt(address))).toEqual([BigInt(first as string)]);
    expect(one.deployed_contracts.every(({ address }) => BigInt(address) === BigInt(first as string))).toBe(true);
    expect((await of([first, second])).state_diff.storage_diffs.length).toBe(2);
    expect((await of(['0x1234'])).state_diff).toMatchObject({ storage_diffs: [], deployed_contracts: [], nonces: [] });
    // None is no filter.
    expect((await of([])).state_diff.storage_diffs.length).toBe(Object.keys(gateway.storage_diffs).length);
  });

  it('each storage entry has at each block the value that the state updates lead to, and knows its last change', async () => {
    const touched = new Map<string, { value: bigint; height: number }>();
    const deployedAt = new Map<string, number>();
    const ask = (height: number, [contract_address, key]: readonly string[], flags: readonly string[] = []) =>
      callMethod(service, 'starknet_getStorageAt', {
        contract_address,
        key,
        block_id: { block_number: height },
        ...(flags.length === 0 ? {} : { response_flags: flags }),
      });
    const allKeys = new Set<string>();
    for (let height = 0; height <= LAST; height++) {
      for (const [address, entries] of storageOf(height))
        for (const { key } of entries) allKeys.add(`${address} ${key}`);
    }
    expect(allKeys.size).toBeGreaterThan(100);
    for (let height = 0; height <= LAST; height++) {
      const { deployed_contracts: deployed } = json(`mainnet/state_update/${height}.json`).state_diff as {
        deployed_contracts: { address: string }[];
      };
      for (const { address } of deployed) deployedAt.set(address, height);
      for (const [address, entries] of storageOf(height)) {
        for (const { key, value } of entries) {
          const id = `${address} ${key}`;
          if ((touched.get(id)?.value ?? 0n) !== BigInt(value)) touched.set(id, { value: BigInt(value), height });
        }
      }
      for (const id of allKeys) {
        const place = id.split(' ');
        const outcome = await ask(height, place);
        if (deployedAt.get(place[0] as string) === undefined) {
          expect(outcome).toMatchObject({ fault: { code: 20 } });
          continue;
        }
        const { value, height: changedAt } = touched.get(id) ?? { value: 0n, height: 0 };
        expect(outcome).toEqual({ type: 'result', result: `0x${value.toString(16)}` });
        expect(await ask(height, place, ['INCLUDE_LAST_UPDATE_BLOCK'])).toEqual({
          type: 'result',
          result: { value: `0x${value.toString(16)}`, last_update_block: changedAt },
        });
      }
    }
  });

  it('a contract has its class from the block that deployed it on, and no nonce then', async () => {
    for (let height = 0; height <= LAST; height++) {
      const { deployed_contracts: deployed } = json(`mainnet/state_update/${height}.json`).state_diff as {
        deployed_contracts: { address: string; class_hash?: string; contract_hash?: string }[];
      };
      for (const { address: contract_address, class_hash, contract_hash } of deployed) {
        const at = (number: number, name: string) =>
          callMethod(service, name, { contract_address, block_id: { block_number: number } });
        const classHash = `0x${BigInt(class_hash ?? contract_hash ?? 0).toString(16)}`;
        for (const later of [height, LAST]) {
          expect(await at(later, 'starknet_getClassHashAt')).toEqual({ type: 'result', result: classHash });
          expect(await at(later, 'starknet_getNonce')).toEqual({ type: 'result', result: '0x0' });
        }
        if (height === 0) continue;
        for (const name of ['starknet_getClassHashAt', 'starknet_getNonce', 'starknet_getClassAt']) {
          expect(await at(height - 1, name)).toMatchObject({ fault: { code: 20 } });
        }
      }
    }
  });

  it('system contracts have storage and nothing else', async () => {
    const at = { contract_address: '0x1', block_id: 'latest' };
    expect(await resultOf(service, 'starknet_getStorageAt', { ...at, key: '0x7' })).toBe('0x0');
    expect(await callMethod(service, 'starknet_getClassHashAt', at)).toMatchObject({ fault: { code: 20 } });
    expect(await callMethod(service, 'starknet_getNonce', at)).toMatchObject({ fault: { code: 20 } });
  });

  it('finality follows the tip that L1 proves, and nothing that a gateway says', async () => {
    const own = await createChainFixture(network);
    await commitCaptures(own, (file) => readFileSync(join(root, 'mainnet', file)), 3);
    const [newest] = createStarknetRpc(own.environment, network) as [RpcService];
    const hash = (height: number) => (json(`mainnet/block/${height}.json`).transactions as Json[])[0]?.transaction_hash;
    const seen = async (height: number) => [
      ((await resultOf(newest, 'starknet_getBlockWithTxHashes', { block_id: { block_number: height } })) as Json)
        .status,
      ((await resultOf(newest, 'starknet_getTransactionReceipt', { transaction_hash: hash(height) })) as Json)
        .finality_status,
      ((await resultOf(newest, 'starknet_getTransactionStatus', { transaction_hash: hash(height) })) as Json)
        .finality_status,
    ];
    expect(json('mainnet/block/0.json').status).toBe('ACCEPTED_ON_L1');
    expect(await seen(1)).toEqual(['ACCEPTED_ON_L2', 'ACCEPTED_ON_L2', 'ACCEPTED_ON_L2']);
    await own.finalize(1);
    expect(await seen(1)).toEqual(['ACCEPTED_ON_L1', 'ACCEPTED_ON_L1', 'ACCEPTED_ON_L1']);
    expect(await seen(2)).toEqual(['ACCEPTED_ON_L2', 'ACCEPTED_ON_L2', 'ACCEPTED_ON_L2']);
  });

  it('the node says who it is and where it stands', async () => {
    for (const each of createStarknetRpc(fixture.environment, network)) {
      const spec = { '/rpc/v0_10': '0.10.4-rc.1', '/rpc/v0_9': '0.9.0', '/rpc/v0_8': '0.8.0' }[each.path];
      expect(await resultOf(each, 'starknet_specVersion')).toBe(spec);
      expect(await resultOf(each, 'starknet_chainId')).toBe('0x534e5f4d41494e');
      expect(await resultOf(each, 'starknet_blockNumber')).toBe(9);
      expect(await resultOf(each, 'starknet_blockHashAndNumber')).toEqual({
        block_hash: '0x31e5a5851e1a492827ba33180acb98263d1ace0f46fd4000bd4216d2119d480',
        block_number: 9,
      });
    }
  });

  it('the node is syncing from six blocks behind on, and from an empty store it starts at genesis', async () => {
    const own = await createChainFixture(network);
    const refs = await commitCaptures(own, (file) => readFileSync(join(root, 'mainnet', file)), 1);
    const [newest] = createStarknetRpc(own.environment, network) as [RpcService];
    const [first = null, confirmed = null] = refs;
    own.setProgress({ first, confirmed, target: 6, targetHash: null });
    expect(await resultOf(newest, 'starknet_syncing')).toBe(false);
    own.setProgress({ first, confirmed, target: 7, targetHash: confirmed?.hash ?? null });
    expect(await resultOf(newest, 'starknet_syncing')).toEqual({
      starting_block_hash: '0x47c3637b57c2b079b93c61539950c17e868a28f46cdef28f88521067f21e943',
      starting_block_num: 0,
      current_block_hash: '0x2a70fb03fe363a2d6be843343a1d81ce6abeda1e9bd5cc6ad8fa9f45e30fdeb',
      current_block_num: 1,
      highest_block_hash: '0x2a70fb03fe363a2d6be843343a1d81ce6abeda1e9bd5cc6ad8fa9f45e30fdeb',
      highest_block_num: 7,
    });
    own.setProgress({ first: null, confirmed: null, target: 1000, targetHash: null });
    const genesis = '0x47c3637b57c2b079b93c61539950c17e868a28f46cdef28f88521067f21e943';
    expect(await resultOf(newest, 'starknet_syncing')).toMatchObject({
      starting_block_hash: genesis,
      starting_block_num: 0,
      current_block_hash: genesis,
      current_block_num: 0,
      highest_block_num: 1000,
    });
  });
});

describe.skipIf(vectors === null)('over captures of all times', () => {
  it('transactions and receipts have the members of the gateway, with the same values', async () => {
    const captures = openVectors(readText);
    let transactions = 0;
    for (const { file, kind, network } of captures.files) {
      if (kind !== 'block' || !/\/\d+\.json$/.test(file)) continue;
      const preset = networkOf(network);
      const fixture = await createChainFixture(preset);
      const ref = putBlock(fixture.store, { block: captures.block(file), stateDiff: null, oldRoot: null });
      // 0.9: 0.10 counts state diffs, which captures of blocks do not have.
      const service = createStarknetRpc(fixture.environment, preset)[1] as RpcService;
      const block = (await resultOf(service, 'starknet_getBlockWithReceipts', {
        block_id: { block_number: ref.height },
      })) as { transactions: { transaction: Json; receipt: Json }[] };
      const gateway = json(file);
      for (const [index, { transaction, receipt }] of block.transactions.entries()) {
        expectSameTransaction(transaction, (gateway.transactions as Json[])[index] as Json);
        expectSameReceipt(receipt, (gateway.transaction_receipts as Json[])[index] as Json);
        transactions++;
      }
    }
    expect(transactions).toBeGreaterThan(3_000);
  });
});

function storageOf(height: number): [address: string, entries: { key: string; value: string }[]][] {
  const { storage_diffs: storage } = json(`mainnet/state_update/${height}.json`).state_diff as {
    storage_diffs: Record<string, { key: string; value: string }[]>;
  };
  return Object.entries(storage);
}

function expectSameTransaction(transaction: Json, gateway: Json): void {
  const kind = gateway.entry_point_type === 'L1_HANDLER' ? 'L1_HANDLER' : String(gateway.type).replace('_FUNCTION', '');
  expect(transaction.type).toBe(kind);
  for (const [name, value] of Object.entries(transaction)) {
    if (name === 'type') continue;
    const given = gatewayMember(gateway, name);
    // What the gateway of its time did not write is zero; the deploys of 2021 lack their class.
    if (given === undefined)
      expect([name, value]).toEqual([expect.stringMatching(/^(nonce|version|class_hash)$/), '0x0']);
    else expect(byValue(value), name).toEqual(byValue(given));
  }
}

function gatewayMember(gateway: Json, name: string): unknown {
  if (name === 'contract_address') return gateway.contract_address ?? gateway.sender_address;
  if (name.endsWith('data_availability_mode'))
    return gateway[name] === 0 ? 'L1' : gateway[name] === 1 ? 'L2' : gateway[name];
  if (name !== 'resource_bounds') return gateway[name];
  const bounds = gateway.resource_bounds as Record<string, unknown>;
  const none = { max_amount: '0x0', max_price_per_unit: '0x0' };
  return { l1_gas: bounds.L1_GAS, l2_gas: bounds.L2_GAS, l1_data_gas: bounds.L1_DATA_GAS ?? none };
}

function expectSameReceipt(receipt: Json, gateway: Json): void {
  const gas = (gateway.execution_resources as { total_gas_consumed?: Record<string, number> } | undefined)
    ?.total_gas_consumed;
  expect(byValue(receipt)).toMatchObject(
    byValue({
      transaction_hash: gateway.transaction_hash,
      events: gateway.events,
      messages_sent: gateway.l2_to_l1_messages,
      execution_status: gateway.execution_status ?? 'SUCCEEDED',
      actual_fee: { amount: gateway.actual_fee ?? '0x0' },
      execution_resources: { l1_gas: gas?.l1_gas ?? 0, l1_data_gas: gas?.l1_data_gas ?? 0, l2_gas: gas?.l2_gas ?? 0 },
    }) as object,
  );
  if (gateway.execution_status === 'REVERTED') expect(receipt.revert_reason).toBe(gateway.revert_error);
}

function hex(root: unknown): string {
  return `0x${String(root).replace(/^0x/, '')}`;
}

/** Numbers in text, hexadecimal or decimal, by what they are worth. */
function byValue(value: unknown): unknown {
  if (typeof value === 'string') return /^(0x[0-9a-fA-F]+|[0-9]+)$/.test(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(byValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, byValue(member)]));
}
