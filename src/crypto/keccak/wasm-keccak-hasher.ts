import type { WasmGlobal, WasmKernel } from '../wasm-kernel.ts';
import { countMessages, requireInside, splitMessages } from './arguments.ts';
import { DIGEST_BYTES, type KeccakHasher } from './keccak-hasher.ts';

/** What the keccak kernel exports. Addresses are bytes of its memory; nothing is checked there. */
export interface KeccakKernel extends WasmKernel {
  /** Messages that one batch takes. */
  readonly capacity: WasmGlobal;
  /** Where messages are copied to, and how many bytes of them there is room for. */
  readonly input: WasmGlobal;
  readonly inputBytes: WasmGlobal;
  /** Addresses and lengths of a batch's messages, two unsigned 32-bit words each. */
  readonly table: WasmGlobal;
  /** The digests of a batch. */
  readonly out: WasmGlobal;
  readonly scratch: WasmGlobal;
  readonly scratchBytes: WasmGlobal;
  /** Hashes the first `count` messages of the table. */
  readonly hashBatch: (count: number) => void;
  /** Writes the digest of `length` bytes at `at` to `out`. */
  readonly hash: (at: number, length: number, out: number) => void;
  /** A message in pieces: whole blocks of 136 bytes, then fewer bytes than a block. */
  readonly start: () => void;
  readonly absorb: (at: number, blocks: number) => void;
  readonly finish: (at: number, rest: number, out: number) => void;
}

/**
 * The hasher over an instance of the kernel, which it owns from here on: calls write into its memory, so the hasher
 * must stay in its thread. Memory never grows: what does not fit at once runs in pieces.
 */
export function createWasmKeccakHasher(kernel: KeccakKernel): KeccakHasher {
  const { buffer } = kernel.memory;
  const memory = new Uint8Array(buffer);
  const capacity = kernel.capacity.value;
  const input = kernel.input.value;
  const inputEnd = input + kernel.inputBytes.value;
  const out = kernel.out.value;
  const table = new Uint32Array(buffer, kernel.table.value, 2 * capacity);
  const blocksAtOnce = Math.floor(kernel.inputBytes.value / RATE_BYTES);

  /** Hashes `bytes[start, end)` to `to`, an address in the kernel's memory. */
  function hashTo(bytes: Uint8Array, start: number, end: number, to: number): void {
    if (bytes.buffer === buffer) {
      kernel.hash(bytes.byteOffset + start, end - start, to);
    } else if (input + end - start <= inputEnd) {
      memory.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), input);
      kernel.hash(input, end - start, to);
    } else {
      hashLong(bytes.subarray(start, end), to);
    }
  }

  function hashLong(message: Uint8Array, to: number): void {
    kernel.start();
    const whole = Math.floor(message.length / RATE_BYTES);
    for (let done = 0; done < whole; done += blocksAtOnce) {
      const blocks = Math.min(blocksAtOnce, whole - done);
      memory.set(message.subarray(done * RATE_BYTES, (done + blocks) * RATE_BYTES), input);
      kernel.absorb(input, blocks);
    }
    memory.set(message.subarray(whole * RATE_BYTES), input);
    kernel.finish(input, message.length - whole * RATE_BYTES, to);
  }

  /** Hashes the first `count` messages of the table; writes their digests to `result` from digest `first` on. */
  function runBatch(count: number, result: Uint8Array, first: number): void {
    kernel.hashBatch(count);
    result.set(memory.subarray(out, out + count * DIGEST_BYTES), first * DIGEST_BYTES);
  }

  function hashMany(messages: readonly Uint8Array[]): Uint8Array {
    const result = new Uint8Array(messages.length * DIGEST_BYTES);
    let at = input;
    let count = 0;
    for (const [index, message] of messages.entries()) {
      if (count === capacity || at + message.length > inputEnd) {
        runBatch(count, result, index - count);
        at = input;
        count = 0;
      }
      if (at + message.length > inputEnd) {
        hashLong(message, out);
        result.set(memory.subarray(out, out + DIGEST_BYTES), index * DIGEST_BYTES);
        continue;
      }
      memory.set(message, at);
      table[2 * count] = at;
      table[2 * count + 1] = message.length;
      at += message.length;
      count += 1;
    }
    runBatch(count, result, messages.length - count);
    return result;
  }

  function hashFixed(flat: Uint8Array, messageBytes: number): Uint8Array {
    const total = countMessages(flat, messageBytes);
    const fitting = Math.min(capacity, Math.floor((inputEnd - input) / messageBytes));
    if (fitting === 0) return hashMany(splitMessages(flat, messageBytes));
    const result = new Uint8Array(total * DIGEST_BYTES);
    for (let i = 0; i < Math.min(fitting, total); i++) {
      table[2 * i] = input + i * messageBytes;
      table[2 * i + 1] = messageBytes;
    }
    for (let first = 0; first < total; first += fitting) {
      const count = Math.min(fitting, total - first);
      memory.set(flat.subarray(first * messageBytes, (first + count) * messageBytes), input);
      runBatch(count, result, first);
    }
    return result;
  }

  return {
    variant: 'wasm',
    hash: (message) => {
      hashTo(message, 0, message.length, out);
      return memory.slice(out, out + DIGEST_BYTES);
    },
    hashMany,
    hashFixed,
    hashInto: (bytes, start, end, target, targetStart) => {
      requireInside(bytes, start, end, target, targetStart);
      if (target.buffer === buffer) {
        hashTo(bytes, start, end, target.byteOffset + targetStart);
      } else {
        hashTo(bytes, start, end, out);
        for (let i = 0; i < DIGEST_BYTES; i++) target[targetStart + i] = memory[out + i] as number; // Inside of it.
      }
    },
    scratch: memory.subarray(kernel.scratch.value, kernel.scratch.value + kernel.scratchBytes.value),
  };
}

/** Bytes a block takes in: 1600 bits less twice the 256 of the digest. */
const RATE_BYTES = 136;
