import type { WasmGlobal, WasmKernel } from '../wasm-kernel.ts';
import {
  countFieldGroups,
  countFieldPairs,
  countFields,
  FIELD_BYTES,
  RATE,
  requireState,
  STATE_BYTES,
  WIDTH,
} from './bn254-field.ts';
import type { Poseidon2Hasher } from './poseidon2-hasher.ts';

/**
 * What the kernel exports for hashing. `left` and `right` adjoin and hold `capacity` fields each, `out` both together.
 * Addresses are bytes of its memory; inputs are not checked.
 */
export interface Poseidon2Kernel extends WasmKernel {
  readonly capacity: WasmGlobal;
  readonly left: WasmGlobal;
  readonly right: WasmGlobal;
  readonly out: WasmGlobal;
  readonly hashPairs: (count: number) => void;
  /** Hashes `count` lists of `width` fields from `left` on. */
  readonly hashLists: (count: number, width: number) => void;
  /** Permutes `count` states of four fields from `left` on. */
  readonly permuteStates: (count: number) => void;
  /** One sponge: begins the hash of `length` fields; or takes up a state of four fields. */
  readonly start: (length: number) => void;
  readonly loadState: (from: number) => void;
  /** Takes in three fields at a time. */
  readonly absorb: (at: number, triples: number) => void;
  /** Takes in up to three fields. */
  readonly finish: (at: number, count: number) => void;
  /** Writes the hash, or the whole state. */
  readonly squeeze: (out: number) => void;
  readonly storeState: (to: number) => void;
}

/**
 * The hasher over an instance of the kernel, which it owns from here on: calls write into its memory, so the hasher
 * must stay in its thread. What does not fit at once runs in pieces; memory never grows.
 */
export function createWasmPoseidon2Hasher(kernel: Poseidon2Kernel): Poseidon2Hasher {
  const memory = new Uint8Array(kernel.memory.buffer);
  const input = kernel.left.value;
  const right = kernel.right.value;
  const out = kernel.out.value;
  const pairsBytes = kernel.capacity.value * FIELD_BYTES;
  const inputFields = 2 * kernel.capacity.value;

  /** Bytes of the result, as a view until the next call. */
  function result(bytes: number): Uint8Array {
    return memory.subarray(out, out + bytes);
  }

  /** Runs groups of `width` fields through `run`, which makes `made` fields of each. */
  function runGroups(fields: Uint8Array, width: number, made: number, run: (count: number) => void): Uint8Array {
    const total = fields.length / (width * FIELD_BYTES);
    const atOnce = Math.floor(inputFields / width);
    const all = new Uint8Array(total * made * FIELD_BYTES);
    for (let done = 0; done < total; done += atOnce) {
      const count = Math.min(atOnce, total - done);
      memory.set(fields.subarray(done * width * FIELD_BYTES, (done + count) * width * FIELD_BYTES), input);
      run(count);
      all.set(result(count * made * FIELD_BYTES), done * made * FIELD_BYTES);
    }
    return all;
  }

  /** Takes whole triples into the sponge at work. */
  function absorb(fields: Uint8Array): void {
    const pieceBytes = Math.floor(inputFields / RATE) * TRIPLE_BYTES;
    for (let at = 0; at < fields.length; at += pieceBytes) {
      const piece = fields.subarray(at, at + pieceBytes);
      memory.set(piece, input);
      kernel.absorb(input, piece.length / TRIPLE_BYTES);
    }
  }

  /** The hash of a checked list, as a view until the next call. */
  function hashList(list: Uint8Array): Uint8Array {
    kernel.start(list.length / FIELD_BYTES);
    const whole = list.length - (list.length % TRIPLE_BYTES);
    absorb(list.subarray(0, whole));
    if (whole < list.length || whole === 0) {
      memory.set(list.subarray(whole), input);
      kernel.finish(input, (list.length - whole) / FIELD_BYTES);
    }
    kernel.squeeze(out);
    return result(FIELD_BYTES);
  }

  function hashMany(lists: readonly Uint8Array[]): Uint8Array {
    for (const list of lists) countFields(list);
    const hashes = new Uint8Array(lists.length * FIELD_BYTES);
    for (const [slot, list] of lists.entries()) hashes.set(hashList(list), slot * FIELD_BYTES);
    return hashes;
  }

  return {
    variant: 'wasm',
    hashPairs: (lefts, rights) => {
      countFieldPairs(lefts, rights);
      const hashes = new Uint8Array(lefts.length);
      for (let at = 0; at < lefts.length; at += pairsBytes) {
        const end = Math.min(at + pairsBytes, lefts.length);
        memory.set(lefts.subarray(at, end), input);
        memory.set(rights.subarray(at, end), right);
        kernel.hashPairs((end - at) / FIELD_BYTES);
        hashes.set(result(end - at), at);
      }
      return hashes;
    },
    hashFixed: (flat, width) => {
      const count = countFieldGroups(flat, width);
      if (width <= inputFields) return runGroups(flat, width, 1, (some) => kernel.hashLists(some, width));
      const bytes = width * FIELD_BYTES;
      return hashMany(Array.from({ length: count }, (_, i) => flat.subarray(i * bytes, (i + 1) * bytes)));
    },
    hashMany,
    permute: (states) => {
      countFieldGroups(states, WIDTH);
      return runGroups(states, WIDTH, WIDTH, kernel.permuteStates);
    },
    absorbTriples: (state, fields) => {
      requireState(state);
      countFieldGroups(fields, RATE);
      memory.set(state, input);
      kernel.loadState(input);
      absorb(fields);
      kernel.storeState(out);
      return result(STATE_BYTES).slice();
    },
  };
}

const TRIPLE_BYTES = RATE * FIELD_BYTES;
