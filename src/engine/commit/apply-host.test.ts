import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readU64be, u64be } from '../../lib/index.ts';
import { createMemoryDisk, createMemoryStore, type MemoryDisk } from '../../store/index.ts';
import type { LatePart, SealedBlock, Verified } from '../chain.ts';
import type { Rejection } from '../events.ts';
import type { Store } from '../store.ts';
import type { Hash32, Height } from '../types.ts';
import type { ApplyHostOptions } from './apply-host.ts';
import {
  decodeUndo,
  encodeOrphan,
  encodeUndo,
  readBlock,
  readCounts,
  readHeight,
  readOrphan,
  readRejections,
  readStateAt,
  readTips,
} from './records.ts';
import { content, createTinyChain, dump, IMPOSSIBLE, openTinyHost, type TinyChain, withView } from './testing.ts';
import { ORPHANS_KEPT } from './unwind.ts';

const changes = fc.dictionary(
  fc.nat(7).map(String),
  fc.option(fc.string({ minLength: 1, maxLength: 3 }).map((text) => `v${text}`)),
  { maxKeys: 4 },
);
const chains = fc.array(changes, { minLength: 2, maxLength: 9 }).map((bodies) => {
  const chain = createTinyChain();
  for (const body of bodies) chain.next(body);
  return chain;
});

describe('blocks that are committed together', () => {
  it('leave the store as if they had been committed one by one', async () => {
    await fc.assert(
      fc.asyncProperty(chains, fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 9 }), async (chain, sizes) => {
        const single = await openHost();
        for (const block of chain.blocks) await single.host.commit([block]);
        const merged = await openHost();
        let rest = chain.blocks;
        for (const size of sizes) {
          await merged.host.commit(rest.slice(0, size));
          rest = rest.slice(size);
        }
        expect(rest).toEqual([]);
        expect(dump(merged.store)).toBe(dump(single.store));
      }),
      { numRuns: 40 },
    );
  });

  it('take one state commitment, not one each', async () => {
    const chain = createTinyChain();
    for (let i = 0; i < 4; i++) chain.next({ 1: `v${i}`, 2: `w${i}` });
    const { host } = await openHost();
    expect(await host.commit(chain.blocks)).toMatchObject({ hashes: 2, failure: null });
  });
});

describe('blocks that are rolled back', () => {
  it('leave the store as it was before them, in steps of any size', async () => {
    await fc.assert(
      fc.asyncProperty(chains, fc.nat(8), fc.integer({ min: 1, max: 9 }), async (chain, keep, unwindStepBlocks) => {
        const to = Math.min(keep, chain.blocks.length - 2);
        const { host, store } = await openHost({ unwindStepBlocks });
        await host.commit(chain.blocks.slice(0, to + 1));
        const before = dump(store, ['orphan']);
        await host.commit(chain.blocks.slice(to + 1));
        expect(await host.unwind({ to, reason: 'reorg' })).toEqual(chain.blocks[to]?.ref);
        expect(dump(store, ['orphan'])).toBe(before);
      }),
      { numRuns: 60 },
    );
  });

  it('leave neither block nor state when all of them go', async () => {
    const chain = grow(createTinyChain(), 5);
    const { host, store } = await openHost();
    await host.commit(chain.blocks);
    expect(await host.unwind({ to: -1, reason: 'invalid' })).toBeNull();
    expect(dump(store, ['orphan', 'meta'])).toBe('');
    expect(withView(store, readTips)).toMatchObject({ confirmed: null });
  });

  it('can be found as orphans with their parent and the reason', async () => {
    const chain = grow(createTinyChain(), 3);
    const { host, store } = await openHost();
    await host.commit(chain.blocks);
    await host.unwind({ to: 1, reason: 'prune' });
    const { ref, parent } = blockOf(chain, 2);
    expect(withView(store, (view) => readOrphan(view, ref.hash))).toEqual({ ref, parent, reason: 'prune' });
  });

  it('are no orphans any more when their branch wins back', async () => {
    const chain = grow(createTinyChain(), 3);
    const { host, store } = await openHost();
    await host.commit(chain.blocks);
    await host.unwind({ to: 0, reason: 'reorg' });
    await host.commit(chain.blocks.slice(1));
    expect(dump(store)).not.toContain('orphan');
  });

  it('are kept as orphans up to a bound, the highest of those before and all of the last roll-back', async () => {
    const chain = grow(createTinyChain(), 9);
    const { host, store } = await openHost({ unwindStepBlocks: 2 });
    await host.commit(chain.blocks);
    const others = (count: number) =>
      Array.from({ length: count }, (_, i) => {
        const hash = new Uint8Array(32).fill(7);
        hash.set(u64be(i));
        const ref = { height: (i + 1_000) as Height, hash: hash as Hash32 };
        return { table: 'orphan', key: hash, value: encodeOrphan({ ref, parent: ref.hash, reason: 'reorg' }) } as const;
      });
    store.commit(others(ORPHANS_KEPT - 2));
    const kept = () =>
      withView(store, (view) => [...view.range('orphan', {})].map(([, value]) => readU64be(value))).sort(
        (a, b) => a - b,
      );
    const heights = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
    const highest = 1_000 + ORPHANS_KEPT - 3;
    await host.unwind({ to: 6, reason: 'reorg' });
    expect(kept()).toEqual([7, 8, ...heights(1_000, highest)]);
    await host.unwind({ to: 1, reason: 'reorg' });
    expect(kept()).toEqual([...heights(2, 6), ...heights(1_003, highest)]);
  });

  it('are all kept as orphans although they are more than the bound: observers may stand on any', async () => {
    const chain = createTinyChain();
    for (let i = 0; i < ORPHANS_KEPT + 10; i++) chain.next({});
    const { host, store } = await openHost({ unwindStepBlocks: 1_000 });
    await host.commitFlat(chain.blocks);
    await host.unwind({ to: 0, reason: 'invalid' });
    const orphans = () => withView(store, (view) => [...view.range('orphan', {})].length);
    expect(orphans()).toBe(ORPHANS_KEPT + 9);
    chain.goTo(0);
    chain.next({});
    await host.commitFlat(chain.blocks.slice(1));
    await host.unwind({ to: 0, reason: 'reorg' });
    expect(orphans()).toBe(ORPHANS_KEPT);
  });

  it('make room for another branch, as if they had never been', async () => {
    const chain = grow(createTinyChain(), 6);
    const { host, store } = await openHost();
    await host.commit(chain.blocks);
    await host.unwind({ to: 2, reason: 'reorg' });
    chain.goTo(2);
    grow(chain, 5);
    await host.commit(chain.blocks.slice(3));
    const fresh = await openHost();
    await fresh.host.commit(chain.blocks);
    expect(dump(store, ['orphan'])).toBe(dump(fresh.store, ['orphan']));
  });

  it('give back the look-ups that they took from earlier blocks, also within one commit', async () => {
    const entry = (value: string) =>
      ({ table: 'index', key: Buffer.from('twice'), value: Buffer.from(value) }) as const;
    const chain = createTinyChain();
    chain.next({}, { index: [entry('first')] });
    chain.next({}, { index: [entry('gone again'), entry('second')] });
    chain.next({}, { index: [{ ...entry(''), value: null }] });
    chain.next({}, { index: [entry('fourth')] });
    for (const batches of [[4], [1, 1, 1, 1], [2, 2]]) {
      const { host, store } = await openHost();
      const stored = () => withView(store, (view) => textOf(view.get('index', Buffer.from('twice'))));
      let from = 0;
      for (const size of batches) {
        await host.commit(chain.blocks.slice(from, from + size));
        from += size;
      }
      const seen = [stored()];
      for (const to of [2, 1, 0, -1]) {
        await host.unwind({ to, reason: 'reorg' });
        seen.push(stored());
      }
      expect(seen).toEqual(['fourth', undefined, 'second', 'first', undefined]);
    }
  });

  it('go also where their undo list is of an earlier version', async () => {
    const chain = grow(createTinyChain(), 3);
    const { host, store } = await openHost();
    await host.commit(chain.blocks);
    const undo = withView(store, (view) => decodeUndo(view.get('undo', u64be(2)) as Uint8Array)); // just committed
    const index = undo.index.map(({ key }) => ({ key, before: null }));
    store.commit([{ table: 'undo', key: u64be(2), value: encodeUndo({ ...undo, index }) }]);
    expect(await host.unwind({ to: 1, reason: 'reorg' })).toEqual(blockOf(chain, 1).ref);
  });

  it('are none when the roll-back ends at the tip or above it', async () => {
    const chain = grow(createTinyChain(), 3);
    const { host, store } = await openHost();
    await host.commit(chain.blocks);
    const before = dump(store);
    expect(await host.unwind({ to: 2, reason: 'reorg' })).toEqual(chain.blocks[2]?.ref);
    expect(await host.unwind({ to: 9, reason: 'reorg' })).toEqual(chain.blocks[2]?.ref);
    expect(dump(store)).toBe(before);
  });

  it('lower the tips that stood on them', async () => {
    const chain = grow(createTinyChain(), 5);
    const { host, store } = await openHost();
    await host.commit(chain.blocks);
    await host.advance({ proven: blockOf(chain, 3).ref, safe: blockOf(chain, 1).ref });
    await host.unwind({ to: 2, reason: 'reorg' });
    expect(withView(store, readTips)).toEqual({
      confirmed: blockOf(chain, 2).ref,
      proven: blockOf(chain, 2).ref,
      safe: blockOf(chain, 1).ref,
    });
  });
});

describe('a roll-back that is interrupted', () => {
  it('is finished by the next start, wherever it was interrupted', async () => {
    const chain = grow(createTinyChain(), 12);
    const undisturbed = await openHost({ unwindStepBlocks: 3 });
    await undisturbed.host.commit(chain.blocks);
    await undisturbed.host.unwind({ to: 1, reason: 'prune' });
    const wanted = dump(undisturbed.store);
    const fresh = await openHost();
    await fresh.host.commit(chain.blocks.slice(0, 2));
    expect(dump(undisturbed.store, ['orphan'])).toBe(dump(fresh.store));

    // The intent is the first commit, then four steps of at most three blocks: 11 to 9, 8 to 6, 5 to 3, 2.
    for (let step = 1; step <= 4; step++) {
      const first = await openHost({ unwindStepBlocks: 3 });
      await first.host.commit(chain.blocks);
      const dying = await openHost({ disk: first.disk, unwindStepBlocks: 3, dieAt: 1 + step });
      await expect(dying.host.unwind({ to: 1, reason: 'prune' })).rejects.toMatchObject({ fault: 'local' });
      const next = await openHost({ disk: first.disk, unwindStepBlocks: 3 });
      expect(dump(next.store), `interrupted before step ${step}`).toBe(wanted);
    }
  });

  it('has not begun when its intent was not written', async () => {
    const chain = grow(createTinyChain(), 6);
    const { host, store, disk } = await openHost();
    await host.commit(chain.blocks);
    const before = dump(store);
    const dying = await openHost({ disk, dieAt: 1 });
    await expect(dying.host.unwind({ to: 1, reason: 'reorg' })).rejects.toMatchObject({ fault: 'local' });
    const next = await openHost({ disk });
    expect(dump(next.store)).toBe(before);
  });

  it('is reported by how many blocks were left of it', async () => {
    const chain = grow(createTinyChain(), 10);
    const { host, disk } = await openHost({ unwindStepBlocks: 2 });
    await host.commit(chain.blocks);
    const dying = await openHost({ disk, unwindStepBlocks: 2, dieAt: 3 });
    await dying.host.unwind({ to: 1, reason: 'reorg' }).catch(() => {});
    const { recovery } = await openHost({ disk });
    expect(recovery).toMatchObject({ unwoundBlocks: 6, confirmed: blockOf(chain, 1).ref });
  });
});

describe('a commit that is interrupted', () => {
  it('leaves nothing behind', async () => {
    const chain = grow(createTinyChain(), 4);
    const { host, store, disk } = await openHost();
    await host.commit(chain.blocks.slice(0, 2));
    const before = dump(store);
    const dying = await openHost({ disk, dieAt: 1 });
    await expect(dying.host.commit(chain.blocks.slice(2))).rejects.toMatchObject({ fault: 'local' });
    const next = await openHost({ disk });
    expect(dump(next.store)).toBe(before);
  });
});

describe('a false block in a batch', () => {
  it('is named when its state root is wrong, and the blocks before it are committed', async () => {
    const chain = grow(createTinyChain(), 3);
    const wrong = new Uint8Array(32).fill(9) as Hash32;
    const right = chain.next({ 1: 'x' }).stateRoot;
    chain.goTo(2);
    chain.next({ 1: 'x' }, { stateRoot: wrong });
    const { host, store } = await openHost();
    const report = await host.commit(chain.blocks);
    expect(report.committed.map((ref) => ref.height)).toEqual([0, 1, 2]);
    expect(report.failure).toMatchObject({
      height: 3,
      error: {
        code: 'STATE_ROOT_MISMATCH',
        fault: 'peer',
        data: { check: 'state-root', expected: hex(wrong), got: hex(right) },
      },
    });
    expect(withView(store, readTips)).toEqual({ confirmed: blockOf(chain, 2).ref });
  });

  it('is named when it cannot be executed, and nothing of it or after it is committed', async () => {
    const chain = grow(createTinyChain(), 2);
    chain.next({ 1: 'kept out', 2: IMPOSSIBLE });
    grow(chain, 2);
    const { host, store } = await openHost();
    const report = await host.commit(chain.blocks);
    expect(report.failure).toMatchObject({ height: 2, error: { code: 'IMPOSSIBLE', data: { check: 'execute' } } });
    const good = await openHost();
    await good.host.commit(chain.blocks.slice(0, 2));
    expect(dump(store)).toBe(dump(good.store));
  });

  it('leaves the store untouched when it is the first', async () => {
    const chain = createTinyChain();
    chain.next({ 1: IMPOSSIBLE });
    const { host, store } = await openHost();
    const before = dump(store);
    expect(await host.commit(chain.blocks)).toMatchObject({ committed: [], failure: { height: 0 } });
    expect(dump(store)).toBe(before);
  });

  it('is told apart from a failure of our own', async () => {
    const chain = grow(createTinyChain(), 1);
    const rules = { ...chain.rules, execute: () => Promise.reject(new TypeError('a slip')) };
    const { host, store } = await openHost({ rules });
    const before = dump(store);
    await expect(host.commit(chain.blocks)).rejects.toMatchObject({ fault: 'bug' });
    expect(dump(store)).toBe(before);
  });

  it('is none of the applier’s business when it does not even follow: that is a mistake of the caller', async () => {
    const chain = grow(createTinyChain(), 4);
    const { host } = await openHost();
    await host.commit(chain.blocks.slice(0, 2));
    await expect(host.commit(chain.blocks.slice(3))).rejects.toMatchObject({ code: 'BLOCK_UNLINKED', fault: 'bug' });
    await expect(host.commit(chain.blocks.slice(0, 1))).rejects.toMatchObject({ code: 'BLOCK_UNLINKED' });
  });
});

describe('what is stored of a block', () => {
  it('is found by height and by hash, with its parts and look-ups', async () => {
    const chain = grow(createTinyChain(), 3);
    const { host, store } = await openHost();
    await host.commit(chain.blocks.slice(0, 2));
    const block = blockOf(chain, 1);
    withView(store, (view) => {
      expect(readBlock(view, 1)).toMatchObject({ ref: block.ref, parent: block.parent, stateRoot: block.stateRoot });
      expect(readHeight(view, block.ref.hash)).toBe(1);
      for (const { table, key, value } of block.index)
        expect(view.get(table, key)).toEqual(new Uint8Array(value ?? []));
    });
  });

  it('is counted over the chain, with what nothing proves', async () => {
    const chain = createTinyChain();
    chain.next({ 1: 'a' });
    chain.next({ 1: 'b', 2: 'c' }, { proofs: { changes: 'hash', receipts: { unverified: 'too old' } } });
    const { host, store } = await openHost();
    await host.commit(chain.blocks);
    expect(withView(store, readCounts)).toEqual({ changes: 3, blocks: 2, 'unverified.receipts': 1 });
    await host.unwind({ to: 0, reason: 'reorg' });
    expect(withView(store, readCounts)).toEqual({ changes: 1, blocks: 1 });
  });
});

describe('the state of a stored block', () => {
  it('can be read at every height, also after a reorg', async () => {
    await fc.assert(
      fc.asyncProperty(chains, fc.nat(8), fc.array(changes, { maxLength: 5 }), async (chain, keep, branch) => {
        const { host, store } = await openHost();
        await host.commit(chain.blocks);
        const to = Math.min(keep, chain.blocks.length - 1);
        await host.unwind({ to, reason: 'reorg' });
        chain.goTo(to);
        for (const body of branch) chain.next(body);
        await host.commit(chain.blocks.slice(to + 1));
        withView(store, (view) => {
          for (let height = 0; height < chain.blocks.length; height++) {
            for (let key = 0; key < 8; key++) {
              const stored = readStateAt(view, Uint8Array.of(key), height as Height);
              const text = stored === undefined ? undefined : Buffer.from(stored).toString();
              expect(text, `key ${key} at ${height}`).toBe(chain.stateAt(height).get(key));
            }
          }
        });
      }),
      { numRuns: 40 },
    );
  });
});

describe('opening a store', () => {
  it('marks an empty one with the chain, and accepts it the next time', async () => {
    const { disk } = await openHost({ identity: 'tiny:one' });
    await openHost({ disk, identity: 'tiny:one' });
  });

  it('refuses one of another chain', async () => {
    const { disk } = await openHost({ identity: 'tiny:one' });
    await expect(openHost({ disk, identity: 'tiny:two' })).rejects.toMatchObject({
      code: 'STORE_OTHER_CHAIN',
      fault: 'caller',
      data: { expected: 'tiny:two', got: 'tiny:one', exitCode: 4 },
    });
  });

  it('refuses one whose tip has no block', async () => {
    const chain = grow(createTinyChain(), 2);
    const { host, store, disk } = await openHost();
    await host.commit(chain.blocks);
    store.commit([{ table: 'block', key: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1), value: null }]);
    await expect(openHost({ disk })).rejects.toMatchObject({ code: 'STORE_CORRUPT', fault: 'local' });
  });

  it('tells where it stands', async () => {
    const chain = grow(createTinyChain(), 3);
    const { host, disk } = await openHost();
    await host.commit(chain.blocks);
    const { recovery } = await openHost({ disk });
    expect(recovery).toEqual({
      confirmed: blockOf(chain, 2).ref,
      tips: { confirmed: blockOf(chain, 2).ref },
      buildable: true,
      unwoundBlocks: 0,
    });
  });
});

describe('tips other than the confirmed one', () => {
  it('move, and the confirmed one stays where the blocks put it', async () => {
    const chain = grow(createTinyChain(), 5);
    const { host, store } = await openHost();
    await host.commit(chain.blocks);
    await host.advance({ proven: blockOf(chain, 1).ref, confirmed: null });
    expect(withView(store, readTips)).toEqual({ confirmed: blockOf(chain, 4).ref, proven: blockOf(chain, 1).ref });
  });

  it('make the undo lists of final blocks go, and only those', async () => {
    const chain = grow(createTinyChain(), 6);
    const { host, store } = await openHost();
    await host.commit(chain.blocks);
    await host.advance({ final: blockOf(chain, 3).ref });
    expect(withView(store, (view) => [...view.range('undo', {})].length)).toBe(2);
    expect(await host.unwind({ to: 3, reason: 'reorg' })).toEqual(blockOf(chain, 3).ref);
  });

  it('keep a final block from being rolled back', async () => {
    const chain = grow(createTinyChain(), 6);
    const { host } = await openHost();
    await host.commit(chain.blocks);
    await host.advance({ final: blockOf(chain, 3).ref });
    await expect(host.unwind({ to: 2, reason: 'reorg' })).rejects.toMatchObject({ code: 'UNDO_MISSING' });
  });
});

describe('late content', () => {
  it('is listed as wanted once, by the first block that names it', async () => {
    const chain = createTinyChain();
    chain.next({}, { late: [content('x', 0), content('y', 0), content('x', 0)] });
    chain.next({}, { late: [content('x', 1), content('z', 1)] });
    const { host, store } = await openHost();
    const first = await host.commit(chain.blocks.slice(0, 1));
    const second = await host.commit(chain.blocks.slice(1));
    expect(first.wanted.map((need) => need.id)).toEqual(['x', 'y']);
    expect(second.wanted.map((need) => need.id)).toEqual(['z']);
    expect(withView(store, (view) => [...view.range('wanted', {})].length)).toBe(3);
  });

  it('is wanted no more when the blocks that named it are gone, and neither is it in quarantine', async () => {
    const chain = createTinyChain();
    chain.next({}, { late: [content('kept', 0), content('stored', 0)] });
    chain.next({}, { late: [content('kept', 1), content('gone', 1), content('stored', 1)] });
    chain.next({}, { late: [content('gone', 2), content('too', 2)] });
    const { host, store } = await openHost({ unwindStepBlocks: 1 });
    await host.commit(chain.blocks);
    for (const [id, height] of [['kept', 0] as const, ['gone', 1] as const]) {
      await host.recordQuarantine({ ...nobodyHas, id, height });
    }
    await host.unwind({ to: 1, reason: 'reorg' });
    expect(idsIn(store, 'wanted')).toEqual(['gone', 'kept', 'stored']);
    await host.unwind({ to: 0, reason: 'reorg' });
    expect(idsIn(store, 'wanted')).toEqual(['kept', 'stored']);
    expect(idsIn(store, 'quarantine')).toEqual(['kept']);
    chain.goTo(0);
    chain.next({}, { late: [content('gone', 1)] });
    const report = await host.commit(chain.blocks.slice(1));
    expect(report.wanted.map((need) => need.id)).toEqual(['gone']);
  });

  it('that is wanted no more is not put in quarantine by who has not heard of it', async () => {
    const chain = createTinyChain();
    chain.next({});
    chain.next({}, { late: [content('gone', 1)] });
    const { host, store } = await openHost();
    await host.commit(chain.blocks);
    await host.unwind({ to: 0, reason: 'reorg' });
    await host.recordQuarantine({ ...nobodyHas, id: 'gone', height: 1 });
    expect(idsIn(store, 'quarantine')).toEqual([]);
  });

  it('is not wanted when it is stored already', async () => {
    const chain = createTinyChain();
    chain.next({}, { late: [content('x', 0)] });
    const { host, store } = await openHost();
    store.commit([{ table: 'content', key: Buffer.from('x'), value: Buffer.from('there') }]);
    expect((await host.commit(chain.blocks)).wanted).toEqual([]);
  });

  it('is off the list and out of quarantine once it is stored, and counted once', async () => {
    const chain = createTinyChain();
    chain.next({}, { late: [content('x', 0)] });
    const { host, store } = await openHost();
    await host.commit(chain.blocks);
    await host.recordQuarantine({ ...nobodyHas, id: 'x', height: 0 });
    const part = {
      writes: [{ table: 'content', key: Buffer.from('x'), value: Buffer.from('found') }],
      counts: { memos: 1 },
    } as LatePart as Verified<LatePart>; // as rules make them
    await host.commitParts([{ need: content('x', 0), part }]);
    await host.commitParts([{ need: content('x', 0), part }]);
    withView(store, (view) => {
      expect([...view.range('wanted', {}), ...view.range('quarantine', {})]).toEqual([]);
      expect(readCounts(view)).toMatchObject({ memos: 1 });
    });
  });
});

describe('rejections', () => {
  it('are kept, the newest first', async () => {
    const { host, store } = await openHost();
    for (const height of [1, 2, 3]) await host.recordRejection(rejection(height));
    expect(withView(store, (view) => readRejections(view, 10))).toEqual([3, 2, 1].map(rejection));
  });

  it('are kept to the last thousand', async () => {
    const { host, store } = await openHost();
    for (let height = 0; height < 1_010; height++) await host.recordRejection(rejection(height));
    const kept = withView(store, (view) => readRejections(view, 5_000));
    expect(kept.map((one) => one.height)).toEqual(Array.from({ length: 1_000 }, (_, i) => 1_009 - i));
  });
});

describe('calls to the writer', () => {
  it('are served one after another, also after one that failed', async () => {
    const chain = grow(createTinyChain(), 4);
    const { host, store } = await openHost();
    const calls = [
      host.commit(chain.blocks.slice(0, 2)),
      host.commit(chain.blocks.slice(0, 1)), // does not follow
      host.commit(chain.blocks.slice(2)),
      host.unwind({ to: 1, reason: 'reorg' }),
    ];
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(withView(store, readTips)).toEqual({ confirmed: blockOf(chain, 1).ref });
  });
});

/** A host on a disk. A process that dies at commit `dieAt`, counted from its start, does not make that commit. */
async function openHost(
  options: { readonly disk?: MemoryDisk; readonly dieAt?: number } & Partial<Omit<ApplyHostOptions, 'store'>> = {},
) {
  const { disk = createMemoryDisk(), dieAt, ...overrides } = options;
  const beforeCommit = (n: number) => {
    if (n === dieAt) throw new Error('killed');
  };
  const store = createMemoryStore({ disk, beforeCommit });
  return { ...(await openTinyHost({ store, ...overrides })), store, disk };
}

function grow(chain: TinyChain, blocks: number): TinyChain {
  for (let i = 0; i < blocks; i++) {
    const height = chain.blocks.length;
    chain.next({ [height % 4]: `v${height}`, 5: height % 3 === 0 ? null : `w${height}` });
  }
  return chain;
}

function blockOf(chain: TinyChain, height: number): SealedBlock {
  const block = chain.blocks[height];
  if (block === undefined) throw new Error(`the chain has no block ${height}`);
  return block;
}

function rejection(height: number): Rejection {
  const none = { expected: null, got: null, hash: null, evidence: null };
  return { ...none, timeMs: 1, height, check: 'block-hash', source: 'a', message: 'no' };
}

const nobodyHas = { what: 'memo', reason: 'nobody has it', timeMs: 1, refused: null } as const;

/** Ids of what a table of late content lists. */
function idsIn(store: Store, table: 'wanted' | 'quarantine'): readonly string[] {
  return withView(store, (view) => [...view.range(table, {})].map(([key]) => textOf(key)?.split('\0')[1] ?? ''));
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString();
}

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}
