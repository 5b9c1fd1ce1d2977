import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryDisk, createMemoryStore, type MemoryDisk } from '../../store/index.ts';
import type { SealedBlock, Verified } from '../chain.ts';
import type { Store } from '../store.ts';
import type { Height } from '../types.ts';
import type { ApplyHost } from './apply-host.ts';
import { provenHeight, readPendingState } from './pending-state.ts';
import type { RebuildReport } from './rebuild.ts';
import { readTips } from './records.ts';
import { createTinyChain, dump, openTinyHost, type TinyChain, withView } from './testing.ts';

const changes = fc.dictionary(
  fc.nat(7).map(String),
  fc.option(fc.string({ minLength: 1, maxLength: 3 }).map((text) => `v${text}`)),
  { maxKeys: 4 },
);
const chains = fc.array(changes, { minLength: 2, maxLength: 20 }).map((bodies) => {
  const chain = createTinyChain();
  for (const body of bodies) chain.next(body);
  return chain;
});

describe('a state that was applied flat and built at once', () => {
  it('leaves the store as if every block had been committed with its tries', async () => {
    await fc.assert(
      fc.asyncProperty(chains, fc.nat(19), async (chain, provenFirst) => {
        const merged = await openHost();
        await merged.host.commit(chain.blocks);
        const flat = await openHost();
        await flat.host.commit(chain.blocks.slice(0, provenFirst));
        if (provenFirst >= chain.blocks.length) return;
        await flat.host.commitFlat(chain.blocks.slice(provenFirst));
        expect((await buildUp(flat.host)).type).toBe('proven');
        expect(dump(flat.store)).toBe(dump(merged.store));
      }),
      { numRuns: 60 },
    );
  });

  it('says up to where it is proven, and takes no block with its tries meanwhile', async () => {
    const chain = grow(6);
    const { host, store } = await openHost();
    await host.commit(chain.blocks.slice(0, 2));
    await host.commitFlat(chain.blocks.slice(2, 5));
    expect(withView(store, (view) => provenHeight(view, readTips(view), 'confirmed'))).toBe(1);
    await expect(host.commit(chain.blocks.slice(5))).rejects.toMatchObject({ code: 'STATE_PENDING', fault: 'bug' });
    await buildUp(host);
    expect(withView(store, (view) => provenHeight(view, readTips(view), 'confirmed'))).toBe(4);
    expect(withView(store, readPendingState)).toBeNull();
    expect(await host.commit(chain.blocks.slice(5))).toMatchObject({ failure: null });
  });

  it('refuses flat blocks while its tries are being built, and a build when nothing is pending', async () => {
    const chain = grow(6);
    const { host } = await openHost();
    await expect(host.rebuild()).rejects.toMatchObject({ code: 'STATE_NOT_PENDING', fault: 'bug' });
    await host.commitFlat(chain.blocks.slice(0, 5));
    await host.rebuild();
    await expect(host.commitFlat(chain.blocks.slice(5))).rejects.toMatchObject({ code: 'STATE_PENDING', fault: 'bug' });
  });

  it('can be rolled back while it is pending, at any stage, also below what was proven', async () => {
    await fc.assert(
      fc.asyncProperty(chains, fc.nat(18), fc.nat(12), fc.nat(19), async (chain, keep, steps, provenFirst) => {
        const to = Math.min(keep, chain.blocks.length - 2);
        const merged = await openHost();
        await merged.host.commit(chain.blocks.slice(0, to + 1));
        const { host, store } = await openHost();
        await host.commit(chain.blocks.slice(0, Math.min(provenFirst, chain.blocks.length - 1)));
        await host.commitFlat(chain.blocks.slice(Math.min(provenFirst, chain.blocks.length - 1)));
        for (let i = 0; i < steps; i++) if ((await host.rebuild()).type !== 'working') break;
        expect(await host.unwind({ to, reason: 'reorg' })).toEqual(chain.blocks[to]?.ref);
        if (withView(store, readPendingState) !== null) expect((await buildUp(host)).type).toBe('proven');
        expect(dump(store, ['orphan'])).toBe(dump(merged.store));
      }),
      { numRuns: 60 },
    );
  });
});

describe('a false state diff among flat blocks', () => {
  it('is found, whichever block it is in, and nothing above it is kept', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 40 }), fc.nat(38), fc.nat(39), async (count, at, provenFirst) => {
        const culprit = Math.min(Math.max(1, at), count - 1);
        const first = Math.min(provenFirst, culprit);
        const chain = grow(count);
        const merged = await openHost();
        await merged.host.commit(chain.blocks);
        const { host, store } = await openHost();
        await host.commit(chain.blocks.slice(0, first));
        await host.commitFlat(withFalseDiff(chain, culprit).slice(first));
        const report = await buildUp(host);
        if (report.type !== 'false') throw new Error(`nothing was found: ${report.type}`);
        expect(report.culprit.ref).toEqual(chain.blocks[culprit]?.ref);
        await host.unwind({ to: culprit - 1, reason: 'invalid' });
        await host.commitFlat(chain.blocks.slice(culprit));
        expect((await buildUp(host)).type).toBe('proven');
        expect(dump(store, ['orphan'])).toBe(dump(merged.store));
      }),
      { numRuns: 60 },
    );
  });

  it('among 1,000 blocks is found with ten builds', async () => {
    const chain = grow(1_000);
    const { host } = await openHost();
    await host.commitFlat(withFalseDiff(chain, 617));
    expect(await buildUp(host)).toMatchObject({ type: 'false', culprit: { ref: { height: 617 } } });
  });

  it('may be unwound although its block is final: that says nothing of its diff', async () => {
    const chain = grow(8);
    const { host } = await openHost();
    await host.commitFlat(withFalseDiff(chain, 3));
    await host.advance({ final: { height: 6 as Height, hash: chain.blocks[6]?.ref.hash ?? null } });
    await buildUp(host);
    await expect(host.unwind({ to: 2, reason: 'reorg' })).rejects.toMatchObject({ code: 'UNDO_MISSING' });
    expect(await host.unwind({ to: 2, reason: 'invalid' })).toEqual(chain.blocks[2]?.ref);
  });
});

describe('a kill before any commit of a rebuild', () => {
  it('leads to the same store as an undisturbed run', async () => {
    const chain = grow(24);
    const merged = await openHost();
    await merged.host.commit(chain.blocks);
    const undisturbed = dump(merged.store);
    let kills = 0;
    for (let commit = 1; ; commit++) {
      const disk = createMemoryDisk();
      const killed = await syncOn(disk, chain, commit);
      if (!killed) break;
      kills++;
      await syncOn(disk, chain, null);
      expect(withoutRejections(createMemoryStore({ disk }))).toBe(undisturbed);
    }
    expect(kills).toBeGreaterThan(20);
  });
});

/** What a store holds of the chain, whatever was refused on the way. */
function withoutRejections(store: Store): string {
  const sequence = Buffer.from('reject-sequence').toString('hex');
  return dump(store, ['orphan', 'reject'])
    .split('\n')
    .filter((line) => !line.startsWith(`meta 0x${sequence} `))
    .join('\n');
}

/** Flat to the head with a false diff on the way, search, refetch, build: as the consumer does. True if killed. */
async function syncOn(disk: MemoryDisk, chain: TinyChain, killAt: number | null): Promise<boolean> {
  const kill = new Error('killed');
  const store = createMemoryStore({
    disk,
    beforeCommit: (n) => {
      if (n === killAt) throw kill;
    },
  });
  const falsified = withFalseDiff(chain, 15);
  const refused = () => withView(store, (view) => [...view.range('reject', {})].length > 0);
  try {
    const { host, recovery } = await openTinyHost({ store });
    let height = recovery.confirmed?.height ?? -1;
    for (;;) {
      const pending = withView(store, readPendingState);
      if (height === chain.blocks.length - 1 && pending === null) return false;
      if (pending?.stage.type === 'flat' || pending === null ? height < chain.blocks.length - 1 : false) {
        const blocks = (refused() ? chain.blocks : falsified).slice(height + 1, height + 6);
        await host.commitFlat(blocks);
        height += blocks.length;
        continue;
      }
      const report = await host.rebuild();
      if (report.type !== 'false') continue;
      const { height: bad } = report.culprit.ref;
      await host.recordRejection({
        ...{ timeMs: 0, height: bad, check: 'state-root', expected: null, got: report.got, source: 'a' },
        ...{ message: 'false', hash: null, evidence: null },
      });
      height = (await host.unwind({ to: bad - 1, reason: 'invalid' }))?.height ?? -1;
    }
  } catch (error) {
    if (!(error instanceof Error && error.cause === kill)) throw error;
    return true;
  }
}

async function buildUp(host: ApplyHost): Promise<RebuildReport> {
  for (let steps = 0; steps < 10_000; steps++) {
    const report = await host.rebuild();
    if (report.type !== 'working') return report;
  }
  throw new Error('the build does not end');
}

/** Blocks of which each leaves its own mark, so that a false one is never healed by a later one. */
function grow(count: number): TinyChain {
  const chain = createTinyChain();
  for (let i = 0; i < count; i++) chain.next({ [i % 200]: `v${i}`, [(i * 7) % 200]: `w${i}` });
  return chain;
}

/** The chain's blocks, of which one says that it changes something else than it does. */
function withFalseDiff(chain: TinyChain, height: number): readonly Verified<SealedBlock>[] {
  return chain.blocks.map((block) => {
    if (block.ref.height !== height) return block;
    const body = JSON.parse(Buffer.from(block.parts.changes ?? []).toString()) as [string, string | null][];
    const changes = Buffer.from(JSON.stringify([...body, ['250', 'false']]));
    return { ...block, parts: { changes } };
  });
}

async function openHost() {
  const store = createMemoryStore();
  const { host } = await openTinyHost({ store });
  return { host, store };
}
