import { describe, expect, it } from 'vitest';
import { encodeBefore, parseHeight, type Write } from '../../../engine/index.ts';
import { concatBytes, u64be } from '../../../lib/index.ts';
import { createMemoryStore } from '../../../store/index.ts';
import { classKey, compiledClassKey, encodeClassRecord, encodeCompiledClassRecord } from '../classes/index.ts';
import { feltFromNumber } from '../felt.ts';
import type { Felt } from '../types.ts';
import { compiledClassHashKey } from './state-keys.ts';
import { declaredHashes, readClass, readCompiledClass } from './stored-classes.ts';

const felt = feltFromNumber;
const classHash = felt(0xc1);
const [v1, v2, other] = [felt(0x11), felt(0x22), felt(0x33)];

/** What the engine keeps of values that were set one after the other at these heights. */
function declared(...values: readonly (readonly [height: number, value: Felt | null])[]): Write[] {
  const key = compiledClassHashKey(classHash);
  const writes: Write[] = [];
  let before: Felt | undefined;
  for (const [height, value] of values) {
    writes.push({ table: 'history', key: concatBytes(key, u64be(height)), value: encodeBefore(before) });
    writes.push({ table: 'state', key, value });
    before = value ?? undefined;
  }
  return writes;
}

function compiled(verified: Felt, hashes: readonly [Felt, Felt], text: string): Write {
  const record = {
    height: parseHeight(5),
    hashes: { poseidon: hashes[0], blake2s: hashes[1] },
    bytes: Buffer.from(text),
  };
  const key = compiledClassKey(classHash, { compiledClassHash: verified });
  return { table: 'content', key, value: encodeCompiledClassRecord(record) };
}

function viewOf(...writes: readonly Write[]) {
  const store = createMemoryStore();
  store.commit(writes);
  return store.view();
}

describe('reading a stored class', () => {
  it('gives what was received, and null where nothing is stored', () => {
    const record = {
      kind: 'cairo0' as const,
      height: parseHeight(3),
      bytes: new Uint8Array(Buffer.from('{"abi": null}')),
    };
    using view = viewOf({ table: 'content', key: classKey(classHash), value: encodeClassRecord(record) });
    expect(readClass(view, classHash)).toEqual(record);
    expect(readClass(view, felt(0xc2))).toBeNull();
    expect(readCompiledClass(view, classHash)).toBeNull();
  });
});

describe('the hashes declared for a class', () => {
  it('are all it has had, with their blocks', () => {
    using view = viewOf(...declared([5, v1], [900, v2]));
    expect(declaredHashes(view, classHash)).toEqual([
      { height: 5, compiledClassHash: v1 },
      { height: 900, compiledClassHash: v2 },
    ]);
    expect(declaredHashes(view, felt(0xc2))).toEqual([]);
  });

  it('are gone when their declaration was undone', () => {
    using undone = viewOf();
    expect(declaredHashes(undone, classHash)).toEqual([]);
    using back = viewOf(...declared([5, v1]));
    expect(declaredHashes(back, classHash)).toEqual([{ height: 5, compiledClassHash: v1 }]);
  });
});

describe('reading what a class is compiled to', () => {
  it('says for each declared hash whether the stored bytes have it, and in which form', () => {
    using view = viewOf(...declared([5, v1], [900, v2]), compiled(v1, [v1, v2], 'same'));
    expect(readCompiledClass(view, classHash)).toEqual({
      height: 5,
      hashes: { poseidon: v1, blake2s: v2 },
      bytes: new Uint8Array(Buffer.from('same')),
      declared: [
        { height: 5, compiledClassHash: v1, form: 'poseidon' },
        { height: 900, compiledClassHash: v2, form: 'blake2s' },
      ],
    });
  });

  it('prefers the bytes that have the current hash', () => {
    for (const writes of [
      [compiled(v1, [v1, other], 'older'), compiled(v2, [other, v2], 'newer')],
      [compiled(v2, [v2, other], 'newer'), compiled(v1, [other, v1], 'older')],
    ]) {
      using view = viewOf(...declared([5, v1], [900, v2]), ...writes);
      expect(Buffer.from(readCompiledClass(view, classHash)?.bytes ?? []).toString()).toBe('newer');
      using before = viewOf(...declared([5, v1]), ...writes);
      expect(Buffer.from(readCompiledClass(before, classHash)?.bytes ?? []).toString()).toBe('older');
    }
  });

  it('gives those of an earlier hash while the current ones have not come', () => {
    using view = viewOf(...declared([5, v1], [900, v2]), compiled(v1, [v1, other], 'older'));
    expect(readCompiledClass(view, classHash)).toMatchObject({
      declared: [{ form: 'poseidon' }, { compiledClassHash: v2, form: null }],
    });
  });

  it('tells a damaged record', () => {
    const { key, value } = compiled(v1, [v1, v2], 'text');
    using view = viewOf({ table: 'content', key, value: (value as Uint8Array).slice(0, -1) });
    expect(() => readCompiledClass(view, classHash)).toThrow(expect.objectContaining({ code: 'STORED_CORRUPT' }));
  });
});
