/**
 * What is particular to ranges of the binary trie: bounds, malformed nodes, the number of hashes, and proofs that other
 * nodes served. What holds for every kind of trie is in `range-proof.test.ts`.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { vectorsDir } from '../../../test/vectors/locate.ts';
import { createFeltHasher } from '../../crypto/index.ts';
import { compareBytes, toHex } from '../../lib/index.ts';
import { updateTries } from '../binary-trie.ts';
import { bitAt } from '../bits.ts';
import type { PairHasher } from '../hash-levels.ts';
import type { ProofNode } from '../proof.ts';
import { felt, MemoryPages, mixPairs, toNumber } from '../testing.ts';
import { proveBinaryRange, verifyBinaryRange } from './index.ts';

const PREFIX = Uint8Array.of(5);
const P = 2n ** 251n + 17n * 2n ** 192n + 1n;
const failure = (code: string) => expect.objectContaining({ code, fault: 'peer' });

function build(height: number, keys: readonly bigint[]) {
  const reader = new MemoryPages();
  const entries = keys.map((key) => ({ key: felt(key), value: felt(key + 1n) }));
  const { roots, writes } = updateTries(reader, mixPairs, [{ prefix: PREFIX, height, entries }]);
  reader.apply(writes);
  return { reader, prefix: PREFIX, height, root: roots[0] as Uint8Array };
}

function prove(trie: ReturnType<typeof build>, start: bigint, leavesMax: number) {
  const { keys, values, proof } = proveBinaryRange({ ...trie, start: felt(start), leavesMax });
  return { root: trie.root, start: felt(start), keys, values, proof };
}

describe('a range of a binary trie', () => {
  const spread = Array.from({ length: 200 }, (_, i) => (BigInt(i) * 0x9e3779b97f4a7c15f39cc0605cedc835n) % 2n ** 64n);
  const trie = build(64, spread);
  const options = { hash: mixPairs, height: 64 };

  it('is hashed in one batch for the proof and one for each level above the leaves', () => {
    const batches: number[] = [];
    const hash: PairHasher = (left, right) => {
      batches.push(left.length / 32);
      return mixPairs(left, right);
    };
    const claim = prove(trie, 2n ** 40n, 100);
    expect(verifyBinaryRange(claim, { ...options, hash })).toEqual({ more: true });
    expect(batches[0]).toBe(claim.proof.length);
    expect(batches.length).toBeLessThan(40);
    // The edges of the leaves come first, together.
    expect(batches[1]).toBeGreaterThan(90);
    expect(batches.reduce((sum, count) => sum + count)).toBeLessThan(100 * 2.5 + 2 * claim.proof.length);
  });

  it.each<[name: string, node: ProofNode]>([
    ['an edge of length 0', { type: 'edge', child: felt(1), path: felt(0), length: 0 }],
    ['an edge longer than the trie is high', { type: 'edge', child: felt(1), path: felt(1), length: 65 }],
    ['an edge of half a bit', { type: 'edge', child: felt(1), path: felt(1), length: 1.5 }],
    ['an edge of no length', { type: 'edge', child: felt(1), path: felt(1), length: Number.NaN }],
    ['a path longer than its length', { type: 'edge', child: felt(1), path: felt(8), length: 3 }],
    ['a path of 31 bytes', { type: 'edge', child: felt(1), path: new Uint8Array(31), length: 3 }],
    ['a child above the field', { type: 'edge', child: felt(P), path: felt(1), length: 3 }],
    ['a child of 31 bytes', { type: 'edge', child: new Uint8Array(31).fill(1), path: felt(1), length: 3 }],
    ['an absent child', { type: 'binary', left: felt(0), right: felt(1) }],
    ['a half above the field', { type: 'binary', left: felt(1), right: felt(P) }],
  ])('with %s in its proof is refused before anything is hashed', (_name, node) => {
    const hash = () => {
      throw new Error('hashed');
    };
    const claim = prove(trie, 2n ** 40n, 10);
    expect(() => verifyBinaryRange(claim, { ...options, hash })).toThrow('hashed');
    expect(() => verifyBinaryRange({ ...claim, proof: [...claim.proof, node] }, { ...options, hash })).toThrow(
      failure('RANGE_PROOF_INVALID'),
    );
  });

  it('with a node that comes twice, or more nodes than two paths have, is refused', () => {
    const claim = prove(trie, 2n ** 40n, 10);
    const [first] = claim.proof as [ProofNode];
    expect(() => verifyBinaryRange({ ...claim, proof: [...claim.proof, first] }, options)).toThrow(
      failure('RANGE_PROOF_INVALID'),
    );
    const many = new Array<ProofNode>(129).fill(first);
    expect(() => verifyBinaryRange({ ...claim, proof: many }, options)).toThrow(failure('RANGE_PROOF_OVERSIZE'));
    const proofNodesMax = claim.proof.length - 1;
    expect(() => verifyBinaryRange(claim, { ...options, proofNodesMax })).toThrow(failure('RANGE_PROOF_OVERSIZE'));
  });

  it('with a key above the height, or a value that is no felt above zero, is refused', () => {
    const claim = prove(trie, 0n, 200);
    const last = claim.keys.length - 1;
    expect(() => verifyBinaryRange({ ...claim, keys: claim.keys.with(last, felt(2n ** 64n)) }, options)).toThrow(
      failure('RANGE_MALFORMED'),
    );
    for (const value of [felt(0), felt(P), new Uint8Array(31).fill(1)]) {
      expect(() => verifyBinaryRange({ ...claim, values: claim.values.with(3, value) }, options)).toThrow(
        failure('RANGE_MALFORMED'),
      );
    }
  });

  it('of a trie of another height is refused', () => {
    const high = build(80, spread);
    const claim = prove(high, 2n ** 40n, 10);
    expect(verifyBinaryRange(claim, { ...options, height: 80 })).toEqual({ more: true });
    for (const height of [64, 79, 81, 251]) {
      expect(() => verifyBinaryRange(claim, { ...options, height })).toThrow(failure('RANGE_PROOF_INVALID'));
    }
  });

  it('asked for beyond the height, from an impossible height or without leaves to give is our own mistake', () => {
    const claim = prove(trie, 0n, 1);
    const beyond = felt(2n ** 64n);
    const mistake = (code: string) => expect.objectContaining({ code, fault: 'caller' });
    expect(() => verifyBinaryRange({ ...claim, start: beyond }, options)).toThrow(mistake('RANGE_ARGUMENT'));
    expect(() => verifyBinaryRange({ ...claim, end: beyond }, options)).toThrow(mistake('RANGE_ARGUMENT'));
    expect(() => verifyBinaryRange(claim, { ...options, height: 252 })).toThrow(mistake('TRIE_ARGUMENT'));
    const request = { ...trie, start: felt(0), leavesMax: 1 };
    expect(() => proveBinaryRange({ ...request, start: beyond })).toThrow(mistake('TRIE_ARGUMENT'));
    expect(() => proveBinaryRange({ ...request, end: beyond })).toThrow(mistake('TRIE_ARGUMENT'));
    expect(() => proveBinaryRange({ ...request, height: 0 })).toThrow(mistake('TRIE_ARGUMENT'));
    expect(() => proveBinaryRange({ ...request, leavesMax: 0 })).toThrow(mistake('RANGE_ARGUMENT'));
  });

  it('is proven although equal subtrees stand at several places', () => {
    const twins = [0x10n, 0x20n, 0x30n].flatMap((head) => [head * 256n + 1n, head * 256n + 2n]);
    const reader = new MemoryPages();
    const entries = twins.map((key) => ({ key: felt(key), value: felt(7) }));
    const { roots, writes } = updateTries(reader, mixPairs, [{ prefix: PREFIX, height: 16, entries }]);
    reader.apply(writes);
    const claim = prove({ reader, prefix: PREFIX, height: 16, root: roots[0] as Uint8Array }, 0x1002n, 3);
    expect(verifyBinaryRange(claim, { hash: mixPairs, height: 16 })).toEqual({ more: true });
  });
});

const vectors = vectorsDir();

interface RpcNode {
  readonly node_hash: string;
  readonly node: { left: string; right: string } | { child: string; path: string; length: number };
}

describe.skipIf(vectors === null)('a storage proof a Sepolia node served', () => {
  const { poseidon: hash } = createFeltHasher();
  const hexFelt = (text: string) => felt(BigInt(text));

  it('is the range proof of each leaf it shows, and of no pair of them', () => {
    const path = join(vectors ?? '', 'starknet', 'proofs', 'sepolia_storage_proof.json');
    const { classes_proof, contracts_proof, global_roots } = JSON.parse(readFileSync(path, 'utf8')).result;
    const root = hexFelt(global_roots.classes_tree_root);
    const nodes = new Map(
      (classes_proof as RpcNode[]).map(({ node_hash, node }): [bigint, ProofNode] => [
        BigInt(node_hash),
        'left' in node
          ? { type: 'binary', left: hexFelt(node.left), right: hexFelt(node.right) }
          : { type: 'edge', child: hexFelt(node.child), path: hexFelt(node.path), length: node.length },
      ]),
    );
    const leaves = (contracts_proof.contract_leaves_data as { class_hash: string }[])
      .map(({ class_hash }) => hexFelt(class_hash))
      .sort(compareBytes)
      .map((key) => ({ key, value: leafValue(nodes, root, key) }));
    expect(leaves).toHaveLength(2);
    const claim = { root, proof: [...nodes.values()] };
    for (const { key, value } of leaves) {
      const single = { ...claim, start: key, keys: [key], values: [value] };
      expect(verifyBinaryRange(single, { hash, height: 251 })).toEqual({ more: true });
      expect(() => verifyBinaryRange({ ...single, values: [felt(1)] }, { hash, height: 251 })).toThrow(
        failure('RANGE_PROOF_INVALID'),
      );
    }
    const pair = { keys: leaves.map(({ key }) => key), values: leaves.map(({ value }) => value) };
    const start = pair.keys[0] as Uint8Array; // There are two.
    expect(() => verifyBinaryRange({ ...claim, ...pair, start }, { hash, height: 251 })).toThrow(
      failure('RANGE_PROOF_INVALID'),
    );
  });
});

/** Follows a key down nodes found by hash. */
function leafValue(nodes: ReadonlyMap<bigint, ProofNode>, root: Uint8Array, key: Uint8Array): Uint8Array {
  let hash = root;
  for (let position = 5; position < 256; ) {
    const node = nodes.get(toNumber(hash));
    if (node === undefined) throw new Error(`no node ${toHex(hash)}`);
    if (node.type === 'edge') hash = node.child;
    else hash = bitAt(key, position) === 0 ? node.left : node.right;
    position += node.type === 'edge' ? node.length : 1;
  }
  return hash;
}
