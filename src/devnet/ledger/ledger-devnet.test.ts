import { describe, expect, it } from 'vitest';
import { ledger } from '../../chains/ledger/index.ts';
import type { Height } from '../../engine/index.ts';
import { toHex } from '../../lib/index.ts';
import { createLedgerDevnet, type DevnetBlock, forgeBlock, forgeries, type LedgerDevnet } from './index.ts';

const hashes = (blocks: readonly DevnetBlock[]) => blocks.map(({ hash }) => toHex(hash));

function chainOf(devnet: LedgerDevnet, branch = devnet.branch): readonly DevnetBlock[] {
  const blocks: DevnetBlock[] = [];
  for (let block = devnet.blockAt(0, branch); block !== null; block = devnet.blockAt(blocks.length, branch)) {
    blocks.push(block);
  }
  return blocks;
}

function expectLinked(blocks: readonly DevnetBlock[]): void {
  for (const [i, { signed, ref }] of blocks.entries()) {
    expect(ref.height).toBe(i);
    if (i > 0) expect(signed.header.parentHash).toEqual(blocks[i - 1]?.hash);
  }
}

describe('the ledger devnet', () => {
  it('makes the same chain from the same seed, and another from another', () => {
    const [a, b, c] = [1, 1, 2].map((seed) => {
      const devnet = createLedgerDevnet({ seed });
      devnet.produce(20);
      devnet.reorg(3, 5);
      return hashes(chainOf(devnet));
    });
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });

  it('does not depend on how many blocks are asked for at once', () => {
    const [once, twice] = [createLedgerDevnet({ seed: 8 }), createLedgerDevnet({ seed: 8 })];
    once.produce(9);
    twice.produce(4);
    twice.produce(5);
    expect(hashes(chainOf(once))).toEqual(hashes(chainOf(twice)));
  });

  it('a copy has the same past and future, and a life of its own', () => {
    const devnet = createLedgerDevnet({ seed: 8, memoShare: 0.5 });
    devnet.produce(6);
    devnet.reorg(2, 3);
    const copy = devnet.copy();
    const made = copy.produce(8);
    expect(devnet.head.ref.height).toBe(7);
    expect(devnet.produce(8)).toEqual(made);
    expect(copy.reorg(10, 4)).toEqual(devnet.reorg(10, 4));
    expect(chainOf(copy, 0)).toEqual(chainOf(devnet, 0));
  });

  it('begins with the genesis block of its chain', () => {
    const devnet = createLedgerDevnet({ seed: 8 });
    expect(devnet.head.ref).toEqual({ height: 0, hash: ledger(devnet.options).genesisHash });
  });

  it('makes linked blocks, empty and full ones as asked', () => {
    const devnet = createLedgerDevnet({ seed: 8, emptyShare: 0.5, transfersMax: 2, memoShare: 0.5 });
    devnet.produce(60);
    const blocks = chainOf(devnet);
    expectLinked(blocks);
    const counts = blocks.slice(1).map(({ transfers }) => transfers.length);
    expect(new Set(counts)).toEqual(new Set([0, 1, 2]));
    const transfers = blocks.flatMap((block) => block.transfers);
    expect(transfers.filter(({ memo }) => memo !== null).length).toBeGreaterThan(transfers.length / 4);
    expect(devnet.accounts().length).toBeGreaterThan(8);
  });

  it('moves money and makes none', () => {
    const devnet = createLedgerDevnet({ seed: 8 });
    const total = () => devnet.accounts().reduce((sum, { account }) => sum + account.balance, 0n);
    const before = total();
    devnet.produce(50);
    expect(total()).toBe(before);
  });

  it('a reorg replaces the newest blocks and shares the others', () => {
    const devnet = createLedgerDevnet({ seed: 9 });
    devnet.produce(10);
    const made = devnet.reorg(4, 6);
    const [old, current] = [chainOf(devnet, 0), chainOf(devnet)];
    expect(devnet.branch).toBe(1);
    expect(made).toEqual(current.slice(7));
    expect([old.length, current.length]).toEqual([11, 13]);
    expectLinked(current);
    expect(current.slice(0, 7)).toEqual(old.slice(0, 7));
    for (let height = 7; height < 11; height++) expect(current[height]?.hash).not.toEqual(old[height]?.hash);
  });

  it('several branches from one block all begin differently, even when empty', () => {
    const devnet = createLedgerDevnet({ seed: 9, validators: 1, emptyShare: 1 });
    devnet.produce(1);
    for (let i = 0; i < 4; i++) devnet.reorg(1, 1);
    expect(
      new Set([0, 1, 2, 3, 4].map((branch) => toHex(devnet.blockAt(1, branch)?.hash ?? new Uint8Array()))).size,
    ).toBe(5);
  });

  it('a reorg of all but genesis is the deepest', () => {
    const devnet = createLedgerDevnet({ seed: 9 });
    devnet.produce(3);
    expect(() => devnet.reorg(4, 1)).toThrow(expect.objectContaining({ code: 'DEVNET_REORG', fault: 'caller' }));
    expect(() => devnet.reorg(0, 1)).toThrow(expect.objectContaining({ code: 'DEVNET_REORG' }));
    devnet.reorg(3, 2);
    expectLinked(chainOf(devnet));
  });

  it('the state after a reorg is that of the new branch alone', () => {
    const devnet = createLedgerDevnet({ seed: 9 });
    devnet.produce(5);
    const before = new Map(devnet.accounts().map(({ address, account }) => [toHex(address), account]));
    const { appHash } = devnet.head.signed.header;
    devnet.produce(5);
    devnet.reorg(5, 0);
    expect(new Map(devnet.accounts().map(({ address, account }) => [toHex(address), account]))).toEqual(before);
    const [next] = createLedgerDevnet({ seed: 9, emptyShare: 1 }).produce(1);
    expect(next?.signed.header.appHash).toEqual(devnet.blockAt(0)?.signed.header.appHash);
    expect(devnet.head.signed.header.appHash).toEqual(appHash);
  });
});

describe('a view of the devnet', () => {
  const height = (value: number) => value as Height;

  it('follows the current branch as it grows and changes over', () => {
    const devnet = createLedgerDevnet({ seed: 10 });
    const view = devnet.view();
    devnet.produce(3);
    expect(view.head()).toEqual(devnet.head.ref);
    devnet.reorg(2, 4);
    expect(view.head()).toEqual(devnet.head.ref);
    expect(view.blockAt(height(2))).toBe(devnet.blockAt(2));
  });

  it('stays where it is pinned until it follows again', () => {
    const devnet = createLedgerDevnet({ seed: 10 });
    devnet.produce(5);
    const [old, behind] = [devnet.view(), devnet.view()];
    old.pin({});
    behind.pin({ head: 2 });
    devnet.reorg(2, 6);
    expect(old.head()).toEqual(devnet.blockAt(5, 0)?.ref);
    expect(old.blockAt(height(6))).toBeNull();
    expect(behind.head()).toEqual(devnet.blockAt(2, 0)?.ref);
    expect(behind.blockAt(height(3))).toBeNull();
    old.follow();
    expect(old.head()).toEqual(devnet.head.ref);
    old.pin({ branch: 0 });
    expect(old.head()).toEqual(devnet.blockAt(5, 0)?.ref);
  });

  it('serves memos from hand, from the archive, or not at all', () => {
    const memosOf = (options: object) => {
      const devnet = createLedgerDevnet({ seed: 10, emptyShare: 0, memoShare: 1, ...options });
      devnet.produce(5);
      const view = devnet.view();
      const ids = chainOf(devnet).flatMap(({ transfers }) =>
        transfers.map(({ memo }) => toHex(memo ?? new Uint8Array())),
      );
      return ids.map((id) => [view.memo(id) !== null, view.archivedMemo(id) !== null]);
    };
    for (const served of memosOf({})) expect(served).toEqual([true, true]);
    for (const served of memosOf({ archivedMemoShare: 1 })) expect(served).toEqual([false, true]);
    for (const served of memosOf({ lostMemoShare: 1 })) expect(served).toEqual([false, false]);
  });
});

describe('forged blocks', () => {
  const devnet = createLedgerDevnet({ seed: 13 });
  devnet.produce(12);

  it.each(forgeries)('%s: a twin of the same height with other bytes, the same each time', (forgery) => {
    const block = devnet.head;
    const [first, second] = [forgeBlock(devnet, block, forgery), forgeBlock(devnet, block, forgery)];
    expect(first).toEqual(second);
    expect(first.ref.height).toBe(block.ref.height);
    expect([first.header, first.transactions]).not.toEqual([block.header, block.transactions]);
    expect(devnet.head).toBe(block);
  });
});
