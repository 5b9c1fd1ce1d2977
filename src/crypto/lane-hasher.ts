import { countFeltPairs, countFelts, FELT_BYTES } from './felt-bytes.ts';
import type { FeltHasher } from './felt-hasher.ts';
import { createLaneSponges } from './lane-sponges.ts';
import { hashPedersenArrays } from './pedersen-arrays.ts';
import type { LaneKernel } from './wasm-kernel.ts';

/**
 * The hasher over an instance of kernel variant B, which it owns from here on, as it does `scalar`, the hasher of
 * variant A. B hashes what fills its lanes, A the rest: lone pairs, lone Poseidon chains, and the batches whose sums
 * degenerate, which only A completes.
 */
export function createLaneHasher(kernel: LaneKernel, scalar: FeltHasher): FeltHasher {
  const memory = new Uint8Array(kernel.memory.buffer);
  const pieceBytes = kernel.capacity.value * FELT_BYTES;
  const hashSponges = createLaneSponges(kernel, scalar);

  function load(left: Uint8Array, right: Uint8Array): void {
    memory.set(left, kernel.left.value);
    memory.set(right, kernel.right.value);
  }

  /** Felts of the result, as a view until the next call. */
  function result(bytes: number): Uint8Array {
    return memory.subarray(kernel.out.value, kernel.out.value + bytes);
  }

  function pedersenPiece(left: Uint8Array, right: Uint8Array): Uint8Array {
    if (left.length < PEDERSEN_PAIRS_MIN * FELT_BYTES) return scalar.pedersen(left, right);
    load(left, right);
    return kernel.pedersen(left.length / FELT_BYTES) === 1 ? result(left.length) : scalar.pedersen(left, right);
  }

  function poseidonPiece(left: Uint8Array, right: Uint8Array): Uint8Array {
    load(left, right);
    kernel.poseidon(left.length / FELT_BYTES);
    return result(left.length);
  }

  function pedersen(left: Uint8Array, right: Uint8Array): Uint8Array {
    countFeltPairs(left, right);
    const out = new Uint8Array(left.length);
    for (let at = 0; at < left.length; at += pieceBytes) {
      const end = at + pieceBytes;
      out.set(pedersenPiece(left.subarray(at, end), right.subarray(at, end)), at);
    }
    return out;
  }

  function poseidon(left: Uint8Array, right: Uint8Array): Uint8Array {
    const count = countFeltPairs(left, right);
    const out = new Uint8Array(left.length);
    // Four at a time; of the rest only three are faster in lanes than alone.
    const alone = count % 4 === 3 ? 0 : count % 4;
    const laneBytes = (count - alone) * FELT_BYTES;
    for (let at = 0; at < laneBytes; at += pieceBytes) {
      const end = Math.min(at + pieceBytes, laneBytes);
      out.set(poseidonPiece(left.subarray(at, end), right.subarray(at, end)), at);
    }
    if (alone > 0) out.set(scalar.poseidon(left.subarray(laneBytes), right.subarray(laneBytes)), laneBytes);
    return out;
  }

  return {
    variant: 'wasm-5x51',
    pedersen,
    pedersenArrays: (lists) => hashPedersenArrays(lists, pedersen),
    poseidon,
    poseidonArrays: (lists) => {
      for (const list of lists) countFelts(list);
      return hashSponges(lists);
    },
  };
}

/** A pair alone would fill only one of two lanes: variant A hashes it in less time. */
const PEDERSEN_PAIRS_MIN = 2;
