import { describe, expect, it, onTestFinished } from 'vitest';
import { createBell, createScope, createSystemEnv, silentLogger } from '../../lib/index.ts';
import { createMemoryStore } from '../../store/index.ts';
import { readTips } from '../commit/index.ts';
import { createTinyChain, openTinyHost } from '../commit/testing.ts';
import type { Rejection } from '../events.ts';
import type { FinalClaim, Source } from '../source.ts';
import type { BlockRef, Hash32 } from '../types.ts';
import { createFinalWatch, type FinalHands, type FinalWatchOptions } from './final-watch.ts';

describe('the watch on finality', () => {
  it('compares a claim anew when the blocks that agreed were removed and others came', async () => {
    const desk = await createDesk(10);
    await desk.commitFlat(0, 9); // no state root is compared yet: these may go although they are final
    desk.say(8);
    await desk.settleAll();
    expect(desk.final()).toBe(8);
    await desk.unwind(4);
    expect(desk.final()).toBe(4);
    expect(desk.watch.isDue(desk.tip())).toBe(false);
    await desk.commitFlat(5, 9);
    expect(desk.watch.isDue(desk.tip())).toBe(true);
    await desk.settleAll();
    expect(desk.final()).toBe(8);
    expect(desk.advanced()).toBe(2);
  });

  it('keeps claims for later, and compares each as soon as its block is there', async () => {
    const desk = await createDesk(10);
    for (const height of [7, 3, 9]) desk.say(height);
    await desk.heard(3);
    for (const [tip, final] of [
      [2, null],
      [3, 3],
      [6, 3],
      [8, 7],
      [9, 9],
    ] as const) {
      await desk.commitFlat(desk.next(), tip);
      await desk.settleAll();
      expect(desk.final(), `with the tip at ${tip}`).toBe(final);
    }
  });

  it('records a contradiction once while it is being looked into, with claim and block as evidence', async () => {
    const desk = await createDesk(10);
    await desk.commitFlat(0, 9);
    desk.say(6, { hash: new Uint8Array(32).fill(1) as Hash32 });
    await desk.settleAll();
    desk.say(6, { hash: new Uint8Array(32).fill(1) as Hash32 });
    await desk.heard(2);
    await desk.settleAll();
    expect(desk.kept).toHaveLength(1);
    expect(desk.kept[0]).toMatchObject({ height: 6, check: 'l1', source: 'anchor' });
    expect(desk.kept[0]?.parts).toEqual(['finalClaim from anchor', 'changes from a']);
    expect(desk.final()).toBeNull();
    expect(desk.watch.isDue(desk.tip())).toBe(false); // nobody could be asked: not again at once
  });

  it('hears nobody where the chain has no final tip, but looks after those that serve no blocks', async () => {
    const desk = await createDesk(3, { tips: { confirmed: 'confirmed' } });
    await desk.commitFlat(0, 2);
    desk.say(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(desk.watch.isDue(desk.tip())).toBe(false);
    expect(desk.watch.report('anchor')).toMatchObject({ state: 'ok', ok: 0 });
    expect(desk.watch.report('other')).toBeNull();
  });
});

/** A watch over a real store, with an anchor that says what the test wants and nobody else to ask. */
async function createDesk(blocks: number, overrides: Partial<FinalWatchOptions['sync']> = {}) {
  const chain = createTinyChain();
  for (let i = 0; i < blocks; i++) chain.next({ 1: `v${i}` });
  const store = createMemoryStore();
  const { host } = await openTinyHost({ store });
  const scope = createScope();
  onTestFinished(() => scope.close());
  const claims: FinalClaim[] = [];
  const bell = createBell();
  const anchor: Source = {
    id: 'anchor',
    standing: 'anchor',
    parts: [],
    limits: { concurrencyMax: 1 },
    survey: async () => ({ spans: [], head: null }),
    async *fetch() {},
    hashAt: async () => null,
    async *watchFinal({ signal }) {
      for (let next = 0; ; ) {
        const claim = claims[next];
        if (claim === undefined) await bell.wait(signal);
        else {
          next++;
          yield claim;
        }
      }
    },
    [Symbol.asyncDispose]: async () => {},
  };
  const kept: (Rejection & { parts: readonly string[] })[] = [];
  let advances = 0;
  let tip: BlockRef | null = null;
  const sync = {
    env: createSystemEnv(),
    log: silentLogger,
    store,
    apply: host,
    sources: [anchor],
    tips: { confirmed: 'confirmed', final: 'final' },
    pipelinePolicy: { pollMs: 1_000, pollBehindMs: 1_000, questionTimeoutMs: 1_000 },
    notify: () => {},
    ...overrides,
  } as unknown as FinalWatchOptions['sync']; // of all options it reads these
  const watch = createFinalWatch({
    sync,
    scope,
    rejections: {
      keep: async (one, parts) => {
        kept.push({ ...one, parts: parts.map((p) => `${p.part} from ${p.from}`) });
        return one;
      },
      count: 0,
    },
    onDue: () => {},
    onAdvanced: () => advances++,
  });
  const hands: FinalHands = {
    tip: () => tip,
    resolveFork: async () => 'unknown',
    unwind: async () => expect.unreachable('nobody showed anything'),
    halt: (reason) => expect.unreachable(reason),
  };
  return {
    watch,
    kept,
    tip: () => tip,
    next: () => (tip === null ? 0 : tip.height + 1),
    advanced: () => advances,
    final() {
      using view = store.view();
      return readTips(view).final?.height ?? null;
    },
    /** Says that a block of the chain is final, or something else about its height. */
    say(height: number, other: Partial<FinalClaim> = {}) {
      const { ref, stateRoot } = chain.blocks[height] as (typeof chain.blocks)[number]; // the test knows how many
      claims.push({ height: ref.height, hash: ref.hash, stateRoot, reference: `claim ${claims.length}`, ...other });
      bell.ring();
    },
    async heard(count: number) {
      while ((watch.report('anchor')?.ok ?? 0) < count) await new Promise((resolve) => setImmediate(resolve));
    },
    async commitFlat(from: number, to: number) {
      const report = await host.commitFlat(chain.blocks.slice(from, to + 1));
      tip = report.committed.at(-1) ?? tip;
    },
    async unwind(to: number) {
      tip = await host.unwind({ to, reason: 'invalid' });
    },
    /** What the consumer does between two steps, as long as there is something. */
    async settleAll() {
      await new Promise((resolve) => setTimeout(resolve, 5));
      while (watch.isDue(tip)) await watch.settle(hands);
    },
  };
}
