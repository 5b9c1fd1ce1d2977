import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { vectorsDir } from '../../../../test/vectors/locate.ts';
import { type Need, parseHeight } from '../../../engine/index.ts';
import { createMemoryStore } from '../../../store/index.ts';
import {
  type CompiledClassForm,
  classKey,
  compiledClassKey,
  encodeClassRecord,
  encodeCompiledClassRecord,
  formatCompiledClassId,
  parseClassId,
  parseCompiledClassId,
} from '../classes/index.ts';
import { feltFromBigint, feltFromNumber, feltToHex } from '../felt.ts';
import type { StateDiff } from '../types.ts';
import { classNeeds, hasClassPart } from './class-needs.ts';
import { openVectors } from './testing.ts';

const root = vectorsDir();
const vectors = openVectors(root === null ? null : (file) => readFileSync(join(root, 'starknet', file), 'utf8'));

const height = parseHeight(9);
const felt = feltFromNumber;
const NOTHING: StateDiff = {
  storageDiffs: [],
  nonces: [],
  deployedContracts: [],
  replacedClasses: [],
  oldDeclaredContracts: [],
  declaredClasses: [],
  migratedCompiledClasses: [],
};
const classNeed = (id: string): Need => ({ height, part: 'class', id, weight: 'wanted' });
const compiledNeed = (classHash: string, compiledClassHash: string, form: CompiledClassForm): Need => {
  const id = `${classHash}/${compiledClassHash}/${form}`;
  return {
    height,
    part: 'localCompiledClass',
    id,
    weight: 'wanted',
    after: { part: 'class', id: classHash },
    fallbacks: [{ height, part: 'compiledClass', id, weight: 'wanted' }],
  };
};

describe('what a state diff names', () => {
  const declared = (classHash: number, compiledClassHash: number) => ({
    classHash: felt(classHash),
    compiledClassHash: felt(compiledClassHash),
  });
  const contract = (classHash: number) => ({ address: felt(1), classHash: felt(classHash) });

  it('is its classes, by deployment, declaration and replacement, each once; then what they are compiled to', () => {
    const diff = {
      ...NOTHING,
      replacedClasses: [contract(0xa), contract(0xe)],
      declaredClasses: [declared(0xc, 0x1c), declared(0xd, 0x1d)],
      oldDeclaredContracts: [felt(0xb), felt(0xa)],
      deployedContracts: [contract(0xa), contract(0xc), contract(0xa)],
      migratedCompiledClasses: [declared(0xf, 0x1f)],
    };
    expect(classNeeds(height, '0.14.0', diff)).toEqual([
      ...['0xa', '0xc', '0xb', '0xd', '0xe'].map(classNeed),
      compiledNeed('0xc', '0x1c', 'poseidon'),
      compiledNeed('0xd', '0x1d', 'poseidon'),
      compiledNeed('0xf', '0x1f', 'blake2s'),
    ]);
  });

  test.each([
    ['', 'poseidon'],
    ['0.13.6', 'poseidon'],
    ['0.14.0', 'poseidon'],
    ['0.14.1', 'blake2s'],
    ['0.14.4', 'blake2s'],
    ['1', 'blake2s'],
  ] as const)('a class declared in a block of %j has a compiled class hash of %s', (version, form) => {
    const diff = { ...NOTHING, declaredClasses: [declared(1, 2)] };
    expect(classNeeds(height, version, diff)[1]).toEqual(compiledNeed('0x1', '0x2', form));
  });

  it('twice is asked for once, and the class hash 0 never', () => {
    const diff = {
      ...NOTHING,
      deployedContracts: [contract(0)],
      migratedCompiledClasses: [declared(1, 2), declared(1, 2)],
    };
    expect(classNeeds(height, '0.14.1', diff)).toEqual([compiledNeed('0x1', '0x2', 'blake2s')]);
  });

  it.skipIf(!vectors.areThere)('of mainnet is the one class of its first contracts', () => {
    const { stateDiff } = vectors.stateUpdate('mainnet/state_update/0.json');
    expect(classNeeds(height, '', stateDiff).map(({ id }) => id)).toEqual([
      '0x10455c752b86932ce552f2b0fe81a880746649b9aee7e0d842bf3f52378f9f8',
    ]);
  });

  it.skipIf(!vectors.areThere)('of a block that migrates classes is the newer hash of each, and no class', () => {
    const { block, stateUpdate } = vectors.bundle('sepolia-integration/state_update_with_block/3077642.json');
    const needs = classNeeds(height, block.header.version, stateUpdate.stateDiff);
    const compiled = needs.filter(({ part }) => part === 'localCompiledClass').map(({ id = '' }) => id);
    const migrated = stateUpdate.stateDiff.migratedCompiledClasses;
    expect(compiled).toEqual(
      migrated.map((one) => `${feltToHex(one.classHash)}/${feltToHex(one.compiledClassHash)}/blake2s`),
    );
    expect(compiled).toHaveLength(3);
  });
});

describe('an id of a late need', () => {
  it('comes back as the hashes it was made of', () => {
    const any = fc.bigInt({ min: 0n, max: 2n ** 251n }).map(feltFromBigint);
    fc.assert(
      fc.property(any, any, fc.constantFrom('poseidon' as const, 'blake2s' as const), (classHash, compiled, form) => {
        const ref = { classHash, compiledClassHash: compiled, form };
        expect(parseCompiledClassId(formatCompiledClassId(ref))).toEqual(ref);
        expect(parseClassId(feltToHex(classHash))).toEqual(classHash);
      }),
    );
  });

  it.each(['', '0x', '0x01', '0xA', '1', '0x1/0x2', '0x1/0x2/keccak', '0x1/0x2/poseidon/'])('%j is refused', (id) => {
    const refusal = expect.objectContaining({ code: 'CLASS_ID_MALFORMED', fault: 'bug' });
    expect(() => parseClassId(id)).toThrow(refusal);
    expect(() => parseCompiledClassId(id)).toThrow(refusal);
  });
});

describe('a late need is met', () => {
  const classHash = felt(0xc1);
  const bytes = Buffer.from('{}');
  const record = encodeCompiledClassRecord({ height, hashes: { poseidon: felt(0x11), blake2s: felt(0x22) }, bytes });

  const storeOf = (...writes: readonly (readonly [Uint8Array, Uint8Array])[]) => {
    const store = createMemoryStore();
    store.commit(writes.map(([key, value]) => ({ table: 'content', key, value })));
    return store;
  };
  const has = (store: ReturnType<typeof createMemoryStore>, need: Need) => {
    using view = store.view();
    return hasClassPart(view, need);
  };

  it('by the class with its hash', () => {
    const store = storeOf([classKey(classHash), encodeClassRecord({ kind: 'sierra', height, bytes })]);
    expect(has(store, classNeed('0xc1'))).toBe(true);
    expect(has(store, classNeed('0xc2'))).toBe(false);
    expect(has(store, compiledNeed('0xc1', '0x11', 'poseidon'))).toBe(false);
    expect(has(store, { height, part: 'block', weight: 'seal' })).toBe(false);
  });

  it('by stored bytes that hash to what is wanted, whichever hash they were verified against', () => {
    const store = storeOf([compiledClassKey(classHash, { compiledClassHash: felt(0x11) }), record]);
    expect(has(store, compiledNeed('0xc1', '0x11', 'poseidon'))).toBe(true);
    expect(has(store, compiledNeed('0xc1', '0x22', 'blake2s'))).toBe(true);
    expect(has(store, { ...compiledNeed('0xc1', '0x22', 'blake2s'), part: 'compiledClass' })).toBe(true);
    expect(has(store, compiledNeed('0xc1', '0x33', 'blake2s'))).toBe(false);
    expect(has(store, compiledNeed('0xc1', '0x22', 'poseidon'))).toBe(false);
    expect(has(store, compiledNeed('0xc', '0x11', 'poseidon'))).toBe(false);
    expect(has(store, compiledNeed('0xc11', '0x11', 'poseidon'))).toBe(false);
  });
});
