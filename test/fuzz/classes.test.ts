import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type CompiledClassForm,
  compiledClassHashes,
  computeClassHash,
  createClassHashers,
  formatCompiledClassId,
  parseClass,
  parseCompiledClass,
} from '../../src/chains/starknet/classes/index.ts';
import { devnetParams, type Felt, feltToHex, parseFelt } from '../../src/chains/starknet/index.ts';
import {
  renderCairo0Class,
  renderCompiledClass,
  renderSierraClass,
} from '../../src/chains/starknet/rpc/render/contract-class.ts';
import { createStarknetRules, readClass, readCompiledClass } from '../../src/chains/starknet/rules/index.ts';
import { createFeltHasher } from '../../src/crypto/index.ts';
import { createStarknetDevnet } from '../../src/devnet/starknet/index.ts';
import { type Need, parseHeight } from '../../src/engine/index.ts';
import { equalBytes } from '../../src/lib/index.ts';
import { createMemoryDisk } from '../../src/store/index.ts';
import { vectorsDir } from '../vectors/locate.ts';
import { mutate } from './mutators.ts';
import { chance, pick, pickWeighted, type Random } from './random.ts';
import { fuzz, shareOfBodies, type Trial } from './run.ts';
import { hostOn } from './sites.ts';
import { sourceVerdict } from './source-verdict.ts';
import { dumpOf } from './store-dump.ts';
import { refusalCode } from './typed-error.ts';

/*
 * Genuine classes and compiled classes, damaged, taken the whole way: what the source makes of them, whether they hash
 * to what they were asked for by, and what the store then serves.
 */

interface Base {
  readonly label: string;
  readonly text: string;
  readonly kind: 'sierra' | 'cairo0' | 'compiled';
  readonly needs: readonly Need[];
}

describe('damaged answers about classes', () => {
  it('are refused with an error of ours or stored as they are, and can be served then', async () => {
    const bases = [...devnetBases(), ...capturedBases()];
    const rounds = shareOfBodies(0.2);
    const outcomes = await fuzz({ name: 'classes', rounds, draw: (random) => drawDamaged(bases, random) });
    for (const outcome of ['GATEWAY_MALFORMED', 'CLASS_REJECTED', 'stored']) {
      expect(outcomes.get(outcome) ?? 0, outcome).toBeGreaterThan(rounds / 100 - 5);
    }
  }, 900_000);
});

function drawDamaged(bases: readonly Base[], random: Random): Trial {
  const base = pickWeighted(
    bases.map((one) => [1 / one.text.length, one] as const),
    random,
  );
  const kin = bases.filter(({ kind }) => kind === base.kind);
  const donor = pick(chance(0.8, random) ? kin : bases, random);
  const { bytes, by } = mutate(base.text, random, donor.text);
  const need = pick(base.needs, random);
  return {
    label: `${by} of ${base.label}`,
    bytes,
    // Every source looks at the outline of what it delivers.
    judge: async () => sourceVerdict(bytes) ?? (await judgeClass(base, need, bytes)),
  };
}

/** A store that wants the class. */
async function judgeClass(base: Base, need: Need, bytes: Uint8Array): Promise<string> {
  const disk = createMemoryDisk();
  const { store, host } = hostOn(disk, rules);
  const wanted = Buffer.from(`${need.part}\0${need.id}`);
  store.commit([{ table: 'wanted', key: wanted, value: Buffer.from(JSON.stringify(need)) }]);
  const before = dumpOf(store);
  try {
    const part = rules.examinePart?.(need, { part: need.part, bytes, from: 'liar' });
    if (part === undefined) throw new Error('no rules for classes');
    await host.commitParts([{ need, part }]);
  } catch (thrown) {
    if (dumpOf(store) !== before) throw new Error('refused, and yet written in part');
    return refusalCode(thrown, { codes: CLASS_CODES, parts: [need.part], damaged: need.part });
  }
  using view = store.view();
  if (rules.has?.(view, need) !== true || view.get('wanted', wanted) !== undefined) throw new Error('not stored');
  const hash = parseFelt(need.id?.split('/')[0]);
  const stored = base.kind === 'compiled' ? readCompiledClass(view, hash) : readClass(view, hash);
  if (stored === null || !equalBytes(stored.bytes, bytes)) throw new Error('stored as something else');
  await requireServable(base.kind, stored.bytes);
  return 'stored';
}

/** What is stored is served without another look at it. */
async function requireServable(kind: Base['kind'], bytes: Uint8Array): Promise<void> {
  if (kind === 'sierra') JSON.stringify(renderSierraClass(bytes));
  else if (kind === 'cairo0') JSON.stringify(await renderCairo0Class(bytes));
  else JSON.stringify(renderCompiledClass(bytes));
}

/** Of each kind some, Cairo 0 of all its times. */
function devnetBases(): readonly Base[] {
  const devnet = createStarknetDevnet({ seed: 4, blocks: 40, contracts: 4 });
  const bases = devnet.classes.flatMap((named) => {
    const { kind, json, compiledJson } = devnet.classFiles(named);
    const own = classBase(`devnet ${kind} class`, kind, json ?? '');
    return compiledJson === null ? [own] : [own, compiledBase('devnet compiled class', compiledJson, hashOf(own))];
  });
  const few = (kind: Base['kind']) => bases.filter((base) => base.kind === kind).slice(0, BASES_PER_KIND);
  return [...few('sierra'), ...few('cairo0'), ...few('compiled')];
}

/** The smallest of the captures, and one of the first compiled classes, whose bytecode stands in a program. */
function capturedBases(): readonly Base[] {
  const root = vectorsDir();
  if (root === null) return [];
  const read = (file: string) => readFileSync(join(root, 'starknet', file), 'utf8');
  const compiled = (file: string) => compiledBase(file, read(file), parseFelt(/0x[0-9a-f]+/.exec(file)?.[0] ?? '0x1'));
  return [
    classBase('captured sierra class', 'sierra', read(`integration/class/${SMALL}.json`)),
    classBase('captured cairo0 class', 'cairo0', read('artifacts/cairo0.deployable.class.json')),
    compiled(`integration/compiled_class/${SMALL}.json`),
    compiled('artifacts/cairo2.abi_types.casm.json'),
    compiled(`integration/compiled_class/${FIRST}.json`),
  ];
}

function classBase(label: string, kind: 'sierra' | 'cairo0', text: string): Base {
  const id = feltToHex(computeClassHash(hashers, parseClass(Buffer.from(text))));
  return { label, kind, text, needs: [needOf('class', id)] };
}

/** Asked for by both of its hashes, and as what a compiler of our own made. */
function compiledBase(label: string, text: string, classHash: Felt): Base {
  const hashes = compiledClassHashes(hashers, parseCompiledClass(Buffer.from(text)));
  const idOf = (form: CompiledClassForm) => formatCompiledClassId({ classHash, compiledClassHash: hashes[form], form });
  const needs = [
    needOf('compiledClass', idOf('poseidon')),
    needOf('compiledClass', idOf('blake2s')),
    needOf('localCompiledClass', idOf('blake2s')),
  ];
  return { label, kind: 'compiled', text, needs };
}

function hashOf({ needs }: Base): Felt {
  return parseFelt(needs[0]?.id);
}

function needOf(part: string, id: string): Need {
  return { height: parseHeight(7), part, id, weight: 'wanted' };
}

const hasher = createFeltHasher();
const hashers = createClassHashers(hasher);
const rules = createStarknetRules({ network: devnetParams(), hasher });

const CLASS_CODES = ['GATEWAY_MALFORMED', 'CLASS_REJECTED'];
const BASES_PER_KIND = 4;
const SMALL = '0xc6c634d10e2cc7b1db6b4403b477f05e39cb4900fd5ea0156d1721dbb6c59b';
const FIRST = '0x4e70b19333ae94bd958625f7b61ce9eec631653597e68645e13780061b2136c';
