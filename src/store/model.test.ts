import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, it } from 'vitest';
import type { Store, Table } from '../engine/index.ts';
import { compareWithModel, createStoreModel, type StoreStep } from '../testing/index.ts';
import { createMemoryStore, openLmdb, tables } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'syncline-model-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Few bytes to choose from and short keys, so that keys meet, touch and prefix each other. */
const key = fc.uint8Array({ maxLength: 3 }).map((bytes) => bytes.map((byte) => [0, 1, 0x80, 0xff][byte & 3] ?? 0));
const table = fc.constantFrom<Table>('state', 'trie', 'meta', 'quarantine');
const write = fc.record({ table, key, value: fc.option(fc.uint8Array({ maxLength: 20 })) });
const range = fc.record(
  { start: key, end: key, reverse: fc.boolean(), limit: fc.nat({ max: 30 }) },
  { requiredKeys: [] },
);
const step: fc.Arbitrary<StoreStep> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ type: fc.constant('commit'), writes: fc.array(write, { maxLength: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('get'), table, key }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('range'), table, range }) },
);
const steps = fc.array(step, { maxLength: 60 });

/** Clears the store, then plays the steps on it and on the model; now and then an old view is asked as well. */
function play(store: Store, history: readonly StoreStep[]): void {
  store.commit(clearing(store));
  const model = createStoreModel();
  using old = store.view();
  const oldModel = model.snapshot();
  for (const one of history) {
    if (one.type === 'commit') {
      store.commit(one.writes);
      model.commit(one.writes);
      continue;
    }
    using view = store.view();
    compareWithModel(view, model, one);
    compareWithModel(old, oldModel, one);
  }
}

function clearing(store: Store) {
  using view = store.view();
  return tables.flatMap((name) =>
    [...view.range(name, {})].map(([found]) => ({ table: name, key: found, value: null })),
  );
}

describe('stores against a plain model', () => {
  it('memory answers every question as the model does', () => {
    const store = createMemoryStore();
    fc.assert(
      fc.property(steps, (history) => play(store, history)),
      { numRuns: 300 },
    );
  });

  it('lmdb answers every question as the model does', async () => {
    await using store = openLmdb({ path: join(folder, 'db') });
    fc.assert(
      fc.property(steps, (history) => play(store, history)),
      { numRuns: 25 },
    );
  });
});
