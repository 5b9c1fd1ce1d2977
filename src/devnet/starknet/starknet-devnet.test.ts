import { describe, expect, test } from 'vitest';
import { feltToHex } from '../../chains/starknet/index.ts';
import { toHex } from '../../lib/index.ts';
import { createStarknetDevnet, type StarknetDevnet, type StarknetDevnetOptions } from './index.ts';
import { createFollower, rootFromScratch } from './testing.ts';

function hashesOf(devnet: StarknetDevnet): readonly string[] {
  return Array.from({ length: devnet.head.height + 1 }, (_, i) =>
    toHex(devnet.shelvedAt(i)?.ref.hash ?? new Uint8Array()),
  );
}

describe('every block of a devnet passes the rules of a node', () => {
  test.each<[string, StarknetDevnetOptions]>([
    ['default size', { seed: 1, blocks: 60 }],
    ['another seed', { seed: -7, blocks: 40 }],
    [
      'small blocks, many of them empty',
      { seed: 3, blocks: 40, transactionsPerBlock: 2, storageUpdatesPerBlock: 3, emptyShare: 0.4 },
    ],
    ['large blocks', { seed: 4, blocks: 4, transactionsPerBlock: 90, storageUpdatesPerBlock: 300, contracts: 200 }],
    [
      'the smallest there are',
      { seed: 5, blocks: 14, transactionsPerBlock: 0, storageUpdatesPerBlock: 0, contracts: 2 },
    ],
  ])('%s', async (_, options) => {
    const devnet = createStarknetDevnet(options);
    const follower = createFollower(devnet);
    let parent = new Uint8Array(32);
    for (let height = 0; height <= devnet.head.height; height++) {
      const block = follower.sealed(height);
      expect(toHex(block.parent)).toBe(toHex(parent));
      expect(toHex(await follower.apply(block))).toBe(toHex(block.stateRoot));
      expect(Object.values(block.proofs).filter((proof) => typeof proof === 'object')).toEqual([]);
      parent = new Uint8Array(block.ref.hash);
    }
    const stated = devnet.shelvedAt(devnet.head.height)?.stateRoot;
    expect(toHex(rootFromScratch(devnet.stateRecords()))).toBe(toHex(stated ?? new Uint8Array()));
  });
});

test.each<[string, StarknetDevnetOptions]>([
  ['0.13.1', { seed: 13, blocks: 40, protocolVersion: '0.13.1' }],
  ['0.13.1 and then 0.14.2', { seed: 14, blocks: 50, upgradeHeight: 20 }],
])('every block of a devnet of %s passes the rules of a node', async (_, options) => {
  const devnet = createStarknetDevnet(options);
  const follower = createFollower(devnet);
  for (let height = 0; height <= devnet.head.height; height++) {
    const block = follower.sealed(height);
    expect(toHex(await follower.apply(block))).toBe(toHex(block.stateRoot));
    expect(block.protocolVersion).toBe(height < (options.upgradeHeight ?? 50) ? '0.13.1' : '0.14.2');
  }
  const stated = devnet.shelvedAt(devnet.head.height)?.stateRoot;
  expect(toHex(rootFromScratch(devnet.stateRecords()))).toBe(toHex(stated ?? new Uint8Array()));
});

describe('what blocks hold', () => {
  const devnet = createStarknetDevnet({ seed: 11, blocks: 60, transactionsPerBlock: 12, storageUpdatesPerBlock: 20 });
  const blocks = hashesOf(devnet).map((_, height) => devnet.blockAt(height) ?? expect.unreachable());
  const later = blocks.slice(1);

  test('as many transactions and storage entries as asked for, or none', () => {
    for (const { block, stateUpdate } of later) {
      const entries = stateUpdate.stateDiff.storageDiffs
        .filter(({ address }) => !['0x1', '0x2'].includes(feltToHex(address)))
        .reduce((sum, diff) => sum + diff.entries.length, 0);
      expect([`12 20`, `0 0`]).toContain(`${block.transactions.length} ${entries}`);
    }
  });

  test('all types of transactions of this version, reverted ones, messages and proof facts', () => {
    const transactions = blocks.flatMap(({ block }) => block.transactions);
    const receipts = blocks.flatMap(({ block }) => block.receipts);
    expect(new Set(transactions.map(({ type }) => type))).toEqual(
      new Set(['INVOKE_V3', 'DECLARE_V0', 'DECLARE_V3', 'DEPLOY_ACCOUNT_V3', 'L1_HANDLER']),
    );
    expect(receipts.some(({ revertError }) => revertError !== null)).toBe(true);
    expect(receipts.some(({ messagesToL1 }) => messagesToL1.length > 0)).toBe(true);
    expect(receipts.some(({ consumedMessage }) => consumedMessage !== null)).toBe(true);
    expect(transactions.some((tx) => tx.type === 'INVOKE_V3' && tx.proofFacts.length > 0)).toBe(true);
    expect(transactions.some((tx) => tx.type === 'INVOKE_V3' && tx.l1DataGas === null)).toBe(true);
  });

  test('all kinds of state changes, deletions and both system contracts among them', () => {
    const diffs = later.map(({ stateUpdate }) => stateUpdate.stateDiff);
    const entries = diffs.flatMap((diff) => diff.storageDiffs.flatMap((contract) => contract.entries));
    const addresses = diffs.flatMap((diff) => diff.storageDiffs.map(({ address }) => feltToHex(address)));
    expect(entries.some(({ value }) => feltToHex(value) === '0x0')).toBe(true);
    expect(addresses).toContain('0x1');
    expect(addresses).toContain('0x2');
    for (const list of ['nonces', 'deployedContracts', 'replacedClasses', 'declaredClasses'] as const) {
      expect(
        diffs.some((diff) => diff[list].length > 0),
        list,
      ).toBe(true);
    }
  });

  test('contract 0x1 knows the hash of the block ten before', () => {
    const stored = later
      .flatMap(({ stateUpdate }) => stateUpdate.stateDiff.storageDiffs)
      .filter(({ address }) => feltToHex(address) === '0x1')
      .flatMap(({ entries }) => entries.map(({ key, value }) => [Number(feltToHex(key)), toHex(value)]));
    expect(stored).toEqual(
      hashesOf(devnet)
        .slice(0, -10)
        .map((hash, height) => [height, hash]),
    );
  });
});

describe('the same options make the same chain', () => {
  test('however the calls are cut', () => {
    const atOnce = createStarknetDevnet({ seed: 2, blocks: 12 });
    const inSteps = createStarknetDevnet({ seed: 2, blocks: 1 });
    inSteps.produce(4);
    inSteps.produce(7);
    expect(hashesOf(inSteps)).toEqual(hashesOf(atOnce));
    expect(inSteps.network).toEqual(atOnce.network);
    expect(inSteps.shelvedAt(11)?.bundle).toEqual(atOnce.shelvedAt(11)?.bundle);
  });

  test('and other ones another', () => {
    const hashes = [{ seed: 1 }, { seed: 2 }, { seed: 1, chainId: 'SN_OTHER' }].map((options) =>
      hashesOf(createStarknetDevnet({ ...options, blocks: 1 })),
    );
    expect(new Set(hashes.flat()).size).toBe(3);
  });

  test.each([
    { seed: 0.5 },
    { blocks: 0 },
    { contracts: 1 },
    { emptyShare: 2 },
    { chainId: '' },
    { intervalS: 0 },
    { upgradeHeight: -1 },
  ])('%o is refused', (options) => {
    expect(() => createStarknetDevnet(options)).toThrowError(
      expect.objectContaining({ code: 'DEVNET_OPTION_INVALID' }),
    );
  });
});

describe('a reorg', () => {
  const light = { transactionsPerBlock: 2, storageUpdatesPerBlock: 6 };

  test.each([
    [1, undefined],
    [7, undefined],
    [25, undefined],
    [7, 12],
    [9, 3],
  ])('of depth %i leads to another branch that is valid', async (depth, extend) => {
    const devnet = createStarknetDevnet({ ...light, seed: 6, blocks: 30 });
    const before = hashesOf(devnet);
    devnet.reorg(extend === undefined ? { depth } : { depth, extend });
    const after = hashesOf(devnet);
    expect(after.length).toBe(30 - depth + (extend ?? depth));
    expect(after.slice(0, 30 - depth)).toEqual(before.slice(0, 30 - depth));
    expect(after.slice(30 - depth).filter((hash) => before.includes(hash))).toEqual([]);
    expect(devnet.branch).toBe(1);

    const follower = createFollower(devnet);
    for (let height = 0; height < after.length; height++) {
      const block = follower.sealed(height);
      expect(toHex(await follower.apply(block))).toBe(toHex(block.stateRoot));
    }
    expect(devnet.heightOf(Buffer.from((before.at(-1) ?? '').slice(2), 'hex'))).toBeNull();
    expect(devnet.heightOf(devnet.head.hash)).toBe(devnet.head.height);
  });

  test('that only rolls back leaves the state of the block it ends at', () => {
    const devnet = createStarknetDevnet({ ...light, seed: 6, blocks: 30 });
    const short = createStarknetDevnet({ ...light, seed: 6, blocks: 18 });
    devnet.reorg({ depth: 12, extend: 0 });
    expect(hashesOf(devnet)).toEqual(hashesOf(short));
    expect(toHex(rootFromScratch(devnet.stateRecords()))).toBe(toHex(rootFromScratch(short.stateRecords())));
  });

  test('never takes genesis', () => {
    const devnet = createStarknetDevnet({ seed: 6, blocks: 3 });
    for (const depth of [0, 3, -1, 1.5]) {
      expect(() => devnet.reorg({ depth })).toThrowError(expect.objectContaining({ code: 'DEVNET_REORG' }));
    }
  });
});

test('a forged root has a good hash and a good signature, and only the state shows it', async () => {
  const devnet = createStarknetDevnet({ seed: 8, blocks: 3 });
  const original = devnet.blockAt(2) ?? expect.unreachable();
  const forged = devnet.forgeRoot(original, original.block.header.parentHash);
  expect(feltToHex(forged.block.header.hash)).not.toBe(feltToHex(original.block.header.hash));
  const again = devnet.forgeRoot(original, original.block.header.stateRoot);
  expect(again).toEqual(original);
});
