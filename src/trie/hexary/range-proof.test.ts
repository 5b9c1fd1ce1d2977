/**
 * Corner cases of the keccak trie's range proofs: those of go-ethereum's `trie/proof_test.go` (02b73d4ea7), rebuilt on
 * tries of our own, the known holes of other verifiers, and the bounds. What holds for every kind of trie is in
 * `../range/range-proof.test.ts`.
 */

import { describe, expect, it } from 'vitest';
import { keccak256 } from '../../crypto/index.ts';
import { compareBytes, fromHex, toHex } from '../../lib/index.ts';
import { nextKey } from '../range/index.ts';
import { proveHexaryKey, proveHexaryKeys, proveRange, readHexaryLeaves, verifyRangeProof } from './index.ts';
import { buildTrie, MemoryNodes, type TestLeaf } from './testing.ts';

const KEY_BYTES = 32;
const ZERO = new Uint8Array(KEY_BYTES);
const FULL = new Uint8Array(KEY_BYTES).fill(0xff);

const invalid = expect.objectContaining({ code: 'RANGE_PROOF_INVALID', fault: 'peer' });
const failure = (code: string) => expect.objectContaining({ code, fault: 'peer' });

/** A key that spells a small number: neighbours differ in the last nibbles only, and their leaves are embedded. */
function smallKey(value: number): Uint8Array {
  const key = new Uint8Array(KEY_BYTES);
  new DataView(key.buffer).setUint32(KEY_BYTES - 4, value);
  return key;
}

/** Leaves under hashed keys, sorted, with values of 1 to 60 bytes. */
function hashedLeaves(count: number): TestLeaf[] {
  return Array.from({ length: count }, (_, i) => ({
    key: keccak256(smallKey(i)),
    value: new Uint8Array(1 + (i % 60)).fill(1 + (i % 255)),
  })).sort((a, b) => compareBytes(a.key, b.key));
}

function smallLeaves(count: number): TestLeaf[] {
  return Array.from({ length: count }, (_, i) => ({ key: smallKey(i), value: Uint8Array.of(i + 1) }));
}

const large = hashedLeaves(600);
const trie = buildTrie(large, KEY_BYTES);

/** A claim about `[start, last key]` with the proof of the two edges, whatever the leaves are. */
function claim(leaves: readonly TestLeaf[], start = leaves[0]?.key ?? ZERO, last = leaves.at(-1)?.key, from = trie) {
  return {
    keccak: keccak256,
    root: from.root,
    start,
    keys: leaves.map(({ key }) => key),
    values: leaves.map(({ value }) => value),
    proof: proveHexaryKeys(from, last === undefined ? [start] : [start, last]),
  };
}

const keyBefore = (key: Uint8Array) => fromHex((BigInt(toHex(key)) - 1n).toString(16).padStart(64, '0'));
const keyAfter = (key: Uint8Array) => nextKey(key) ?? FULL;

describe('a range of a keccak trie is accepted', () => {
  it('from an existing and from an absent left edge', () => {
    for (const [from, to] of [
      [0, 1],
      [0, 600],
      [17, 400],
      [599, 600],
    ] as const) {
      const leaves = large.slice(from, to);
      const first = (leaves[0] as TestLeaf).key;
      const more = to < 600;
      expect(verifyRangeProof(claim(leaves))).toEqual({ more });
      expect(verifyRangeProof(claim(leaves, keyBefore(first)))).toEqual({ more });
    }
  });

  it('of one leaf, at, before and far before its key', () => {
    for (const index of [0, 300, 599]) {
      const leaf = large[index] as TestLeaf;
      const previous = large[index - 1]?.key;
      for (const start of [leaf.key, keyBefore(leaf.key), previous === undefined ? ZERO : keyAfter(previous)]) {
        expect(verifyRangeProof(claim([leaf], start))).toEqual({ more: index < 599 });
      }
    }
  });

  it('of a trie with a single leaf, with and without proof', () => {
    const leaf = large[0] as TestLeaf;
    const single = buildTrie([leaf], KEY_BYTES);
    for (const start of [ZERO, leaf.key]) {
      expect(verifyRangeProof(claim([leaf], start, leaf.key, single))).toEqual({ more: false });
      expect(verifyRangeProof({ ...claim([leaf], start, leaf.key, single), proof: [] })).toEqual({ more: false });
    }
  });

  it('of all leaves, from the first of them or the first possible key', () => {
    expect(verifyRangeProof(claim(large))).toEqual({ more: false });
    expect(verifyRangeProof(claim(large, ZERO))).toEqual({ more: false });
    expect(verifyRangeProof({ ...claim(large), proof: [] })).toEqual({ more: false });
  });

  it('without leaves behind the last one', () => {
    const last = (large.at(-1) as TestLeaf).key;
    for (const start of [keyAfter(last), FULL]) expect(verifyRangeProof(claim([], start))).toEqual({ more: false });
  });

  it('without leaves in a gap, when an end bounds it and the proof shows both edges', () => {
    const start = keyAfter((large[10] as TestLeaf).key);
    const end = (large[11] as TestLeaf).key;
    const proof = proveHexaryKeys(trie, [start, end]);
    expect(verifyRangeProof({ ...claim([], start), proof, end })).toEqual({ more: false });
    expect(() => verifyRangeProof({ ...claim([], start), proof, end: keyAfter(end) })).toThrow(invalid);
    expect(() => verifyRangeProof({ ...claim([], start), proof })).toThrow(invalid);
  });

  it('under keys with a shared prefix, from the first possible key', () => {
    const leaves = [
      { key: fromHex(`aa10${'00'.repeat(30)}`), value: Uint8Array.of(2) },
      { key: fromHex(`aa20${'00'.repeat(30)}`), value: Uint8Array.of(3) },
    ];
    const shared = buildTrie(leaves, KEY_BYTES);
    expect(verifyRangeProof(claim(leaves, ZERO, leaves.at(-1)?.key, shared))).toEqual({ more: false });
  });

  it('with the whole trie for a proof, as long as it fits the bounds', () => {
    const all = [...trie.reader.nodes.values()];
    const bloated = { ...claim(large.slice(50, 60)), proof: all };
    expect(() => verifyRangeProof(bloated)).toThrow(failure('RANGE_PROOF_OVERSIZE'));
    expect(verifyRangeProof({ ...bloated, limits: { proofNodesMax: all.length } })).toEqual({ more: true });
  });

  it('whose trie holds one subtree at several places', () => {
    const leaves = [0x10, 0x20, 0x30].flatMap((head) =>
      [1, 2].map((tail) => ({ key: Uint8Array.of(head, ...new Array(30).fill(0), tail), value: new Uint8Array(40) })),
    );
    const twins = buildTrie(leaves, KEY_BYTES);
    const { proof, keys, values, more } = proveRange({ ...twins, start: smallKey(0), leavesMax: 5 });
    expect(new Set(proof.map(toHex)).size).toBe(proof.length);
    expect(verifyRangeProof({ keccak: keccak256, root: twins.root, start: ZERO, keys, values, proof })).toEqual({
      more,
    });
  });
});

describe('a range of a keccak trie is refused', () => {
  it('with a gap between the left edge and the first leaf', () => {
    const leaves = large.slice(100, 200);
    expect(() => verifyRangeProof(claim(leaves, large[98]?.key))).toThrow(invalid);
    expect(() => verifyRangeProof(claim(leaves, keyBefore((large[99] as TestLeaf).key)))).toThrow(invalid);
  });

  it('with a gap anywhere, also where leaves are embedded in their parents', () => {
    const small = smallLeaves(10);
    const tiny = buildTrie(small, KEY_BYTES);
    for (let gap = 3; gap < 7; gap++) {
      const leaves = small.slice(2, 8).filter((_, i) => i !== gap - 2);
      expect(() => verifyRangeProof(claim(leaves, smallKey(2), smallKey(7), tiny))).toThrow(invalid);
    }
    const leaves = large.slice(100, 200);
    for (let gap = 1; gap < leaves.length - 1; gap += 7) {
      expect(() => verifyRangeProof(claim(leaves.toSpliced(gap, 1)))).toThrow(invalid);
    }
  });

  it('with both edges on one side of the leaves', () => {
    const leaf = large[300] as TestLeaf;
    const { keys, values, ...rest } = claim([leaf]);
    const low = keyBefore(leaf.key);
    const high = keyAfter(leaf.key);
    expect(() =>
      verifyRangeProof({ ...rest, keys, values, start: low, proof: proveHexaryKeys(trie, [keyBefore(low), low]) }),
    ).not.toThrow();
    expect(() => verifyRangeProof({ ...rest, keys, values, start: high })).toThrow(failure('RANGE_OUT_OF_BOUNDS'));
    expect(() => verifyRangeProof({ ...rest, keys, values, end: leaf.key, start: low })).toThrow(
      failure('RANGE_OUT_OF_BOUNDS'),
    );
  });

  it('without leaves where one is left, however close to the start', () => {
    for (const index of [0, 1, 300, 598, 599]) {
      const { key } = large[index] as TestLeaf;
      for (const start of [key, keyBefore(key), ZERO])
        expect(() => verifyRangeProof(claim([], start))).toThrow(invalid);
    }
  });

  it('with leaves before the start, with and without proof', () => {
    for (const proof of [claim(large).proof, []]) {
      expect(() => verifyRangeProof({ ...claim(large, keyAfter((large[0] as TestLeaf).key)), proof })).toThrow(
        failure('RANGE_OUT_OF_BOUNDS'),
      );
    }
  });

  it('with a pair more whose value is empty, with and without proof', () => {
    for (const proof of [claim(large).proof, []]) {
      for (const index of [1, 300, 599]) {
        const leaves = large.toSpliced(index, 0, {
          key: keyAfter((large[index - 1] as TestLeaf).key),
          value: new Uint8Array(0),
        });
        expect(() => verifyRangeProof({ ...claim(leaves), proof })).toThrow(failure('RANGE_MALFORMED'));
      }
    }
  });

  it('with keys out of order, twice, of another length, or more keys than values', () => {
    const { keys, values, ...rest } = claim(large.slice(10, 20));
    const [first, second] = keys as [Uint8Array, Uint8Array];
    const verify = (changed: readonly Uint8Array[], to = values) =>
      verifyRangeProof({ ...rest, keys: changed, values: to });
    expect(() => verify([second, first, ...keys.slice(2)])).toThrow(failure('RANGE_UNSORTED'));
    expect(() => verify([first, first, ...keys.slice(2)])).toThrow(failure('RANGE_UNSORTED'));
    expect(() => verify(keys.with(4, new Uint8Array(0)))).toThrow(failure('RANGE_MALFORMED'));
    expect(() => verify(keys.with(4, new Uint8Array(33)))).toThrow(failure('RANGE_MALFORMED'));
    expect(() => verify(keys, values.slice(1))).toThrow(failure('RANGE_MALFORMED'));
  });

  it('when inner nodes of the proof vouch for leaves that are not there', () => {
    // The liar drops a leaf and adds all nodes between the edges, the honest parents of that leaf included.
    const leaves = large.slice(50, 60);
    const between = proveHexaryKeys(
      trie,
      leaves.map(({ key }) => key),
    );
    const forged = { ...claim(leaves.toSpliced(5, 1)), proof: between };
    expect(() => verifyRangeProof(forged)).toThrow(invalid);
    // Or sends nodes of a trie in which the lie is true.
    const other = buildTrie(large.toSpliced(55, 1), KEY_BYTES);
    const foreign = proveHexaryKeys(
      other,
      leaves.map(({ key }) => key),
    );
    expect(() => verifyRangeProof({ ...forged, proof: foreign })).toThrow(invalid);
  });

  it('when a proof node is missing, and says which', () => {
    const honest = claim(large.slice(50, 60));
    for (const index of honest.proof.keys()) {
      const hash = toHex(keccak256(honest.proof[index] as Uint8Array));
      expect(() => verifyRangeProof({ ...honest, proof: honest.proof.toSpliced(index, 1) })).toThrow(
        expect.objectContaining({
          code: 'RANGE_PROOF_INVALID',
          data: {
            reason: expect.stringMatching(/^the node at path '[0-9a-f]*' is missing$/),
            expected: hash,
            got: null,
          },
        }),
      );
    }
  });

  it('when a proof node comes twice or is none', () => {
    const honest = claim(large.slice(50, 60));
    const [first] = honest.proof as [Uint8Array];
    for (const extra of [first, new Uint8Array(0), Uint8Array.of(0x80), new Uint8Array(100), first.subarray(1)]) {
      expect(() => verifyRangeProof({ ...honest, proof: [...honest.proof, extra] })).toThrow(invalid);
    }
  });

  it('before anything is hashed when the proof is too large', () => {
    const keccak = () => {
      throw new Error('hashed');
    };
    const honest = { ...claim(large.slice(50, 60)), keccak };
    expect(() => verifyRangeProof(honest)).toThrow('hashed');
    const many = new Array<Uint8Array>(131).fill(Uint8Array.of(0xc0));
    const long = [new Uint8Array(256 * 1024 + 1)];
    for (const proof of [many, long]) {
      expect(() => verifyRangeProof({ ...honest, proof })).toThrow(failure('RANGE_PROOF_OVERSIZE'));
    }
    const limits = { proofBytesMax: honest.proof.reduce((sum, node) => sum + node.length, 0) - 1 };
    expect(() => verifyRangeProof({ ...honest, limits })).toThrow(failure('RANGE_PROOF_OVERSIZE'));
  });

  it('when the trie has keys of another length', () => {
    for (const [keyLength, asked] of [
      [40, 32],
      [32, 40],
    ] as const) {
      const leaves = large.slice(0, 50).map(({ value }, i) => ({ key: new Uint8Array(keyLength).fill(i), value }));
      const other = buildTrie(leaves, keyLength);
      const start = new Uint8Array(asked).fill(7);
      const { proof } = claim([], new Uint8Array(keyLength).fill(7), undefined, other);
      for (const keys of [[], [start]]) {
        const values = keys.map(() => (leaves[7] as TestLeaf).value);
        const forged = { keccak: keccak256, root: other.root, start, keys, values, proof };
        expect(() => verifyRangeProof(forged)).toThrow(invalid);
      }
    }
  });

  it('with the root it has and the root that was due', () => {
    const leaves = large.map((leaf, i) => (i === 300 ? { ...leaf, value: Uint8Array.of(9) } : leaf));
    expect(() => verifyRangeProof({ ...claim(leaves), proof: [] })).toThrow(
      expect.objectContaining({
        data: {
          reason: 'leaves and proof make another root',
          expected: toHex(trie.root),
          got: toHex(buildTrie(leaves, KEY_BYTES).root),
        },
      }),
    );
  });
});

describe('the prover of a keccak trie', () => {
  it('reads leaves in order from any start to any end', () => {
    for (const [from, to] of [
      [0, 600],
      [10, 20],
      [599, 600],
    ] as const) {
      const range = { start: (large[from] as TestLeaf).key, end: large[to]?.key ?? FULL };
      expect([...readHexaryLeaves({ ...trie, ...range })]).toEqual(large.slice(from, to));
    }
    expect([...readHexaryLeaves({ ...trie, start: FULL })]).toEqual([]);
  });

  it('names the node its store lacks or cannot read', () => {
    const reader = new MemoryNodes();
    const request = { reader, root: trie.root, start: ZERO, leavesMax: 1 };
    expect(() => proveRange(request)).toThrow(
      expect.objectContaining({
        code: 'TRIE_NODE_MISSING',
        fault: 'local',
        data: { path: '', reference: `0xa0${toHex(trie.root).slice(2)}` },
      }),
    );
    for (const bytes of [new Uint8Array(0), fromHex('c22005'), fromHex('80')]) {
      reader.set(trie.root, new Uint8Array(0), bytes);
      expect(() => proveHexaryKey(request, ZERO)).toThrow(
        expect.objectContaining({ code: 'TRIE_NODE_CORRUPT', fault: 'local' }),
      );
    }
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses a limit of %s leaves', (leavesMax) => {
    expect(() => proveRange({ ...trie, start: ZERO, leavesMax })).toThrow(
      expect.objectContaining({ code: 'RANGE_ARGUMENT', fault: 'caller' }),
    );
  });
});
