import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { vectorsDir } from '../../../../test/vectors/locate.ts';
import { createApplyHost, type Need, parseHeight, readCounts } from '../../../engine/index.ts';
import { createMemoryStore } from '../../../store/index.ts';
import { parseFelt } from '../felt.ts';
import { createStarknetRules } from './create-rules.ts';
import { readClass, readCompiledClass } from './stored-classes.ts';
import { networkOf } from './testing.ts';

const root = vectorsDir();
const SIERRA = '0xc6c634d10e2cc7b1db6b4403b477f05e39cb4900fd5ea0156d1721dbb6c59b';
const POSEIDON = '0x65a588d97fbb4e39d515afbc1e701fec7ba3daca0ac53a47a0064d94a7cad41';
const BLAKE2S = '0xadc30db3e3428d1770c728bbd62eb23c4b7de84711ff2acb8d0acb27baba21';
const bytes = (folder: string) => new Uint8Array(readFileSync(join(root ?? '', 'starknet', folder, `${SIERRA}.json`)));
const needAt = (height: number, part: string, id: string): Need => {
  return { height: parseHeight(height), part, id, weight: 'wanted' };
};

async function openHost() {
  const rules = createStarknetRules({ network: networkOf('integration') });
  const store = createMemoryStore();
  const tips = { confirmed: 'acceptedOnL2', final: 'acceptedOnL1' };
  const host = createApplyHost({ rules, store, tips, identity: 'test' });
  await host.recover();
  const deliver = async (need: Need, folder: string) => {
    const candidate = { part: need.part, bytes: bytes(folder), from: 'a' };
    await host.commitParts([{ need, part: rules.examinePart?.(need, candidate) ?? expect.unreachable() }]);
  };
  const look = <T>(use: (view: ReturnType<typeof store.view>) => T): T => {
    using view = store.view();
    return use(view);
  };
  return { deliver, look, has: (need: Need) => look((view) => rules.has?.(view, need)) };
}

describe.skipIf(root === null)('late classes in a store', () => {
  it('keep the block that named them first when they are delivered again', async () => {
    const { deliver, look, has } = await openHost();
    await deliver(needAt(5, 'class', SIERRA), 'integration/class');
    expect(has(needAt(9, 'class', SIERRA))).toBe(true);
    await deliver(needAt(9, 'class', SIERRA), 'integration/class');
    expect(look((view) => readClass(view, parseFelt(SIERRA)))).toEqual({
      kind: 'sierra',
      height: 5,
      bytes: bytes('integration/class'),
      from: 'a',
    });
    expect(look(readCounts)).toEqual({ classes: 1 });
  });

  it('that are compiled need nothing more when they are migrated to their other hash', async () => {
    const { deliver, look, has } = await openHost();
    await deliver(needAt(5, 'compiledClass', `${SIERRA}/${POSEIDON}/poseidon`), 'integration/compiled_class');
    const migration = needAt(900, 'localCompiledClass', `${SIERRA}/${BLAKE2S}/blake2s`);
    expect(has(migration)).toBe(true);
    expect(has({ ...migration, id: `${SIERRA}/0x1/blake2s` })).toBe(false);
    expect(look((view) => readCompiledClass(view, parseFelt(SIERRA)))).toMatchObject({
      height: 5,
      hashes: { poseidon: parseFelt(POSEIDON), blake2s: parseFelt(BLAKE2S) },
    });
    expect(look(readCounts)).toEqual({ compiledClasses: 1 });
  });

  it('leave the state alone', async () => {
    const { deliver, look } = await openHost();
    await deliver(needAt(5, 'class', SIERRA), 'integration/class');
    await deliver(needAt(5, 'compiledClass', `${SIERRA}/${BLAKE2S}/blake2s`), 'integration/compiled_class');
    for (const table of ['state', 'trie', 'history'] as const) {
      expect(look((view) => [...view.range(table, {})])).toEqual([]);
    }
  });
});
