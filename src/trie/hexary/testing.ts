/** What the tests of ranges and stack tries share: a store of nodes, and the trie as its definition has it. */

import { keccak_256 as keccak256 } from '@noble/hashes/sha3.js';
import { encodeRlp, type RlpItem } from '../../codec/index.ts';
import { compareBytes, toHex } from '../../lib/index.ts';
import { createStackTrie } from './stack-trie.ts';
import type { HexaryNodeReader } from './stored-trie.ts';

export interface TestLeaf {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Nodes by hash and path: a reader must name both rightly. */
export class MemoryNodes implements HexaryNodeReader {
  readonly nodes = new Map<string, Uint8Array>();

  get(hash: Uint8Array, path: Uint8Array): Uint8Array | undefined {
    return this.nodes.get(`${toHex(hash)} ${toHex(path)}`);
  }

  set(hash: Uint8Array, path: Uint8Array, encoding: Uint8Array): void {
    this.nodes.set(`${toHex(hash)} ${toHex(path)}`, encoding.slice());
  }
}

/** The trie of some leaves in any order, as a stack trie stores it. */
export function buildTrie(leaves: readonly TestLeaf[], keyLength: number): { root: Uint8Array; reader: MemoryNodes } {
  const reader = new MemoryNodes();
  const trie = createStackTrie({
    keccak: keccak256,
    keyLength,
    onNode: (path, hash, encoding) => reader.set(hash, path, encoding),
  });
  for (const { key, value } of leaves.toSorted((a, b) => compareBytes(a.key, b.key))) trie.add(key, value);
  return { root: trie.root(), reader };
}

/** The root by definition (Ethereum yellow paper, appendix D): keys of one length, no two equal. */
export function definedRoot(leaves: readonly TestLeaf[]): Uint8Array {
  if (leaves.length === 0) return keccak256(encodeRlp(new Uint8Array(0)));
  const spelt = leaves.map(({ key, value }) => ({
    nibbles: [...key].flatMap((byte) => [byte >> 4, byte & 15]),
    value,
  }));
  return keccak256(encodeRlp(structure(spelt, 0)));
}

interface SpeltLeaf {
  readonly nibbles: readonly number[];
  readonly value: Uint8Array;
}

/** c(J, i) of the yellow paper. */
function structure(leaves: readonly SpeltLeaf[], depth: number): RlpItem {
  const [first] = leaves as [SpeltLeaf]; // Never called without leaves.
  if (leaves.length === 1) return [hexPrefix(first.nibbles.slice(depth), true), first.value];
  let shared = depth;
  while (leaves.every(({ nibbles }) => nibbles[shared] === first.nibbles[shared])) shared++;
  if (shared > depth) return [hexPrefix(first.nibbles.slice(depth, shared), false), reference(leaves, shared)];
  const children = Array.from({ length: 16 }, (_, nibble) =>
    reference(
      leaves.filter(({ nibbles }) => nibbles[depth] === nibble),
      depth + 1,
    ),
  );
  return [...children, new Uint8Array(0)];
}

/** n(J, i) of the yellow paper. */
function reference(leaves: readonly SpeltLeaf[], depth: number): RlpItem {
  if (leaves.length === 0) return new Uint8Array(0);
  const node = structure(leaves, depth);
  const encoded = encodeRlp(node);
  return encoded.length < 32 ? node : keccak256(encoded);
}

/** HP(x, t) of the yellow paper, appendix C. */
function hexPrefix(nibbles: readonly number[], isLeaf: boolean): Uint8Array {
  const flag = (isLeaf ? 2 : 0) + (nibbles.length % 2);
  const all = nibbles.length % 2 === 0 ? [flag, 0, ...nibbles] : [flag, ...nibbles];
  return Uint8Array.from({ length: all.length / 2 }, (_, i) => 16 * (all[2 * i] ?? 0) + (all[2 * i + 1] ?? 0));
}
