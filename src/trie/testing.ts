/** What the tests of this folder share: a cheap hash, a store, and the trie as its definition has it. */

import { toHex } from '../lib/index.ts';
import { FELT_BYTES, zeroFelt } from './felts.ts';
import type { PairHasher } from './hash-levels.ts';
import type { TrieReader } from './page-set.ts';
import type { TrieWrite } from './page-writer.ts';

/** A number as a felt of 32 bytes. */
export function felt(value: bigint | number): Uint8Array {
  const out = zeroFelt();
  let rest = BigInt(value);
  for (let i = FELT_BYTES - 1; rest > 0n && i >= 0; i--, rest >>= 8n) out[i] = Number(rest & 0xffn);
  return out;
}

/** A felt as a number. */
export function toNumber(bytes: Uint8Array): bigint {
  return BigInt(toHex(bytes));
}

/**
 * A stand-in for Pedersen that costs next to nothing: 250 bits, spread over all input bytes, not commutative, and
 * of no cryptographic worth. Collisions do not happen by accident, which is all that a test of shapes needs.
 */
export const mixPairs: PairHasher = (left, right) => {
  const out = new Uint8Array(left.length);
  const a = new DataView(left.buffer, left.byteOffset, left.byteLength);
  const b = new DataView(right.buffer, right.byteOffset, right.byteLength);
  const view = new DataView(out.buffer);
  const lanes = new Uint32Array(8);
  for (let at = 0; at < left.length; at += FELT_BYTES) {
    for (let i = 0; i < 8; i++) lanes[i] = 0x9e3779b9 * (i + 1);
    mix(lanes, a, at);
    mix(lanes, b, at);
    for (let i = 0; i < 8; i++) view.setUint32(at + 4 * i, lanes[i] as number);
    out[at] = (out[at] as number) & 0x03;
  }
  return out;
};

/** Takes in 32 bytes: each word goes to its lane and stirs the next, twice round. */
function mix(lanes: Uint32Array, from: DataView, at: number): void {
  for (let i = 0; i < 16; i++) {
    const lane = i & 7;
    let word = (lanes[lane] as number) ^ from.getUint32(at + 4 * lane);
    word = Math.imul(word ^ (word >>> 15), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35) ^ (word >>> 16);
    const next = (lane + 1) & 7;
    lanes[lane] = word;
    lanes[next] = Math.imul((lanes[next] as number) + word, 0x27d4eb2f) ^ (word >>> 11);
  }
}

/** A store in memory. */
export class MemoryPages implements TrieReader {
  readonly records = new Map<string, Uint8Array>();

  get(key: Uint8Array): Uint8Array | undefined {
    return this.records.get(toHex(key));
  }

  apply(writes: readonly TrieWrite[]): void {
    for (const { key, value } of writes) {
      if (value === null) this.records.delete(toHex(key));
      else this.records.set(toHex(key), value);
    }
  }

  /** All records as text, by key. */
  dump(): [string, string][] {
    return [...this.records].map(([key, value]): [string, string] => [key, toHex(value)]).sort();
  }
}

const P = 2n ** 251n + 17n * 2n ** 192n + 1n;

/**
 * The root by definition, node by node over numbers (Starknet documentation, "Merkle-Patricia trie"): none is 0;
 * one leaf is an edge to it; a common prefix is an edge; else the top bit splits. Values must not be zero.
 */
export function definedRoot(hash: PairHasher, height: number, leaves: ReadonlyMap<bigint, bigint>): bigint {
  const h = (a: bigint, b: bigint) => toNumber(hash(felt(a), felt(b)));
  const subtree = (bits: number, keys: readonly bigint[]): bigint => {
    const first = keys[0];
    if (first === undefined) return 0n;
    if (bits === 0) return leaves.get(first) as bigint; // Keys are the map's own.
    let shared = 0;
    const bit = (key: bigint, index: number) => (key >> BigInt(bits - 1 - index)) & 1n;
    while (shared < bits && keys.every((key) => bit(key, shared) === bit(first, shared))) shared++;
    if (shared > 0) {
      const path = (first >> BigInt(bits - shared)) & ((1n << BigInt(shared)) - 1n);
      return (h(subtree(bits - shared, keys), path) + BigInt(shared)) % P;
    }
    const side = (wanted: bigint) => keys.filter((key) => bit(key, 0) === wanted);
    return h(subtree(bits - 1, side(0n)), subtree(bits - 1, side(1n)));
  };
  return subtree(height, [...leaves.keys()]);
}
