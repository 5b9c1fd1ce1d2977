import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../engine/index.ts';
import { testStore } from '../../testing/index.ts';
import { keyBytesMax } from '../schema.ts';
import { openLmdb } from './lmdb-store.ts';

testStore({ describe, it }, 'lmdb', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'syncline-lmdb-'));
  const path = join(folder, 'db');
  return {
    store: openLmdb({ path }),
    reopen: async () => openLmdb({ path }),
    cleanup: () => rm(folder, { recursive: true, force: true }),
  };
});

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syncline-lmdb-'));
  path = join(folder, 'db');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const key = new Uint8Array([1]);
const put = (store: Store, value: number, length = 1) =>
  store.commit([{ table: 'part', key, value: new Uint8Array(length).fill(value) }]);

describe('an lmdb store', () => {
  it('grows past the size it was opened with, under open views and beside a reader', async () => {
    await using store = openLmdb({ path, mapSizeBytes: 2 ** 20 });
    put(store, 1, 300_000);
    using old = store.view();
    await using reader = openLmdb({ path, readOnly: true, mapSizeBytes: 2 ** 20 });
    using oldReader = reader.view();
    for (let n = 2; n < 12; n++) {
      const part = { table: 'part', value: new Uint8Array(2 ** 22).fill(n) } as const;
      store.commit([{ ...part, key: new Uint8Array([n]) }]);
      put(store, n, 300_000);
      using view = reader.view();
      expect(view.get('part', new Uint8Array([n]))?.every((byte) => byte === n)).toBe(true);
      for (const before of [old, oldReader]) {
        expect(before.get('part', key)?.every((byte) => byte === 1)).toBe(true);
        expect([...before.range('part', {})].length).toBe(1);
      }
    }
    expect(store.sizeBytes()).toBeGreaterThan(40 * 2 ** 20);
  });

  it('keeps keys and values of every length apart, and answers with bytes of the caller', async () => {
    await using store = openLmdb({ path });
    const lengths = Array.from({ length: 200 }, (_, n) => n);
    const value = (n: number) => new Uint8Array(n).fill(n);
    store.commit(lengths.map((n) => ({ table: 'part', key: new Uint8Array(n + 1).fill(9), value: value(n) })));
    using view = store.view();
    const found = lengths.map((n) => view.get('part', new Uint8Array(n + 1).fill(9)));
    expect(found).toEqual(lengths.map(value));
    expect(found.every((bytes) => bytes?.constructor === Uint8Array)).toBe(true);
  });

  it('refuses a commit with an over-long key as a whole', async () => {
    await using store = openLmdb({ path });
    const writes = [key, new Uint8Array(keyBytesMax + 1)].map((k) => ({ table: 'part', key: k, value: key }) as const);
    expect(() => store.commit(writes)).toThrow(expect.objectContaining({ code: 'STORE_KEY_TOO_LONG' }));
    using view = store.view();
    expect(view.get('part', key)).toBe(undefined);
  });

  it('opened for reading refuses to write and sees what is written beside it', async () => {
    await using store = openLmdb({ path });
    put(store, 1);
    await using reader = openLmdb({ path, readOnly: true });
    expect(() => put(reader as Store, 2)).toThrow(expect.objectContaining({ code: 'STORE_COMMIT_FAILED' }));
    put(store, 3);
    using view = reader.view();
    expect(view.get('part', key)).toEqual(new Uint8Array([3]));
  });

  it('keeps working when another handle on the same files is closed', async () => {
    await using store = openLmdb({ path });
    put(store, 1);
    const reader = openLmdb({ path, readOnly: true });
    reader.view();
    await reader[Symbol.asyncDispose]();
    put(store, 2);
    using view = store.view();
    expect(view.get('part', key)).toEqual(new Uint8Array([2]));
  });

  it('opens 1,000 views at a time, and 20,000 one after the other', async () => {
    await using store = openLmdb({ path });
    put(store, 1);
    const views = Array.from({ length: 1_000 }, () => store.view());
    for (const view of views) view[Symbol.dispose]();
    for (let n = 0; n < 20_000; n++) {
      using view = store.view();
      if (n % 1_000 === 0) expect(view.get('part', key)?.length).toBe(1);
    }
    put(store, 2);
  });
});

describe('files that are no sound database', () => {
  const refusal = (reason: RegExp) =>
    expect.objectContaining({
      code: 'STORE_UNOPENABLE',
      fault: 'local',
      message: expect.stringMatching(reason),
      data: expect.objectContaining({ path, exitCode: 4, fix: expect.any(String) }),
    });
  const dataFile = () => join(path, 'data.mdb');
  const fill = async () => {
    await using store = openLmdb({ path });
    for (let n = 0; n < 30; n++) put(store, n, 10_000);
    return (await stat(dataFile())).size;
  };

  it('are refused with a reason: other bytes, zeros, a few bytes, a file cut to its first pages', async () => {
    await mkdir(path);
    for (const content of [Buffer.from('no database '.repeat(10_000)), Buffer.alloc(100_000)]) {
      await writeFile(dataFile(), content);
      expect(() => openLmdb({ path })).toThrow(refusal(/not an LMDB database/));
      expect(() => openLmdb({ path, readOnly: true })).toThrow(refusal(/not an LMDB database/));
    }
    await writeFile(dataFile(), 'abc');
    expect(() => openLmdb({ path })).toThrow(refusal(/cut off/));
    await rm(path, { recursive: true });
    await fill();
    await copyFile(dataFile(), join(folder, 'copy'));
    for (const pages of [0.5, 1, 1.5, 2]) {
      await copyFile(join(folder, 'copy'), dataFile());
      await truncate(dataFile(), pages * 4096);
      expect(() => openLmdb({ path })).toThrow(refusal(/cut off/));
    }
  });

  it('are refused when they are missing for a reader, who does not make them', () => {
    expect(() => openLmdb({ path, readOnly: true })).toThrow(refusal(/ENOENT/));
    expect(existsSync(path)).toBe(false);
  });

  it('are refused when a folder is in the place of a file, or a file in that of the folder', async () => {
    await mkdir(dataFile(), { recursive: true });
    expect(() => openLmdb({ path })).toThrow(refusal(/EISDIR/));
    await rm(path, { recursive: true });
    await writeFile(path, '');
    expect(() => openLmdb({ path })).toThrow(refusal(/EEXIST|ENOTDIR/));
  });

  it('are a new database when the data file is empty', async () => {
    await mkdir(path);
    await writeFile(dataFile(), '');
    await using store = openLmdb({ path });
    put(store, 1);
  });
});
