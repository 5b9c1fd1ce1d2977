import { describe, expect, it } from 'vitest';
import { openLmdb } from '../../src/store/index.ts';
import { temporaryFolder } from '../e2e/folders.ts';
import { applierOf, audit, fill, ledgerSubject, type Subject, starknetSubject } from './stores.ts';

/** Checks that every chain is put to. */
const COMMON = [
  'meta',
  'tips',
  'state-root',
  'block-record',
  'parts',
  'proofs',
  'parent-link',
  'height-index',
  'index',
  'history',
  'undo',
  'late-content',
  'state',
  'wanted',
  'orphan',
  'reject',
  'quarantine',
  'counts',
  'trie',
  'surplus-pages',
];

describe.each<[string, () => Subject, readonly string[]]>([
  [
    'starknet',
    starknetSubject,
    [
      'transaction-hashes',
      'transaction-commitment',
      'event-commitment',
      'receipt-commitment',
      'state-diff-commitment',
      'state-diff-length',
      'block-hash',
      'signature',
    ],
  ],
  ['ledger', ledgerSubject, ['block-hash', 'signature', 'transactions-root', 'transfer-signature', 'memo-hash']],
])('a sound store of %s', (_name, create, own) => {
  it('passes every check there is', async () => {
    const subject = create();
    await using store = openLmdb({ path: temporaryFolder('audit') });
    await fill(subject, store);
    const { difference, blocks, last, checks } = await audit(subject, store, { deep: true });
    expect(difference).toBe(null);
    expect(blocks).toBe(subject.blocks().length);
    expect(last).toEqual(subject.blocks().at(-1)?.ref);
    expect(Object.keys(checks).sort()).toEqual([...COMMON, ...own].sort());
    for (const [name, { passed, undecided }] of Object.entries(checks)) {
      expect(passed, name).toBeGreaterThan(0);
      expect(undecided, name).toBe(0);
    }
  });

  it('passes with several at work, as with one', async () => {
    const subject = create();
    await using store = openLmdb({ path: temporaryFolder('audit') });
    await fill(subject, store);
    expect(await audit(subject, store, { hosts: 3 })).toEqual(await audit(subject, store));
  });

  it('passes in part, without what only the whole can show', async () => {
    const subject = create();
    await using store = openLmdb({ path: temporaryFolder('audit') });
    await fill(subject, store);
    const outcome = await audit(subject, store, { from: 5, to: 9 });
    expect(outcome).toMatchObject({ difference: null, blocks: 5, last: { height: 9 } });
    expect(outcome.checks).toHaveProperty('block-hash.passed', 5);
    expect(outcome.checks).not.toHaveProperty('counts');
    await expect(audit(subject, store, { from: 5, to: 9_999 })).rejects.toMatchObject({ code: 'AUDIT_RANGE' });
  });

  it('that is empty passes', async () => {
    const subject = create();
    await using store = openLmdb({ path: temporaryFolder('audit') });
    await applierOf(subject, store).recover();
    expect(await audit(subject, store, { deep: true })).toMatchObject({ difference: null, blocks: 0, last: null });
  });

  it('whose tries are still to be built passes, with the root left open', async () => {
    const subject = create();
    await using store = openLmdb({ path: temporaryFolder('audit') });
    const applier = applierOf(subject, store);
    await applier.recover();
    await applier.commitFlat(subject.blocks());
    const { difference, checks } = await audit(subject, store, { deep: true });
    expect(difference).toBe(null);
    expect(checks['state-root']).toMatchObject({ passed: 0, reasons: [expect.stringContaining('pending')] });
    expect(checks.trie).toMatchObject({ passed: 0, reasons: [expect.stringContaining('pending')] });
    for (;;) if ((await applier.rebuild()).type === 'proven') break;
    expect((await audit(subject, store, { deep: true })).checks).toMatchObject({ 'state-root': { undecided: 0 } });
  });

  it('in which blocks are final passes without their undo lists', async () => {
    const subject = create();
    if (subject.chain.tips.final === undefined) return;
    await using store = openLmdb({ path: temporaryFolder('audit') });
    const applier = applierOf(subject, store);
    await applier.recover();
    const blocks = subject.blocks();
    await applier.commit(blocks);
    const tenth = blocks[10]?.ref ?? null;
    await applier.advance({ [subject.chain.tips.final]: tenth });
    const { difference, checks } = await audit(subject, store);
    expect(difference).toBe(null);
    expect(checks.undo).toMatchObject({ passed: blocks.length - 11, undecided: 11 });
  });
});
