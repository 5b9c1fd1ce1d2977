/** What the tests of range proofs share: tries of every kind behind one face, and what is true of them. */

import { keccak_256 } from '@noble/hashes/sha3.js';
import { compareBytes, equalBytes } from '../../lib/index.ts';
import { updateTries } from '../binary-trie.ts';
import type { PairHasher } from '../hash-levels.ts';
import { proveHexaryKeys, proveRange } from '../hexary/prove-range.ts';
import { createHexaryRangeVerifier } from '../hexary/range-proof.ts';
import { buildTrie, type TestLeaf } from '../hexary/testing.ts';
import { type ProofNode, proveKey } from '../proof.ts';
import { MemoryPages } from '../testing.ts';
import { createBinaryRangeVerifier } from './binary-range-proof.ts';
import { proveBinaryRange } from './prove-binary-range.ts';
import type { ProvenRange, RangeClaim, RangeProofVerifier, RangeRequest } from './range-proof-verifier.ts';

/** A kind of trie with range proofs. Keys are numbers below 2^keyBits, in `keyBytes` bytes. */
export interface TrieKind<Node> {
  readonly keyBits: number;
  readonly keyBytes: number;
  readonly verifier: RangeProofVerifier<Node>;
  build(leaves: readonly TestLeaf[]): BuiltTrie<Node>;
  /** A value of 1 to 70 bytes as one this kind can hold. */
  fitValue(bytes: Uint8Array): Uint8Array;
  /** The node with one byte changed. */
  damage(node: Node, at: number, flip: number): Node;
}

export interface BuiltTrie<Node> {
  readonly root: Uint8Array;
  prove(request: RangeRequest & { readonly leavesMax: number }): ProvenRange<Node>;
  proveKey(key: Uint8Array): readonly Node[];
}

/** The keccak trie with keys of `keyBytes` bytes. */
export function hexaryKind(keyBytes: number): TrieKind<Uint8Array> {
  return {
    keyBits: 8 * keyBytes,
    keyBytes,
    verifier: createHexaryRangeVerifier({ keccak: keccak_256 }),
    build(leaves) {
      const trie = buildTrie(leaves, keyBytes);
      return {
        root: trie.root,
        prove: (request) => proveRange({ ...trie, ...request }),
        proveKey: (key) => proveHexaryKeys(trie, [key]),
      };
    },
    fitValue: (bytes) => bytes,
    damage: (node, at, flip) => damaged(node, at, flip),
  };
}

/** The binary trie of a height, with the hash of choice. */
export function binaryKind(height: number, hash: PairHasher): TrieKind<ProofNode> {
  const prefix = Uint8Array.of(9);
  return {
    keyBits: height,
    keyBytes: 32,
    verifier: createBinaryRangeVerifier({ hash, height }),
    build(leaves) {
      const reader = new MemoryPages();
      const { roots, writes } = updateTries(reader, hash, [{ prefix, height, entries: leaves }]);
      reader.apply(writes);
      return {
        root: roots[0] as Uint8Array, // One trie, one root.
        prove: (request) => proveBinaryRange({ reader, prefix, height, ...request }),
        proveKey: (key) => proveKey(reader, prefix, height, key),
      };
    },
    fitValue(bytes) {
      const value = new Uint8Array(32);
      value.set(bytes.subarray(0, 31), 1);
      if (value.every((byte) => byte === 0)) value[31] = 1;
      return value;
    },
    damage(node, at, flip) {
      if (node.type === 'binary') {
        return at % 2 === 0
          ? { ...node, left: damaged(node.left, at >> 1, flip) }
          : { ...node, right: damaged(node.right, at >> 1, flip) };
      }
      if (at % 3 === 0) return { ...node, child: damaged(node.child, at, flip) };
      return at % 3 === 1 ? { ...node, path: damaged(node.path, at, flip) } : { ...node, length: node.length + 1 };
    },
  };
}

export function damaged(bytes: Uint8Array, at: number, flip: number): Uint8Array {
  if (bytes.length === 0) return Uint8Array.of(flip);
  const index = at % bytes.length;
  return bytes.with(index, (bytes[index] as number) ^ flip); // index < length
}

/** Why an accepted claim is false of the trie with these leaves; null when it is true. */
export function lieIn(
  leaves: readonly TestLeaf[],
  root: Uint8Array,
  claim: RangeClaim<unknown>,
  more: boolean,
): string | null {
  if (!equalBytes(root, claim.root)) return 'it is about another trie';
  const { start, end, keys, values } = claim;
  const last = keys.at(-1);
  const inside = leaves
    .filter(({ key }) => compareBytes(key, start) >= 0 && (end === undefined || compareBytes(key, end) < 0))
    .sort((a, b) => compareBytes(a.key, b.key));
  const claimed = last === undefined ? inside : inside.filter(({ key }) => compareBytes(key, last) <= 0);
  if (claimed.length !== keys.length) return 'leaves are missing or too many';
  for (const [i, { key, value }] of claimed.entries()) {
    if (!equalBytes(key, keys[i] ?? NONE) || !equalBytes(value, values[i] ?? NONE)) return `leaf ${i} is another`;
  }
  const isMore = inside.length > claimed.length;
  if (isMore && !more) return 'leaves follow';
  // With an end the answer may be "perhaps".
  return more && !isMore && (end === undefined || last === undefined) ? 'no leaf follows' : null;
}

const NONE = new Uint8Array(0);
