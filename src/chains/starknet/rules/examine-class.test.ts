import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { vectorsDir } from '../../../../test/vectors/locate.ts';
import { type Candidate, type Need, parseHeight } from '../../../engine/index.ts';
import {
  classKey,
  compiledClassHashes,
  compiledClassKey,
  createClassHashers,
  decodeClassRecord,
  decodeCompiledClassRecord,
  parseCompiledClass,
} from '../classes/index.ts';
import { feltToHex, parseFelt } from '../felt.ts';
import { examineClassPart } from './examine-class.ts';

const root = vectorsDir();
const read = (file: string) => new Uint8Array(readFileSync(join(root ?? '', 'starknet', file)));
const hashers = createClassHashers();
const height = parseHeight(12);

const SIERRA = '0xc6c634d10e2cc7b1db6b4403b477f05e39cb4900fd5ea0156d1721dbb6c59b';
const CAIRO0 = '0x28d1671fb74ecb54d848d463cefccffaef6df3ae40db52130e19fe8299a7b43';
const POSEIDON = '0x65a588d97fbb4e39d515afbc1e701fec7ba3daca0ac53a47a0064d94a7cad41';
const BLAKE2S = '0xadc30db3e3428d1770c728bbd62eb23c4b7de84711ff2acb8d0acb27baba21';
const compiledFile = `integration/compiled_class/${SIERRA}.json`;

const needOf = (part: string, id: string): Need => ({ height, part, id, weight: 'wanted' });
const candidateOf = (part: string, bytes: Uint8Array): Candidate => ({ part, bytes, from: 'a' });
const examine = (part: string, id: string, bytes: Uint8Array) =>
  examineClassPart(hashers, needOf(part, id), candidateOf(part, bytes));
const rejection = (fault: string, check: string, expected: string, got: unknown, part: string) =>
  expect.objectContaining({
    code: 'CLASS_REJECTED',
    fault,
    data: expect.objectContaining({ check, expected, got, height, hash: null, parts: [part] }),
  });

describe.skipIf(root === null)('a class that was asked for', () => {
  it.each([
    ['sierra', `integration/class/${SIERRA}.json`, SIERRA],
    ['cairo0', `sepolia/class/${CAIRO0}.json`, CAIRO0],
  ])('is stored as received, with its kind, its source and the block that named it: %s', (kind, file, id) => {
    const { writes, counts } = examine('class', id, read(file));
    expect(writes).toHaveLength(1);
    expect(writes[0]).toMatchObject({ table: 'content', key: classKey(parseFelt(id)) });
    expect(decodeClassRecord(writes[0]?.value as Uint8Array)).toEqual({ kind, height, bytes: read(file), from: 'a' });
    expect(counts).toEqual({ classes: 1 });
  });

  it('is its sender’s fault when it is of Sierra and another one', () => {
    const file = 'negative/integration.class.0x6d8ede036bb4720e6f348643221d8672bf4f0895622c32c11e57460b3b7dffc.json';
    const id = '0x6d8ede036bb4720e6f348643221d8672bf4f0895622c32c11e57460b3b7dffc';
    const got = '0x395eed0083cf975b819604f99bf1b72583962b21a8691d342e5c3c7657b4301';
    expect(() => examine('class', id, read(file))).toThrow(rejection('peer', 'class-hash', id, got, 'class'));
    expect(() => examine('class', CAIRO0, read(`integration/class/${SIERRA}.json`))).toThrow(
      rejection('peer', 'class-hash', CAIRO0, SIERRA, 'class'),
    );
  });

  it.each([
    ['goerli.class.0x1924aa4b0bedfd884ea749c7231bafd91650725d44c91664467ffce9bf478d0'],
    ['integration.class.0x4631b6b3fa31e140524b7d21ba784cea223e618bffe60b5bbdca44a8b45be04'],
    ['mainnet.class.0x10455c752b86932ce552f2b0fe81a880746649b9aee7e0d842bf3f52378f9f8'],
    ['mainnet.class.0x1efa8f84fd4dff9e2902ec88717cf0dafc8c188f80c3450615944a469428f7f'],
    ['mainnet.class.0x3297a93c52357144b7da71296d7e8231c3e0959f0a1d37222204f2f7712010e'],
    ['sepolia.class.0x5f18f9cdc05da87f04e8e7685bd346fc029f977167d5b1b2b59f69a7dacbfc8'],
  ])('is sought elsewhere, and blames nobody, when it is of Cairo 0 and altered: %s', (name) => {
    const id = name.split('.').at(-1) ?? '';
    expect(() => examine('class', id, read(`negative/${name}.json`))).toThrow(
      rejection('source', 'class-hash', id, expect.stringMatching(/^0x[0-9a-f]+$/), 'class'),
    );
  });

  it('that is none is its sender’s fault', () => {
    for (const text of ['', '<html>', '{}', '{"sierra_program":["0x1"]}', '{"program":{},"entry_points_by_type":[]}']) {
      expect(() => examine('class', SIERRA, Buffer.from(text))).toThrow(
        expect.objectContaining({
          code: 'GATEWAY_MALFORMED',
          fault: 'peer',
          data: expect.objectContaining({ check: 'parse', height, hash: null, parts: ['class'] }),
        }),
      );
    }
  });

  it('is not taken from a part that was not asked for', () => {
    const refusal = expect.objectContaining({ code: 'PART_UNKNOWN', fault: 'peer' });
    const other = candidateOf('compiledClass', read(compiledFile));
    expect(() => examineClassPart(hashers, needOf('class', SIERRA), other)).toThrow(refusal);
    expect(() => examine('block', SIERRA, read(`integration/class/${SIERRA}.json`))).toThrow(refusal);
  });
});

describe.skipIf(root === null)('a compiled class that was asked for', () => {
  it.each([
    ['compiledClass', POSEIDON, 'poseidon'],
    ['compiledClass', BLAKE2S, 'blake2s'],
    ['localCompiledClass', POSEIDON, 'poseidon'],
    ['localCompiledClass', BLAKE2S, 'blake2s'],
  ])('as %s by %s is stored with both its hashes', (part, wanted, form) => {
    const { writes, counts } = examine(part, `${SIERRA}/${wanted}/${form}`, read(compiledFile));
    expect(writes).toHaveLength(1);
    const key = compiledClassKey(parseFelt(SIERRA), { compiledClassHash: parseFelt(wanted) });
    expect(writes[0]).toMatchObject({ table: 'content', key });
    expect(decodeCompiledClassRecord(writes[0]?.value as Uint8Array)).toEqual({
      height,
      hashes: { poseidon: parseFelt(POSEIDON), blake2s: parseFelt(BLAKE2S) },
      bytes: read(compiledFile),
      from: 'a',
    });
    expect(counts).toEqual({ compiledClasses: 1 });
  });

  it.each([
    ['compiledClass', 'blake2s', BLAKE2S, 'peer'],
    ['compiledClass', 'poseidon', POSEIDON, 'source'],
    ['localCompiledClass', 'blake2s', BLAKE2S, 'source'],
    ['localCompiledClass', 'poseidon', POSEIDON, 'source'],
  ])('and does not match as %s under %s has the fault of its kind', (part, form, got, fault) => {
    expect(() => examine(part, `${SIERRA}/0x1/${form}`, read(compiledFile))).toThrow(
      rejection(fault, 'compiled-class-hash', '0x1', got, part),
    );
  });

  it('of the first Sierra classes does not match what was declared for it, which blames nobody', () => {
    const classHash = '0x4e70b19333ae94bd958625f7b61ce9eec631653597e68645e13780061b2136c';
    const update = JSON.parse(Buffer.from(read('integration/state_update/283364.json')).toString()) as {
      state_diff: { declared_classes: { class_hash: string; compiled_class_hash: string }[] };
    };
    const declared = update.state_diff.declared_classes.find((one) => one.class_hash === classHash);
    const bytes = read(`integration/compiled_class/${classHash}.json`);
    const { poseidon } = compiledClassHashes(hashers, parseCompiledClass(bytes));
    const expected = declared?.compiled_class_hash ?? 'a declaration';
    expect(() => examine('compiledClass', `${classHash}/${expected}/poseidon`, bytes)).toThrow(
      rejection('source', 'compiled-class-hash', expected, feltToHex(poseidon), 'compiledClass'),
    );
  });
});
