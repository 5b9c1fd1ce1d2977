import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CheckFileResult, checkFiles } from '../../src/chains/starknet/check.ts';
import { vectorsDir } from './locate.ts';

/** What the manifest says of a class. */
interface Entry {
  readonly file: string;
  readonly network?: string;
  readonly kind?: string;
  readonly hash?: string;
  readonly class_kind?: string;
  readonly computed?: string;
  readonly proves: {
    readonly must_be_rejected?: boolean;
    readonly compiled_class_hash_poseidon?: string;
    readonly compiled_class_hash_blake?: string;
  };
}

const root = vectorsDir();
const folder = join(root ?? '', 'starknet');
const entries: readonly Entry[] =
  root === null
    ? []
    : (JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as { files: readonly Entry[] }).files;

function check(files: readonly string[], expect?: string, network = 'starknet-mainnet'): readonly CheckFileResult[] {
  return checkFiles(
    files.map((file) => ({ name: file, bytes: readFileSync(join(folder, file)) })),
    { network, ...(expect === undefined ? {} : { expect }) },
  );
}

describe.skipIf(root === null)('every captured class gets the manifest’s verdict', () => {
  for (const { file, hash, class_kind: form, computed, proves } of entries.filter(({ kind }) => kind === 'class')) {
    it(file, () => {
      const rejected = proves.must_be_rejected === true;
      expect(check([file])).toEqual([
        {
          file,
          kind: 'class',
          ok: !rejected,
          checks: [{ name: 'class-hash', ok: !rejected, expected: hash, got: rejected ? computed : hash, form }],
        },
      ]);
    });
  }
});

describe.skipIf(root === null)('checking a class', () => {
  const file = 'artifacts/cairo0.deployable.class.json';
  const hash = '0x24997ddda762743e224af8e71c69db5e04a26749bb35cc1cd930e086add000f';

  it('compares it with what is expected, which goes before the name of its file', () => {
    expect(check([file], hash)[0]).toMatchObject({ ok: true, checks: [{ ok: true, got: hash, form: 'cairo0' }] });
    const named = entries.find(({ kind, class_kind: form }) => kind === 'class' && form === 'sierra');
    expect(check([named?.file ?? ''], hash)[0]).toMatchObject({
      ok: false,
      checks: [{ expected: hash, got: named?.hash }],
    });
  });

  it('without either decides nothing, and says what it hashes to', () => {
    expect(check([file])).toEqual([
      {
        file,
        kind: 'class',
        ok: null,
        checks: [
          { name: 'class-hash', ok: null, got: hash, form: 'cairo0', reason: expect.stringContaining('expected') },
        ],
      },
    ]);
  });

  it('refuses to expect what is no hash', () => {
    for (const expected of ['', 'abc', '0x', `0x${'f'.repeat(64)}`]) {
      expect(() => check([file], expected)).toThrow(
        expect.objectContaining({ code: 'EXPECT_INVALID', fault: 'caller' }),
      );
    }
  });

  it('does not understand the artifact of a compiler, whose ABI is no text', () => {
    expect(check(['artifacts/cairo1.erc20.sierra.json'])[0]).toMatchObject({
      kind: 'class',
      ok: null,
      checks: [],
      error: expect.stringContaining('class.abi'),
    });
  });
});

describe.skipIf(root === null)('checking a compiled class', () => {
  const name = 'compiled-class-hash';
  const compiled = entries.filter(({ kind, proves }) => kind === 'compiled_class' && proves.compiled_class_hash_blake);

  it.each(compiled.map((entry) => [entry.file, entry.proves] as const))(
    '%s finds the form in which it is expected',
    (file, { compiled_class_hash_poseidon: poseidon, compiled_class_hash_blake: blake2s }) => {
      for (const [form, hash] of Object.entries({ poseidon, blake2s })) {
        expect(check([file], hash)).toEqual([
          { file, kind: 'compiled-class', ok: true, checks: [{ name, ok: true, expected: hash, got: hash, form }] },
        ]);
      }
      expect(check([file], '0x1')).toMatchObject([
        {
          ok: false,
          checks: [{ ok: false, expected: '0x1', got: poseidon, reason: expect.stringContaining(blake2s ?? '') }],
        },
      ]);
      // The class hash in its name is not what it hashes to: nothing is expected of it.
      expect(check([file])).toMatchObject([
        { ok: null, checks: [{ name, ok: null, got: poseidon, reason: expect.stringContaining(blake2s ?? '') }] },
      ]);
    },
  );

  it('compares it with what a state update of the same call declares for its class', () => {
    const [{ file, hash: classHash, proves }] = compiled as [Entry];
    const { compiled_class_hash_poseidon: poseidon, compiled_class_hash_blake: blake2s } = proves;
    const stateUpdate = (diff: object) => ({
      name: 'update.json',
      bytes: Buffer.from(
        JSON.stringify({ block_hash: '0x1', new_root: '0x2', old_root: '0x3', state_diff: { ...diff } }),
      ),
    });
    const own = { name: file, bytes: readFileSync(join(folder, file)) };
    const verdict = (...diffs: readonly object[]) =>
      checkFiles([own, ...diffs.map(stateUpdate)], { network: 'starknet-mainnet' })[0]?.checks;
    const declares = (compiledClassHash?: string) => [
      { class_hash: classHash, compiled_class_hash: compiledClassHash },
    ];
    expect(verdict({ declared_classes: declares(poseidon) })).toEqual([
      { name, ok: true, expected: poseidon, got: poseidon, form: 'poseidon' },
    ]);
    expect(verdict({ declared_classes: declares(poseidon) }, { migrated_compiled_classes: declares(blake2s) })).toEqual(
      [
        { name, ok: true, expected: poseidon, got: poseidon, form: 'poseidon' },
        { name, ok: true, expected: blake2s, got: blake2s, form: 'blake2s' },
      ],
    );
    expect(verdict({ declared_classes: declares('0x1') })).toMatchObject([{ name, ok: false, expected: '0x1' }]);
    expect(verdict({ declared_classes: [{ class_hash: '0x1', compiled_class_hash: poseidon }] })).toMatchObject([
      { name, ok: null },
    ]);
  });

  it('of the first Sierra classes is not what the captured state update declares', () => {
    const classHash = '0x4e70b19333ae94bd958625f7b61ce9eec631653597e68645e13780061b2136c';
    const files = [`integration/compiled_class/${classHash}.json`, 'integration/state_update/283364.json'];
    expect(check(files, undefined, 'starknet-integration')[0]).toMatchObject({
      kind: 'compiled-class',
      ok: false,
      checks: [{ name, expected: '0x711c0c3e56863e29d3158804aac47f424241eda64db33e2cc2999d60ee5105' }],
    });
  });
});
