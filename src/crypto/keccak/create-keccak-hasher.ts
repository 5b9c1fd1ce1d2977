import { fromHex, toHex } from '../../lib/index.ts';
import { keccak } from '../gen/keccak.ts';
import { compileKernel, instantiateKernel, type WasmModule } from '../wasm-kernel.ts';
import { DIGEST_BYTES, type KeccakHasher } from './keccak-hasher.ts';
import { createTypescriptKeccakHasher } from './typescript-keccak-hasher.ts';
import { createWasmKeccakHasher, type KeccakKernel } from './wasm-keccak-hasher.ts';

/**
 * Creates the fastest keccak hasher this engine runs correctly: `wasm`, else its plain twin `typescript`. Works in
 * any thread. Each call makes a new owner with 320 KiB of memory of its own.
 */
export function createKeccakHasher(): KeccakHasher {
  return createWasmKeccak() ?? createTypescriptKeccakHasher();
}

/** The hasher over the kernel, or null where the engine cannot run it (no vectors) or runs it wrongly. */
export function createWasmKeccak(): KeccakHasher | null {
  try {
    compiled ??= compileKernel(keccak);
    if (compiled === null) return null;
    const hasher = createWasmKeccakHasher(instantiateKernel<KeccakKernel>(compiled));
    return givesKnownKeccaks(hasher) ? hasher : null;
  } catch {
    return null; // Such as an embedder that forbids code generation.
  }
}

/** Hashes known messages alone, and together with one that takes several blocks, so that both ways are tested. */
export function givesKnownKeccaks(hasher: KeccakHasher): boolean {
  const alone = hasher.hash(KNOWN_MESSAGE);
  const together = hasher.hashMany([KNOWN_BLOCKS, EMPTY, KNOWN_MESSAGE]);
  return (
    toHex(alone) === KNOWN_MESSAGE_KECCAK &&
    toHex(together.subarray(0, DIGEST_BYTES)) === KNOWN_BLOCKS_KECCAK &&
    toHex(together.subarray(DIGEST_BYTES, 2 * DIGEST_BYTES)) === EMPTY_KECCAK &&
    toHex(together.subarray(2 * DIGEST_BYTES)) === KNOWN_MESSAGE_KECCAK
  );
}

const EMPTY = new Uint8Array();
/** The code hash of an account without code (Ethereum yellow paper). */
const EMPTY_KECCAK = '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470';
/** `abc`. */
const KNOWN_MESSAGE = fromHex('616263');
const KNOWN_MESSAGE_KECCAK = '0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45';
/** 300 zero bytes, which are three blocks. */
const KNOWN_BLOCKS = new Uint8Array(300);
const KNOWN_BLOCKS_KECCAK = '0x347b017cb0632f78c0c51dfedd8e31b8d2c31e5bf282c1e8c370e45ef8b0f7f0';

/** Compiled code, made on first use, null where it cannot be; immutable, so the owners of a thread may share it. */
let compiled: WasmModule | null | undefined;
