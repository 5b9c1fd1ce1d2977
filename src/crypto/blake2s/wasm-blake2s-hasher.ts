import { countFelts, FELT_BYTES } from '../felt-bytes.ts';
import type { WasmGlobal, WasmKernel } from '../wasm-kernel.ts';
import type { Blake2sHasher } from './blake2s-hasher.ts';

/** What the Blake2s kernel exports. Addresses are bytes of its memory; inputs are not checked. */
export interface Blake2sKernel extends WasmKernel {
  /** Felts that one call takes. */
  readonly capacity: WasmGlobal;
  /** Canonical felts in, and the felt that a list hashes to. */
  readonly input: WasmGlobal;
  readonly out: WasmGlobal;
  /** The digest before it is reduced modulo P: 32 bytes, little-endian. */
  readonly state: WasmGlobal;
  readonly start: () => void;
  /** Takes in the first `count` felts of the input. */
  readonly absorb: (count: number) => void;
  readonly finish: () => void;
  /** Writes the digest modulo P; `finish` ends with it. */
  readonly reduce: () => void;
}

/** The hasher over an instance of the kernel, which it owns from here on; it must stay in its thread. */
export function createWasmBlake2sHasher(kernel: Blake2sKernel): Blake2sHasher {
  const memory = new Uint8Array(kernel.memory.buffer);
  const input = kernel.input.value;
  const out = kernel.out.value;
  const pieceBytes = kernel.capacity.value * FELT_BYTES;

  /** The hash of a checked list, as a view until the next call. */
  function hashList(list: Uint8Array): Uint8Array {
    kernel.start();
    for (let at = 0; at < list.length; at += pieceBytes) {
      const piece = list.subarray(at, at + pieceBytes);
      memory.set(piece, input);
      kernel.absorb(piece.length / FELT_BYTES);
    }
    kernel.finish();
    return memory.subarray(out, out + FELT_BYTES);
  }

  return {
    variant: 'wasm',
    blake2sFelts: (list) => {
      countFelts(list);
      return hashList(list).slice();
    },
    blake2sFeltsMany: (lists) => {
      for (const list of lists) countFelts(list);
      const result = new Uint8Array(lists.length * FELT_BYTES);
      for (const [slot, list] of lists.entries()) result.set(hashList(list), slot * FELT_BYTES);
      return result;
    },
  };
}
