import { concatBytes, fromHex, toHex } from '../../lib/index.ts';
import { bn254Poseidon2 } from '../gen/bn254-poseidon2.ts';
import { compileKernel, instantiateKernel, type WasmKernel, type WasmModule } from '../wasm-kernel.ts';
import { FIELD_BYTES } from './bn254-field.ts';
import type { Poseidon2Hasher } from './poseidon2-hasher.ts';
import { createTypescriptPoseidon2Hasher } from './typescript-poseidon2-hasher.ts';
import { createWasmPoseidon2Hasher, type Poseidon2Kernel } from './wasm-poseidon2-hasher.ts';

/**
 * Creates the fastest Poseidon2 hasher this engine runs correctly: `wasm`, else its plain twin `typescript`. Works in
 * any thread. Each call makes a new owner with 384 KiB of memory of its own.
 */
export function createPoseidon2Hasher(): Poseidon2Hasher {
  return createWasmPoseidon2() ?? createTypescriptPoseidon2Hasher();
}

/** The hasher over the kernel, or null where the engine cannot run it or runs it wrongly. */
export function createWasmPoseidon2(): Poseidon2Hasher | null {
  const kernel = instantiatePoseidon2Kernel<Poseidon2Kernel>();
  if (kernel === null) return null;
  const hasher = createWasmPoseidon2Hasher(kernel);
  return givesKnownPoseidon2s(hasher) ? hasher : null;
}

/** A new instance of the kernel, or null where the engine has no WebAssembly. `Kernel` is what of it is used. */
export function instantiatePoseidon2Kernel<Kernel extends WasmKernel>(): Kernel | null {
  try {
    compiled ??= compileKernel(bn254Poseidon2);
    return compiled === null ? null : instantiateKernel<Kernel>(compiled);
  } catch {
    return null; // Such as an embedder that forbids code generation.
  }
}

/** Hashes (1, 2) as a pair and (1, 2, 3, 4) as a list, which takes a second permutation. */
export function givesKnownPoseidon2s(hasher: Poseidon2Hasher): boolean {
  const list = concatBytes(...['1', '2', '3', '4'].map((digit) => fromHex(digit.padStart(2 * FIELD_BYTES, '0'))));
  const pair = hasher.hashPairs(list.subarray(0, FIELD_BYTES), list.subarray(FIELD_BYTES, 2 * FIELD_BYTES));
  return (
    toHex(pair) === KNOWN_PAIR &&
    toHex(hasher.hashMany([list])) === KNOWN_LIST &&
    toHex(hasher.hashFixed(list, 4)) === KNOWN_LIST
  );
}

/** @see The published vectors in the tests beside this file. */
const KNOWN_PAIR = '0x038682aa1cb5ae4e0a3f13da432a95c77c5c111f6f030faf9cad641ce1ed7383';
const KNOWN_LIST = '0x130bf204a32cac1f0ace56c78b731aa3809f06df2731ebcf6b3464a15788b1b9';

/** Compiled code, made on first use, null where it cannot be; immutable, so the owners of a thread may share it. */
let compiled: WasmModule | null | undefined;
