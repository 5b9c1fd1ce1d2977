import { Point } from '@scure/starknet';
import { beforeAll, describe, expect, test } from 'vitest';
import { toHex } from '../lib/index.ts';
import { starkField9x29 } from './gen/stark-field-9x29.ts';
import { createTypescriptHasher } from './index.ts';
import { feltList, P, randomFelts } from './testing/felt-samples.ts';
import {
  compileKernel,
  instantiateKernel,
  type ScalarKernel,
  type WasmGlobal,
  type WasmModule,
} from './wasm-kernel.ts';

/** The kernel's exports for tests. Elements are addresses of nine signed 32-bit limbs, 29 bits each. */
interface Kernel extends ScalarKernel {
  readonly end: WasmGlobal;
  /** Addresses of the points that stand for a left and for a right input of 0. */
  readonly leftZero: WasmGlobal;
  readonly rightZero: WasmGlobal;
  readonly multiply: (out: number, a: number, b: number) => void;
  readonly square: (out: number, a: number) => void;
  readonly subtract: (out: number, a: number, b: number) => void;
  readonly writeCanonical: (bytes: number, a: number) => void;
  readonly startPoints: () => void;
  readonly enqueue: (slot: number, out: number, a: number, b: number) => void;
  readonly addBatch: (count: number) => void;
}

type Affine = { readonly x: bigint; readonly y: bigint };

const R = 2n ** 261n;
const FULL = 2 ** 29 - 1;
const POINT_BYTES = 72;

let kernel: Kernel;
let memory: DataView;
let felts: Uint8Array;
/** The input buffers serve as room for elements. */
let room: number;

/** A new instance; every supported engine compiles this kernel. */
function kernelOf(): Kernel {
  return instantiateKernel<Kernel>(compileKernel(starkField9x29) as WasmModule);
}

beforeAll(() => {
  kernel = kernelOf();
  memory = new DataView(kernel.memory.buffer);
  felts = new Uint8Array(kernel.memory.buffer);
  room = kernel.left.value;
});

test('the memory holds all the kernel uses', () => {
  expect(kernel.memory.buffer.byteLength).toBeGreaterThanOrEqual(kernel.end.value);
});

describe('limbs at their bounds', () => {
  /** Normalised: what a product or a fold leaves, here at its corners. The top limb is small and signed. */
  const normalised: readonly number[][] = [
    [0, 0, 0, 0, 0, 0, 0, 0, 0],
    [FULL, FULL, FULL, FULL, FULL, FULL, FULL, FULL, 2 ** 21],
    [FULL, FULL, FULL, FULL, FULL, FULL, FULL, FULL, -(2 ** 21)],
    [0, FULL, 0, FULL, 0, FULL, 0, FULL, -1],
    [FULL, 0, FULL, 0, FULL, 0, FULL, 0, 2 ** 20],
    [1, 0, 0, 0, 0, 0, 17 * 2 ** 18, 0, 2 ** 19],
    [0, 0, 0, 0, 0, 0, 0, 0, -(2 ** 21)],
  ];
  const negated = normalised.map((limbs) => limbs.map((limb) => -limb));
  /** Un-normalised sums and negated sums of two such elements, and differences at their corners. */
  const sums = normalised.map((limbs) => limbs.map((limb) => 2 * limb));
  const negatedSums = sums.map((limbs) => limbs.map((limb) => -limb));
  const differences = [...negated, [FULL, -FULL, FULL, -FULL, FULL, -FULL, FULL, -FULL, 1]];
  const anyFactor = [...normalised, ...differences, ...sums, ...negatedSums];

  test('a product of a sum or a difference with a normalised element is right', () => {
    for (const a of anyFactor) {
      for (const b of normalised) {
        const out = element(2);
        kernel.multiply(out, put(0, a), put(1, b));
        expectElement(out, integerOf(a) * integerOf(b));
      }
    }
  });

  test('a square of a normalised element is right', () => {
    for (const a of normalised) {
      const out = element(2);
      kernel.square(out, put(0, a));
      expectElement(out, integerOf(a) ** 2n);
    }
  });

  test('a difference is folded below 2^252', () => {
    for (const a of anyFactor) {
      for (const b of normalised) {
        const out = element(2);
        kernel.subtract(out, put(0, a), put(1, b));
        expectLimbs(out);
        expect(canonical(out)).toBe(leaveMontgomery(integerOf(a) - integerOf(b)));
        expect(integerOf(limbsAt(out))).toBeLessThan(2n ** 252n);
        expect(integerOf(limbsAt(out))).toBeGreaterThan(-(2n ** 234n));
      }
    }
  });

  test('multiples of P are written as zero', () => {
    for (const multiple of [-3n, -1n, 0n, 1n, 2n]) {
      const at = put(0, limbsOf(multiple * P));
      expect(canonical(at)).toBe(0n);
    }
  });

  /** A product, less its Montgomery factor: `out` stands for expected/R, and writing it divides by R again. */
  function expectElement(out: number, expected: bigint): void {
    expectLimbs(out);
    expect(canonical(out)).toBe(leaveMontgomery(leaveMontgomery(expected)));
  }

  function expectLimbs(out: number): void {
    const limbs = limbsAt(out);
    for (const limb of limbs.slice(0, 8)) expect(limb >= 0 && limb <= FULL).toBe(true);
    expect(Math.abs(limbs[8] as number)).toBeLessThan(2 ** 22); // nine limbs
  }
});

describe('the batch addition', () => {
  const base = Point.BASE;
  const [p2, p3, p7] = [base.double(), base.multiply(3n), base.multiply(7n)];

  test('adds and subtracts', () => {
    const sums = [
      { a: base, b: p3, flip: 0 },
      { a: p7, b: p2, flip: 1 },
      { a: p3, b: p2, flip: 0 },
    ];
    addAll(sums);
    expect(results(3)).toEqual([base.multiply(4n), base.multiply(5n), base.multiply(5n)].map((p) => p.toAffine()));
  });

  test('completes when denominators of a batch are zero', () => {
    addAll([
      { a: base, b: p3, flip: 0 },
      { a: p7, b: p7, flip: 0 }, // doubling
      { a: p3, b: p3.negate(), flip: 1 }, // doubling by subtraction
      { a: p2, b: p7, flip: 1 },
    ]);
    expect(results(4)).toEqual(
      [base.multiply(4n), base.multiply(14n), base.multiply(6n), base.multiply(5n).negate()].map((p) => p.toAffine()),
    );
  });

  test('goes through the point at infinity and back', () => {
    addAll([
      { a: base, b: p2, flip: 0 },
      { a: p3, b: p3, flip: 1 },
      { a: p7, b: p7.negate(), flip: 0 },
    ]);
    expect(results(1)).toEqual([p3.toAffine()]);
    // The sums are now 3, infinity, infinity. Adding to each must restart the last two.
    putPoint(10, p2);
    for (let k = 0; k < 3; k++) kernel.enqueue(k, point(20 + k), point(20 + k), point(10) | (k === 2 ? 1 : 0));
    kernel.addBatch(3);
    expect(results(3)).toEqual([base.multiply(5n), p2, p2.negate()].map((p) => p.toAffine()));
  });

  test('adds two sums that are both at infinity, and a point to one', () => {
    addAll([
      { a: p3, b: p3, flip: 1 },
      { a: p7, b: p7, flip: 1 },
      { a: p2, b: p2, flip: 1 },
    ]);
    putPoint(10, p3);
    kernel.enqueue(0, point(20), point(20), point(21));
    kernel.enqueue(1, point(22), point(10), point(22) | 1);
    kernel.addBatch(2);
    expect(results(3)[2]).toEqual(p3.toAffine());
    kernel.enqueue(0, point(20), point(20), point(10));
    kernel.addBatch(1);
    expect(results(1)).toEqual([p3.toAffine()]);
  });

  function addAll(sums: readonly { a: AffinePoint; b: AffinePoint; flip: number }[]): void {
    kernel.startPoints();
    sums.forEach(({ a, b, flip }, k) => {
      putPoint(2 * k, a);
      putPoint(2 * k + 1, b);
      kernel.enqueue(k, point(20 + k), point(2 * k), point(2 * k + 1) | flip);
    });
    kernel.addBatch(sums.length);
  }

  function results(count: number): Affine[] {
    return Array.from({ length: count }, (_, k) => ({ x: canonical(point(20 + k)), y: canonical(point(20 + k) + 36) }));
  }
});

describe('hashes of pairs', () => {
  const twin = createTypescriptHasher();

  test('are the same alone and in groups of any size', () => {
    const [left, right] = [randomFelts('group left', 131), randomFelts('group right', 131)];
    const expected = twin.pedersen(left, right);
    for (const count of [1, 2, 3, 63, 64, 65, 128, 129, 131]) {
      expect(hash(left.subarray(0, 32 * count), right.subarray(0, 32 * count))).toEqual(
        expected.subarray(0, 32 * count),
      );
    }
  });

  test('are right for inputs of every bit length, which have different numbers of points', () => {
    const lengths = Array.from({ length: 252 }, (_, bits) => bits);
    const short = feltList(lengths.map((bits) => (bits === 251 ? P - 1n : 2n ** BigInt(bits) - 1n)));
    const shorter = feltList(lengths.map((bits) => 2n ** BigInt(251 - bits)));
    expect(hash(short, shorter)).toEqual(twin.pedersen(short, shorter));
  });

  test('are completed where two points to add are the same', () => {
    // The right input 0 gets the left one's point, so that hashing (0, 0) doubles it.
    const own = kernelOf();
    const bytes = new Uint8Array(own.memory.buffer);
    const zero = bytes.slice(own.leftZero.value, own.leftZero.value + POINT_BYTES);
    const start = Point.fromAffine({ x: canonical(own.leftZero.value), y: canonical(own.leftZero.value + 36) });
    bytes.set(zero, own.rightZero.value);
    bytes.fill(0, own.left.value, own.left.value + 64);
    bytes.fill(0, own.right.value, own.right.value + 64);
    own.pedersen(2);
    const doubled = bytes.subarray(own.out.value + 32, own.out.value + 64);
    expect(BigInt(toHex(doubled))).toBe(start.double().toAffine().x);
  });

  test('trap where the sum is the point at infinity', () => {
    const own = kernelOf();
    const bytes = new Uint8Array(own.memory.buffer);
    const view = new DataView(own.memory.buffer);
    bytes.copyWithin(own.rightZero.value, own.leftZero.value, own.leftZero.value + POINT_BYTES);
    for (let at = 36; at < POINT_BYTES; at += 4) {
      view.setInt32(own.rightZero.value + at, -view.getInt32(own.leftZero.value + at, true), true);
    }
    bytes.fill(0, own.left.value, own.left.value + 32);
    bytes.fill(0, own.right.value, own.right.value + 32);
    expect(() => own.pedersen(1)).toThrow('unreachable');
  });

  function hash(left: Uint8Array, right: Uint8Array): Uint8Array {
    felts.set(left, kernel.left.value);
    felts.set(right, kernel.right.value);
    kernel.pedersen(left.length / 32);
    return felts.slice(kernel.out.value, kernel.out.value + left.length);
  }
});

type AffinePoint = { toAffine(): Affine };

function point(slot: number): number {
  return room + slot * POINT_BYTES;
}

function putPoint(slot: number, value: AffinePoint): void {
  const { x, y } = value.toAffine();
  writeLimbs(point(slot), limbsOf((x * R) % P));
  writeLimbs(point(slot) + 36, limbsOf((y * R) % P));
}

function element(slot: number): number {
  return room + slot * 36;
}

function put(slot: number, limbs: readonly number[]): number {
  writeLimbs(element(slot), limbs);
  return element(slot);
}

function writeLimbs(at: number, limbs: readonly number[]): void {
  limbs.forEach((limb, i) => {
    memory.setInt32(at + 4 * i, limb, true);
  });
}

function limbsAt(at: number): number[] {
  return Array.from({ length: 9 }, (_, i) => memory.getInt32(at + 4 * i, true));
}

function limbsOf(value: bigint): number[] {
  return Array.from({ length: 9 }, (_, i) => {
    const rest = value >> (29n * BigInt(i));
    return Number(i === 8 ? rest : rest & (2n ** 29n - 1n));
  });
}

function integerOf(limbs: readonly number[]): bigint {
  return limbs.reduce((sum, limb, i) => sum + BigInt(limb) * 2n ** (29n * BigInt(i)), 0n);
}

/** The element as the kernel writes it: its value divided by the radix. */
function canonical(at: number): bigint {
  const bytes = kernel.out.value;
  kernel.writeCanonical(bytes, at);
  return BigInt(toHex(felts.subarray(bytes, bytes + 32)));
}

function leaveMontgomery(value: bigint): bigint {
  return (((value * INVERSE_R) % P) + P) % P;
}

const INVERSE_R = Point.Fp.inv(R % P);
