import { deepStrictEqual, ok, strictEqual, throws } from 'node:assert/strict';
import type { KeyRange, StateView, Store, Table, Write } from '../engine/index.ts';
import { keyBytesMax, tables } from '../store/index.ts';
import type { TestRunner } from './runner.ts';
import { compareWithModel, createStoreModel, type StoreStep } from './store-model.ts';
import { createRandom } from './virtual-env.ts';

/** A store that a test may fill and close. */
export interface OpenedStore {
  /** Open and empty. */
  readonly store: Store;
  /** Opens the same data again, after the suite has closed `store`. Absent: the store keeps nothing. */
  readonly reopen?: () => Promise<Store>;
  /** Runs last, with all stores closed. */
  readonly cleanup?: () => Promise<void>;
}

/**
 * The conformance suite of the `Store` interface: whatever passes it can carry the engine, as far as a single process
 * can tell. Durability across a crash is for the store's own tests to show.
 *
 * @param open Makes a new, empty store; called once per test.
 */
export function testStore(runner: TestRunner, name: string, open: () => Promise<OpenedStore>): void {
  const it = (claim: string, body: (store: Store, opened: OpenedStore) => void | Promise<void>) =>
    runner.it(claim, async () => {
      const opened = await open();
      try {
        await body(opened.store, opened);
      } finally {
        await opened.store[Symbol.asyncDispose]();
        await opened.cleanup?.();
      }
    });

  runner.describe(`store: ${name}`, () => {
    testWrites(it);
    testRanges(it);
    testViews(it);
    testLifetime(it);
    testAgainstModel(it);
  });
}

type It = (claim: string, body: (store: Store, opened: OpenedStore) => void | Promise<void>) => unknown;

function testWrites(it: It): void {
  it('a key that was never set reads as undefined', (store) => {
    strictEqual(get(store, 'state', bytes(1)), undefined);
    deepStrictEqual(entries(store, 'state', {}), []);
  });

  it('a value is read back until its key is deleted', (store) => {
    store.commit([set('state', bytes(1), bytes(10, 11))]);
    deepStrictEqual(get(store, 'state', bytes(1)), bytes(10, 11));
    store.commit([set('state', bytes(1), bytes(12))]);
    deepStrictEqual(get(store, 'state', bytes(1)), bytes(12));
    store.commit([remove('state', bytes(1)), remove('state', bytes(2))]);
    strictEqual(get(store, 'state', bytes(1)), undefined);
  });

  it('the later write to a key wins within a commit', (store) => {
    store.commit([
      set('meta', bytes(1), bytes(1)),
      set('meta', bytes(1), bytes(2)),
      set('meta', bytes(2), bytes(1)),
      remove('meta', bytes(2)),
      remove('meta', bytes(3)),
      set('meta', bytes(3), bytes(3)),
    ]);
    deepStrictEqual(entries(store, 'meta', {}), [
      [bytes(1), bytes(2)],
      [bytes(3), bytes(3)],
    ]);
  });

  it('a commit without writes changes nothing', (store) => {
    store.commit([]);
    deepStrictEqual(entries(store, 'meta', {}), []);
  });

  it('one key in every table is as many entries', (store) => {
    store.commit(tables.map((table, at) => set(table, bytes(7), bytes(at))));
    for (const [at, table] of tables.entries()) deepStrictEqual(entries(store, table, {}), [[bytes(7), bytes(at)]]);
    store.commit([remove('state', bytes(7))]);
    for (const table of tables) strictEqual(entries(store, table, {}).length, table === 'state' ? 0 : 1);
  });

  it('a commit that fails in the middle writes nothing', (store) => {
    store.commit([set('state', bytes(1), bytes(1))]);
    const writes = [
      set('state', bytes(1), bytes(2)),
      set('state', bytes(2), bytes(2)),
      set('state', new Uint8Array(keyBytesMax + 1), bytes(2)),
      set('state', bytes(3), bytes(2)),
    ];
    throws(() => store.commit(writes), { code: 'STORE_KEY_TOO_LONG' });
    deepStrictEqual(entries(store, 'state', {}), [[bytes(1), bytes(1)]]);
    store.commit([set('state', bytes(4), bytes(4))]);
    strictEqual(entries(store, 'state', {}).length, 2);
  });

  it('the longest key works', (store) => {
    const key = new Uint8Array(keyBytesMax).fill(0xff);
    store.commit([set('state', key, bytes(1))]);
    deepStrictEqual(get(store, 'state', key), bytes(1));
    deepStrictEqual(entries(store, 'state', { start: key }), [[key, bytes(1)]]);
    deepStrictEqual(entries(store, 'state', { reverse: true }), [[key, bytes(1)]]);
  });

  it('an empty value is a value, and an empty key is a key', (store) => {
    store.commit([set('state', bytes(), bytes()), set('state', bytes(1), bytes())]);
    deepStrictEqual(get(store, 'state', bytes()), bytes());
    deepStrictEqual(entries(store, 'state', {}), [
      [bytes(), bytes()],
      [bytes(1), bytes()],
    ]);
  });

  it('values of 4 MiB are kept whole', (store) => {
    const values = [1, 2, 3].map((seed) => noise(seed, 4 * 2 ** 20));
    store.commit(values.map((value, at) => set('part', bytes(at), value)));
    for (const [at, value] of values.entries()) ok(Buffer.from(value).equals(get(store, 'part', bytes(at)) ?? bytes()));
    const read = entries(store, 'part', {});
    strictEqual(read.length, 3);
    for (const [at, [, value]] of read.entries()) ok(Buffer.from(value).equals(values[at] ?? bytes()));
  });

  it('10,000 keys go into one commit and come out in order', (store) => {
    const keys = Array.from({ length: 10_000 }, (_, at) => noise(at, 8));
    store.commit(keys.map((key) => set('trie', key, key)));
    const read = entries(store, 'trie', {});
    const sorted = [...keys].sort(Buffer.compare);
    deepStrictEqual(
      read,
      sorted.map((key) => [key, key] as const),
    );
    deepStrictEqual(entries(store, 'trie', { reverse: true }), read.reverse());
  });
}

function testRanges(it: It): void {
  const filled = (store: Store) => store.commit([2, 4, 6, 8].map((n) => set('state', bytes(n), bytes(n))));
  const firstBytes = (store: Store, range: KeyRange) => entries(store, 'state', range).map(([key]) => key[0]);

  it('a range includes its start and excludes its end', (store) => {
    filled(store);
    deepStrictEqual(firstBytes(store, {}), [2, 4, 6, 8]);
    deepStrictEqual(firstBytes(store, { start: bytes(4), end: bytes(8) }), [4, 6]);
    deepStrictEqual(firstBytes(store, { start: bytes(3), end: bytes(9) }), [4, 6, 8]);
    deepStrictEqual(firstBytes(store, { start: bytes(6) }), [6, 8]);
    deepStrictEqual(firstBytes(store, { end: bytes(6) }), [2, 4]);
  });

  it('a range with nothing inside is empty, backwards too', (store) => {
    filled(store);
    for (const reverse of [false, true]) {
      deepStrictEqual(firstBytes(store, { start: bytes(4), end: bytes(4), reverse }), []);
      deepStrictEqual(firstBytes(store, { start: bytes(8), end: bytes(2), reverse }), []);
      deepStrictEqual(firstBytes(store, { start: bytes(9), reverse }), []);
      deepStrictEqual(firstBytes(store, { end: bytes(2), reverse }), []);
      deepStrictEqual(firstBytes(store, { start: bytes(5), end: bytes(6), reverse }), []);
    }
  });

  it('a reverse range has the same bounds and the opposite order', (store) => {
    filled(store);
    deepStrictEqual(firstBytes(store, { reverse: true }), [8, 6, 4, 2]);
    deepStrictEqual(firstBytes(store, { start: bytes(4), end: bytes(8), reverse: true }), [6, 4]);
    deepStrictEqual(firstBytes(store, { start: bytes(3), end: bytes(7), reverse: true }), [6, 4]);
    deepStrictEqual(firstBytes(store, { end: bytes(9), reverse: true }), [8, 6, 4, 2]);
  });

  it('a limit counts from the side where the range begins', (store) => {
    filled(store);
    deepStrictEqual(firstBytes(store, { limit: 0 }), []);
    deepStrictEqual(firstBytes(store, { limit: 2 }), [2, 4]);
    deepStrictEqual(firstBytes(store, { limit: 2, reverse: true }), [8, 6]);
    deepStrictEqual(firstBytes(store, { start: bytes(3), limit: 1 }), [4]);
    deepStrictEqual(firstBytes(store, { limit: 100 }), [2, 4, 6, 8]);
  });

  it('keys are ordered by bytes, a prefix before what it begins', (store) => {
    const ordered = [bytes(), bytes(0), bytes(0, 0), bytes(0, 1), bytes(1), bytes(0x7f), bytes(0x80), bytes(0xff)];
    ordered.push(bytes(0xff, 0), bytes(0xff, 0xff), bytes(0xff, 0xff, 0xff));
    store.commit([...ordered].reverse().map((key) => set('index', key, key)));
    store.commit([set('height', bytes(0xff), bytes(1)), set('content', bytes(), bytes(1))]); // neighbours
    deepStrictEqual(
      entries(store, 'index', {}).map(([key]) => key),
      ordered,
    );
    deepStrictEqual(
      entries(store, 'index', { reverse: true }).map(([key]) => key),
      [...ordered].reverse(),
    );
    deepStrictEqual(entries(store, 'index', { start: bytes(0xff), end: bytes(0xff, 0xff) }).length, 2);
  });

  it('a long range is read whole, whatever the size of its values', (store) => {
    const values = Array.from({ length: 300 }, (_, at) => noise(at, at % 20 === 0 ? 100_000 : at));
    store.commit(values.map((value, at) => set('part', bytes(at >> 8, at), value)));
    const read = entries(store, 'part', {});
    deepStrictEqual(
      read.map(([, value]) => value),
      values,
    );
    deepStrictEqual(entries(store, 'part', { reverse: true }), [...read].reverse());
    deepStrictEqual(entries(store, 'part', { limit: 77 }), read.slice(0, 77));
  });
}

function testViews(it: It): void {
  it('a view goes on seeing the data of its time', (store) => {
    store.commit([1, 2, 3].map((n) => set('state', bytes(n), bytes(n))));
    using old = store.view();
    const iterator = old.range('state', {})[Symbol.iterator]();
    deepStrictEqual(iterator.next().value, [bytes(1), bytes(1)]);
    store.commit([remove('state', bytes(2)), set('state', bytes(3), bytes(30)), set('state', bytes(4), bytes(4))]);
    deepStrictEqual(old.get('state', bytes(2)), bytes(2));
    strictEqual(old.get('state', bytes(4)), undefined);
    deepStrictEqual(iterator.next().value, [bytes(2), bytes(2)]);
    deepStrictEqual(iterator.next().value, [bytes(3), bytes(3)]);
    strictEqual(iterator.next().done, true);
    deepStrictEqual(
      read(old, 'state', {}).map(([, value]) => value[0]),
      [1, 2, 3],
    );
  });

  it('a view opened after a commit sees it, whatever older views are open', (store) => {
    const views: StateView[] = [];
    for (let n = 0; n < 20; n++) {
      store.commit([set('meta', bytes(1), bytes(n))]);
      views.push(store.view(), store.view());
    }
    for (const [at, view] of views.entries()) deepStrictEqual(view.get('meta', bytes(1)), bytes(at >> 1));
    for (const view of views) view[Symbol.dispose]();
    deepStrictEqual(get(store, 'meta', bytes(1)), bytes(19));
  });

  it('an iterator may be dropped half-way', (store) => {
    store.commit(Array.from({ length: 100 }, (_, n) => set('state', bytes(n), bytes(n))));
    for (let n = 0; n < 100; n++) {
      using view = store.view();
      view
        .range('state', { reverse: n % 2 === 0 })
        [Symbol.iterator]()
        .next();
      for (const _ of view.range('state', {})) break;
    }
    store.commit([set('state', bytes(0), bytes(200))]);
    strictEqual(entries(store, 'state', {}).length, 100);
  });

  it('bytes handed out and bytes handed in are copies', (store) => {
    for (const size of [1, 100, 50_000]) {
      const key = bytes(size & 0xff, 1);
      const value = noise(size, size);
      const same = value.slice();
      store.commit([set('part', key, value)]);
      value.fill(0);
      using view = store.view();
      const first = view.get('part', key);
      const [[rangeKey, rangeValue] = []] = read(view, 'part', { start: key, limit: 1 });
      deepStrictEqual([first, rangeKey, rangeValue], [same, key, same]);
      store.commit([set('part', key, noise(size + 1, size))]);
      deepStrictEqual([first, rangeKey, rangeValue], [same, key, same]);
      for (const bytesRead of [first, rangeKey, rangeValue]) bytesRead?.fill(0xee);
      deepStrictEqual(view.get('part', key), same);
      deepStrictEqual(read(view, 'part', { start: key, limit: 1 }), [[key, same]]);
    }
  });
}

function testLifetime(it: It): void {
  it('a disposed view and a closed store refuse to be used, and closing twice is harmless', async (store) => {
    store.commit([set('state', bytes(1), bytes(1))]);
    const view = store.view();
    view[Symbol.dispose]();
    view[Symbol.dispose]();
    throws(() => view.get('state', bytes(1)), { code: 'STORE_VIEW_CLOSED' });
    throws(() => read(view, 'state', {}), { code: 'STORE_VIEW_CLOSED' });
    const left = store.view();
    await store[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    throws(() => left.get('state', bytes(1)), { code: 'STORE_VIEW_CLOSED' });
    left[Symbol.dispose]();
    throws(() => store.view(), { code: 'STORE_CLOSED' });
    throws(() => store.commit([set('state', bytes(1), bytes(1))]), { code: 'STORE_CLOSED' });
  });

  it('its size is a number of bytes', (store) => {
    store.commit([set('part', bytes(1), noise(1, 100_000))]);
    ok(store.sizeBytes() >= 100_000 && store.sizeBytes() < 2 ** 40, `size is ${store.sizeBytes()}`);
  });

  it('reopening keeps what was committed', async (store, { reopen }) => {
    if (reopen === undefined) return;
    store.commit([set('state', bytes(1), bytes(1)), set('meta', bytes(), bytes(2))]);
    store.commit([set('state', bytes(3), bytes(3)), remove('state', bytes(1))]);
    await store[Symbol.asyncDispose]();
    await using again = await reopen();
    deepStrictEqual(entries(again, 'state', {}), [[bytes(3), bytes(3)]]);
    deepStrictEqual(get(again, 'meta', bytes()), bytes(2));
    again.commit([set('state', bytes(4), bytes(4))]);
    strictEqual(entries(again, 'state', {}).length, 2);
  });
}

function testAgainstModel(it: It): void {
  for (const seed of [1, 2, 3]) {
    it(`it behaves as a plain sorted map does (seed ${seed})`, (store) => {
      const model = createStoreModel();
      const kept: { view: StateView; model: ReturnType<typeof createStoreModel> }[] = [];
      for (const step of randomSteps(seed, 400)) {
        if (step.type === 'commit') {
          if (kept.length < 8) kept.push({ view: store.view(), model: model.snapshot() });
          store.commit(step.writes);
          model.commit(step.writes);
          continue;
        }
        using view = store.view();
        compareWithModel(view, model, step);
        for (const old of kept) compareWithModel(old.view, old.model, step);
      }
      for (const old of kept) old.view[Symbol.dispose]();
    });
  }
}

/** One commit for about nine questions: commits on a real disk are the slow part. */
function randomSteps(seed: number, count: number): readonly StoreStep[] {
  const random = createRandom(seed);
  const below = (bound: number) => Math.floor(random() * bound);
  const table = () => (['state', 'trie', 'index'] as const)[below(3)] ?? 'state';
  // Few distinct keys, so that writes meet; lengths differ, so that prefixes do.
  const key = () => Uint8Array.from({ length: below(4) }, () => [0, 1, 0x7f, 0x80, 0xff][below(5)] ?? 0);
  const write = (): Write => ({
    table: table(),
    key: key(),
    value: below(3) === 0 ? null : noise(below(2 ** 31), below(40)),
  });
  const range = (): KeyRange => ({
    ...(below(3) === 0 ? {} : { start: key() }),
    ...(below(3) === 0 ? {} : { end: key() }),
    ...(below(2) === 0 ? {} : { reverse: true }),
    ...(below(2) === 0 ? {} : { limit: below(40) }),
  });
  return Array.from({ length: count }, (): StoreStep => {
    const kind = below(10);
    if (kind === 0) return { type: 'commit', writes: Array.from({ length: below(60) }, write) };
    if (kind < 4) return { type: 'get', table: table(), key: key() };
    return { type: 'range', table: table(), range: range() };
  });
}

function get(store: Store, table: Table, key: Uint8Array): Uint8Array | undefined {
  using view = store.view();
  return view.get(table, key);
}

function entries(store: Store, table: Table, range: KeyRange) {
  using view = store.view();
  return read(view, table, range);
}

function read(view: StateView, table: Table, range: KeyRange) {
  return [...view.range(table, range)];
}

function set(table: Table, key: Uint8Array, value: Uint8Array): Write {
  return { table, key, value };
}

function remove(table: Table, key: Uint8Array): Write {
  return { table, key, value: null };
}

function bytes(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}

/** `length` bytes that depend on the seed only; long ones repeat themselves. */
function noise(seed: number, length: number): Uint8Array {
  const random = createRandom(seed);
  const tile = Uint8Array.from({ length: Math.min(length, 4_099) }, () => Math.floor(random() * 256));
  return new Uint8Array(Buffer.alloc(length, tile));
}
