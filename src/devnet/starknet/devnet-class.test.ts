import { describe, expect, test } from 'vitest';
import type { ClassKind } from '../../chains/starknet/classes/index.ts';
import { feltToHex } from '../../chains/starknet/index.ts';
import type { Candidate, Need } from '../../engine/index.ts';
import { toHex } from '../../lib/index.ts';
import {
  type CompiledJson,
  compileDevnetClass,
  createStarknetDevnet,
  type GivenClass,
  type SierraJson,
  type StarknetDevnet,
  type StarknetDevnetOptions,
  serveStarknetDevnet,
} from './index.ts';
import { createFollower } from './testing.ts';

const old: StarknetDevnetOptions = { seed: 41, blocks: 36, transactionsPerBlock: 8, protocolVersion: '0.13.1' };
const newer: StarknetDevnetOptions = { seed: 42, blocks: 20, transactionsPerBlock: 8 };
const upgraded: StarknetDevnetOptions = { seed: 43, blocks: 30, transactionsPerBlock: 8, upgradeHeight: 10 };

/** Late needs of all blocks, each answered by the devnet and verified; how often each kind and form came. */
function verifyAll(devnet: StarknetDevnet): Readonly<Record<string, number>> {
  const { rules, sealed } = createFollower(devnet);
  const seen: Record<string, number> = {};
  for (let height = 0; height <= devnet.head.height; height++) {
    for (const need of sealed(height).late) {
      const asked = need.fallbacks?.[0] ?? need; // nobody compiles here
      const part = rules.examinePart?.(asked, answerTo(devnet, asked));
      expect(part?.writes).toHaveLength(1);
      const what = asked.part === 'class' ? kindOf(devnet, asked) : (asked.id?.split('/')[2] ?? '');
      seen[what] = (seen[what] ?? 0) + 1;
    }
  }
  return seen;
}

function answerTo(devnet: StarknetDevnet, { part, id = '' }: Need): Candidate {
  const named = devnet.classes.find(({ classHash }) => feltToHex(classHash) === id.split('/')[0]);
  if (named === undefined) throw new Error(`${id} is no class of the devnet`);
  const { json, compiledJson } = devnet.classFiles(named);
  return { part, bytes: Buffer.from((part === 'class' ? json : compiledJson) ?? ''), from: 'devnet' };
}

function kindOf(devnet: StarknetDevnet, { id }: Need): ClassKind | 'unknown' {
  return devnet.classes.find(({ classHash }) => feltToHex(classHash) === id)?.seed.kind ?? 'unknown';
}

const parsed = (devnet: StarknetDevnet, kind: ClassKind) =>
  devnet.classes
    .filter(({ seed }) => seed.kind === kind)
    .map((one) => devnet.classFiles(one))
    .map(({ json, compiledJson }) => ({
      text: json ?? '',
      json: JSON.parse(json ?? 'null') as Record<string, Record<string, unknown>>,
      compiled: JSON.parse(compiledJson ?? 'null') as CompiledJson | null,
    }));

describe('every class that a block names can be had and has its hash', () => {
  test('with Poseidon hashes before 0.14', () => {
    const seen = verifyAll(createStarknetDevnet(old));
    expect(Object.keys(seen).sort()).toEqual(['cairo0', 'poseidon', 'sierra']);
  });

  test('with Blake2s hashes since', () => {
    const seen = verifyAll(createStarknetDevnet(newer));
    expect(Object.keys(seen).sort()).toEqual(['blake2s', 'cairo0', 'sierra']);
  });

  test('with both across an upgrade, which migrates classes to their Blake2s hashes', () => {
    const devnet = createStarknetDevnet(upgraded);
    const seen = verifyAll(devnet);
    expect(Object.keys(seen).sort()).toEqual(['blake2s', 'cairo0', 'poseidon', 'sierra']);
    const diffs = Array.from({ length: 30 }, (_, height) => devnet.blockAt(height)?.stateUpdate.stateDiff);
    const migrated = diffs.flatMap((diff) => diff?.migratedCompiledClasses ?? []);
    expect(migrated.length).toBeGreaterThan(0);
    expect(diffs.slice(0, 10).flatMap((diff) => diff?.migratedCompiledClasses ?? [])).toEqual([]);
    expect(new Set(migrated.map(({ classHash }) => toHex(classHash))).size).toBe(migrated.length);
    for (const { classHash, compiledClassHash } of migrated) {
      const named = devnet.classOf(classHash);
      expect(named).toMatchObject({ form: 'blake2s' });
      expect(named?.height).toBeLessThan(10);
      expect(toHex(compiledClassHash)).toBe(toHex(named?.compiled?.blake2s ?? new Uint8Array()));
    }
  });
});

describe('classes', () => {
  const devnet = createStarknetDevnet(old);
  const diffs = Array.from({ length: 36 }, (_, height) => devnet.blockAt(height)?.stateUpdate.stateDiff);

  test('of the first Cairo come with and without a compiler version, and with text that is not ASCII', () => {
    const classes = parsed(devnet, 'cairo0');
    const versions = classes.map(({ json }) => json.program?.compiler_version);
    expect(new Set(versions)).toEqual(new Set([undefined, '0.10.3', '0.11.0.2']));
    expect(classes.some(({ text }) => /[^\0-\x7f]/.test(text))).toBe(true);
    expect(classes.some(({ text }) => /"value":-?[0-9]{60,}/.test(text))).toBe(true);
  });

  test('of Sierra are compiled with and without segments, some of them nested, by the devnet’s rule', () => {
    const classes = parsed(devnet, 'sierra');
    const segments = classes.map(({ compiled }) => compiled?.bytecode_segment_lengths);
    expect(segments.some((one) => one === undefined)).toBe(true);
    expect(segments.some((one) => one?.some(Array.isArray))).toBe(true);
    for (const { json, compiled } of classes) {
      expect(compileDevnetClass(json as unknown as SierraJson)).toEqual(compiled);
    }
  });

  test('may be named by a deployment alone', () => {
    const declared = new Set(
      diffs
        .flatMap((diff) => [
          ...(diff?.oldDeclaredContracts ?? []),
          ...(diff?.declaredClasses ?? []).map(({ classHash }) => classHash),
        ])
        .map(toHex),
    );
    const deployed = diffs.flatMap((diff) => diff?.deployedContracts ?? []).map(({ classHash }) => toHex(classHash));
    expect(declared.size).toBeGreaterThan(5);
    expect(deployed.some((classHash) => !declared.has(classHash))).toBe(true);
    expect(devnet.classes.length).toBe(new Set([...declared, ...deployed]).size);
  });

  test('are the same however the devnet was made, and others for another seed', () => {
    const again = createStarknetDevnet({ ...old, blocks: 1 });
    again.produce(35);
    const texts = (one: StarknetDevnet) => one.classes.map((named) => one.classFiles(named).json);
    expect(texts(again)).toEqual(texts(devnet));
    expect(texts(createStarknetDevnet({ ...old, blocks: 1, seed: 99 }))[0]).not.toBe(texts(devnet)[0]);
  });

  test('of abandoned blocks are forgotten', () => {
    const chain = createStarknetDevnet({ ...newer, blocks: 20 });
    const before = chain.classes.map(({ classHash }) => classHash);
    chain.reorg({ depth: 19, extend: 0 });
    const kept = chain.classes.length;
    expect(kept).toBeLessThan(before.length);
    expect(before.slice(kept).map((classHash) => chain.classOf(classHash))).toEqual(before.slice(kept).map(() => null));
    chain.produce(19);
    expect(
      chain.classes.slice(kept).some(({ classHash }) => before.some((one) => toHex(one) === toHex(classHash))),
    ).toBe(false);
    verifyAll(chain);
  });
});

describe('classes from elsewhere', () => {
  const other = createStarknetDevnet({ seed: 99, blocks: 1 });
  const [sierra, cairo0] = (['sierra', 'cairo0'] as const).map((kind) => givenOf(other, kind, 7)) as [
    GivenClass,
    GivenClass,
  ];
  const site: StarknetDevnetOptions = { seed: 44, blocks: 12, transactionsPerBlock: 4, emptyShare: 1 };

  test.each([0, 7])('are declared by block %i, which passes the rules of a node as those around it do', (height) => {
    const classes = [sierra, cairo0].map((one) => ({ ...one, height }));
    const devnet = createStarknetDevnet({ ...site, classes });
    const diff = devnet.blockAt(height)?.stateUpdate.stateDiff;
    const declared = (diff?.declaredClasses ?? []).map(({ classHash, compiledClassHash }) => [
      feltToHex(classHash),
      feltToHex(compiledClassHash),
    ]);
    expect(declared).toContainEqual([sierra.classHash, sierra.compiledClassHash]);
    expect((diff?.oldDeclaredContracts ?? []).map(feltToHex)).toContain(cairo0.classHash);
    for (const given of classes) {
      const named = devnet.classes.find(({ classHash }) => feltToHex(classHash) === given.classHash);
      expect(named?.height).toBe(height);
      const { json, compiledJson } = devnet.classFiles(named ?? expect.unreachable());
      expect({ json, compiledJson }).toEqual({ json: given.json, compiledJson: given.compiledJson });
    }
    verifyAll(devnet);
  });

  test('are declared again on a branch that takes their block along, and leave the blocks before it as they are', () => {
    const plain = createStarknetDevnet(site);
    const devnet = createStarknetDevnet({ ...site, classes: [sierra, cairo0] });
    expect(toHex(devnet.shelvedAt(6)?.ref.hash ?? new Uint8Array())).toBe(
      toHex(plain.shelvedAt(6)?.ref.hash ?? new Uint8Array()),
    );
    devnet.reorg({ depth: 8, extend: 2 });
    expect(devnet.classes.some(({ classHash }) => feltToHex(classHash) === sierra.classHash)).toBe(false);
    devnet.produce(4);
    expect(devnet.classes.find(({ classHash }) => feltToHex(classHash) === sierra.classHash)?.height).toBe(7);
    verifyAll(devnet);
  });

  test('are known to no gateway where nobody has them', async () => {
    const classes = [{ ...sierra, json: null, compiledJson: null }, cairo0];
    const devnet = createStarknetDevnet({ ...site, classes });
    const classAnswers = { [cairo0.classHash]: { json: '{"not":"it"}' } };
    await using server = await serveStarknetDevnet({ devnet, classAnswers });
    const ask = async (call: string, hash: string) => {
      const response = await fetch(`${server.url.href}/${call}?classHash=${hash}`);
      return { status: response.status, text: await response.text() };
    };
    for (const call of ['get_class_by_hash', 'get_compiled_class_by_class_hash']) {
      const { status, text } = await ask(call, sierra.classHash);
      expect({ status, text }).toEqual({ status: 400, text: expect.stringContaining('UNDECLARED_CLASS') });
    }
    expect(await ask('get_class_by_hash', cairo0.classHash)).toEqual({ status: 200, text: '{"not":"it"}' });
  });

  test.each<[string, Partial<GivenClass>]>([
    ['the class hashes to something else', { classHash: '0x1' }],
    ['what it is compiled to hashes to something else', { compiledClassHash: '0x1' }],
    ['it is of the other kind', { compiledClassHash: null, compiledJson: null }],
    ['it is no class', { json: '{}' }],
    ['it is no compiled class', { compiledJson: '[]' }],
    ['the hash is no hash', { classHash: 'x' }],
    ['the height is none', { height: -1 }],
  ])('are refused where %s', (_, change) => {
    const classes = [{ ...sierra, ...change }];
    expect(() => createStarknetDevnet({ ...site, classes })).toThrowError(
      expect.objectContaining({ code: 'DEVNET_OPTION_INVALID', fault: 'caller' }),
    );
  });

  test('are refused twice', () => {
    expect(() => createStarknetDevnet({ ...site, classes: [cairo0, { ...cairo0, height: 3 }] })).toThrowError(
      expect.objectContaining({ code: 'DEVNET_OPTION_INVALID' }),
    );
  });
});

function givenOf(devnet: StarknetDevnet, kind: ClassKind, height: number): GivenClass {
  const named = devnet.classes.find(({ seed }) => seed.kind === kind) ?? expect.unreachable();
  const { json, compiledJson } = devnet.classFiles(named);
  const compiledClassHash = named.compiled === null ? null : feltToHex(named.compiled.blake2s);
  return { height, classHash: feltToHex(named.classHash), compiledClassHash, json, compiledJson };
}

test('a class that is not the devnet’s is not compiled', () => {
  const empty = { sierra_program: ['0x1'], entry_points_by_type: { EXTERNAL: [], L1_HANDLER: [], CONSTRUCTOR: [] } };
  expect(() => compileDevnetClass(empty)).toThrowError(expect.objectContaining({ code: 'DEVNET_CLASS' }));
});
