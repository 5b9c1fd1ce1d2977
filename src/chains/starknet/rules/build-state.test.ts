import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFeltHasher } from '../../../crypto/index.ts';
import type { Store } from '../../../engine/index.ts';
import { toHex } from '../../../lib/index.ts';
import { createMemoryStore } from '../../../store/index.ts';
import { feltFromNumber } from '../felt.ts';
import type { Felt, StateDiff } from '../types.ts';
import { createStateBuild } from './build-state.ts';
import { commitState } from './commit-state.ts';
import { executeDiff } from './execute.ts';
import { STATE } from './state-keys.ts';

const hasher = createFeltHasher();
const VERSION = '0.13.1';

/** A contract with so many storage entries, spread over the address space. */
interface Contract {
  readonly address: number;
  readonly storage: number;
  readonly nonce: boolean;
}

const contracts = fc.uniqueArray(
  fc.record({
    address: fc.integer({ min: 1, max: 2 ** 16 - 1 }),
    storage: fc.oneof({ weight: 5, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.integer({ min: 4, max: 30 }) }),
    nonce: fc.boolean(),
  }),
  { selector: (one) => one.address, minLength: 0, maxLength: 25 },
);

describe('state tries built at once', () => {
  test('are byte for byte those grown by updates, whatever the size of a step', () => {
    fc.assert(
      fc.property(contracts, fc.nat(5), fc.integer({ min: 1, max: 12 }), (all, classes, stepEntries) => {
        const grown = flatState(all, classes);
        const root = commit(grown);
        const built = build(flatState(all, classes), { stepEntries });
        expect(built.root).toBe(root);
        expect(built.dump).toEqual(dump(grown.store));
      }),
      { numRuns: 60 },
    );
  });

  test('are the same when the build is interrupted after any step, again and again', () => {
    fc.assert(
      fc.property(
        contracts,
        fc.nat(5),
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 6 }),
        (all, classes, stepEntries, interruptedAfter) => {
          const grown = flatState(all, classes);
          const root = commit(grown);
          const built = build(flatState(all, classes), { stepEntries, interruptedAfter });
          expect(built.root).toBe(root);
          expect(built.dump).toEqual(dump(grown.store));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('take about two hashes a leaf', () => {
    const all = Array.from({ length: 40 }, (_, i) => ({ address: i * 977 + 1, storage: 50, nonce: true }));
    const { hashes } = build(flatState(all, 0), { stepEntries: 2 ** 15 });
    expect(hashes).toBeLessThan(40 * 50 * 2.5);
  });
});

function build(
  { store }: FlatState,
  { stepEntries, interruptedAfter = [] }: { stepEntries: number; interruptedAfter?: readonly number[] },
): { readonly root: string; readonly dump: readonly string[]; readonly hashes: number } {
  let cursor: Uint8Array | null = null;
  let hashes = 0;
  const limits = [...interruptedAfter];
  for (;;) {
    const one = createStateBuild({ hasher, version: VERSION, cursor, stepEntries });
    const limit = limits.shift() ?? Number.POSITIVE_INFINITY;
    for (let step = 0; step < limit; step++) {
      using view = store.view();
      const piece = one.step(view);
      store.commit(piece.writes);
      hashes += piece.hashes;
      cursor = new Uint8Array(piece.cursor);
      if (piece.root !== null) return { root: toHex(piece.root), dump: dump(store), hashes };
      if (step > 10_000) throw new Error('the build does not end');
    }
  }
}

function diffOf(all: readonly Contract[], classes: number): StateDiff {
  return {
    deployedContracts: all.map(({ address }) => ({ address: spread(address), classHash: feltFromNumber(7) })),
    replacedClasses: [],
    nonces: all
      .filter(({ nonce }) => nonce)
      .map(({ address }) => ({ address: spread(address), nonce: feltFromNumber(1) })),
    storageDiffs: [
      { address: feltFromNumber(1), entries: [{ key: feltFromNumber(3), value: feltFromNumber(4) }] },
      ...all.map(({ address, storage }) => ({
        address: spread(address),
        entries: Array.from({ length: storage }, (_, i) => ({ key: spread(i * 31 + 1), value: feltFromNumber(i + 1) })),
      })),
    ],
    oldDeclaredContracts: [],
    declaredClasses: Array.from({ length: classes }, (_, i) => ({
      classHash: spread(i * 17 + 5),
      compiledClassHash: feltFromNumber(i + 1),
    })),
    migratedCompiledClasses: [],
  };
}

/** A felt below 2^251 with its highest bytes set, so that keys are neighbours at all depths. */
function spread(number: number): Felt {
  const out = new Uint8Array(32);
  out[0] = (number >> 8) & 7;
  out[1] = number & 0xff;
  out[31] = number >> 8;
  return out as Felt;
}

/** A state without tries, and the keys that are set in it. */
interface FlatState {
  readonly store: Store;
  readonly keys: readonly Uint8Array[];
}

function flatState(all: readonly Contract[], classes: number): FlatState {
  const values = new Map<string, { readonly key: Uint8Array; readonly value: Uint8Array | null }>();
  executeDiff(
    {
      get: (key) => values.get(toHex(key))?.value ?? undefined,
      set: (key, value) => {
        values.set(toHex(key), { key, value });
      },
    },
    diffOf(all, classes),
  );
  const store = createMemoryStore();
  store.commit([...values.values()].map(({ key, value }) => ({ table: 'state', key, value })));
  return { store, keys: [...values.values()].map(({ key }) => key) };
}

function commit({ store, keys }: FlatState): string {
  using view = store.view();
  const { writes, root } = commitState(hasher, view, keys, VERSION);
  store.commit(writes);
  return toHex(root);
}

function dump(store: Store): readonly string[] {
  using view = store.view();
  const derived = { start: Uint8Array.of(STATE.storageRoot), end: Uint8Array.of(STATE.storageRoot + 1) };
  return [...view.range('trie', {}), ...view.range('state', derived)].map(
    ([key, value]) => `${toHex(key)} ${toHex(value)}`,
  );
}
