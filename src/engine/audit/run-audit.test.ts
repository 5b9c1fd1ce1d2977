import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, readU64be, u64be } from '../../lib/index.ts';
import { createMemoryStore } from '../../store/index.ts';
import type { ChainRules, SealedBlock } from '../chain.ts';
import { decodeUndo, encodeUndo, type UndoRecord } from '../commit/records.ts';
import { createTinyChain, openTinyHost, type TinyChain } from '../commit/testing.ts';
import type { Store } from '../store.ts';
import type { BlockRef, Hash32, Height } from '../types.ts';
import { createAuditHost } from './audit-host.ts';
import { beginCourse, type Course, climb, parseCourse } from './course.ts';
import { addTallies, bucketOf, countKey, createTally, TALLY_BUCKETS, totalOf } from './key-tally.ts';
import { type AuditOutcome, runAudit } from './run-audit.ts';

/** Rules of a tiny chain that know its blocks by heart. */
function auditedRules(chain: TinyChain): ChainRules {
  return {
    ...chain.rules,
    audit: {
      blocks: (stored) =>
        stored.map(({ record }) => ({
          verdicts: [{ check: 'by-heart', ok: true }],
          block: chain.blocks[record.ref.height] ?? null,
        })),
      indexHeight: (_key, value) => (value.length === 8 ? readU64be(value) : null),
    },
  };
}

async function filled(chain: TinyChain): Promise<Store> {
  const store = createMemoryStore();
  const { host } = await openTinyHost({ store, rules: chain.rules });
  for (const block of chain.blocks) await host.commit([block]);
  return store;
}

function audit(store: Store, rules: ChainRules, deep = true): Promise<AuditOutcome> {
  return runAudit({
    hosts: [createAuditHost({ rules, tips: { confirmed: 'confirmed', final: 'final' }, identity: 'tiny' }, store)],
    from: 0,
    to: null,
    deep,
    course: null,
    signal: new AbortController().signal,
    onProgress() {},
    onCourse() {},
  });
}

function longChain(extra: (height: number) => Partial<SealedBlock> = () => ({})): TinyChain {
  const chain = createTinyChain();
  for (let height = 0; height < 40; height++) {
    chain.next({ [height % 5]: `v${height}`, [height % 7]: height % 3 === 0 ? null : `w${height}` }, extra(height));
  }
  return chain;
}

/** A look-up by one key, which blocks write one after the other. */
const shared = (height: number) => ({ table: 'index', key: Buffer.from('shared'), value: u64be(height) }) as const;

describe('an audit', () => {
  it('holds for a chain whose rules verify nothing that is stored, as far as the engine knows', async () => {
    const chain = longChain();
    const { difference, checks } = await audit(await filled(chain), chain.rules);
    expect(difference).toBe(null);
    expect(checks.block).toMatchObject({ passed: 0, undecided: 40 });
    expect(checks).toMatchObject({ 'parent-link': { passed: 40 }, 'state-root': { passed: 2 } });
    expect(checks).not.toHaveProperty('history');
  });

  it('holds where a later block has written an index entry anew', async () => {
    const chain = longChain((height) => (height === 3 || height === 9 ? { index: [shared(height)] } : {}));
    const rules = auditedRules(chain);
    const store = await filled(chain);
    expect((await audit(store, rules)).difference).toBe(null);
    // Block 12 does not write it, and block 9 does.
    store.commit([{ ...shared(12) }]);
    expect((await audit(store, rules)).difference).toMatchObject({ check: 'index', height: 3, table: 'index' });
    store.commit([{ ...shared(9), value: null }]);
    expect((await audit(store, rules)).difference).toMatchObject({ check: 'index', height: 3, got: 'no record' });
  });

  it('follows an index entry that blocks wrote again and again through their undo lists', async () => {
    const writers = [3, 9, 21];
    const chain = longChain((height) => (writers.includes(height) ? { index: [shared(height)] } : {}));
    const rules = auditedRules(chain);
    const store = await filled(chain);
    expect(await audit(store, rules)).toMatchObject({ difference: null, checks: { undo: { undecided: 0 } } });
    const listOf = (before: Uint8Array | null) => (undo: UndoRecord) =>
      encodeUndo({ ...undo, index: [{ key: Buffer.from('shared'), before }] });
    const rewrite = (height: number, make: (undo: UndoRecord) => Uint8Array) => {
      using view = store.view();
      const stored = view.get('undo', u64be(height)) as Uint8Array; // nothing is final
      store.commit([{ table: 'undo', key: u64be(height), value: make(decodeUndo(stored)) }]);
      return () => store.commit([{ table: 'undo', key: u64be(height), value: stored }]);
    };
    const cases: readonly (readonly [height: number, before: Uint8Array | null, found: object | null])[] = [
      [21, u64be(3), { check: 'undo', table: 'undo', height: 21 }], // left block 9 out
      [21, u64be(8), { check: 'undo', table: 'undo', height: 21 }], // who never wrote it
      [9, u64be(21), { check: 'undo', table: 'undo', height: 9 }],
      [3, u64be(2), { check: 'undo', table: 'undo', height: 3 }],
      [21, null, null], // as earlier versions wrote it
    ];
    for (const [height, before, found] of cases) {
      const restore = rewrite(height, listOf(before));
      const { difference, checks } = await audit(store, rules);
      if (found === null) expect([difference, checks.undo?.undecided]).toEqual([null, 2]);
      else expect(difference).toMatchObject(found);
      restore();
    }
  });

  it('builds the tries of a chain that has only commitState', async () => {
    const chain = longChain();
    const { buildState: _, ...rules } = auditedRules(chain);
    const store = await filled(chain);
    expect(await audit(store, rules)).toMatchObject({ difference: null, checks: { 'surplus-pages': { passed: 1 } } });
    store.commit([{ table: 'trie', key: Uint8Array.of(1), value: Buffer.from('other') }]);
    expect((await audit(store, rules)).difference).toMatchObject({ check: 'trie', table: 'trie', key: '0x01' });
    expect((await audit(store, rules, false)).difference).toBe(null);
  });

  it('names a block that cannot be played, unless its history is to blame', async () => {
    const chain = longChain();
    const rules = auditedRules(chain);
    const store = await filled(chain);
    const stuck: ChainRules = {
      ...rules,
      execute(state, block) {
        if (block.ref.height === 7 && state.get(Uint8Array.of(2)) !== undefined) chain.rules.execute(state, impossible);
        return rules.execute(state, block);
      },
    };
    const impossible = { ...chain.blocks[7], parts: { changes: Buffer.from('[["0","impossible"]]') } } as never; // of the chain's type
    const { difference } = await audit(store, stuck);
    expect(difference).toMatchObject({ check: 'execute', height: 7, reason: 'a change that nobody can make' });
  });

  it('stops with the signal’s reason', async () => {
    const chain = longChain();
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    const rules = auditedRules(chain);
    const store = await filled(chain);
    const run = runAudit({
      hosts: [createAuditHost({ rules, tips: { confirmed: 'confirmed' }, identity: 'tiny' }, store)],
      from: 0,
      to: null,
      deep: false,
      course: null,
      signal: controller.signal,
      onProgress() {},
      onCourse() {},
    });
    await expect(run).rejects.toThrow('enough');
  });
});

describe('a course', () => {
  const found = (height: number) => ({
    last: { height: height as Height, hash: new Uint8Array(32).fill(height & 0xff) as Hash32 } satisfies BlockRef,
    sums: { blocks: 32 },
    history: createTally(),
    index: createTally(),
  });
  const climbed = (steps: number): Course => {
    let course = beginCourse({ from: 0, to: null });
    for (let step = 1; step <= steps; step++) course = climb(course, found(step * 32 - 1), {});
    return course;
  };

  it('keeps few of many stages, near ones close together and far ones apart', () => {
    for (const steps of [1, 2, 9, 100, 4_097, 10_000]) {
      const { rungs } = climbed(steps);
      expect(rungs.length).toBeLessThan(64);
      expect([rungs[0]?.number, rungs.at(-1)?.number]).toEqual([0, steps]);
      // Whatever is rolled back, not many more blocks are verified again.
      for (let lost = 1; lost <= steps; lost = Math.ceil(lost * 1.3)) {
        const firm = rungs.findLast(({ number }) => number <= steps - lost);
        expect(steps - (firm?.number ?? 0)).toBeLessThanOrEqual(2 * lost);
      }
    }
  });

  it('is the same after it was kept as JSON, and of another range it is none', () => {
    const course = climbed(50);
    const kept: unknown = JSON.parse(JSON.stringify(course));
    expect(parseCourse(kept, { from: 0, to: null })).toEqual(course);
    expect(parseCourse(kept, { from: 1, to: null })).toBe(null);
    expect(parseCourse(kept, { from: 0, to: 9 })).toBe(null);
  });

  it('is refused when anything in it has another shape', () => {
    const course = climbed(5);
    const paths: (readonly (string | number)[])[] = [];
    const visit = (value: unknown, path: readonly (string | number)[]) => {
      if (path.length > 0) paths.push(path);
      if (typeof value !== 'object' || value === null) return;
      for (const key of Object.keys(value)) visit((value as Record<string, unknown>)[key], [...path, key]);
    };
    visit({ ...course, rungs: course.rungs.slice(-1) }, []);
    const request = { from: 0, to: null };
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.constantFrom('x', -1, 0.5, [1], { y: 1 }), (path, odd) => {
        const copy = JSON.parse(JSON.stringify({ ...course, rungs: course.rungs.slice(-1) })) as Record<
          string,
          unknown
        >;
        let at: Record<string, unknown> = copy;
        for (const step of path.slice(0, -1)) at = at[step] as Record<string, unknown>;
        at[path.at(-1) ?? ''] = odd;
        const isSum = path.includes('sums') || path.includes('checks') || path.length === 0;
        if (!isSum) expect(parseCourse(copy, request), JSON.stringify(path)).toBe(null);
      }),
    );
    for (const odd of [null, 1, 'x', [], {}, { ...course, rungs: [] }]) expect(parseCourse(odd, request)).toBe(null);
  });
});

describe('a tally of keys', () => {
  it('counts every key once, in a bucket that only the key decides', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 })), fc.nat(20), (keys, cut) => {
        const [a, b, whole] = [createTally(), createTally(), createTally()];
        for (const [i, key] of keys.entries()) {
          countKey(i < cut ? a : b, key);
          countKey(whole, concatBytes(key));
          expect(bucketOf(key)).toBeLessThan(TALLY_BUCKETS);
        }
        expect(addTallies(a, b)).toEqual(whole);
        expect(totalOf(whole)).toBe(keys.length);
      }),
    );
  });

  it('spreads neighbouring keys over its buckets', () => {
    const tally = createTally();
    for (let i = 0; i < 25_600; i++) countKey(tally, concatBytes(new Uint8Array(32), u64be(i)));
    expect(Math.min(...tally)).toBeGreaterThan(20);
    expect(Math.max(...tally)).toBeLessThan(400);
  });
});
