import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { updateTries } from './binary-trie.ts';
import { zeroFelt } from './felts.ts';
import { type ProofNode, proveKey, verifyProof } from './proof.ts';
import { felt, MemoryPages, mixPairs, toNumber } from './testing.ts';

const PREFIX = Uint8Array.of(3);
const invalid = expect.objectContaining({ code: 'PROOF_INVALID', fault: 'peer' });

function trie(height: number, content: ReadonlyMap<bigint, bigint>): { store: MemoryPages; root: Uint8Array } {
  const store = new MemoryPages();
  const entries = [...content].map(([key, value]) => ({ key: felt(key), value: felt(value) }));
  const { roots, writes } = updateTries(store, mixPairs, [{ prefix: PREFIX, height, entries }]);
  store.apply(writes);
  return { store, root: roots[0] as Uint8Array };
}

const contents = (height: number) =>
  fc
    .array(fc.tuple(fc.bigInt(0n, 2n ** BigInt(height) - 1n), fc.bigInt(1n, 99n)), { maxLength: 30 })
    .map((entries) => new Map(entries));

describe('a proof', () => {
  it('shows the value of a present key and the absence of any other', () => {
    for (const height of [3, 8, 64, 251]) {
      const key = fc.bigInt(0n, 2n ** BigInt(height) - 1n);
      fc.assert(
        fc.property(contents(height), fc.array(key, { maxLength: 10 }), (content, others) => {
          const { store, root } = trie(height, content);
          for (const asked of [...content.keys(), ...others]) {
            const nodes = proveKey(store, PREFIX, height, felt(asked));
            const value = verifyProof({ hash: mixPairs, root, height, key: felt(asked), nodes });
            expect(toNumber(value)).toBe(content.get(asked) ?? 0n);
          }
        }),
        { numRuns: 40 },
      );
    }
  });

  it('does not verify once a byte of it is changed, a node is missing, added, or moved', () => {
    const change = fc.tuple(fc.nat(), fc.nat(2), fc.nat(31), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(contents(16), fc.bigInt(0n, 2n ** 16n - 1n), change, (content, other, [which, part, at, flip]) => {
        fc.pre(content.size > 0);
        const { store, root } = trie(16, content);
        for (const asked of [[...content.keys()][0] as bigint, other]) {
          const nodes = proveKey(store, PREFIX, 16, felt(asked));
          const index = which % nodes.length;
          const without = nodes.filter((_, i) => i !== index);
          const twice = [...nodes.slice(0, index + 1), ...nodes.slice(index)];
          const changed = nodes.with(index, damaged(nodes[index] as ProofNode, part, at, flip));
          for (const wrong of [without, twice, changed, [], nodes.toReversed()]) {
            if (nodes.length === 1 && wrong.length === 1 && wrong !== changed) continue;
            expect(() => verifyProof({ hash: mixPairs, root, height: 16, key: felt(asked), nodes: wrong })).toThrow(
              invalid,
            );
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('names the expected and the found hash', () => {
    const { store, root } = trie(8, new Map([[1n, 1n]]));
    const nodes = proveKey(store, PREFIX, 8, felt(1));
    expect(() => verifyProof({ hash: mixPairs, root: felt(0xabc), height: 8, key: felt(1), nodes })).toThrow(
      expect.objectContaining({
        data: expect.objectContaining({
          expected: `0x${'abc'.padStart(64, '0')}`,
          got: `0x${toNumber(root).toString(16).padStart(64, '0')}`,
        }),
      }),
    );
  });

  it('does not go on below a leaf whose value was made to look like a node', () => {
    // Anyone may store a value; here the hash of an edge that leads past every key.
    const below: ProofNode = { type: 'edge', child: felt(1), path: felt(1), length: 1 };
    const value = toNumber(mixPairs(below.child, below.path)) + 1n;
    const { store, root } = trie(8, new Map([[5n, value]]));
    const nodes = [...proveKey(store, PREFIX, 8, felt(5)), below];
    expect(() => verifyProof({ hash: mixPairs, root, height: 8, key: felt(5), nodes })).toThrow(invalid);
  });

  it('of the empty trie is empty, and shows nothing about another', () => {
    const empty = { hash: mixPairs, root: zeroFelt(), height: 251, key: felt(1), nodes: [] };
    expect(proveKey(new MemoryPages(), PREFIX, 251, felt(1))).toEqual([]);
    expect(verifyProof(empty)).toEqual(zeroFelt());
    expect(() => verifyProof({ ...empty, root: felt(1) })).toThrow(invalid);
  });

  it('is refused before hashing when a node is not well-formed or there are too many', () => {
    const hash = () => {
      throw new Error('hashed');
    };
    const verify = (...nodes: ProofNode[]) => verifyProof({ hash, root: felt(1), height: 8, key: felt(1), nodes });
    const edge = { type: 'edge', child: felt(1), path: felt(1), length: 8 } as const;
    const binary = { type: 'binary', left: felt(1), right: felt(2) } as const;
    for (const length of [0, -1, 1.5, 256, Number.NaN]) expect(() => verify({ ...edge, length })).toThrow(invalid);
    expect(() => verify({ ...edge, path: felt(0), length: 0 })).toThrow(invalid);
    expect(() => verify({ ...edge, path: felt(256) })).toThrow(invalid);
    expect(() => verify({ ...edge, path: new Uint8Array(31) })).toThrow(invalid);
    expect(() => verify({ ...edge, child: felt(2n ** 252n) })).toThrow(invalid);
    expect(() => verify({ ...binary, right: new Uint8Array(33) })).toThrow(invalid);
    expect(() => verify(...new Array<ProofNode>(9).fill(binary))).toThrow(invalid);
    expect(() => verify(binary)).toThrow('hashed');
  });
});

/** The node with one of its parts changed in one byte. */
function damaged(node: ProofNode, part: number, at: number, flip: number): ProofNode {
  const spoil = (bytes: Uint8Array) => bytes.with(at, (bytes[at] as number) ^ flip);
  if (node.type === 'binary') {
    return part === 0 ? { ...node, left: spoil(node.left) } : { ...node, right: spoil(node.right) };
  }
  if (part === 0) return { ...node, child: spoil(node.child) };
  return part === 1 ? { ...node, path: spoil(node.path) } : { ...node, length: node.length + 1 };
}
