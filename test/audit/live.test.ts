import { describe, expect, it } from 'vitest';
import { createStateBuild } from '../../src/chains/starknet/rules/build-state.ts';
import { decodeStateDiff } from '../../src/chains/starknet/stored/index.ts';
import { createFeltHasher } from '../../src/crypto/index.ts';
import {
  type ApplyHost,
  type AuditCourse,
  type AuditHost,
  type AuditOutcome,
  createAuditHost,
  runAudit,
  type Store,
} from '../../src/engine/index.ts';
import { toHex } from '../../src/lib/index.ts';
import { openLmdb } from '../../src/store/index.ts';
import { createRandom } from '../../src/testing/index.ts';
import { temporaryFolder } from '../e2e/folders.ts';
import { applierOf, audit, ledgerSubject, type Subject, starknetSubject } from './stores.ts';

/** A store that changes between any two pieces of an audit's work. */
interface Live {
  readonly subject: Subject;
  readonly store: Store;
  readonly applier: ApplyHost;
  /** Height of the store's tip. */
  tip: number;
}

async function openLive(subject: Subject, path: string): Promise<Live> {
  const store = openLmdb({ path });
  const applier = applierOf(subject, store);
  await applier.recover();
  const blocks = subject.blocks();
  await applier.commit(blocks);
  return { subject, store, applier, tip: blocks.length - 1 };
}

async function extend(live: Live, count: number): Promise<void> {
  live.subject.produce(count);
  await live.applier.commit(live.subject.blocks(live.tip + 1));
  live.tip += count;
}

async function reorg(live: Live, depth: number): Promise<void> {
  live.subject.reorg(depth);
  await live.applier.unwind({ to: live.tip - depth, reason: 'reorg' });
  await live.applier.commit(live.subject.blocks(live.tip - depth + 1));
}

/** Audits while `disturb` is called before each piece of work, with the name of the piece and its number. */
async function auditLive(
  live: Live,
  disturb: (work: keyof AuditHost, turn: number) => Promise<void>,
): Promise<AuditOutcome & { readonly courses: readonly AuditCourse[] }> {
  const { chain, rules } = live.subject;
  const host = createAuditHost({ rules, tips: chain.tips, identity: chain.identity }, live.store);
  let turn = 0;
  let last: Promise<void> = Promise.resolve();
  const inTurn = (work: keyof AuditHost) => {
    last = last.then(() => disturb(work, turn++));
    return last;
  };
  const disturbed = new Proxy(host, {
    get: (target, name: keyof AuditHost) =>
      typeof target[name] !== 'function'
        ? target[name]
        : async (...args: readonly unknown[]) => {
            await inTurn(name);
            return (target[name] as (...given: readonly unknown[]) => unknown)(...args);
          },
  });
  const courses: AuditCourse[] = [];
  const outcome = await runAudit({
    hosts: [disturbed],
    from: 0,
    to: null,
    deep: true,
    course: null,
    signal: new AbortController().signal,
    onProgress() {},
    onCourse: (course) => courses.push(course),
  });
  return { ...outcome, courses };
}

describe.each<[string, () => Subject]>([
  ['starknet', () => starknetSubject({ blocks: 80, transactionsPerBlock: 2, storageUpdatesPerBlock: 5 })],
  ['ledger', () => ledgerSubject(4)],
])('an audit beside a writer of %s', (_name, create) => {
  it('passes while blocks are added, and takes in those that come in time', async () => {
    await using folder = await openFolder(create());
    const { live } = folder;
    const before = live.tip;
    const outcome = await auditLive(live, async (work) => {
      if (live.tip < before + 12 && (work === 'blocks' || work === 'sweep' || work === 'tries')) await extend(live, 1);
    });
    expect(outcome.difference).toBe(null);
    expect(live.tip).toBe(before + 12);
    expect(outcome.last?.height).toBeGreaterThan(before);
  });

  it.each<[string, keyof AuditHost]>([
    ['blocks', 'blocks'],
    ['tables', 'sweep'],
    ['sums', 'counts'],
    ['tries', 'tries'],
  ])('passes when blocks are rolled back while the %s are looked at', async (_what, when) => {
    await using folder = await openFolder(create());
    const { live } = folder;
    let left = 2;
    const outcome = await auditLive(live, async (work) => {
      if (work === when && left-- > 0) await reorg(live, 3);
    });
    expect(outcome.difference).toBe(null);
    expect(outcome.last?.height).toBe(live.tip);
    expect(outcome.checks['surplus-pages'] ?? outcome.checks.trie).toBeDefined();
  });

  it('passes whatever happens when, and goes back no further than it must', async () => {
    const random = createRandom(11);
    await using folder = await openFolder(create());
    const { live } = folder;
    let disturbances = 25;
    const outcome = await auditLive(live, async () => {
      if (disturbances === 0 || random() > 0.5) return;
      disturbances--;
      if (random() < 0.5) await extend(live, 1 + Math.floor(random() * 3));
      else await reorg(live, 1 + Math.floor(random() * 4));
    });
    expect(outcome.difference).toBe(null);
    const starts = outcome.courses.filter(({ rungs }) => rungs.length === 1).length;
    expect(starts, 'begun anew').toBeLessThan(4);
  });

  it('still finds what is damaged', async () => {
    await using folder = await openFolder(create());
    const { live } = folder;
    const before = live.tip;
    const outcome = await auditLive(live, async (work, turn) => {
      if (turn === 0) live.store.commit([{ table: 'history', key: new Uint8Array(30), value: new Uint8Array(1) }]);
      if (live.tip < before + 5 && work === 'blocks') await extend(live, 1);
    });
    expect(outcome.difference).toMatchObject({ check: 'history', table: 'history' });
  });
});

describe('tries that are built again beside a writer', () => {
  /** Of so many pieces that blocks come between them. */
  function inSmallSteps(subject: Subject): Subject {
    const hasher = createFeltHasher();
    const buildState: Subject['rules']['buildState'] = ({ protocolVersion: version }, cursor) =>
      createStateBuild({ hasher, version, cursor, stepEntries: 12 });
    return { ...subject, rules: { ...subject.rules, buildState } };
  }

  it('are compared with what rolling back to their block would give', async () => {
    const subject = inSmallSteps(starknetSubject({ blocks: 60, storageUpdatesPerBlock: 8 }));
    await using folder = await openFolder(subject);
    const { live } = folder;
    const before = live.tip;
    const { difference, checks } = await auditLive(live, async (work) => {
      if (work === 'tries' && live.tip < before + 20) await extend(live, 1);
    });
    expect(difference).toBe(null);
    expect(live.tip).toBe(before + 20);
    expect(checks.trie).toMatchObject({ undecided: 0 });
    expect(checks['state-root']).toMatchObject({ passed: 2 });
    expect(checks['surplus-pages']).toMatchObject({ undecided: 1 });
  });

  it('show a page that no later block has changed', async () => {
    const subject = inSmallSteps(starknetSubject({ blocks: 60, storageUpdatesPerBlock: 8 }));
    await using folder = await openFolder(subject);
    const { live } = folder;
    let lost = new Uint8Array(0);
    let steps = 0;
    const { difference } = await auditLive(live, async (work) => {
      if (work !== 'tries' || ++steps !== 2) return;
      // The first step has begun; a block moves the tip, and then a page of a contract still to come goes.
      lost = new Uint8Array(idlePage(live, subject));
      await extend(live, 1);
      live.store.commit([{ table: 'trie', key: lost, value: null }]);
    });
    expect(difference).toMatchObject({
      check: 'trie',
      table: 'trie',
      key: toHex(lost),
      got: 'no record',
    });
  });

  /** The root page of a storage trie that the next block leaves alone. */
  function idlePage(live: Live, subject: Subject): Uint8Array {
    const next = starknetSubject({ blocks: live.tip + 2, storageUpdatesPerBlock: 8 }).blocks(live.tip + 1)[0];
    const diff = decodeStateDiff(next?.parts.stateDiff ?? new Uint8Array());
    const touched = new Set(diff.storageDiffs.map(({ address }) => toHex(address)));
    using view = live.store.view();
    for (const [key] of view.range('trie', { start: Uint8Array.of(1), end: Uint8Array.of(2), reverse: true })) {
      if (key.length === 34 && !touched.has(toHex(key.subarray(1, 33)))) return key;
    }
    throw new Error(`every contract of ${subject.chain.network} is touched`);
  }
});

describe('an audit that was stopped', () => {
  it('goes on where it was, and comes to the same end', async () => {
    const subject = starknetSubject({ blocks: 200, transactionsPerBlock: 1, storageUpdatesPerBlock: 3 });
    await using folder = await openFolder(subject);
    const { live } = folder;
    const whole = await audit(subject, live.store);
    const courses: AuditCourse[] = [];
    await audit(subject, live.store, { onCourse: (course) => courses.push(course) });
    for (const at of [1, 4, courses.length >> 1, courses.length - 2]) {
      const course = JSON.parse(JSON.stringify(courses[at])) as AuditCourse;
      const done: number[] = [];
      const resumed = await audit(subject, live.store, {
        course,
        onProgress: ({ phase, done: blocks }) => {
          if (phase === 'blocks') done.push(blocks);
        },
      });
      expect({ ...resumed, begunAt: 0 }).toEqual(whole);
      expect(resumed.begunAt).toBe(course.rungs.at(-1)?.next);
      expect(done[0] ?? 200).toBe(Math.min(200, course.rungs.at(-1)?.next ?? 0));
    }
  });

  it('gives up the blocks that were rolled back meanwhile, and no others', async () => {
    const subject = starknetSubject({ blocks: 200, transactionsPerBlock: 1, storageUpdatesPerBlock: 3 });
    await using folder = await openFolder(subject);
    const { live } = folder;
    let course: AuditCourse | null = null;
    await audit(subject, live.store, {
      onCourse(next) {
        course = next;
      },
    });
    await reorg(live, 30);
    const done: number[] = [];
    const outcome = await audit(subject, live.store, {
      course,
      onProgress: ({ phase, done: blocks }) => {
        if (phase === 'blocks') done.push(blocks);
      },
    });
    expect(outcome.difference).toBe(null);
    expect(done[0]).toBeGreaterThanOrEqual(96);
    expect(done[0]).toBeLessThanOrEqual(170);
  });
});

async function openFolder(subject: Subject): Promise<AsyncDisposable & { readonly live: Live }> {
  const live = await openLive(subject, temporaryFolder('live'));
  return { live, [Symbol.asyncDispose]: () => live.store[Symbol.asyncDispose]() as Promise<void> };
}
