import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFeltHasher } from '../../crypto/index.ts';
import { compareBytes, isSynclineError, toHex } from '../../lib/index.ts';
import type { TestLeaf } from '../hexary/testing.ts';
import { mixPairs } from '../testing.ts';
import { nextKey, type RangeClaim, type RangeRequest } from './index.ts';
import { type BuiltTrie, binaryKind, damaged, hexaryKind, lieIn, type TrieKind } from './testing.ts';

/** Every kind of trie, small ones for collisions of paths and full-sized ones; and how many runs each may cost. */
const KINDS: readonly (readonly [name: string, kind: TrieKind<unknown>, runs: number])[] = [
  ['keccak, keys of 1 byte', erase(hexaryKind(1)), 150],
  ['keccak, keys of 2 bytes', erase(hexaryKind(2)), 150],
  ['keccak, keys of 32 bytes', erase(hexaryKind(32)), 100],
  ['keccak, keys of 40 bytes', erase(hexaryKind(40)), 50],
  ['binary, height 3', erase(binaryKind(3, mixPairs)), 150],
  ['binary, height 8', erase(binaryKind(8, mixPairs)), 150],
  ['binary, height 251', erase(binaryKind(251, mixPairs)), 100],
  ['binary, height 251, Pedersen', erase(binaryKind(251, createFeltHasher().pedersen)), 3],
];

describe.each(KINDS)('range proofs: %s', (_name, kind, runs) => {
  it('what a trie proves is accepted, and tells exactly whether more follows', () => {
    fc.assert(
      fc.property(scenarios(kind), ({ leaves, request }) => {
        const trie = kind.build(leaves);
        const { more, ...answer } = trie.prove(request);
        const claim = { root: trie.root, start: request.start, ...endOf(request), ...answer };
        expect(lieIn(leaves, trie.root, claim, more)).toBeNull();
        expect(answer.keys.length).toBeLessThanOrEqual(request.leavesMax);
        const verified = kind.verifier.verify(claim);
        expect(lieIn(leaves, trie.root, claim, verified.more)).toBeNull();
        // The order of proof nodes carries no meaning.
        expect(kind.verifier.verify({ ...claim, proof: answer.proof.toReversed() })).toEqual(verified);
      }),
      { numRuns: runs },
    );
  });

  it('asking on from the last key until nothing is left yields every leaf once', () => {
    fc.assert(
      fc.property(scenarios(kind), ({ leaves, request }) => {
        const trie = kind.build(leaves);
        const keys: string[] = [];
        for (let start: Uint8Array | null = request.start; start !== null; ) {
          const answer = trie.prove({ ...request, start });
          const { more } = kind.verifier.verify({ root: trie.root, start, ...endOf(request), ...answer });
          keys.push(...answer.keys.map(toHex));
          start = more ? nextKey(answer.keys.at(-1) as Uint8Array) : null; // More follows, so there was one.
          if (start !== null && request.end !== undefined && compareBytes(start, request.end) >= 0) start = null;
        }
        const expected = leaves.map(({ key }) => key).filter((key) => compareBytes(key, request.start) >= 0);
        const before =
          ({ end }: RangeRequest) =>
          (key: Uint8Array) =>
            end === undefined || compareBytes(key, end) < 0;
        expect(keys).toEqual(expected.filter(before(request)).sort(compareBytes).map(toHex));
      }),
      { numRuns: Math.ceil(runs / 3) },
    );
  });

  it('all leaves without a proof are the trie, and fewer are not', () => {
    fc.assert(
      fc.property(scenarios(kind), fc.nat(), ({ leaves }, which) => {
        const { root } = kind.build(leaves);
        const sorted = leaves.toSorted((a, b) => compareBytes(a.key, b.key));
        const claim = (part: readonly TestLeaf[]): RangeClaim<unknown> => ({
          root,
          start: new Uint8Array(kind.keyBytes),
          keys: part.map(({ key }) => key),
          values: part.map(({ value }) => value),
          proof: [],
        });
        expect(kind.verifier.verify(claim(sorted))).toEqual({ more: false });
        if (sorted.length === 0) return;
        const fewer = sorted.toSpliced(which % sorted.length, 1);
        expect(() => kind.verifier.verify(claim(fewer))).toThrow(refused('RANGE_PROOF_INVALID'));
      }),
      { numRuns: Math.ceil(runs / 3) },
    );
  });

  it('a claim that was tampered with is refused, or true all the same', () => {
    fc.assert(
      fc.property(scenarios(kind), tamperings, ({ leaves, request }, steps) => {
        const trie = kind.build(leaves);
        const { keys, values, proof } = trie.prove(request);
        const honest: RangeClaim<unknown> = {
          root: trie.root,
          start: request.start,
          ...endOf(request),
          keys,
          values,
          proof,
        };
        const claim = steps.reduce((claimed, step) => tamper(kind, trie, claimed, step), honest);
        let more: boolean;
        try {
          ({ more } = kind.verifier.verify(claim));
        } catch (error) {
          expectRefusal(error);
          return;
        }
        expect(lieIn(leaves, trie.root, claim, more)).toBeNull();
      }),
      { numRuns: 6 * runs },
    );
  });

  it('a leaf that is dropped, changed, moved or added is refused, wherever it is', () => {
    fc.assert(
      fc.property(scenarios(kind), ({ leaves, request }) => {
        const trie = kind.build(leaves);
        const { keys, values, proof } = trie.prove(request);
        const honest: RangeClaim<unknown> = {
          root: trie.root,
          start: request.start,
          ...endOf(request),
          keys,
          values,
          proof,
        };
        for (const [index, key] of keys.entries()) {
          const value = values[index] as Uint8Array; // As many values as keys.
          const forged: RangeClaim<unknown>[] = [
            { ...honest, values: values.with(index, kind.fitValue(damaged(value, index, 0x55))) },
            { ...honest, values: values.with(index, new Uint8Array(0)) },
            { ...honest, keys: keys.toSpliced(index, 0, key), values: values.toSpliced(index, 0, value) },
          ];
          // Dropping the last is no lie but a shorter answer, unless it was all there is; the proof may not fit then.
          if (index < keys.length - 1 || keys.length === 1) {
            forged.push({ ...honest, keys: keys.toSpliced(index, 1), values: values.toSpliced(index, 1) });
          }
          const moved = nextKey(key);
          if (moved !== null && !keys.some((other) => compareBytes(other, moved) === 0)) {
            forged.push({ ...honest, keys: keys.with(index, moved) });
            if (index < keys.length - 1) {
              forged.push({
                ...honest,
                keys: keys.toSpliced(index + 1, 0, moved),
                values: values.toSpliced(index, 0, value),
              });
            }
          }
          for (const claim of forged) expect(() => kind.verifier.verify(claim)).toThrow(anyRefusal);
        }
      }),
      { numRuns: Math.ceil(runs / 3) },
    );
  });

  it('a bound of another length, or an end not above the start, is refused as our own mistake', () => {
    const { root } = kind.build([]);
    const key = new Uint8Array(kind.keyBytes);
    const claim = { root, start: key, keys: [], values: [], proof: [] };
    expect(kind.verifier.verify(claim)).toEqual({ more: false });
    for (const wrong of [
      { root: new Uint8Array(31) },
      { start: new Uint8Array(0) },
      { start: new Uint8Array(65) },
      { end: new Uint8Array(kind.keyBytes + 1) },
      { end: key },
    ]) {
      expect(() => kind.verifier.verify({ ...claim, ...wrong })).toThrow(
        expect.objectContaining({ code: 'RANGE_ARGUMENT', fault: 'caller' }),
      );
    }
  });
});

const refused = (code: string) => expect.objectContaining({ code, fault: 'peer' });
const anyRefusal = refused(expect.stringMatching(/^RANGE_/) as unknown as string);

function expectRefusal(error: unknown): void {
  if (!isSynclineError(error)) throw error;
  expect(error).toMatchObject({
    code: expect.stringMatching(/^RANGE_/),
    fault: expect.stringMatching(/^(peer|caller)$/),
  });
  // Only bounds the tampering itself made nonsense of are the caller's.
  if (error.fault === 'caller') expect(error.code).toBe('RANGE_ARGUMENT');
}

interface Scenario {
  readonly leaves: readonly TestLeaf[];
  readonly request: RangeRequest & { readonly leavesMax: number };
}

/** Leaves whose keys often share long paths, and a request whose bounds are often keys or their neighbours. */
function scenarios(kind: TrieKind<unknown>): fc.Arbitrary<Scenario> {
  const keyMax = 2n ** BigInt(kind.keyBits) - 1n;
  const clusters = fc
    .tuple(fc.bigInt(0n, keyMax), fc.array(fc.tuple(fc.nat(kind.keyBits - 1), fc.nat(3)), { maxLength: 8 }))
    .map(([first, steps]) => [
      first,
      ...steps.map(([bit, low]) => (first ^ (1n << BigInt(bit)) ^ BigInt(low)) & keyMax),
    ]);
  const keys = fc.oneof(
    clusters,
    fc.tuple(clusters, clusters).map((pair) => pair.flat()),
    fc.array(fc.bigInt(0n, keyMax)),
  );
  const value = fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 2 }), fc.uint8Array({ minLength: 1, maxLength: 70 }));
  const bound = fc.tuple(fc.nat(), fc.constantFrom(-1n, 0n, 0n, 1n), fc.option(fc.bigInt(0n, keyMax), { freq: 3 }));
  return fc
    .tuple(
      fc.oneof({ weight: 1, arbitrary: fc.constant([]) }, { weight: 20, arbitrary: keys }),
      fc.array(value, { minLength: 1 }),
      bound,
      fc.option(bound),
      fc.integer({ min: 1, max: 12 }),
    )
    .map(([numbers, values, first, last, leavesMax]): Scenario => {
      const unique = [...new Set(numbers)];
      const leaves = unique.map((number, i) => ({
        key: toKey(number, kind.keyBytes),
        value: kind.fitValue(values[i % values.length] as Uint8Array), // At least one.
      }));
      const place = ([index, step, free]: [number, bigint, bigint | null]) => {
        const near = (unique[index % Math.max(1, unique.length)] ?? 0n) + step;
        return free ?? (near < 0n ? 0n : near > keyMax ? keyMax : near);
      };
      const [start, end] = [place(first), last === null ? null : place(last)].sort((a, b) =>
        a === null ? 1 : b === null ? -1 : a < b ? -1 : 1,
      );
      const hasEnd = end !== null && end !== undefined && end !== start;
      return {
        leaves,
        request: {
          start: toKey(start ?? 0n, kind.keyBytes),
          ...(hasEnd ? { end: toKey(end, kind.keyBytes) } : {}),
          leavesMax,
        },
      };
    });
}

function toKey(number: bigint, bytes: number): Uint8Array {
  return new Uint8Array(Buffer.from(number.toString(16).padStart(2 * bytes, '0'), 'hex'));
}

function endOf({ end }: RangeRequest): Pick<RangeRequest, 'end'> {
  return end === undefined ? {} : { end };
}

/** What a lying peer could change, with numbers that say where and how. */
const tamperings = fc.array(
  fc.record({
    what: fc.constantFrom(
      'drop leaf',
      'change value',
      'change key',
      'add leaf',
      'swap values',
      'swap keys',
      'drop leaves behind',
      'drop leaves before',
      'other start',
      'start behind a leaf',
      'other end',
      'no end',
      'drop node',
      'damage node',
      'repeat node',
      'no proof',
      'proof of another key',
      'another root',
      'lose a value',
    ),
    at: fc.nat(),
    by: fc.nat(),
    flip: fc.integer({ min: 1, max: 255 }),
  }),
  { minLength: 1, maxLength: 3 },
);

type Tampering = typeof tamperings extends fc.Arbitrary<readonly (infer Step)[]> ? Step : never;

function tamper<Node>(
  kind: TrieKind<Node>,
  trie: BuiltTrie<Node>,
  claim: RangeClaim<Node>,
  { what, at, by, flip }: Tampering,
): RangeClaim<Node> {
  const { keys, values, proof } = claim;
  const leaf = keys.length === 0 ? 0 : at % keys.length;
  const other = keys.length === 0 ? 0 : by % keys.length;
  const node = proof.length === 0 ? 0 : at % proof.length;
  const key = keys[leaf];
  const value = values[leaf];
  const strayKey = damaged(key ?? claim.start, by, flip);
  const strayValue = kind.fitValue(Uint8Array.of(flip));
  switch (what) {
    case 'drop leaf':
      return { ...claim, keys: keys.toSpliced(leaf, 1), values: values.toSpliced(leaf, 1) };
    case 'change value':
      return value === undefined ? claim : { ...claim, values: values.with(leaf, damaged(value, by, flip)) };
    case 'change key':
      return key === undefined ? claim : { ...claim, keys: keys.with(leaf, strayKey) };
    case 'add leaf': {
      const before = keys.findIndex((known) => compareBytes(known, strayKey) > 0);
      const index = before < 0 ? keys.length : before;
      return { ...claim, keys: keys.toSpliced(index, 0, strayKey), values: values.toSpliced(index, 0, strayValue) };
    }
    case 'swap values':
      return { ...claim, values: swapped(values, leaf, other) };
    case 'swap keys':
      return { ...claim, keys: swapped(keys, leaf, other) };
    case 'drop leaves behind':
      return { ...claim, keys: keys.slice(0, leaf), values: values.slice(0, leaf) };
    case 'drop leaves before':
      return { ...claim, keys: keys.slice(leaf), values: values.slice(leaf) };
    case 'other start':
      return { ...claim, start: damaged(claim.start, by, flip) };
    case 'start behind a leaf':
      return key === undefined ? claim : { ...claim, start: nextKey(key) ?? claim.start };
    case 'other end':
      return { ...claim, end: strayKey };
    case 'no end': {
      const { end: _, ...endless } = claim;
      return endless;
    }
    case 'drop node':
      return { ...claim, proof: proof.toSpliced(node, 1) };
    case 'damage node':
      return { ...claim, proof: proof.map((known, i) => (i === node ? kind.damage(known, by, flip) : known)) };
    case 'repeat node':
      return { ...claim, proof: [...proof, ...proof.slice(node, node + 1)] };
    case 'no proof':
      return { ...claim, proof: [] };
    case 'proof of another key':
      return { ...claim, proof: trie.proveKey(strayKeyBelow(kind, strayKey)) };
    case 'another root':
      return { ...claim, root: damaged(claim.root, by, flip) };
    case 'lose a value':
      return { ...claim, values: values.slice(0, -1) };
  }
}

/** The key with the bits a trie of this kind does not have cleared. */
function strayKeyBelow(kind: TrieKind<unknown>, key: Uint8Array): Uint8Array {
  return toKey(BigInt(toHex(key)) % 2n ** BigInt(kind.keyBits), kind.keyBytes);
}

function swapped<T>(items: readonly T[], a: number, b: number): readonly T[] {
  const [first, second] = [items[a], items[b]];
  return first === undefined || second === undefined ? items : items.with(a, second).with(b, first);
}

/** Tests treat the nodes of a proof as opaque; each kind only gets back what it gave out. */
function erase<Node>(kind: TrieKind<Node>): TrieKind<unknown> {
  return kind as unknown as TrieKind<unknown>;
}
