import { setFlagsFromString } from 'node:v8';
import { describe, expect, test } from 'vitest';
import { toHex } from '../lib/index.ts';
import { createWasm9x29 } from './create-felt-hasher.ts';
import type { FeltHasher } from './felt-hasher.ts';
import { starkField5x51 } from './gen/stark-field-5x51.ts';
import { createLaneHasher } from './lane-hasher.ts';
import { extremeFelts, feltList, P, randomFelts } from './testing/felt-samples.ts';
import { compileKernel, instantiateKernel, type LaneKernel, type WasmGlobal, type WasmModule } from './wasm-kernel.ts';

/** The kernel's exports for tests. Elements are addresses of five vectors of two doubles, one element a lane. */
interface Kernel extends LaneKernel {
  readonly end: WasmGlobal;
  /** Addresses of the points that stand for a left and for a right input of 0, ten doubles each. */
  readonly leftZero: WasmGlobal;
  readonly rightZero: WasmGlobal;
  readonly multiply: (out: number, a: number, b: number) => void;
  readonly square: (out: number, a: number) => void;
  readonly add: (out: number, a: number, b: number) => void;
  readonly subtract: (out: number, a: number, b: number) => void;
  readonly writeFelts: (lane0: number, lane1: number, a: number) => void;
}

const R = 2n ** 255n;
const HALF = 2 ** 50;
const LIMBS = [0, 1, 2, 3, 4];

const module = compileWithRelaxedSimd();
const kernel = module === null ? null : instantiateKernel<Kernel>(module);
if (kernel === null)
  process.stderr.write('this engine has no relaxed SIMD: the tests of kernel variant B are skipped\n');
const isUsable = kernel !== null && kernel.isFused() === 1;

describe.skipIf(!isUsable)('kernel variant B', () => {
  // Only read in tests, which do not run without it.
  const k = kernel as Kernel;
  const memory = isUsable ? new DataView(k.memory.buffer) : new DataView(new ArrayBuffer(0));
  const felts = new Uint8Array(memory.buffer);
  if (isUsable) k.setUp();

  test('the memory holds all the kernel uses', () => {
    expect(memory.byteLength).toBeGreaterThanOrEqual(k.end.value);
  });

  describe('limbs at their bounds', () => {
    const low = -HALF;
    const high = HALF - 1;
    /** What a carry leaves, at its corners; the top limb of values below 2^253 is at most 2^49. */
    const normalised: readonly number[][] = [
      [0, 0, 0, 0, 0],
      [low, low, low, low, -(2 ** 49)],
      [high, high, high, high, 2 ** 49],
      [low, high, low, high, -1],
      [high, low, high, low, 2 ** 47],
      [1, 0, 0, 17 * 2 ** 39, 2 ** 47],
      [0, 0, 0, 0, -(2 ** 49)],
      [-1, -1, -1, -1, 0],
    ];
    const pairs = normalised.flatMap((a) => normalised.map((b) => [a, b] as const));
    const differences = pairs.map(([a, b]) => a.map((limb, i) => limb - (b[i] as number))); // five limbs each
    const sums = pairs.map(([a, b]) => a.map((limb, i) => limb + (b[i] as number)));

    test('a product of a normalised element with a sum or a difference is right', () => {
      for (const a of normalised) {
        for (const b of [...sums, ...differences]) {
          k.multiply(element(2), put(0, a, b), put(1, b, a));
          expectElement(2, integerOf(a) * integerOf(b), integerOf(a) * integerOf(b));
        }
      }
    });

    test('a product of two differences is right', () => {
      for (const [i, a] of differences.entries()) {
        const b = differences[(i * 7 + 3) % differences.length] as number[]; // an index below the length
        k.multiply(element(2), put(0, a, b), put(1, b, b));
        expectElement(2, integerOf(a) * integerOf(b), integerOf(b) ** 2n);
      }
    });

    test('a square of a normalised element is right', () => {
      for (const [a, b] of pairs) {
        k.square(element(2), put(0, a, b));
        expectElement(2, integerOf(a) ** 2n, integerOf(b) ** 2n);
      }
    });

    test('sums and differences are folded below 2^252', () => {
      for (const [a, b] of pairs) {
        k.subtract(element(2), put(0, a, b), put(1, b, a));
        expectElement(2, (integerOf(a) - integerOf(b)) * R, (integerOf(b) - integerOf(a)) * R);
        k.add(element(3), put(0, a, b), put(1, b, a));
        expectElement(3, (integerOf(a) + integerOf(b)) * R, (integerOf(a) + integerOf(b)) * R);
        for (const [slot, lane] of [2, 3].flatMap((at) => [0, 1].map((side) => [at, side] as const))) {
          expect(integerOf(limbsAt(slot, lane))).toBeLessThan(2n ** 252n);
          expect(integerOf(limbsAt(slot, lane))).toBeGreaterThan(-(2n ** 216n));
        }
      }
    });
  });

  test('agrees with variant A on many pairs', () => {
    const { lanes, scalar } = hashers();
    const [left, right] = [randomFelts('many left', 12_000), randomFelts('many right', 12_000)];
    expect(Buffer.compare(lanes.pedersen(left, right), scalar.pedersen(left, right))).toBe(0);
    expect(Buffer.compare(lanes.poseidon(left, right), scalar.poseidon(left, right))).toBe(0);
  });

  test('agrees with variant A on extreme values, each in every lane', () => {
    const { lanes, scalar } = hashers();
    const values = extremeFelts();
    for (let turn = 0; turn < 4; turn++) {
      const left = feltList([...values.slice(turn), ...values.slice(0, turn)]);
      const right = feltList([...values].reverse());
      expect(lanes.poseidon(left, right)).toEqual(scalar.poseidon(left, right));
      expect(lanes.pedersen(left, right)).toEqual(scalar.pedersen(left, right));
    }
  });

  test.each([0, 1, 2, 3, 4, 5, 7, 31, 63, 64, 65, 127, 128, 129, 2047, 2048, 2049, 2051, 4099])(
    'agrees on %i pairs',
    (count) => {
      const { lanes, scalar } = hashers();
      const [left, right] = [randomFelts('some left', count), randomFelts('some right', count)];
      expect(Buffer.compare(lanes.pedersen(left, right), scalar.pedersen(left, right))).toBe(0);
      expect(Buffer.compare(lanes.poseidon(left, right), scalar.poseidon(left, right))).toBe(0);
    },
  );

  test('agrees with variant A on inputs of every bit length, side by side in the lanes', () => {
    const { lanes, scalar } = hashers();
    const powers = Array.from({ length: 252 }, (_, bits) => 2n ** BigInt(bits));
    const left = feltList(powers.map((power) => power - 1n));
    for (const right of [feltList(powers), feltList([...powers].reverse()), randomFelts('beside', 252)]) {
      expect(lanes.pedersen(left, right)).toEqual(scalar.pedersen(left, right));
      expect(lanes.pedersen(right, left)).toEqual(scalar.pedersen(right, left));
    }
  });

  test.each([
    ['all short', [1, 2, 3, 4, 0, 0, 7, 5, 2, 2, 1]],
    ['one long among many', [2100, 900, 900, 850, 800, 3, 3, 3, 3, 3]],
    ['longer than the buffer of a lane', [1023, 1024, 1025, 2048, 1026, 1022]],
    ['two alike', [9, 9]],
    ['one', [4]],
    ['fewer than lanes', [6, 5, 4]],
  ])('sponges of lists agree: %s', (_, lengths) => {
    const { lanes, scalar } = hashers();
    const lists = lengths.map((length, i) => randomFelts(`list ${i}`, length));
    expect(lanes.poseidonArrays(lists)).toEqual(scalar.poseidonArrays(lists));
    expect(lanes.poseidonArrays(lists)).toEqual(scalar.poseidonArrays(lists));
  });

  test('a batch whose sums degenerate is left to variant A', () => {
    const scalar = createWasm9x29() as FeltHasher; // as above
    const own = instantiateKernel<Kernel>(module as WasmModule); // not null in this suite
    own.setUp();
    const lanes = createLaneHasher(own, scalar);
    const pairs = new Uint8Array(64 * 32);
    expect(lanes.pedersen(pairs, pairs)).toEqual(scalar.pedersen(pairs, pairs));

    // The right input 0 gets the left one's point: hashing (0, 0) would add it to itself.
    new Uint8Array(own.memory.buffer).copyWithin(own.rightZero.value, own.leftZero.value, own.leftZero.value + 80);
    expect(own.pedersen(64)).toBe(0);
    expect(lanes.pedersen(pairs, pairs)).toEqual(scalar.pedersen(pairs, pairs));
  });

  function hashers(): { lanes: FeltHasher; scalar: FeltHasher } {
    const scalar = createWasm9x29() as FeltHasher; // every engine with relaxed SIMD has it
    return { lanes: createLaneHasher(k, scalar), scalar };
  }

  function element(slot: number): number {
    return k.left.value + slot * 80;
  }

  function put(slot: number, lane0: readonly number[], lane1: readonly number[]): number {
    for (const i of LIMBS) {
      memory.setFloat64(element(slot) + i * 16, lane0[i] as number, true); // five limbs
      memory.setFloat64(element(slot) + i * 16 + 8, lane1[i] as number, true);
    }
    return element(slot);
  }

  function limbsAt(slot: number, lane: number): number[] {
    return LIMBS.map((i) => memory.getFloat64(element(slot) + i * 16 + lane * 8, true));
  }

  /** The element holds expected/R, limbs in bounds; writing it divides by R again. */
  function expectElement(slot: number, ...expected: readonly bigint[]): void {
    const bytes = k.out.value;
    k.writeFelts(bytes, bytes + 32, element(slot));
    expected.forEach((value, lane) => {
      const limbs = limbsAt(slot, lane);
      for (const limb of limbs.slice(0, 4)) expect(limb >= -HALF && limb < HALF).toBe(true);
      expect(Math.abs(limbs[4] as number)).toBeLessThanOrEqual(2 ** 49); // five limbs
      const at = bytes + lane * 32;
      expect(BigInt(toHex(felts.subarray(at, at + 32)))).toBe(divideByRadix(divideByRadix(value)));
    });
  }
});

/** Node 20 has relaxed SIMD behind a flag. Only tests may set it; the library takes the engine as it is. */
function compileWithRelaxedSimd(): WasmModule | null {
  const compiled = compileKernel(starkField5x51);
  if (compiled !== null || !process.version.startsWith('v20.')) return compiled;
  setFlagsFromString('--experimental-wasm-relaxed-simd');
  return compileKernel(starkField5x51);
}

function integerOf(limbs: readonly number[]): bigint {
  return limbs.reduce((sum, limb, i) => sum + BigInt(limb) * 2n ** (51n * BigInt(i)), 0n);
}

function divideByRadix(value: bigint): bigint {
  const quotient = (((value % P) + P) % P) * INVERSE_R;
  return quotient % P;
}

/** The inverse of the radix modulo P. */
const INVERSE_R = invert(R % P);

function invert(value: bigint): bigint {
  let [a, b, x, y] = [value, P, 1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [x, y] = [y, x - quotient * y];
  }
  return ((x % P) + P) % P;
}
