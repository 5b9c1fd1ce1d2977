import { describe, expect, it } from 'vitest';
import { testStore } from '../../testing/index.ts';
import { createMemoryDisk, createMemoryStore } from './memory-store.ts';

testStore({ describe, it }, 'memory', async () => {
  const disk = createMemoryDisk();
  return { store: createMemoryStore({ disk }), reopen: async () => createMemoryStore({ disk }) };
});

describe('memory store', () => {
  const write = (n: number) => [{ table: 'meta', key: new Uint8Array([1]), value: new Uint8Array([n]) }] as const;

  it('a fault before the second commit leaves the first as it is', () => {
    const store = createMemoryStore({
      beforeCommit(n) {
        if (n === 2) throw new Error('the disk is full');
      },
    });
    store.commit(write(1));
    expect(() => store.commit(write(2))).toThrow(
      expect.objectContaining({ code: 'STORE_COMMIT_FAILED', fault: 'local', data: { commit: 2 } }),
    );
    expect(store.view().get('meta', new Uint8Array([1]))).toEqual(new Uint8Array([1]));
    store.commit(write(3));
    expect(store.view().get('meta', new Uint8Array([1]))).toEqual(new Uint8Array([3]));
  });

  it('its size follows what is stored', () => {
    const store = createMemoryStore();
    store.commit(write(1));
    store.commit(write(2));
    expect(store.sizeBytes()).toBe(3); // prefix, key, value
    store.commit([{ table: 'meta', key: new Uint8Array([1]), value: null }]);
    expect(store.sizeBytes()).toBe(0);
  });

  it('500 commits on 50,000 keys with a view each take well under 10 s', () => {
    const store = createMemoryStore();
    const key = (n: number) => new Uint8Array(new Uint32Array([Math.imul(n, 2654435761)]).buffer);
    store.commit(Array.from({ length: 50_000 }, (_, n) => ({ table: 'state', key: key(n), value: key(n) })));
    const startMs = performance.now();
    for (let n = 0; n < 500; n++) {
      const writes = Array.from({ length: 20 }, (_, at) => ({ key: key(n * 7 + at), value: key(n) }));
      store.commit(writes.map((entry) => ({ table: 'state', ...entry })));
      using view = store.view();
      expect(view.get('state', key(n * 7))).toEqual(key(n));
    }
    expect(performance.now() - startMs).toBeLessThan(10_000);
  });
});
