import { equalBytes } from '../../lib/index.ts';
import { FELT_BYTES } from '../felt-bytes.ts';
import type { WasmGlobal, WasmKernel } from '../wasm-kernel.ts';
import type { CurvePoint, PointSums } from './point-sums.ts';
import { StarkPoint } from './stark-curve.ts';

/** What the signature kernel exports. Addresses are bytes of its memory; inputs are not checked. */
export interface PointSumsKernel extends WasmKernel {
  /** x and y of G and of the key, canonical. */
  readonly bases: WasmGlobal;
  /** The two scalars by their signs, 32 bytes each, big-endian; and how many bits those have. */
  readonly signs: WasmGlobal;
  readonly signBits: WasmGlobal;
  /** The two x, canonical, all bits set for the point at infinity. */
  readonly out: WasmGlobal;
  /** To be called once, with the bases in place. */
  readonly buildTables: () => void;
  readonly addMultiples: () => void;
}

/** Sums over an instance of the kernel, which they own from here on; they must stay in its thread. */
export function createWasmPointSums(kernel: PointSumsKernel, key: CurvePoint): PointSums {
  const memory = new Uint8Array(kernel.memory.buffer);
  const signs = kernel.signs.value;
  const sum = memory.subarray(kernel.out.value, kernel.out.value + FELT_BYTES);
  const difference = memory.subarray(kernel.out.value + FELT_BYTES, kernel.out.value + 2 * FELT_BYTES);
  const allClear = -(2n ** BigInt(kernel.signBits.value) - 1n);
  writePoint(memory, kernel.bases.value, StarkPoint.BASE);
  writePoint(memory, kernel.bases.value + 2 * FELT_BYTES, key);
  kernel.buildTables();

  /**
   * A scalar by its signs: bit j counts 2^j if it is set and -2^j if not, so bits that are the number v count
   * 2v - (2^bits - 1). Modulo N, which is odd and has no more bits, every scalar has such a v.
   */
  function signsOf(scalar: bigint): Uint8Array {
    return Fn.toBytes(Fn.mul(Fn.sub(scalar, allClear), HALF));
  }

  return {
    variant: 'wasm',
    haveX: ({ x, timesGenerator, timesKey }) => {
      memory.set(signsOf(timesGenerator), signs);
      memory.set(signsOf(timesKey), signs + FELT_BYTES);
      kernel.addMultiples();
      const wanted = Fp.toBytes(x);
      return equalBytes(sum, wanted) || equalBytes(difference, wanted);
    },
  };
}

function writePoint(memory: Uint8Array, at: number, point: CurvePoint): void {
  const { x, y } = point.toAffine();
  memory.set(Fp.toBytes(x), at);
  memory.set(Fp.toBytes(y), at + FELT_BYTES);
}

const { Fn, Fp } = StarkPoint;

/** 1/2 modulo N. */
const HALF = (Fn.ORDER + 1n) / 2n;
