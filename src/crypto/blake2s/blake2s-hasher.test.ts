import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { vectorsDir } from '../../../test/vectors/locate.ts';
import { concatBytes } from '../../lib/index.ts';
import { extremeFelts, feltList, feltOf, P, randomFelts, valuesOf } from '../testing/felt-samples.ts';
import {
  createBlake2sHasher,
  createWasmBlake2s,
  givesKnownBlake2s,
  instantiateBlake2sKernel,
} from './create-blake2s-hasher.ts';
import { createTypescriptBlake2sHasher } from './typescript-blake2s-hasher.ts';

const dir = vectorsDir();
const twin = createTypescriptBlake2sHasher();
const subjects = [twin, createWasmBlake2s()]
  .filter((hasher) => hasher !== null)
  .map((hasher) => [hasher.variant, hasher] as const);

test('this engine runs the kernel', () => {
  expect(createBlake2sHasher().variant).toBe('wasm');
});

describe.each(subjects)('%s', (_variant, hasher) => {
  test.skipIf(dir === null)('gives the published hashes', () => {
    const text = readFileSync(join(dir ?? '', 'starknet/hash_vectors.json'), 'utf8');
    const vectors: { blake2s_felts: readonly { in: readonly string[]; out: string }[] } = JSON.parse(text);
    const lists = vectors.blake2s_felts.map((vector) => feltList(vector.in.map(BigInt)));
    const expected = vectors.blake2s_felts.map((vector) => BigInt(vector.out));
    expect(lists.map((list) => valuesOf(hasher.blake2sFelts(list))[0])).toEqual(expected);
    expect(valuesOf(hasher.blake2sFeltsMany(lists))).toEqual(expected);
  });

  test('refuses values of P and more, and broken lengths', () => {
    const good = randomFelts('good', 2);
    const outOfRange = expect.objectContaining({ code: 'FELT_OUT_OF_RANGE', fault: 'caller' });
    for (const value of [P, 2n ** 256n - 1n]) {
      const bad = concatBytes(good, feltOf(value));
      expect(() => hasher.blake2sFelts(bad)).toThrow(outOfRange);
      expect(() => hasher.blake2sFeltsMany([good, bad])).toThrow(outOfRange);
    }
    const length = expect.objectContaining({ code: 'FELT_LENGTH', fault: 'caller' });
    expect(() => hasher.blake2sFelts(new Uint8Array(31))).toThrow(length);
    expect(() => hasher.blake2sFeltsMany([good, new Uint8Array(65)])).toThrow(length);
  });

  test('results are the caller’s to keep', () => {
    const first = hasher.blake2sFelts(feltOf(1n));
    const kept = first.slice();
    hasher.blake2sFelts(feltOf(2n));
    expect(first).toEqual(kept);
    expect(hasher.blake2sFeltsMany([])).toEqual(new Uint8Array());
  });

  test('agrees with the twin on lists of any lengths and values', () => {
    const felt = fc.oneof(
      fc.bigInt({ min: 0n, max: P - 1n }),
      fc.bigInt({ min: 0n, max: 2n ** 65n }),
      fc.constantFrom(...extremeFelts()),
    );
    const lists = fc.array(fc.array(felt, { maxLength: 40 }).map(feltList), { maxLength: 4 });
    fc.assert(
      fc.property(lists, (some) => {
        expect(hasher.blake2sFeltsMany(some)).toEqual(twin.blake2sFeltsMany(some));
      }),
      { numRuns: 100 },
    );
  });

  test('agrees with the twin on lists longer than the kernel’s buffer, of small and large felts', () => {
    for (const count of [2047, 2048, 2049, 5000]) {
      const list = feltList(Array.from({ length: count }, (_, i) => BigInt(i) ** (i % 3 === 0 ? 12n : 2n)));
      expect(hasher.blake2sFelts(list)).toEqual(twin.blake2sFelts(list));
    }
  });
});

test('digests at the bounds of the reduction become canonical felts', () => {
  const kernel = instantiateBlake2sKernel();
  if (kernel === null) throw new Error('the kernel does not run here');
  const memory = new Uint8Array(kernel.memory.buffer);
  const around = Array.from({ length: 32 }, (_, times) => BigInt(times) * P).flatMap((multiple) => [
    multiple - 1n,
    multiple,
    multiple + 1n,
  ]);
  const powers = Array.from({ length: 32 }, (_, times) => BigInt(times) * 2n ** 251n).flatMap((multiple) => [
    multiple,
    multiple + 30n,
    multiple + 2n ** 251n - 1n,
    multiple + 2n ** 64n,
    multiple + 17n * 2n ** 192n,
  ]);
  for (const value of [...around.slice(1), ...powers, 2n ** 256n - 1n]) {
    memory.set(feltOf(value).reverse(), kernel.state.value);
    kernel.reduce();
    expect(valuesOf(memory.subarray(kernel.out.value, kernel.out.value + 32))).toEqual([value % P]);
  }
});

describe('choice at start', () => {
  afterEach(() => vi.unstubAllGlobals());

  test('without WebAssembly the twin serves', () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(createBlake2sHasher().variant).toBe('typescript');
  });

  test('a hasher with a wrong answer fails the self-test', () => {
    expect(givesKnownBlake2s(twin)).toBe(true);
    expect(givesKnownBlake2s({ ...twin, blake2sFeltsMany: () => new Uint8Array(64) })).toBe(false);
  });
});
