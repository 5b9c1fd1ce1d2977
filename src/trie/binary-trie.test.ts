import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex } from '../lib/index.ts';
import { createTrieUpdater, readLeaf, readRoot, type TrieUpdate, updateTries } from './binary-trie.ts';
import { rootFromSorted } from './build.ts';
import { zeroFelt } from './felts.ts';
import { definedRoot, felt, MemoryPages, mixPairs, toNumber } from './testing.ts';

type Change = readonly [trie: number, key: bigint, value: bigint];

const PREFIX = Uint8Array.of(7);
/** One for all histories, as a node has one for all blocks. */
const updater = createTrieUpdater();

const PREFIXES = [Uint8Array.of(1, 1), Uint8Array.of(1, 2), Uint8Array.of(2, 0)];

function update(prefix: Uint8Array, height: number, entries: Iterable<readonly [bigint, bigint]>): TrieUpdate {
  return { prefix, height, entries: [...entries].map(([key, value]) => ({ key: felt(key), value: felt(value) })) };
}

/** Keys that meet: few distinct ones, sharing prefixes of all lengths, so that edges form, split and merge. */
function keys(height: number): fc.Arbitrary<bigint> {
  const top = 2n ** BigInt(height) - 1n;
  const near = fc.tuple(fc.constantFrom(0n, top, top / 3n, top / 5n), fc.nat(height - 1));
  return fc.oneof(
    { weight: 4, arbitrary: near.map(([base, bit]) => base ^ (1n << BigInt(bit))) },
    { weight: 2, arbitrary: fc.bigInt({ min: 0n, max: top < 40n ? top : 40n }) },
    { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: top }) },
  );
}

/** Histories: batches of changes over three tries; about four in ten changes delete. */
function histories(height: number): fc.Arbitrary<Change[][]> {
  const value = fc.oneof({ weight: 2, arbitrary: fc.constant(0n) }, { weight: 3, arbitrary: fc.bigInt(1n, 9n) });
  const change = fc.tuple(fc.nat(PREFIXES.length - 1), keys(height), value);
  return fc.array(fc.array(change, { maxLength: 24 }), { minLength: 1, maxLength: 6 });
}

function apply(contents: Map<bigint, bigint>[], batch: readonly Change[]): void {
  for (const [trie, key, value] of batch) {
    const content = contents[trie] as Map<bigint, bigint>;
    if (value === 0n) content.delete(key);
    else content.set(key, value);
  }
}

/** The pages of one trie made at once. */
function rebuilt(height: number, content: Iterable<readonly [bigint, bigint]>): MemoryPages {
  const store = new MemoryPages();
  store.apply(updateTries(store, mixPairs, [update(PREFIX, height, content)]).writes);
  return store;
}

function sortedRoot(height: number, content: ReadonlyMap<bigint, bigint>): Uint8Array {
  const entries = [...content].sort(([a], [b]) => (a < b ? -1 : 1));
  const flat = (part: 0 | 1) => concatBytes(...entries.map((entry) => felt(entry[part])));
  return rootFromSorted(mixPairs, height, flat(0), flat(1));
}

/** Plays a history against a store, checking after every batch all that must hold. */
function play(height: number, history: Change[][]): void {
  const contents = PREFIXES.map(() => new Map<bigint, bigint>());
  const store = new MemoryPages();
  for (const batch of history) {
    apply(contents, batch);
    const updates = PREFIXES.map((prefix, trie) =>
      update(
        prefix,
        height,
        batch.filter((change) => change[0] === trie).map(([, key, value]) => [key, value] as const),
      ),
    );
    const { roots, writes } = updater.update(store, mixPairs, updates);
    expectMinimal(store, writes);
    store.apply(writes);
    contents.forEach((content, trie) => {
      const root = toHex(sortedRoot(height, content));
      expect(toHex(roots[trie] as Uint8Array)).toBe(root);
      expect(toHex(readRoot(store, PREFIXES[trie] as Uint8Array))).toBe(root);
    });
  }
  const fresh = new MemoryPages();
  const all = contents.map((content, trie) => update(PREFIXES[trie] as Uint8Array, height, content));
  fresh.apply(updateTries(fresh, mixPairs, all).writes);
  expect(store.dump()).toEqual(fresh.dump());
  for (const [trie, key] of history.flat()) {
    const value = contents[trie]?.get(key) ?? 0n;
    expect(toNumber(readLeaf(store, PREFIXES[trie] as Uint8Array, height, felt(key)))).toBe(value);
  }
}

function expectMinimal(store: MemoryPages, writes: readonly { key: Uint8Array; value: Uint8Array | null }[]): void {
  const written = writes.map(({ key }) => toHex(key));
  expect(written).toEqual([...new Set(written)].sort());
  for (const { key, value } of writes) {
    const before = store.get(key);
    if (value === null) expect(before).toBeDefined();
    else expect(before === undefined ? '' : toHex(before)).not.toBe(toHex(value));
  }
}

describe('the incremental trie', () => {
  for (const [height, numRuns] of [
    [1, 60],
    [3, 200],
    [4, 200],
    [8, 300],
    [13, 200],
    [64, 150],
    [251, 150],
  ] as const) {
    it(`agrees with a rebuild after every batch, in roots, pages and leaves, at height ${height}`, () => {
      fc.assert(
        fc.property(histories(height), (history) => play(height, history)),
        { numRuns },
      );
    });
  }

  it('has the root its definition gives', () => {
    for (const height of [1, 2, 3, 8, 64, 251]) {
      fc.assert(
        fc.property(fc.array(fc.tuple(keys(height), fc.bigInt(1n, 99n)), { maxLength: 20 }), (entries) => {
          const { roots } = updateTries(new MemoryPages(), mixPairs, [update(Uint8Array.of(7), height, entries)]);
          const defined = definedRoot(mixPairs, height, new Map(entries));
          expect(toNumber(roots[0] as Uint8Array)).toBe(defined);
          expect(toNumber(sortedRoot(height, new Map(entries)))).toBe(defined);
        }),
        { numRuns: 40 },
      );
    }
  });

  it('every split and every merge of an edge across page borders gives the pages of a rebuild', () => {
    // Two keys that part at `fork`, a third that leaves them at `cut`, above: inserted, then deleted again.
    const height = 16;
    for (let fork = 1; fork < height; fork++) {
      for (let cut = 0; cut < fork; cut++) {
        const bit = (depth: number) => 1n << BigInt(height - 1 - depth);
        const pair: [bigint, bigint][] = [
          [0n, 1n],
          [bit(fork), 2n],
        ];
        const both = rebuilt(height, pair);
        const three = rebuilt(height, [...pair, [bit(cut), 3n]]);
        const store = rebuilt(height, pair);
        store.apply(updateTries(store, mixPairs, [update(PREFIX, height, [[bit(cut), 3n]])]).writes);
        expect(store.dump()).toEqual(three.dump());
        store.apply(updateTries(store, mixPairs, [update(PREFIX, height, [[bit(cut), 0n]])]).writes);
        expect(store.dump()).toEqual(both.dump());
      }
    }
  });

  it('hashes nothing and writes nothing when values stay and absent keys are deleted', () => {
    fc.assert(
      fc.property(fc.array(keys(64), { minLength: 1, maxLength: 30 }), fc.array(keys(64)), (present, others) => {
        const store = new MemoryPages();
        const content = new Map(present.map((key) => [key, key + 1n] as const));
        const first = updateTries(store, mixPairs, [update(Uint8Array.of(1), 64, content)]);
        store.apply(first.writes);
        const noChange = [...content, ...others.filter((key) => !content.has(key)).map((key) => [key, 0n] as const)];
        const again = updateTries(store, mixPairs, [update(Uint8Array.of(1), 64, noChange)]);
        expect(again).toEqual({ roots: first.roots, writes: [], hashes: 0 });
      }),
    );
  });

  it('hashes each level of all tries as one batch and counts the hashes', () => {
    const batches: number[] = [];
    const counting = (left: Uint8Array, right: Uint8Array) => {
      batches.push(left.length / 32);
      return mixPairs(left, right);
    };
    const updates = [0, 1, 2, 3].map((trie) =>
      update(Uint8Array.of(trie), 251, [
        [1n, 1n],
        [2n ** 250n, 1n],
      ]),
    );
    // Each trie: two leaf edges, then the root.
    expect(updateTries(new MemoryPages(), counting, updates).hashes).toBe(12);
    expect(batches).toEqual([8, 4]);
  });

  it('an updater is none the worse for calls that failed, or for one that its reader or hasher makes meanwhile', () => {
    const entries = Array.from({ length: 3000 }, (_, i) => [BigInt(i * i * 7919) % 2n ** 40n, BigInt(i + 1)] as const);
    const expected = rebuilt(40, entries);
    const own = createTrieUpdater();
    const fails = () => {
      throw new Error('not now');
    };
    const store = new MemoryPages();
    for (let from = 0; from < entries.length; from += 1000) {
      const updates = [update(PREFIX, 40, entries.slice(from, from + 1000))];
      expect(() => own.update({ get: fails }, mixPairs, updates)).toThrow('not now');
      expect(() => own.update(store, fails, updates)).toThrow('not now');
      const nested = (left: Uint8Array, right: Uint8Array) => {
        own.update(new MemoryPages(), mixPairs, [update(PREFIX, 40, entries.slice(0, 3))]);
        return mixPairs(left, right);
      };
      store.apply(own.update(store, nested, updates).writes);
    }
    expect(store.dump()).toEqual(expected.dump());
  });

  it('takes the last of several values for one key', () => {
    const entries: [bigint, bigint][] = [
      [3n, 1n],
      [2n, 5n],
      [3n, 0n],
      [3n, 4n],
    ];
    const { roots } = updateTries(new MemoryPages(), mixPairs, [update(Uint8Array.of(1), 8, entries)]);
    expect(toNumber(roots[0] as Uint8Array)).toBe(definedRoot(mixPairs, 8, new Map(entries)));
  });

  it('leaves no page behind when the last leaf goes', () => {
    const keysUsed = [0n, 1n, 2n ** 250n, 2n ** 100n];
    const store = rebuilt(
      251,
      keysUsed.map((key) => [key, 1n]),
    );
    expect(store.records.size).toBe(3); // The root's, and those of the forks at depths 150 and 250.
    const deletes = keysUsed.map((key) => [key, 0n] as const);
    const { roots, writes } = updateTries(store, mixPairs, [update(PREFIX, 251, deletes)]);
    store.apply(writes);
    expect(roots).toEqual([zeroFelt()]);
    expect(store.records.size).toBe(0);
    expect(readRoot(store, PREFIX)).toEqual(zeroFelt());
    expect(readLeaf(store, PREFIX, 251, felt(1n))).toEqual(zeroFelt());
  });

  it('does not change the buffers it is given, Buffers included', () => {
    const store = new MemoryPages();
    const prefix = Buffer.from([9]);
    const entry = (key: bigint, value: bigint) => ({ key: Buffer.from(felt(key)), value: Buffer.from(felt(value)) });
    const buffering = (left: Uint8Array, right: Uint8Array) => Buffer.from(mixPairs(left, right));
    const steps = [[entry(0n, 1n), entry(1n, 2n), entry(4n, 3n)], [entry(4n, 0n)], [entry(0n, 0n)], [entry(2n, 1n)]];
    const text = () => JSON.stringify(steps);
    const before = text();
    for (const entries of steps) {
      const { roots, writes } = updateTries(store, buffering, [{ prefix, height: 251, entries }]);
      store.apply(writes);
      roots[0]?.fill(0xff);
    }
    expect(text()).toBe(before);
    const content = new Map([
      [1n, 2n],
      [2n, 1n],
    ]);
    expect(toNumber(readRoot(store, prefix))).toBe(definedRoot(mixPairs, 251, content));
  });

  it('keeps nothing of what the reader and the hasher lend it', () => {
    // A database may answer from one buffer, a kernel from its memory: both are overwritten by the next call.
    const store = new MemoryPages();
    const lent = new Uint8Array(4096);
    const reader = {
      get: (key: Uint8Array) => {
        const bytes = store.get(key);
        if (bytes === undefined) return undefined;
        lent.set(bytes);
        return lent.subarray(0, bytes.length);
      },
    };
    const memory = new Uint8Array(32 * 1024);
    const hash = (left: Uint8Array, right: Uint8Array) => {
      const out = mixPairs(left, right);
      memory.fill(0xff);
      memory.set(out);
      return memory.subarray(0, out.length);
    };
    const content = new Map<bigint, bigint>();
    for (let batch = 0n; batch < 8n; batch++) {
      const changes = Array.from({ length: 60 }, (_, i) => [(BigInt(i) * 7n + batch * 31n) % 256n, batch] as const);
      apply(
        [content],
        changes.map(([key, value]) => [0, key, value] as const),
      );
      store.apply(updateTries(reader, hash, [update(PREFIX, 8, changes)]).writes);
      expect(toNumber(readRoot(reader, PREFIX))).toBe(definedRoot(mixPairs, 8, content));
    }
  });

  it('refuses two updates of one trie, and keys, values and heights out of bounds', () => {
    const run = (...updates: TrieUpdate[]) => updateTries(new MemoryPages(), mixPairs, updates);
    const one = update(Uint8Array.of(1), 8, [[1n, 1n]]);
    const thrown = (code: string, fault: string) => expect.objectContaining({ code, fault });
    const longer = { ...one, prefix: Uint8Array.of(1, 0) };
    for (const other of [{ ...one }, longer]) {
      expect(() => run(one, other)).toThrow(thrown('TRIE_DUPLICATE', 'bug'));
      expect(() => run(other, one)).toThrow(thrown('TRIE_DUPLICATE', 'bug'));
    }
    const argument = thrown('TRIE_ARGUMENT', 'caller');
    for (const height of [0, 252, 1.5, Number.NaN]) expect(() => run({ ...one, height })).toThrow(argument);
    expect(() => run(update(Uint8Array.of(1), 8, [[256n, 1n]]))).toThrow(argument);
    expect(() => run(update(Uint8Array.of(1), 251, [[2n ** 251n, 1n]]))).toThrow(argument);
    expect(() => run(update(Uint8Array.of(1), 8, [[1n, 2n ** 252n]]))).toThrow(argument);
    const short = { key: new Uint8Array(31), value: felt(1n) };
    expect(() => run({ ...one, entries: [short] })).toThrow(argument);
    expect(() => readLeaf(new MemoryPages(), Uint8Array.of(1), 8, felt(256n))).toThrow(argument);
    expect(() => updateTries(new MemoryPages(), () => new Uint8Array(0), [one])).toThrow(
      thrown('TRIE_INVARIANT', 'bug'),
    );
  });
});
