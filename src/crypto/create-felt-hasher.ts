import { equalBytes, fromHex, toHex } from '../lib/index.ts';
import { FELT_BYTES, writeCount } from './felt-bytes.ts';
import type { FeltHasher } from './felt-hasher.ts';
import { starkField5x51 } from './gen/stark-field-5x51.ts';
import { starkField9x29 } from './gen/stark-field-9x29.ts';
import { createLaneHasher } from './lane-hasher.ts';
import { createScalarHasher } from './scalar-hasher.ts';
import { createTypescriptHasher } from './typescript-hasher.ts';
import {
  compileKernel,
  instantiateKernel,
  type LaneKernel,
  type ScalarKernel,
  type WasmModule,
} from './wasm-kernel.ts';

/**
 * Creates the fastest felt hasher this engine runs correctly, by its `variant`: `wasm-5x51` with relaxed SIMD and a
 * multiply-add that rounds once (Node 22 and later on most processors), else `wasm-9x29`, else the plain twin
 * `typescript`. Each has to pass a self-test here. Works in any thread.
 *
 * Each call makes a new owner with its own instances: up to 14 MiB of memory and some 40 ms for tables and tests.
 * Create one per thread, when the thread starts, and hand it to whoever hashes there; two owners share nothing that
 * changes.
 */
export function createFeltHasher(): FeltHasher {
  return createWasm5x51() ?? createWasm9x29() ?? createTypescriptHasher();
}

/** The hasher over kernel variant A, or null where the engine cannot run it or runs it wrongly. */
export function createWasm9x29(): FeltHasher | null {
  try {
    compiled9x29 ??= compileKernel(starkField9x29);
    if (compiled9x29 === null) return null;
    const hasher = createScalarHasher(instantiateKernel<ScalarKernel>(compiled9x29));
    return givesKnownAnswers(hasher) ? hasher : null;
  } catch {
    return null; // Such as an embedder that forbids code generation.
  }
}

/** The hasher over kernel variants B and A together, or null where the engine cannot run both or runs one wrongly. */
export function createWasm5x51(): FeltHasher | null {
  try {
    compiled5x51 ??= compileKernel(starkField5x51);
    if (compiled5x51 === null) return null;
    const kernel = instantiateKernel<LaneKernel>(compiled5x51);
    if (kernel.isFused() !== 1) return null;
    const scalar = createWasm9x29();
    if (scalar === null) return null;
    kernel.setUp();
    const hasher = createLaneHasher(kernel, scalar);
    return agree(hasher, scalar) ? hasher : null;
  } catch {
    return null;
  }
}

/**
 * Hashes (1, 2) both ways. The Pedersen answer rests on tables that the batch addition made, so it covers that too.
 * @see The published vectors of both hashes, in the tests beside this file.
 */
export function givesKnownAnswers(hasher: FeltHasher): boolean {
  return (
    toHex(hasher.pedersen(KNOWN_LEFT, KNOWN_RIGHT)) === KNOWN_PEDERSEN &&
    toHex(hasher.poseidon(KNOWN_LEFT, KNOWN_RIGHT)) === KNOWN_POSEIDON
  );
}

/** Whether two hashers give the same on a batch large enough for lanes, of felts spread over the field. */
export function agree(hasher: FeltHasher, proven: FeltHasher): boolean {
  const counts = new Uint8Array(AGREEING_PAIRS * FELT_BYTES);
  for (let i = 0; i < AGREEING_PAIRS; i++) writeCount(counts, i * FELT_BYTES, i);
  const spread = proven.poseidon(counts, counts);
  return (
    equalBytes(hasher.poseidon(spread, counts), proven.poseidon(spread, counts)) &&
    equalBytes(hasher.pedersen(counts, spread), proven.pedersen(counts, spread))
  );
}

/** Pairs of the self-test: enough to fill lanes more than once. */
const AGREEING_PAIRS = 48;

const KNOWN_LEFT = fromHex('1'.padStart(64, '0'));
const KNOWN_RIGHT = fromHex('2'.padStart(64, '0'));
const KNOWN_PEDERSEN = '0x05bb9440e27889a364bcb678b1f679ecd1347acdedcbf36e83494f857cc58026';
const KNOWN_POSEIDON = '0x05d44a3decb2b2e0cc71071f7b802f45dd792d064f0fc7316c46514f70f9891a';

/** Compiled code, made on first use, null where it cannot be; immutable, so the owners of a thread may share it. */
let compiled9x29: WasmModule | null | undefined;
let compiled5x51: WasmModule | null | undefined;
