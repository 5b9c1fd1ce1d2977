import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { vectorsDir } from '../../../test/vectors/locate.ts';
import { concatBytes, fromHex, toHex } from '../../lib/index.ts';
import { BN254_MODULUS as P } from '../gen/poseidon2-parameters.ts';
import { createPoseidon2Hasher, createWasmPoseidon2, givesKnownPoseidon2s } from './create-poseidon2-hasher.ts';
import { createFieldSponge } from './field-sponge.ts';
import { extremeFields, fieldList, fieldOf, randomFields, valuesOf } from './testing.ts';
import { createTypescriptPoseidon2Hasher } from './typescript-poseidon2-hasher.ts';

const twin = createTypescriptPoseidon2Hasher();
const kernel = createWasmPoseidon2();
const subjects = [twin, kernel].filter((hasher) => hasher !== null).map((hasher) => [hasher.variant, hasher] as const);

/** Made with two independent implementations; the file's own note tells more. */
interface Primitives {
  readonly poseidon2: readonly { readonly inputs: readonly string[]; readonly hash: string }[];
  readonly permutation: { readonly in: readonly string[]; readonly out: readonly string[] };
  readonly blobSponge: readonly { readonly fields: readonly string[]; readonly squeeze: string }[];
}
const dir = vectorsDir();

/** A skipped suite is collected all the same, so this is called by its tests. */
function readPrimitives(): Primitives {
  return JSON.parse(readFileSync(join(dir ?? '', 'rollup/primitives.json'), 'utf8'));
}

test('this engine runs the kernel', () => {
  expect(createPoseidon2Hasher().variant).toBe('wasm');
});

describe.each(subjects)('%s', (_variant, hasher) => {
  describe.skipIf(dir === null)('published vectors', () => {
    test('hashes of lists', () => {
      const { poseidon2 } = readPrimitives();
      const lists = poseidon2.map(({ inputs }) => listOf(inputs));
      const hashes = concatBytes(...poseidon2.map(({ hash }) => fromHex(hash)));
      expect(toHex(hasher.hashMany(lists))).toBe(toHex(hashes));
      for (const [i, { inputs }] of poseidon2.entries()) {
        expect(toHex(hasher.hashFixed(lists[i] as Uint8Array, inputs.length))).toBe(poseidon2[i]?.hash);
      }
    });

    test('the permutation', () => {
      const { permutation } = readPrimitives();
      expect(toHex(hasher.permute(listOf(permutation.in)))).toBe(toHex(listOf(permutation.out)));
    });

    test('a sponge that goes on, as over blobs', () => {
      const { blobSponge } = readPrimitives();
      for (const { fields, squeeze } of blobSponge) {
        const sponge = createFieldSponge(hasher, BLOB_CAPACITY);
        for (const field of fields) sponge.absorb(fromHex(field));
        expect(toHex(sponge.squeeze())).toBe(squeeze);
      }
    });
  });

  test('nothing hashes to nothing, the empty list to a field', () => {
    const none = new Uint8Array();
    expect(hasher.hashPairs(none, none)).toEqual(none);
    expect(hasher.hashMany([])).toEqual(none);
    expect(hasher.hashFixed(none, 3)).toEqual(none);
    expect(hasher.permute(none)).toEqual(none);
    expect(hasher.hashMany([none])).toEqual(hasher.permute(new Uint8Array(128)).subarray(0, 32));
    expect(hasher.absorbTriples(fieldList([1n, 2n, 3n, 4n]), none)).toEqual(fieldList([1n, 2n, 3n, 4n]));
  });

  test('refuses values of the modulus and more, wherever they stand', () => {
    const refused = expect.objectContaining({ code: 'FIELD_OUT_OF_RANGE', fault: 'caller' });
    const good = randomFields('good', 4);
    for (const value of [P, P + 1n, 2n ** 254n, 2n ** 256n - 1n]) {
      const bad = concatBytes(good.subarray(0, 96), fieldOf(value));
      expect(() => hasher.hashPairs(bad, good)).toThrow(refused);
      expect(() => hasher.hashPairs(good, bad)).toThrow(refused);
      expect(() => hasher.hashMany([good, bad])).toThrow(refused);
      expect(() => hasher.hashFixed(bad, 2)).toThrow(refused);
      expect(() => hasher.permute(bad)).toThrow(refused);
      expect(() => hasher.absorbTriples(bad, good.subarray(0, 96))).toThrow(refused);
      expect(() => hasher.absorbTriples(good, bad.subarray(32))).toThrow(refused);
    }
    expect(() => hasher.hashPairs(fieldOf(P - 1n), fieldOf(P - 1n))).not.toThrow();
  });

  test('refuses broken lengths', () => {
    const refused = expect.objectContaining({ code: 'FIELD_LENGTH', fault: 'caller' });
    const two = new Uint8Array(64);
    expect(() => hasher.hashPairs(two, new Uint8Array(32))).toThrow(refused);
    expect(() => hasher.hashMany([two, new Uint8Array(33)])).toThrow(refused);
    for (const width of [0, -1, 1.5, 3]) expect(() => hasher.hashFixed(two, width)).toThrow(refused);
    expect(() => hasher.permute(two)).toThrow(refused);
    expect(() => hasher.absorbTriples(two, new Uint8Array(96))).toThrow(refused);
    expect(() => hasher.absorbTriples(new Uint8Array(128), two)).toThrow(refused);
    expect(() => createFieldSponge(hasher, two)).toThrow(refused);
  });

  test('results are the caller’s to keep', () => {
    const [left, right] = [fieldOf(1n), fieldOf(2n)];
    const results = [
      hasher.hashPairs(left, right),
      hasher.hashMany([left]),
      hasher.hashFixed(left, 1),
      hasher.permute(new Uint8Array(128)),
      hasher.absorbTriples(new Uint8Array(128), new Uint8Array(96)),
    ];
    const kept = results.map((result) => result.slice());
    hasher.permute(randomFields('other', 8));
    expect(results).toEqual(kept);
  });

  test('a sponge is squeezed and cloned without a trace', () => {
    const fields = randomFields('sponge', 9);
    const sponge = createFieldSponge(hasher, BLOB_CAPACITY);
    sponge.absorb(fields.subarray(0, 5 * 32));
    const before = sponge.squeeze();
    const clone = sponge.clone();
    clone.absorb(fields.subarray(0, 32));
    expect(sponge.squeeze()).toEqual(before);
    sponge.absorb(fields.subarray(5 * 32));
    const whole = createFieldSponge(hasher, BLOB_CAPACITY);
    whole.absorb(fields);
    expect(sponge.squeeze()).toEqual(whole.squeeze());
  });
});

describe.skipIf(kernel === null)('the kernel against the twin', () => {
  const subject = kernel as typeof twin; // Else skipped.

  test('agrees on extreme values', () => {
    const values = extremeFields();
    const left = fieldList(values);
    const right = fieldList([...values].reverse());
    expect(subject.hashPairs(left, right)).toEqual(twin.hashPairs(left, right));
    const states = fieldList([...values, ...values, ...values, ...values]);
    expect(subject.permute(states)).toEqual(twin.permute(states));
  });

  test('agrees on lists of any lengths and values', () => {
    const field = fc.oneof(fc.bigInt({ min: 0n, max: P - 1n }), fc.constantFrom(0n, 1n, P - 1n));
    const lists = fc.array(fc.array(field, { maxLength: 8 }).map(fieldList), { maxLength: 4 });
    fc.assert(
      fc.property(lists, (some) => {
        expect(subject.hashMany(some)).toEqual(twin.hashMany(some));
      }),
      { numRuns: 40 },
    );
  });

  test.each([1, 2, 3, 4, 5, 6])('lists of %i in one buffer are these lists', (width) => {
    const flat = randomFields(`width ${width}`, 12 * width);
    expect(subject.hashFixed(flat, width)).toEqual(twin.hashFixed(flat, width));
  });

  test('batches beyond the kernel’s buffers are their parts', () => {
    const [left, right] = [randomFields('left', 4500), randomFields('right', 4500)];
    const together = subject.hashPairs(left, right);
    const sideBySide = concatBytes(
      ...Array.from({ length: 4500 }, (_, i) =>
        concatBytes(left.subarray(i * 32, i * 32 + 32), right.subarray(i * 32, i * 32 + 32)),
      ),
    );
    expect(Buffer.compare(subject.hashFixed(sideBySide, 2), together)).toBe(0);
    for (const i of [0, 2047, 2048, 4499]) {
      const [a, b] = [left.subarray(i * 32, i * 32 + 32), right.subarray(i * 32, i * 32 + 32)];
      expect(together.subarray(i * 32, i * 32 + 32)).toEqual(twin.hashPairs(a, b));
    }
    const states = subject.permute(left);
    expect(states.subarray(1100 * 128, 1101 * 128)).toEqual(twin.permute(left.subarray(1100 * 128, 1101 * 128)));
  });

  test.each([4095, 4097])('a list of %i fields is absorbed whole', (length) => {
    const list = randomFields('long list', length);
    const hash = twin.hashMany([list]);
    expect(subject.hashMany([list])).toEqual(hash);
    expect(subject.hashFixed(list, length)).toEqual(hash);
  });

  test('results are canonical whatever the values', () => {
    const fields = randomFields('many', 4000);
    for (const value of valuesOf(subject.hashPairs(fields, fields))) expect(value < P).toBe(true);
  });
});

describe('choice at start', () => {
  afterEach(() => vi.unstubAllGlobals());

  test('without WebAssembly the twin serves', () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(createPoseidon2Hasher().variant).toBe('typescript');
  });

  test('a hasher with one wrong answer fails the self-test', () => {
    const wrong = (): Uint8Array => fieldOf(5n);
    expect(givesKnownPoseidon2s(twin)).toBe(true);
    for (const name of ['hashPairs', 'hashMany', 'hashFixed'] as const) {
      expect(givesKnownPoseidon2s({ ...twin, [name]: wrong })).toBe(false);
    }
  });
});

/** 24576·2^64: as many fields as six blobs hold. */
const BLOB_CAPACITY = fieldOf(24576n << 64n);

function listOf(hex: readonly string[]): Uint8Array {
  return concatBytes(...hex.map(fromHex));
}
