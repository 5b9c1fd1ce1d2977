import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { vectorsDir } from '../../../../../test/vectors/locate.ts';
import { createStarknetDevnet, type DevnetBlock } from '../../../../devnet/starknet/index.ts';
import type { BlockRef, RpcService } from '../../../../engine/index.ts';
import { feltToHex } from '../../felt.ts';
import { createStarknetRpc } from '../index.ts';
import { type ChainFixture, createChainFixture, provisionalFrom } from '../testing.ts';
import { callMethod, openRpcDocuments, resultOf } from './testing.ts';

type Json = Readonly<Record<string, unknown>>;

/** Blocks 0 to 5 are confirmed; 6 is closed and not confirmed yet, 7 is being built and has two candidates at its end. */
describe('blocks being built', () => {
  const devnet = createStarknetDevnet({ seed: 21, blocks: 9, transactionsPerBlock: 4, emptyShare: 0 });
  const blockAt = (height: number): DevnetBlock => {
    const block = devnet.blockAt(height);
    if (block === null) throw new Error(`no block ${height}`);
    return block;
  };
  let fixture: ChainFixture;
  let v10: RpcService;
  let v9: RpcService;
  let v8: RpcService;
  let tip: BlockRef;

  const made = (height: number, executed?: number, on = tip) => {
    const { block, stateUpdate } = blockAt(height);
    const options = { height, ...(executed === undefined ? {} : { executed }) };
    return provisionalFrom({ block, stateDiff: stateUpdate.stateDiff }, on, options);
  };
  const commit = async (height: number) => {
    const bundle = new Uint8Array(gunzipSync(devnet.shelvedAt(height)?.bundle ?? new Uint8Array()));
    return fixture.commit(height, { bundle });
  };
  const hashes = (height: number) => blockAt(height).block.transactions.map(({ hash }) => feltToHex(hash));

  beforeEach(async () => {
    fixture = await createChainFixture(devnet.network);
    for (let height = 0; height <= 5; height++) tip = await commit(height);
    [v10, v9, v8] = createStarknetRpc(fixture.environment, devnet.network) as [RpcService, RpcService, RpcService];
    fixture.build([made(6), made(7, 2)]);
  });

  it('are shown with what was executed, and with a number instead of a hash', async () => {
    for (const service of [v9, v10]) {
      const block = (await resultOf(service, 'starknet_getBlockWithTxHashes', { block_id: 'pre_confirmed' })) as Json;
      expect(block).toMatchObject({ block_number: 7, transactions: hashes(7).slice(0, 2), starknet_version: '0.14.2' });
      for (const name of ['status', 'block_hash', 'parent_hash', 'new_root']) expect(block).not.toHaveProperty(name);
      const count = await resultOf(service, 'starknet_getBlockTransactionCount', { block_id: 'pre_confirmed' });
      expect(count).toBe(2);
      const receipts = (await resultOf(service, 'starknet_getBlockWithReceipts', { block_id: 'pre_confirmed' })) as {
        transactions: { receipt: Json }[];
      };
      expect(receipts.transactions.map(({ receipt }) => receipt.finality_status)).toEqual([
        'PRE_CONFIRMED',
        'PRE_CONFIRMED',
      ]);
    }
  });

  it('have transactions that are found by hash and by index', async () => {
    for (const service of [v9, v10]) {
      for (const [height, index] of [
        [6, 0],
        [6, 3],
        [7, 1],
      ] as const) {
        const transaction_hash = hashes(height)[index];
        expect(await resultOf(service, 'starknet_getTransactionByHash', { transaction_hash })).toMatchObject({
          transaction_hash,
        });
        const receipt = (await resultOf(service, 'starknet_getTransactionReceipt', { transaction_hash })) as Json;
        expect(receipt).toMatchObject({ transaction_hash, block_number: height, finality_status: 'PRE_CONFIRMED' });
        expect(receipt).not.toHaveProperty('block_hash');
        expect(await resultOf(service, 'starknet_getTransactionStatus', { transaction_hash })).toMatchObject({
          finality_status: 'PRE_CONFIRMED',
          execution_status: expect.stringMatching(/SUCCEEDED|REVERTED/),
        });
      }
      const at = (index: number) =>
        callMethod(service, 'starknet_getTransactionByBlockIdAndIndex', { block_id: 'pre_confirmed', index });
      expect(await at(1)).toMatchObject({ result: { transaction_hash: hashes(7)[1] } });
      expect(await at(2)).toMatchObject({ fault: { code: 27 } });
    }
  });

  it('have candidates, which are known by hash and have no receipt yet', async () => {
    for (const service of [v9, v10]) {
      const transaction_hash = hashes(7)[2];
      expect(await resultOf(service, 'starknet_getTransactionByHash', { transaction_hash })).toMatchObject({
        transaction_hash,
      });
      expect(await resultOf(service, 'starknet_getTransactionStatus', { transaction_hash })).toEqual({
        finality_status: 'CANDIDATE',
      });
      expect(await callMethod(service, 'starknet_getTransactionReceipt', { transaction_hash })).toMatchObject({
        fault: { code: 29 },
      });
    }
  });

  it('change the state above the tip, the highest last', async () => {
    const entries = [7, 6].flatMap((height) =>
      blockAt(height).stateUpdate.stateDiff.storageDiffs.flatMap(({ address, entries: own }) =>
        own.map(({ key, value }) => ({
          height,
          address: feltToHex(address),
          key: feltToHex(key),
          value: feltToHex(value),
        })),
      ),
    );
    const newest = new Map(entries.reverse().map((entry) => [`${entry.address} ${entry.key}`, entry]));
    expect(newest.size).toBeGreaterThan(10);
    for (const { height, address: contract_address, key, value } of newest.values()) {
      const at = { contract_address, key, block_id: 'pre_confirmed' };
      expect(await resultOf(v9, 'starknet_getStorageAt', at)).toBe(value);
      const flags = { response_flags: ['INCLUDE_LAST_UPDATE_BLOCK'] };
      expect(await resultOf(v10, 'starknet_getStorageAt', { ...at, ...flags })).toEqual({
        value,
        last_update_block: height,
      });
    }
    for (const { address, nonce } of blockAt(7).stateUpdate.stateDiff.nonces) {
      const at = { contract_address: feltToHex(address), block_id: 'pre_confirmed' };
      expect(await resultOf(v10, 'starknet_getNonce', at)).toBe(feltToHex(nonce));
    }
    const untouched = { contract_address: '0x1', key: '0x123', block_id: 'pre_confirmed' };
    expect(await resultOf(v10, 'starknet_getStorageAt', untouched)).toBe('0x0');
  });

  it('may deploy contracts, which exist nowhere else', async () => {
    const { block, stateUpdate } = blockAt(6);
    const deployed = devnet.blockAt(0)?.stateUpdate.stateDiff.deployedContracts[0];
    if (deployed === undefined) throw new Error('the devnet deploys in its first block');
    const contract_address = '0x77';
    const deployedContracts = [{ ...deployed, address: new Uint8Array(32).fill(0x77, 31) as typeof deployed.address }];
    fixture.build([provisionalFrom({ block, stateDiff: { ...stateUpdate.stateDiff, deployedContracts } }, tip)]);
    for (const [name, result] of [
      ['starknet_getClassHashAt', feltToHex(deployed.classHash)],
      ['starknet_getNonce', '0x0'],
    ] as const) {
      const ask = (block_id: string) => callMethod(v10, name, { contract_address, block_id });
      expect(await ask('pre_confirmed')).toEqual({ type: 'result', result });
      expect(await ask('latest')).toMatchObject({ fault: { code: 20 } });
    }
  });

  it('have a state update of their own, with the root before it where that is known', async () => {
    const ask = (service: RpcService) =>
      resultOf(service, 'starknet_getStateUpdate', { block_id: 'pre_confirmed' }) as Promise<Json>;
    expect(Object.keys(await ask(v10))).toEqual(['state_diff']);
    expect(await ask(v9)).toMatchObject({ old_root: '0x0' });
    fixture.build([made(6)]);
    const root = feltToHex(blockAt(5).block.header.stateRoot);
    expect((await ask(v10)).old_root).toBe(root);
    expect((await ask(v9)).old_root).toBe(root);
  });

  it('are hidden from 0.8, whose pending block is an empty one on the tip', async () => {
    const block = (await resultOf(v8, 'starknet_getBlockWithTxs', { block_id: 'pending' })) as Json;
    expect(block).toMatchObject({
      parent_hash: feltToHex(tip.hash),
      transactions: [],
      timestamp: blockAt(5).block.header.timestampS,
    });
    expect(block).not.toHaveProperty('block_number');
    for (const name of ['ByHash', 'Receipt', 'Status']) {
      const outcome = await callMethod(v8, `starknet_getTransaction${name}`, { transaction_hash: hashes(6)[0] });
      expect(outcome).toMatchObject({ fault: { code: 29 } });
    }
    const { address, entries } = blockAt(5).stateUpdate.stateDiff.storageDiffs[0] ?? { address: tip.hash, entries: [] };
    const at = { contract_address: feltToHex(address), key: feltToHex(entries[0]?.key ?? tip.hash) };
    const [pending, latest] = await Promise.all(
      ['pending', 'latest'].map((block_id) => resultOf(v8, 'starknet_getStorageAt', { ...at, block_id })),
    );
    expect(pending).toBe(latest);
  });

  it('give way to the confirmed block, and what stands above it stays', async () => {
    const transaction_hash = hashes(6)[0];
    const next = await commit(6);
    expect(await resultOf(v10, 'starknet_getTransactionReceipt', { transaction_hash })).toMatchObject({
      finality_status: 'ACCEPTED_ON_L2',
      block_hash: feltToHex(next.hash),
    });
    expect(await resultOf(v10, 'starknet_getBlockWithTxHashes', { block_id: 'pre_confirmed' })).toMatchObject({
      block_number: 7,
      transactions: hashes(7).slice(0, 2),
    });
    await commit(7);
    expect(await resultOf(v10, 'starknet_getBlockWithTxHashes', { block_id: 'pre_confirmed' })).toMatchObject({
      block_number: 8,
      transactions: [],
    });
  });

  const vectors = vectorsDir();

  it.skipIf(vectors === null)('are what the documents say', async () => {
    for (const [service, version] of [
      [v9, 9],
      [v10, 10],
    ] as const) {
      const document = openRpcDocuments(
        (file) => readFileSync(join(vectors ?? '', 'starknet/openrpc', file), 'utf8'),
        version,
      );
      const block = { block_id: 'pre_confirmed' };
      const executed = { transaction_hash: hashes(7)[0] };
      const calls: readonly [string, Json][] = [
        ...['BlockWithTxHashes', 'BlockWithTxs', 'BlockWithReceipts', 'BlockTransactionCount', 'StateUpdate'].map(
          (name): [string, Json] => [`starknet_get${name}`, block],
        ),
        ...['ByHash', 'Receipt', 'Status'].map((name): [string, Json] => [`starknet_getTransaction${name}`, executed]),
        ['starknet_getTransactionStatus', { transaction_hash: hashes(7)[3] }],
        ['starknet_getTransactionByBlockIdAndIndex', { ...block, index: 0 }],
      ];
      for (const [name, params] of calls) {
        expect(document.resultError(name, await resultOf(service, name, params)), name).toBe(null);
      }
    }
  });
});
