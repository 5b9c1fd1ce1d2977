import { pedersen, poseidonHash, poseidonHashMany } from '@scure/starknet';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { concatBytes } from '../lib/index.ts';
import { agree, createWasm5x51, createWasm9x29, givesKnownAnswers } from './create-felt-hasher.ts';
import type { FeltHasher } from './felt-hasher.ts';
import { createFeltHasher, createTypescriptHasher } from './index.ts';
import { extremeFelts, feltList, feltOf, P, randomFelts, valuesOf } from './testing/felt-samples.ts';

const twin = createTypescriptHasher();
// Where the engine has no relaxed SIMD the second kernel is missing here; its own test file then switches it on.
const subjects = [twin, createWasm9x29(), createWasm5x51()]
  .filter((hasher) => hasher !== null)
  .map((hasher) => [hasher.variant, hasher] as const);

describe.each(subjects)('%s', (_variant, hasher) => {
  test('hashes pairs as the reference library does', () => {
    const [left, right] = [randomFelts('left', 12), randomFelts('right', 12)];
    const [a, b] = [valuesOf(left), valuesOf(right)];
    expect(valuesOf(hasher.pedersen(left, right))).toEqual(a.map((x, i) => BigInt(pedersen(x, b[i] as bigint))));
    expect(valuesOf(hasher.poseidon(left, right))).toEqual(a.map((x, i) => poseidonHash(x, b[i] as bigint)));
  });

  test('hashes lists as the reference library does', () => {
    const lists = [0, 1, 2, 3, 7, 10, 2].map((length) => randomFelts(`list of ${length}`, length));
    expect(valuesOf(hasher.poseidonArrays(lists))).toEqual(lists.map((list) => poseidonHashMany(valuesOf(list))));
    expect(valuesOf(hasher.pedersenArrays(lists))).toEqual(
      lists.map((list) => {
        const values = valuesOf(list);
        return [...values, BigInt(values.length)].reduce((hash, value) => BigInt(pedersen(hash, value)), 0n);
      }),
    );
  });

  test('no pairs and no lists hash to nothing', () => {
    const none = new Uint8Array();
    expect(hasher.pedersen(none, none)).toEqual(none);
    expect(hasher.poseidon(none, none)).toEqual(none);
    expect(hasher.pedersenArrays([])).toEqual(none);
    expect(hasher.poseidonArrays([])).toEqual(none);
  });

  test('refuses values of P and more, wherever they stand', () => {
    const refused = expect.objectContaining({ code: 'FELT_OUT_OF_RANGE', fault: 'caller' });
    const good = randomFelts('good', 3);
    for (const value of [P, P + 1n, 2n ** 256n - 1n]) {
      const bad = concatBytes(good.subarray(0, 64), feltOf(value));
      expect(() => hasher.pedersen(bad, good)).toThrow(refused);
      expect(() => hasher.pedersen(good, bad)).toThrow(refused);
      expect(() => hasher.poseidon(bad, good)).toThrow(refused);
      expect(() => hasher.poseidon(good, bad)).toThrow(refused);
      expect(() => hasher.pedersenArrays([good, bad])).toThrow(refused);
      expect(() => hasher.poseidonArrays([good, bad])).toThrow(refused);
    }
  });

  test('refuses broken lengths', () => {
    const refused = expect.objectContaining({ code: 'FELT_LENGTH', fault: 'caller' });
    expect(() => hasher.pedersen(new Uint8Array(32), new Uint8Array(64))).toThrow(refused);
    expect(() => hasher.poseidon(new Uint8Array(31), new Uint8Array(31))).toThrow(refused);
    expect(() => hasher.pedersenArrays([new Uint8Array(33)])).toThrow(refused);
    expect(() => hasher.poseidonArrays([new Uint8Array(1)])).toThrow(refused);
  });

  test('results are the caller’s to keep', () => {
    const first = hasher.poseidon(feltOf(1n), feltOf(2n));
    const kept = first.slice();
    hasher.poseidon(feltOf(3n), feltOf(4n));
    expect(first).toEqual(kept);
  });
});

describe.each(subjects.filter(([, hasher]) => hasher !== twin))('%s against the twin', (_variant, hasher) => {
  test('agrees on extreme values', () => {
    const values = extremeFelts();
    const left = feltList(values);
    const right = feltList([...values].reverse());
    expect(hasher.poseidon(left, right)).toEqual(twin.poseidon(left, right));
    expect(hasher.pedersen(left, right)).toEqual(twin.pedersen(left, right));
  });

  test('agrees on lists of any lengths and values', () => {
    const felt = fc.oneof(fc.bigInt({ min: 0n, max: P - 1n }), fc.constantFrom(0n, 1n, P - 1n));
    const lists = fc.array(fc.array(felt, { maxLength: 5 }).map(feltList), { maxLength: 4 });
    fc.assert(
      fc.property(lists, (some) => {
        expect(hasher.poseidonArrays(some)).toEqual(twin.poseidonArrays(some));
        expect(hasher.pedersenArrays(some)).toEqual(twin.pedersenArrays(some));
      }),
      { numRuns: 40 },
    );
  });

  test.each([1, 2, 3, 31, 65, 300, 2048, 2049, 4500])('a batch of %i is its pairs one by one', (count) => {
    const [left, right] = [randomFelts('batch left', count), randomFelts('batch right', count)];
    const poseidon = hasher.poseidon(left, right);
    const together = hasher.pedersen(left, right);
    const apart = hashInPieces(hasher, left, right, 16);
    expect(Buffer.compare(together, apart)).toBe(0);
    for (const i of [0, count >> 1, count - 1]) {
      const [a, b] = [left.subarray(i * 32, i * 32 + 32), right.subarray(i * 32, i * 32 + 32)];
      expect(poseidon.subarray(i * 32, i * 32 + 32)).toEqual(twin.poseidon(a, b));
      expect(together.subarray(i * 32, i * 32 + 32)).toEqual(twin.pedersen(a, b));
    }
  });

  test('a sponge longer than the kernel’s buffer is absorbed whole', () => {
    const list = randomFelts('long list', 4097);
    expect(hasher.poseidonArrays([list])).toEqual(twin.poseidonArrays([list]));
  });
});

test('two hashers do not disturb each other', () => {
  const [one, two] = [createFeltHasher(), createFeltHasher()];
  const lists = [randomFelts('a', 3), randomFelts('b', 2)];
  const expected = twin.pedersenArrays(lists);
  for (let i = 0; i < 3; i++) {
    expect(one.pedersenArrays(lists)).toEqual(expected);
    two.poseidon(lists[1] as Uint8Array, lists[1] as Uint8Array); // lists has two elements
  }
});

describe('choice at start', () => {
  afterEach(() => vi.unstubAllGlobals());

  test('this engine runs the best WASM kernel it can', () => {
    expect(createFeltHasher().variant).toBe((createWasm5x51() ?? createWasm9x29())?.variant);
    expect(createFeltHasher().variant).toMatch(/^wasm-/);
  });

  test('without WebAssembly the twin serves', () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(createFeltHasher().variant).toBe('typescript');
  });

  test('a hasher with one wrong answer fails the self-test', () => {
    const wrong = (): Uint8Array => feltOf(5n);
    expect(givesKnownAnswers(twin)).toBe(true);
    expect(givesKnownAnswers({ ...twin, pedersen: wrong })).toBe(false);
    expect(givesKnownAnswers({ ...twin, poseidon: wrong })).toBe(false);
  });

  test('a hasher that errs in the last place of a batch fails the comparison', () => {
    const spoil = (hash: FeltHasher['pedersen']) => (left: Uint8Array, right: Uint8Array) => {
      const out = hash(left, right);
      out[out.length - 1] = (out.at(-1) as number) ^ 1; // never empty here
      return out;
    };
    const base = createWasm9x29() ?? twin;
    expect(agree(base, base)).toBe(true);
    expect(agree({ ...base, pedersen: spoil(base.pedersen) }, base)).toBe(false);
    expect(agree({ ...base, poseidon: spoil(base.poseidon) }, base)).toBe(false);
  });
});

/** Pedersen by small batches, which take another path through the kernel than large ones. */
function hashInPieces(hasher: FeltHasher, left: Uint8Array, right: Uint8Array, pairs: number): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < left.length; at += pairs * 32) {
    pieces.push(hasher.pedersen(left.subarray(at, at + pairs * 32), right.subarray(at, at + pairs * 32)));
  }
  return concatBytes(...pieces);
}
