import { beforeAll, describe, expect, test } from 'vitest';
import { toHex } from '../../lib/index.ts';
import { BN254_MODULUS as P } from '../gen/poseidon2-parameters.ts';
import type { WasmGlobal } from '../wasm-kernel.ts';
import { instantiatePoseidon2Kernel } from './create-poseidon2-hasher.ts';
import { fieldOf, inverseOf } from './testing.ts';
import type { Poseidon2Kernel } from './wasm-poseidon2-hasher.ts';

/** The kernel's exports for tests. Elements are addresses of nine signed 32-bit limbs, 29 bits each. */
interface Kernel extends Poseidon2Kernel {
  readonly end: WasmGlobal;
  readonly multiply: (out: number, a: number, b: number) => void;
  readonly multiplyAdd: (out: number, a: number, b: number, c: number) => void;
  readonly power5: (out: number, x: number) => void;
  readonly add: (out: number, a: number, b: number) => void;
  readonly sumWords: (out: number, state: number, constant: number) => void;
  readonly mixExternal: (state: number, constants: number) => void;
  readonly readCanonical: (out: number, bytes: number) => void;
  readonly writeCanonical: (bytes: number, a: number) => void;
}

const R = 2n ** 261n;
const R_INVERSE = inverseOf(R);
const FULL = 2 ** 29 - 1;
const ELEMENT_BYTES = 36;

let kernel: Kernel;
let memory: DataView;
/** The input buffers serve as room for elements. */
let room: number;

beforeAll(() => {
  const instance = instantiatePoseidon2Kernel<Kernel>();
  if (instance === null) throw new Error('the kernel does not run here');
  kernel = instance;
  memory = new DataView(kernel.memory.buffer);
  room = kernel.left.value;
});

test('the memory holds all the kernel uses', () => {
  expect(kernel.memory.buffer.byteLength).toBeGreaterThanOrEqual(kernel.end.value);
});

describe('limbs at their bounds', () => {
  // Between functions all limbs but the top one are in [0, 2^29), and values below 4·P in size; here up to 16·P.
  const TOP = 16 * 0x30644e;
  const elements: readonly (readonly number[])[] = [
    [0, 0, 0, 0, 0, 0, 0, 0, 0],
    [FULL, FULL, FULL, FULL, FULL, FULL, FULL, FULL, TOP],
    [FULL, FULL, FULL, FULL, FULL, FULL, FULL, FULL, -TOP],
    [0, 0, 0, 0, 0, 0, 0, 0, -TOP],
    [0, FULL, 0, FULL, 0, FULL, 0, FULL, -1],
    [FULL, 0, FULL, 0, FULL, 0, FULL, 0, TOP],
    // Quotient digits with the lowest bit set, and bit 28 clear or set.
    [1, 0, 0, 0, 0, 0, 0, 0, 0],
    [2 ** 28 + 1, 2 ** 28 + 1, 2 ** 28 + 1, 1, 1, 1, 2 ** 28, 2 ** 28, 1],
    limbsOf(P),
    limbsOf(P - 1n),
    limbsOf(-P),
    ...Array.from({ length: 12 }, (_, seed) => scattered(seed)),
  ];

  test('products and fifth powers are right', () => {
    for (const a of elements) {
      kernel.power5(element(2), put(0, a));
      // Three products, each of which divides by R.
      expectElement(element(2), leaveMontgomery(leaveMontgomery(leaveMontgomery(integerOf(a) ** 5n))));
      for (const b of elements) {
        kernel.multiply(element(2), put(0, a), put(1, b));
        expectElement(element(2), integerOf(a) * integerOf(b));
      }
    }
  });

  test('a product plus an element is right, also when that is a sum without carries', () => {
    for (const a of elements) {
      for (const c of [...elements, ...elements.map((limbs) => limbs.map((limb) => 2 * limb))]) {
        const b = elements[1] as readonly number[]; // The largest.
        kernel.multiplyAdd(element(3), put(0, a), put(1, b), put(2, c));
        expectElement(element(3), integerOf(a) * integerOf(b) + integerOf(c) * R);
      }
    }
  });

  test('sums are right', () => {
    for (const a of elements) {
      for (const b of elements) {
        kernel.add(element(2), put(0, a), put(1, b));
        expectElement(element(2), (integerOf(a) + integerOf(b)) * R);
      }
    }
  });

  test('the sum of four words is folded to about one modulus', () => {
    for (const a of elements) {
      for (const b of elements) {
        const state = [a, b, b, a];
        state.forEach((word, i) => {
          put(i, word);
        });
        const constant = limbsOf(P - 1n);
        kernel.sumWords(element(5), element(0), put(4, constant));
        const sum = 2n * (integerOf(a) + integerOf(b));
        expectElement(element(5), sum * R);
        expectFolded(integerOf(limbsAt(element(5))), 0n);
        expect(canonical(element(6))).toBe(leaveMontgomery(sum - 1n));
      }
    }
  });

  test('the external mix is the matrix, folded, plus the constants', () => {
    const matrix = [
      [5n, 7n, 1n, 3n],
      [4n, 6n, 1n, 1n],
      [1n, 3n, 5n, 7n],
      [1n, 1n, 4n, 6n],
    ];
    // Sums of 16 words: what comes in is below 4·P in size.
    const small = elements.filter((limbs) => Math.abs(limbs[8] as number) <= 4 * 0x30644e);
    for (const a of small) {
      for (const b of small) {
        const words = [a, b, small[0] as readonly number[], b];
        const constants = [P - 1n, 0n, 1n, P - 1n];
        words.forEach((word, i) => {
          put(i, word);
        });
        constants.forEach((constant, i) => {
          put(4 + i, limbsOf(constant));
        });
        kernel.mixExternal(element(0), element(4));
        for (const [i, row] of matrix.entries()) {
          const sum = row.reduce((total, entry, j) => total + entry * integerOf(words[j] as readonly number[]), 0n);
          const constant = constants[i] as bigint; // four of each
          expectElement(element(i), (sum + constant) * R);
          expectFolded(integerOf(limbsAt(element(i))), constant);
        }
      }
    }
  });

  test('elements up to R in size are written as what they stand for', () => {
    const most = 2 ** 29 - 1;
    const large = elements.map((limbs) => [...limbs.slice(0, 8), (limbs[8] as number) < 0 ? -most : most]);
    for (const a of [...elements, ...large]) expect(canonical(put(0, a))).toBe(leaveMontgomery(integerOf(a)));
    for (const multiple of [-168n, -3n, -1n, 0n, 1n, 2n, 168n]) {
      expect(canonical(put(0, limbsOf(multiple * P)))).toBe(0n);
    }
  });

  test('canonical bytes are read limb by limb', () => {
    for (const value of [0n, 1n, P - 1n, 2n ** 253n, (2n ** 29n - 1n) << 29n, 2n ** 232n - 1n]) {
      new Uint8Array(memory.buffer).set(fieldOf(value), element(1));
      kernel.readCanonical(element(0), element(1));
      expect(limbsAt(element(0))).toEqual(limbsOf(value));
    }
  });
});

/** `at` stands for expected/R: writing it divides by R again. */
function expectElement(at: number, expected: bigint): void {
  const lower = limbsAt(at).slice(0, 8);
  if (lower.some((limb) => limb < 0 || limb > FULL)) throw new Error(`limbs out of bounds: ${lower}`);
  expect(canonical(at)).toBe(leaveMontgomery(leaveMontgomery(expected)));
}

/** Between zero and P over `base`, give or take a thousandth of P. */
function expectFolded(value: bigint, base: bigint): void {
  expect(value > base - P / 1000n && value < base + P + P / 1000n).toBe(true);
}

function element(index: number): number {
  return room + index * ELEMENT_BYTES;
}

function put(index: number, limbs: readonly number[]): number {
  const at = element(index);
  limbs.forEach((limb, i) => {
    memory.setInt32(at + 4 * i, limb, true);
  });
  return at;
}

function limbsAt(at: number): number[] {
  return Array.from({ length: 9 }, (_, i) => memory.getInt32(at + 4 * i, true));
}

function canonical(at: number): bigint {
  const bytes = kernel.out.value;
  kernel.writeCanonical(bytes, at);
  return BigInt(toHex(new Uint8Array(memory.buffer).subarray(bytes, bytes + 32)));
}

function integerOf(limbs: readonly number[]): bigint {
  return limbs.reduceRight((sum, limb) => (sum << 29n) + BigInt(limb), 0n);
}

function limbsOf(value: bigint): number[] {
  return Array.from({ length: 9 }, (_, i) => Number(i < 8 ? (value >> BigInt(29 * i)) & BigInt(FULL) : value >> 232n));
}

/** Limbs that look random. */
function scattered(seed: number): number[] {
  let word = Math.imul(seed + 1, 0x9e3779b1);
  return Array.from({ length: 9 }, (_, i) => {
    word = Math.imul(word ^ (word >>> 15), 0x2c1b3c6d) + 0x6d2b79f5;
    return i < 8 ? word >>> 3 : word >> 9;
  });
}

function leaveMontgomery(value: bigint): bigint {
  return ((((value % P) + P) % P) * R_INVERSE) % P;
}
