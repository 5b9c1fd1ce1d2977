import { Point as ScurePoint } from '@scure/starknet';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { extremeFelts, feltOf, P, valuesOf } from '../testing/felt-samples.ts';
import { createPointSums, createWasmSums, givesTrueSums, instantiatePointSumsKernel } from './create-point-sums.ts';
import type { CurvePoint, PointSums, SumWithX } from './point-sums.ts';
import { StarkPoint as Point } from './stark-curve.ts';
import { createTypescriptPointSums } from './typescript-point-sums.ts';
import { createWasmPointSums, type PointSumsKernel } from './wasm-point-sums.ts';

const G = Point.BASE;
const N = Point.Fn.ORDER;
const someKey = G.multiply(0x1234_5678_9abcn);

/** Scalars at the bounds of the order, of 2^251 and of windows, with runs of ones and alternating bits. */
const extremeScalars = [
  ...[0n, 1n, 2n, 3n, N - 1n, N - 2n, (N - 1n) / 2n, (N + 1n) / 2n],
  ...[2n ** 251n - 1n, 2n ** 251n, 2n ** 251n + 1n],
  ...[7n, 29n, 58n, 126n, 192n, 245n, 250n].flatMap((bits) => [2n ** bits - 1n, 2n ** bits, 2n ** bits + 1n]),
  ...[3n, 127n, 129n].map((divisor) => (2n ** 252n - 1n) / divisor), // 0101…, and windows of 0000001, 10000001
  // What the kernel sees as bits all clear, all set, alternating, and of the highest window alone.
  ...[0n, 2n ** 251n - 1n, (2n ** 252n - 1n) / 3n, 2n ** 251n - 2n ** 245n].map((v) => scalarOf(v)),
];

test('the curve is that of the curve library', () => {
  expect(Point.CURVE()).toEqual(ScurePoint.CURVE());
  expect(someKey.toAffine()).toEqual(ScurePoint.BASE.multiply(0x1234_5678_9abcn).toAffine());
});

test('this engine runs the kernel', () => {
  expect(createPointSums(someKey).variant).toBe('wasm');
});

test('the memory holds all the kernel uses', () => {
  const kernel = kernelOf();
  expect(kernel.memory.buffer.byteLength).toBeGreaterThanOrEqual(kernel.end.value);
});

describe.each<[string, (key: CurvePoint) => PointSums]>([
  ['typescript', createTypescriptPointSums],
  ['wasm', wasmSums],
])('%s', (_variant, create) => {
  const sums = create(someKey);

  test('knows the sum and the difference of multiples, and no other x', () => {
    const [a, b] = [N / 5n, N / 11n];
    for (const signed of [b, N - b]) {
      const x = xOf(a, signed, someKey);
      expect(sums.haveX({ x, timesGenerator: a, timesKey: b })).toBe(true);
      for (const other of [(x + 1n) % P, P - x, 0n, a, P - 1n]) {
        expect(sums.haveX({ x: other, timesGenerator: a, timesKey: b })).toBe(false);
      }
    }
  });

  test('knows single points where one scalar is zero, and none where both are', () => {
    for (const scalar of [1n, 2n, N - 1n, N / 3n]) {
      expect(sums.haveX({ x: xOf(scalar, 0n, someKey), timesGenerator: scalar, timesKey: 0n })).toBe(true);
      expect(sums.haveX({ x: xOf(0n, scalar, someKey), timesGenerator: 0n, timesKey: scalar })).toBe(true);
      expect(sums.haveX({ x: xOf(0n, scalar, someKey), timesGenerator: scalar, timesKey: 0n })).toBe(false);
    }
    for (const x of [0n, 1n, someKey.x, P - 1n]) {
      expect(sums.haveX({ x, timesGenerator: 0n, timesKey: 0n })).toBe(false);
    }
  });

  // With Q = k·G, a = ±k·b makes one of the sums vanish and the other double.
  test.each([1n, N - 1n, 2n, N - 2n, 3n, N - 3n, (N + 1n) / 2n, 127n, 2n ** 128n])(
    'doubles and vanishes where Q = %i·G',
    (k) => {
      const key = G.multiply(k);
      const own = create(key);
      for (const b of [1n, 2n, N - 1n, N / 7n, 2n ** 251n - 1n]) {
        for (const a of [Point.Fn.mul(b, k), Point.Fn.neg(Point.Fn.mul(b, k))]) {
          const doubled = G.multiplyUnsafe(Point.Fn.mul(2n, a)).x;
          expect(own.haveX({ x: doubled, timesGenerator: a, timesKey: b })).toBe(true);
          expect(own.haveX({ x: 0n, timesGenerator: a, timesKey: b })).toBe(false);
          expect(own.haveX({ x: G.multiplyUnsafe(a).x, timesGenerator: a, timesKey: b })).toBe(false);
        }
      }
    },
  );

  test('gives the same for a key and its opposite, and where scalars change sign', () => {
    const opposite = create(someKey.negate());
    const [a, b] = [N / 5n, N / 11n];
    const x = xOf(a, b, someKey);
    for (const timesGenerator of [a, N - a]) {
      for (const timesKey of [b, N - b]) {
        expect(opposite.haveX({ x, timesGenerator, timesKey })).toBe(true);
        expect(sums.haveX({ x, timesGenerator, timesKey })).toBe(true);
      }
    }
  });
});

describe('the kernel agrees with the curve library', () => {
  const sums = wasmSums(someKey);

  test('on scalars at all bounds', () => {
    for (const timesGenerator of extremeScalars) {
      const timesKey = extremeScalars[(extremeScalars.indexOf(timesGenerator) * 7 + 3) % extremeScalars.length];
      if (timesKey === undefined) throw new Error('the index is within the list');
      expectAgreement(sums, someKey, timesGenerator, timesKey);
      expectAgreement(sums, someKey, timesKey, timesGenerator);
    }
  });

  test('on keys whose coordinates are at the bounds of their limbs', () => {
    const keys = extremeFelts().flatMap((x) => liftX(x) ?? []);
    expect(keys.length).toBeGreaterThan(20);
    for (const key of keys) expectAgreement(wasmSums(key), key, N / 5n, N / 11n);
  });

  test('on any scalars and keys', () => {
    const scalar = fc.oneof(
      fc.bigInt({ min: 0n, max: N - 1n }),
      fc.bigInt({ min: 0n, max: 2n ** 20n }),
      fc.constantFrom(...extremeScalars),
    );
    const factor = fc.bigInt({ min: 1n, max: N - 1n });
    fc.assert(
      fc.property(factor, fc.array(fc.tuple(scalar, scalar), { minLength: 1, maxLength: 6 }), (k, pairs) => {
        const key = G.multiplyUnsafe(k);
        const own = wasmSums(key);
        for (const [a, b] of pairs) expectAgreement(own, key, a, b);
      }),
      { numRuns: 40 },
    );
  });

  test('where the two halves of one multiple are the same point, or opposite ones', () => {
    // The two halves that the last round adds cancel for zero; with all signs of one turned, they are equal.
    const kernel = kernelOf();
    const memory = new Uint8Array(kernel.memory.buffer);
    createWasmPointSums(kernel, someKey);
    const vanishing = signsOf(0n);
    const doubling = vanishing ^ bitsOf(lastHalf());
    expect(scalarOf(doubling)).toBe(Point.Fn.mul(2n, halfValue(doubling)));
    const other = signsOf(N / 11n);
    for (const [forG, forQ] of [
      [doubling, other],
      [other, doubling],
      [doubling, doubling],
      [vanishing, doubling],
      [doubling, vanishing],
      [vanishing, other],
    ] as const) {
      memory.set(feltOf(forG), kernel.signs.value);
      memory.set(feltOf(forQ), kernel.signs.value + 32);
      kernel.addMultiples();
      const got = valuesOf(memory.slice(kernel.out.value, kernel.out.value + 64));
      const [a, b] = [scalarOf(forG), scalarOf(forQ)];
      expect(new Set(got)).toEqual(new Set([xOf(a, b, someKey), xOf(a, Point.Fn.neg(b), someKey)]));
    }
    memory.set(feltOf(vanishing), kernel.signs.value);
    memory.set(feltOf(vanishing), kernel.signs.value + 32);
    kernel.addMultiples();
    const got = valuesOf(memory.slice(kernel.out.value, kernel.out.value + 64));
    expect(got).toEqual([2n ** 256n - 1n, 2n ** 256n - 1n]);
  });
});

describe('choice at start', () => {
  afterEach(() => vi.unstubAllGlobals());

  test('without WebAssembly the twin serves', () => {
    vi.stubGlobal('WebAssembly', undefined);
    const sums = createPointSums(someKey);
    expect(sums.variant).toBe('typescript');
    expect(sums.haveX({ x: xOf(2n, 3n, someKey), timesGenerator: 2n, timesKey: 3n })).toBe(true);
  });

  test('sums that are wrong fail the self-test', () => {
    const twin = createTypescriptPointSums(someKey);
    expect(givesTrueSums(twin, someKey)).toBe(true);
    expect(givesTrueSums(twin, someKey.double())).toBe(false);
    for (const answer of [true, false]) expect(givesTrueSums({ ...twin, haveX: () => answer }, someKey)).toBe(false);
  });
});

/** The kernel's answers for the true sum and difference, and for neighbours, are those of the curve library. */
function expectAgreement(sums: PointSums, key: CurvePoint, a: bigint, b: bigint): void {
  const scalars = { timesGenerator: a, timesKey: b };
  const points = [pointOf(a, b, key), pointOf(a, Point.Fn.neg(b), key)];
  for (const point of points) {
    if (!point.is0()) expect(sums.haveX({ ...scalars, x: point.x }), label(scalars)).toBe(true);
  }
  for (const x of [0n, 1n, P - 1n, G.x, key.x]) {
    const expected = points.some((point) => !point.is0() && point.x === x);
    expect(sums.haveX({ ...scalars, x }), label(scalars)).toBe(expected);
  }
}

function label({ timesGenerator, timesKey }: Omit<SumWithX, 'x'>): string {
  return `${timesGenerator}, ${timesKey}`;
}

/** a·G + b·key. */
function pointOf(a: bigint, b: bigint, key: CurvePoint): CurvePoint {
  return G.multiplyUnsafe(a).add(key.multiplyUnsafe(b));
}

function xOf(a: bigint, b: bigint, key: CurvePoint): bigint {
  return pointOf(a, b, key).x;
}

/** The kernel's exports for tests. */
interface Kernel extends PointSumsKernel {
  readonly end: { readonly value: number };
}

/** A new instance; every supported engine compiles this kernel. */
function kernelOf(): Kernel {
  return instantiatePointSumsKernel() as Kernel;
}

function wasmSums(key: CurvePoint): PointSums {
  const sums = createWasmSums(key);
  if (sums === null) throw new Error('the kernel does not run here');
  return sums;
}

/** The scalar whose signs are the bits of `v`: bit j counts 2^j, or -2^j where it is clear. */
function scalarOf(v: bigint): bigint {
  return Point.Fn.create(2n * v - (2n ** 252n - 1n));
}

function signsOf(scalar: bigint): bigint {
  return Point.Fn.div(Point.Fn.create(scalar + 2n ** 252n - 1n), 2n);
}

/** The windows whose points are in the second of the two sums that the last round of a multiple adds. */
function lastHalf(): readonly number[] {
  let lists: readonly (readonly number[])[] = Array.from({ length: 36 }, (_, window) => [window]);
  while (lists.length > 2) {
    const from = lists;
    const half = Math.ceil(from.length / 2);
    lists = from.slice(0, half).map((list, i) => [...new Set([...list, ...(from[from.length - 1 - i] ?? [])])]);
  }
  return lists[1] ?? [];
}

function bitsOf(windows: readonly number[]): bigint {
  return windows.reduce((bits, window) => bits | (127n << BigInt(7 * window)), 0n);
}

/** What the windows of the last half stand for under these signs. */
function halfValue(signs: bigint): bigint {
  const value = lastHalf().reduce((sum, window) => {
    const digit = (signs >> BigInt(7 * window)) & 127n;
    return sum + (2n * digit - 127n) * 2n ** BigInt(7 * window);
  }, 0n);
  return Point.Fn.create(value);
}

function liftX(x: bigint): CurvePoint | null {
  const { a, b } = Point.CURVE();
  try {
    return Point.fromAffine({ x, y: Point.Fp.sqrt((x ** 3n + a * x + b) % P) });
  } catch {
    return null; // x is not on the curve.
  }
}
