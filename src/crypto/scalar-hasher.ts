import { countFeltPairs, countFelts, FELT_BYTES } from './felt-bytes.ts';
import type { FeltHasher } from './felt-hasher.ts';
import { hashPedersenArrays } from './pedersen-arrays.ts';
import type { ScalarKernel } from './wasm-kernel.ts';

/**
 * The hasher over an instance of kernel variant A, which it owns from here on: calls write into its memory, so the
 * hasher must stay in its thread. Batches above the kernel's capacity run in pieces of that size; memory never grows.
 */
export function createScalarHasher(kernel: ScalarKernel): FeltHasher {
  const memory = new Uint8Array(kernel.memory.buffer);
  const capacity = kernel.capacity.value;
  const left = kernel.left.value;
  const right = kernel.right.value;
  const out = kernel.out.value;

  /** Runs a pair hash of the kernel over checked inputs, piece by piece. */
  function hashPairs(hash: (count: number) => void, leftFelts: Uint8Array, rightFelts: Uint8Array): Uint8Array {
    const result = new Uint8Array(leftFelts.length);
    for (let at = 0; at < result.length; at += capacity * FELT_BYTES) {
      const end = Math.min(at + capacity * FELT_BYTES, result.length);
      memory.set(leftFelts.subarray(at, end), left);
      memory.set(rightFelts.subarray(at, end), right);
      hash((end - at) / FELT_BYTES);
      result.set(memory.subarray(out, out + end - at), at);
    }
    return result;
  }

  function pedersen(leftFelts: Uint8Array, rightFelts: Uint8Array): Uint8Array {
    countFeltPairs(leftFelts, rightFelts);
    return hashPairs(kernel.pedersen, leftFelts, rightFelts);
  }

  /** One sponge, its list fed through the input buffers in whole pairs. */
  function hashSponge(list: Uint8Array): Uint8Array {
    kernel.spongeStart();
    const pairs = Math.floor(list.length / PAIR_BYTES);
    for (let done = 0; done < pairs; done += capacity) {
      const count = Math.min(capacity, pairs - done);
      memory.set(list.subarray(done * PAIR_BYTES, (done + count) * PAIR_BYTES), left);
      kernel.spongeAbsorb(count);
    }
    const rest = list.subarray(pairs * PAIR_BYTES);
    memory.set(rest, left);
    kernel.spongeFinish(rest.length === 0 ? -1 : 0, 0);
    return memory.subarray(out, out + FELT_BYTES);
  }

  return {
    variant: 'wasm-9x29',
    pedersen,
    pedersenArrays: (lists) => hashPedersenArrays(lists, pedersen),
    poseidon: (leftFelts, rightFelts) => {
      countFeltPairs(leftFelts, rightFelts);
      return hashPairs(kernel.poseidon, leftFelts, rightFelts);
    },
    poseidonArrays: (lists) => {
      for (const list of lists) countFelts(list);
      const result = new Uint8Array(lists.length * FELT_BYTES);
      lists.forEach((list, slot) => {
        result.set(hashSponge(list), slot * FELT_BYTES);
      });
      return result;
    },
  };
}

/** Bytes a sponge takes in at once: its rate is two felts. */
const PAIR_BYTES = 2 * FELT_BYTES;
