import { concatBytes, fromHex, toHex } from '../../lib/index.ts';
import { blake2s } from '../gen/blake2s.ts';
import { compileKernel, instantiateKernel, type WasmModule } from '../wasm-kernel.ts';
import type { Blake2sHasher } from './blake2s-hasher.ts';
import { createTypescriptBlake2sHasher } from './typescript-blake2s-hasher.ts';
import { type Blake2sKernel, createWasmBlake2sHasher } from './wasm-blake2s-hasher.ts';

/**
 * Creates the fastest Blake2s hasher this engine runs correctly: `wasm`, else its plain twin `typescript`. Works in
 * any thread. Each call makes a new owner with 256 KiB of memory of its own.
 */
export function createBlake2sHasher(): Blake2sHasher {
  return createWasmBlake2s() ?? createTypescriptBlake2sHasher();
}

/** The hasher over the kernel, or null where the engine cannot run it or runs it wrongly. */
export function createWasmBlake2s(): Blake2sHasher | null {
  const kernel = instantiateBlake2sKernel();
  if (kernel === null) return null;
  const hasher = createWasmBlake2sHasher(kernel);
  return givesKnownBlake2s(hasher) ? hasher : null;
}

/** A new instance of the kernel, or null where the engine has no WebAssembly. */
export function instantiateBlake2sKernel(): Blake2sKernel | null {
  try {
    compiled ??= compileKernel(blake2s);
    return compiled === null ? null : instantiateKernel<Blake2sKernel>(compiled);
  } catch {
    return null; // Such as an embedder that forbids code generation.
  }
}

/** Hashes no felt, and one of each kind. The answers are those of the plain twin. */
export function givesKnownBlake2s(hasher: Blake2sHasher): boolean {
  const got = hasher.blake2sFeltsMany([new Uint8Array(), KNOWN_FELTS]);
  return toHex(got) === `0x${KNOWN_EMPTY}${KNOWN_HASH}`;
}

/** 2^63 - 1 and 2^63: the last felt of two words and the first of eight. */
const KNOWN_FELTS = concatBytes(
  fromHex('7fffffffffffffff'.padStart(64, '0')),
  fromHex('8000000000000000'.padStart(64, '0')),
);
const KNOWN_EMPTY = '01eed01efd0d230c1ea5a12c48b6551f7c4a3542d02111e194809079307a214a';
const KNOWN_HASH = '06d14251f6446deefcb4b90727dfc0dbce65ce624aabb88f4c245b597b34f77c';

/** Compiled code, made on first use, null where it cannot be; immutable, so the owners of a thread may share it. */
let compiled: WasmModule | null | undefined;
