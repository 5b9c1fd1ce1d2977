import { starkSignature } from '../gen/stark-signature.ts';
import { compileKernel, instantiateKernel, type WasmModule } from '../wasm-kernel.ts';
import type { CurvePoint, PointSums } from './point-sums.ts';
import { StarkPoint } from './stark-curve.ts';
import { createTypescriptPointSums } from './typescript-point-sums.ts';
import { createWasmPointSums, type PointSumsKernel } from './wasm-point-sums.ts';

/**
 * Creates the fastest sums this engine computes correctly: `wasm`, else their plain twin `typescript`. Made for many
 * sums of one key: tables and test take some 8 ms, those of the twin 35 with its first sum. Each call makes a new owner
 * with 640 KiB of memory of its own.
 */
export function createPointSums(key: CurvePoint): PointSums {
  const sums = createWasmSums(key);
  if (sums !== null) return sums;
  key.precompute(WINDOW_BITS, true); // made with the first sum
  return createTypescriptPointSums(key);
}

/** Sums over the kernel, or null where the engine cannot run it or runs it wrongly. */
export function createWasmSums(key: CurvePoint): PointSums | null {
  const kernel = instantiatePointSumsKernel();
  if (kernel === null) return null;
  const sums = createWasmPointSums(kernel, key);
  return givesTrueSums(sums, key) ? sums : null;
}

/** A new instance of the kernel, or null where the engine has no WebAssembly. */
export function instantiatePointSumsKernel(): PointSumsKernel | null {
  try {
    compiled ??= compileKernel(starkSignature);
    return compiled === null ? null : instantiateKernel<PointSumsKernel>(compiled);
  } catch {
    return null; // Such as an embedder that forbids code generation.
  }
}

/** Computes a sum and a difference with the curve library as well; without its tables, which would take longer. */
export function givesTrueSums(sums: PointSums, key: CurvePoint): boolean {
  const [timesGenerator, timesKey] = [StarkPoint.Fn.ORDER / 3n, StarkPoint.Fn.ORDER / 7n];
  return [timesKey, StarkPoint.Fn.neg(timesKey)].every((signed) => {
    const { x } = StarkPoint.BASE.mulAddUnsafe(timesGenerator, key, signed).toAffine();
    return sums.haveX({ x, timesGenerator, timesKey }) && !sums.haveX({ x, timesGenerator: timesKey, timesKey });
  });
}

/** Of the twin's table for the key. */
const WINDOW_BITS = 8;

/** Compiled code, made on first use, null where it cannot be; immutable, so the owners of a thread may share it. */
let compiled: WasmModule | null | undefined;
