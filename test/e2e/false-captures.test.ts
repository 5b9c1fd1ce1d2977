import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseFelt } from '../../src/chains/starknet/index.ts';
import { readClass, readCompiledClass } from '../../src/chains/starknet/rules/index.ts';
import { createStarknetDevnet, type GivenClass, type StarknetDevnet } from '../../src/devnet/starknet/index.ts';
import type { ReadStore } from '../../src/engine/index.ts';
import { vectorsDir } from '../vectors/locate.ts';
import { explained, type Gateway, type Run, start } from './class-run.ts';
import { runCli } from './cli-run.ts';

/*
 * Captured classes that must be refused, served in a sync: a block of a devnet declares the hash that a file was
 * captured under, and a gateway answers with the file. The manifest of the captures says what each is and hashes to.
 */

interface Entry {
  readonly file: string;
  readonly kind: string;
  readonly network: string;
  readonly hash: string;
  readonly class_kind?: 'sierra' | 'cairo0';
  /** What an altered class hashes to. */
  readonly computed?: string;
  readonly proves: {
    readonly must_be_rejected?: boolean;
    readonly class_hash?: boolean;
    readonly compiled_class_hash_poseidon?: string;
    readonly compiled_class_hash_blake?: string;
  };
}

const vectors = vectorsDir();
const folder = join(vectors ?? '', 'starknet');
const read = (file: string) => readFileSync(join(folder, file), 'utf8');
const { files } = (vectors === null ? { files: [] } : JSON.parse(read('manifest.json'))) as { files: readonly Entry[] };
const altered = files.filter(({ kind, proves }) => kind === 'class' && proves.must_be_rejected === true);
const classOf = (sought: string) =>
  files.find(({ kind, hash, proves }) => kind === 'class' && hash === sought && proves.class_hash === true);
const casmOf = (sought: string) =>
  files.find(
    ({ kind, hash, proves }) =>
      kind === 'compiled_class' && hash === sought && proves.compiled_class_hash_poseidon !== undefined,
  );

/** The one blocks declare Poseidon hashes of compiled classes in, the other Blake2s hashes. */
const VERSIONS = ['0.13.1', '0.14.2'] as const;
type Version = (typeof VERSIONS)[number];
const DECLARED_AT = 2;
const TIP = 4;

/** What a block declares of a captured class, with the true bytes as far as they were captured. */
function givenOf({ hash, class_kind: kind }: Entry, version: Version): GivenClass {
  const own = classOf(hash);
  const casm = casmOf(hash);
  const { compiled_class_hash_poseidon: poseidon, compiled_class_hash_blake: blake2s } = casm?.proves ?? {};
  return {
    height: DECLARED_AT,
    classHash: hash,
    compiledClassHash: kind === 'cairo0' ? null : ((version === '0.13.1' ? poseidon : blake2s) ?? expect.unreachable()),
    json: own === undefined ? null : read(own.file),
    compiledJson: casm === undefined ? null : read(casm.file),
  };
}

function devnetWith(given: GivenClass, protocolVersion: Version): StarknetDevnet {
  const size = { blocks: TIP + 1, transactionsPerBlock: 3, storageUpdatesPerBlock: 4, contracts: 4 };
  return createStarknetDevnet({ ...size, seed: 71, protocolVersion, classes: [given] });
}

/** A Sierra class comes in blocks of both versions, one of the first Cairo in those that could declare it. */
const alteredInBlocks = altered.flatMap((entry) =>
  (entry.class_kind === 'sierra' ? VERSIONS : (['0.13.1'] as const)).map((version) => {
    const truth = classOf(entry.hash) === undefined ? 'its true class is not captured' : 'its true class is captured';
    return [`${entry.file} (${entry.class_kind}, in a block of ${version}; ${truth})`, entry, version] as const;
  }),
);

describe.skipIf(vectors === null)('an altered class of the captures', () => {
  it('is one of seven: six Cairo 0 and one Sierra, the true class of one Cairo 0 being captured too', () => {
    expect(altered.map(({ class_kind: kind }) => kind).sort()).toEqual([...Array(6).fill('cairo0'), 'sierra']);
    expect(altered.filter(({ hash }) => classOf(hash) !== undefined).map(({ class_kind: kind }) => kind)).toEqual([
      'cairo0',
    ]);
  });

  it.each(alteredInBlocks)('%s ends in quarantine where nobody has another, at the tip', async (_, entry, version) => {
    const devnet = devnetWith(givenOf(entry, version), version);
    const lie = read(entry.file);
    await using run = await start(devnet, [{ classAnswers: { [entry.hash]: { json: lie } } }]);
    await run.settled();
    expect(storedClass(run.node.store, entry.hash)).toBeNull();
    // What a Sierra class is compiled to is proven by the block alone.
    if (entry.class_kind === 'sierra')
      expect(storedCasm(run.node.store, entry.hash)).toBe(givenOf(entry, version).compiledJson);
    await expectRefused(run, entry, lie);
  });

  it.each(alteredInBlocks)('%s is of no effect beside an honest gateway', async (_, entry, version) => {
    const given = givenOf(entry, version);
    const lie = read(entry.file);
    await using run = await start(devnetWith(given, version), [{ classAnswers: { [entry.hash]: { json: lie } } }, {}]);
    await run.settled();
    expect(storedClass(run.node.store, entry.hash)).toBe(given.json);
    // The honest one has none where none was captured.
    if (given.json === null) return expectRefused(run, entry, lie);
    expect(await run.close()).toMatchObject({ confirmed: { height: TIP }, quarantined: 0, rejected: 0 });
    const { content, quarantined } = await explained(run, entry.hash);
    expect(content).toMatchObject({ stored: { kind: 'Cairo 0 class', height: DECLARED_AT }, wanted: [] });
    expect(content?.stored?.facts).toEqual([['from', run.ids[1]]]);
    expect(quarantined).toEqual([]);
  });
});

/** Captured Sierra classes whose compiled classes are captured too, in blocks of both versions. */
const wholeInBlocks = files
  .filter(({ kind, class_kind: form, hash }) => kind === 'class' && form === 'sierra' && casmOf(hash) !== undefined)
  .filter(({ hash, file }) => classOf(hash)?.file === file)
  .flatMap((entry) => VERSIONS.map((version) => [`${entry.file} in a block of ${version}`, entry, version] as const));

describe.skipIf(vectors === null)('in the place of a captured Sierra class, the altered one', () => {
  /** Answers with the altered Sierra class, and with what that one is truly compiled to. */
  const liarAbout = (hash: string): Gateway => {
    const { file, hash: other } = alteredSierra();
    return { classAnswers: { [hash]: { json: read(file), compiledJson: read(casmOf(other)?.file ?? '') } } };
  };
  /** A Poseidon hash that is not met is no lie: newer compilers miss some. */
  const liesOf = (version: Version) => (version === '0.13.1' ? ['class-hash'] : ['class-hash', 'compiled-class-hash']);

  it('is tried in that of four', () => {
    expect(wholeInBlocks).toHaveLength(8);
  });

  it.each(wholeInBlocks)(
    '(%s) and its compiled class are replaced by the true ones, and the liar is struck',
    async (_, entry, version) => {
      const given = givenOf(entry, version);
      await using run = await start(devnetWith(given, version), [liarAbout(entry.hash), {}]);
      await run.settled();
      expect(storedClass(run.node.store, entry.hash)).toBe(given.json);
      expect(storedCasm(run.node.store, entry.hash)).toBe(given.compiledJson);
      const lies = liesOf(version);
      const [liar, honest] = run.node.report().sources;
      expect(liar?.strikes).toBeGreaterThan(0);
      expect(honest).toMatchObject({ strikes: 0, fail: 0 });
      expect(await run.close()).toMatchObject({ confirmed: { height: TIP }, quarantined: 0, rejected: lies.length });
      const { content, rejections } = await explained(run, entry.hash);
      expect(content).toMatchObject({ stored: { kind: 'Sierra class', height: DECLARED_AT }, wanted: [] });
      expect(content?.stored?.facts).toContainEqual(['from', run.ids[1]]);
      expect(content?.stored?.facts).toContainEqual(['compiled', expect.stringContaining(` bytes from ${run.ids[1]}`)]);
      expect(rejections.map(({ check }) => check).sort()).toEqual(lies);
      const common = { expected: entry.hash, got: alteredSierra().computed, source: run.ids[0] };
      expect(rejections).toContainEqual(expect.objectContaining({ check: 'class-hash', ...common }));
    },
  );

  it.each(wholeInBlocks)(
    '(%s) and its compiled class end in quarantine where nobody has another',
    async (_, entry, version) => {
      const given = givenOf(entry, version);
      await using run = await start(devnetWith(given, version), [liarAbout(entry.hash)]);
      await run.settled();
      expect(storedClass(run.node.store, entry.hash)).toBeNull();
      expect(storedCasm(run.node.store, entry.hash)).toBeNull();
      expect(await run.close()).toMatchObject({ confirmed: { height: TIP }, quarantined: 2 });
      const { quarantined } = await explained(run, entry.hash);
      expect(quarantined).toHaveLength(2);
      const casm = { check: 'compiled-class-hash', expected: given.compiledClassHash, source: run.ids[0] };
      const own = { check: 'class-hash', expected: entry.hash, got: alteredSierra().computed, source: run.ids[0] };
      expect(quarantined).toContainEqual(
        expect.objectContaining({ what: 'class', refused: expect.objectContaining(own) }),
      );
      expect(quarantined).toContainEqual(
        expect.objectContaining({ what: 'localCompiledClass', refused: expect.objectContaining(casm) }),
      );
    },
  );
});

it.skipIf(vectors === null)(
  'a captured compiled class that is not what its block declared is quarantined, its class is not',
  async () => {
    const classHash = '0x4e70b19333ae94bd958625f7b61ce9eec631653597e68645e13780061b2136c';
    /** As block 283364 of the integration network declares it; what its gateway served hashes to something else. */
    const compiledClassHash = '0x711c0c3e56863e29d3158804aac47f424241eda64db33e2cc2999d60ee5105';
    const casm = read(`integration/compiled_class/${classHash}.json`);
    const json = read(`integration/class/${classHash}.json`);
    const given = { height: DECLARED_AT, classHash, compiledClassHash, json, compiledJson: null };
    const devnet = devnetWith(given, '0.13.1');
    await using run = await start(devnet, [{ classAnswers: { [classHash]: { compiledJson: casm } } }, {}]);
    await run.settled();
    expect(storedClass(run.node.store, classHash)).toBe(json);
    expect(storedCasm(run.node.store, classHash)).toBeNull();
    expect(await run.close()).toMatchObject({ confirmed: { height: TIP }, quarantined: 1, rejected: 0 });
    const { quarantined } = await explained(run, classHash);
    const refused = { check: 'compiled-class-hash', expected: compiledClassHash, source: run.ids[0] };
    expect(quarantined).toMatchObject([{ what: 'localCompiledClass', refused }]);
    expect(evidenceOf(quarantined[0])).toBe(casm);
  },
);

function alteredSierra(): Entry {
  return altered.find(({ class_kind: kind }) => kind === 'sierra') ?? expect.unreachable();
}

/** The whole aftermath of an altered class that nobody could better. Ends the run. */
async function expectRefused(run: Run, { hash, class_kind: kind, computed }: Entry, lie: string): Promise<void> {
  const [liar] = run.node.report().sources;
  const status = await run.close();
  expect(status).toMatchObject({ confirmed: { height: TIP }, quarantined: 1 });
  const { content, quarantined, rejections } = await explained(run, hash);
  expect(content).toMatchObject({ stored: null, wanted: [{ what: 'class', id: hash, height: DECLARED_AT }] });
  const refused = { check: 'class-hash', expected: hash, got: computed, source: run.ids[0] };
  expect(quarantined).toMatchObject([{ what: 'class', id: hash, height: DECLARED_AT, refused }]);
  expect(evidenceOf(quarantined[0])).toBe(lie);
  // A false Sierra class is a lie. The hash of a Cairo 0 class covers text that gateways have rendered anew.
  const isLie = kind === 'sierra';
  expect(rejections.length > 0).toBe(isLie);
  for (const rejection of rejections) expect(rejection).toMatchObject(refused);
  expect(status.rejected > 0).toBe(isLie);
  expect((liar?.strikes ?? 0) > 0).toBe(isLie);
  if (!isLie) expect(liar).toMatchObject({ fail: 0, state: 'ok' });
  const { stdout: told } = await runCli(['explain', hash, '--data-dir', run.dataDir]);
  expect(told).toContain(`${hash} is wanted and not stored yet`);
  expect(told).toContain(computed);
  const { stdout: state } = await runCli(['status', '--data-dir', run.dataDir]);
  expect(state).toMatch(/^ *rejected +[0-9,]+, quarantined 1$/m);
}

/** What the source sent, as it was kept. */
function evidenceOf(entry: { readonly refused: { readonly evidence: string | null } | null } | undefined): string {
  const path = entry?.refused?.evidence ?? expect.unreachable();
  const { parts } = JSON.parse(gunzipSync(readFileSync(path)).toString()) as { parts: readonly { text: string }[] };
  return parts[0]?.text ?? '';
}

function storedClass(store: ReadStore, hash: string): string | null {
  using view = store.view();
  return textOf(readClass(view, parseFelt(hash)));
}

function storedCasm(store: ReadStore, hash: string): string | null {
  using view = store.view();
  return textOf(readCompiledClass(view, parseFelt(hash)));
}

function textOf(stored: { readonly bytes: Uint8Array } | null): string | null {
  return stored === null ? null : Buffer.from(stored.bytes).toString();
}
