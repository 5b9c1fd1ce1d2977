import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { vectorsDir } from '../../../../test/vectors/locate.ts';
import { starknetKeccak } from '../../../crypto/index.ts';
import { feltToHex, parseFelt } from '../felt.ts';
import { hintedProgram } from './cairo0-program.ts';
import {
  type Cairo0Class,
  compiledClassHashes,
  computeClassHash,
  createClassHashers,
  parseClass,
  parseCompiledClass,
} from './index.ts';

/** What the manifest of the published vectors says of one file. */
interface Entry {
  readonly file: string;
  readonly network: string | null;
  readonly kind: string;
  readonly hash?: string | null;
  readonly class_kind?: string;
  readonly note?: string;
  /** Of altered captures: what they really hash to. */
  readonly computed?: string;
  readonly proves: {
    readonly class_hash?: boolean;
    readonly must_be_rejected?: boolean;
    readonly compiled_class_hash_poseidon?: string | boolean;
    readonly compiled_class_hash_blake?: string;
  };
}

const root = vectorsDir();
const read = (file: string) => new Uint8Array(readFileSync(join(root ?? '', 'starknet', file)));
const json = (file: string): unknown => JSON.parse(Buffer.from(read(file)).toString());
const entries = root === null ? [] : (json('manifest.json') as { files: readonly Entry[] }).files;
const hashers = createClassHashers();

describe.skipIf(root === null)('every captured class', () => {
  const classes = entries.filter(({ kind }) => kind === 'class');

  it('is there to be verified', () => {
    expect(classes.length).toBeGreaterThanOrEqual(44);
  });

  for (const { file, hash, class_kind: kind, computed, proves } of classes) {
    it(`${file} hashes to ${proves.must_be_rejected === true ? 'something else' : 'its name'}`, () => {
      const definition = parseClass(read(file));
      expect(definition.kind).toBe(kind);
      expect(feltToHex(computeClassHash(hashers, definition))).toBe(proves.must_be_rejected ? computed : hash);
    });
  }
});

describe.skipIf(root === null)('every captured compiled class', () => {
  const compiled = entries.filter((entry) => typeof entry.proves.compiled_class_hash_poseidon === 'string');

  it.each(compiled.map((entry) => [entry.file, entry.proves] as const))('%s hashes as published', (file, proves) => {
    const { poseidon, blake2s } = compiledClassHashes(hashers, parseCompiledClass(read(file)));
    expect(feltToHex(poseidon)).toBe(proves.compiled_class_hash_poseidon);
    expect(feltToHex(blake2s)).toBe(proves.compiled_class_hash_blake);
  });

  it.each([
    ['mainnet', 'goerli/compiled_class/0x1338d85d3e579f6944ba06c005238d145920afeb32f94e3a1e234d21e1e9292.json'],
    ['sepolia', 'sepolia/compiled_class/0x3cc90db763e736ca9b6c581ea4008408842b1a125947ab087438676a7e40b7b.json'],
  ])('stands in the published table of %s with its Blake2s hash', (network, file) => {
    const classHash = parseFelt(/0x[0-9a-f]+/.exec(file)?.[0]);
    const table = read(`tables/casm_v2_${network}.bin`);
    const { blake2s } = compiledClassHashes(hashers, parseCompiledClass(read(file)));
    expect(feltToHex(blake2s)).toBe(lookUp(table, classHash));
  });

  it('of the first compilers, with the bytecode in its program, is read', () => {
    const file = 'integration/compiled_class/0x4e70b19333ae94bd958625f7b61ce9eec631653597e68645e13780061b2136c.json';
    const { bytecode, segments, entryPoints } = parseCompiledClass(read(file));
    expect([bytecode.length / 32, segments, entryPoints.externals.length]).toEqual([1007, null, 3]);
  });
});

describe.skipIf(root === null)('compiler artifacts', () => {
  const hashes = (name: string) => json(`artifacts/${name}.hashes.json`) as Record<string, string>;

  test.each(['cairo0.deployable', 'cairo0.event_example', 'cairo0.pre-0.10.0.braavos_proxy'])(
    '%s has the published class hash and hash of its text',
    (name) => {
      const definition = parseClass(read(`artifacts/${name}.class.json`)) as Cairo0Class;
      const hinted = starknetKeccak(Buffer.from(hintedProgram(definition)));
      expect(feltToHex(hinted)).toBe(hashes(name).hinted_class_hash);
      expect(feltToHex(computeClassHash(hashers, definition))).toBe(hashes(name).class_hash);
    },
  );

  test.each(['cairo1.erc20', 'cairo2.abi_types', 'cairo2.6.erc20'])('%s has the published hashes', (name) => {
    const compiled = parseCompiledClass(read(`artifacts/${name}.casm.json`));
    expect(feltToHex(compiledClassHashes(hashers, compiled).poseidon)).toBe(hashes(name).compiled_class_hash);
    // The compiler writes the ABI as JSON; declared is its text as Python writes JSON.
    const artifact = json(`artifacts/${name}.sierra.json`) as { readonly abi: unknown };
    const asDeclared = { ...artifact, abi: pythonJson(artifact.abi) };
    const declared = parseClass(Buffer.from(JSON.stringify(asDeclared)));
    expect(feltToHex(computeClassHash(hashers, declared))).toBe(hashes(name).sierra_class_hash);
    expect(() => parseClass(read(`artifacts/${name}.sierra.json`))).toThrow(
      expect.objectContaining({ code: 'GATEWAY_MALFORMED', data: expect.objectContaining({ path: 'class.abi' }) }),
    );
  });
});

/** Records of 64 bytes: class hash, Blake2s compiled class hash. */
function lookUp(table: Uint8Array, classHash: Uint8Array): string | null {
  for (let at = 0; at < table.length; at += 64) {
    if (Buffer.compare(table.subarray(at, at + 32), classHash) === 0)
      return feltToHex(table.subarray(at + 32, at + 64));
  }
  return null;
}

/** `json.dumps` without sorting. */
function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, inner]) => `${JSON.stringify(name)}: ${pythonJson(inner)}`)
    .join(', ')}}`;
}
