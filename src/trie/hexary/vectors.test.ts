/**
 * Against the outside: roots of go-ethereum's stack trie tests after every insertion, and range proofs valid and
 * malicious with what a client must make of them. Origins and licences are in the vectors' manifest.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { vectorsDir } from '../../../test/vectors/locate.ts';
import { keccak256 } from '../../crypto/index.ts';
import { compareBytes, fromHex, toHex } from '../../lib/index.ts';
import { createStackTrie, proveRange, verifyRangeProof } from './index.ts';
import { buildTrie } from './testing.ts';

const vectors = vectorsDir();
const readJson = (name: string) => JSON.parse(readFileSync(join(vectors ?? '', 'evm', name), 'utf8'));
const utf8 = new TextEncoder();

interface Insertion {
  readonly key: string;
  readonly valueUtf8: string;
  readonly rootAfter: string;
}

interface RangeCase {
  readonly id: string;
  readonly kind: 'valid' | 'malicious';
  readonly root: string;
  /** Null or empty for a request without start. */
  readonly start: string | null;
  readonly keys: readonly string[];
  readonly vals: readonly string[];
  readonly proof: readonly string[] | null;
  readonly expect: { readonly ok: true; readonly more: boolean } | { readonly ok: false };
}

describe.skipIf(vectors === null)('stacktrie.json', () => {
  const groups: readonly (readonly Insertion[])[] = vectors === null ? [] : readJson('stacktrie.json').groups;

  it('has the groups this test was written for', () => {
    expect(groups).toHaveLength(20);
  });

  it.each(groups.map((group, index) => ({ index, group })))(
    'group $index has the published root after every insertion',
    ({ group }) => {
      for (const [count, { rootAfter }] of group.entries()) {
        const inserted = group.slice(0, count + 1);
        const trie = createStackTrie({ keccak: keccak256, keyLength: (group[0]?.key.length ?? 0) / 2 });
        for (const { key, valueUtf8 } of inserted) trie.add(fromHex(key), utf8.encode(valueUtf8));
        expect(toHex(trie.root())).toBe(`0x${rootAfter}`);
      }
    },
  );
});

describe.skipIf(vectors === null)('range-proofs.json', () => {
  const cases: readonly RangeCase[] = vectors === null ? [] : readJson('range-proofs.json').cases;
  const claimOf = ({ root, start, keys, vals, proof }: RangeCase) => ({
    keccak: keccak256,
    root: fromHex(root),
    // A request without start asks from the first possible key, as the client must read it before it verifies.
    start: start ? fromHex(start) : new Uint8Array(32),
    keys: keys.map(fromHex),
    values: vals.map(fromHex),
    proof: (proof ?? []).map(fromHex),
  });

  it('has the cases this test was written for', () => {
    expect(cases.map(({ kind }) => kind === 'valid')).toHaveLength(46);
    expect(cases.filter(({ kind }) => kind === 'valid')).toHaveLength(20);
  });

  it.each(cases.filter(({ kind }) => kind === 'valid'))('$id is accepted', (testCase) => {
    expect({ ok: true, ...verifyRangeProof(claimOf(testCase)) }).toEqual(testCase.expect);
  });

  it.each(cases.filter(({ kind }) => kind === 'malicious'))('$id is refused', (testCase) => {
    expect(testCase.expect).toEqual({ ok: false });
    expect(() => verifyRangeProof(claimOf(testCase))).toThrow(
      expect.objectContaining({ fault: 'peer', code: expect.stringMatching(/^RANGE_/) }),
    );
  });

  it('a start of no bytes is refused as our own mistake', () => {
    const testCase = cases.find(({ id }) => id === 'nil-start-empty-keys-root-only');
    expect(() => verifyRangeProof({ ...claimOf(testCase as RangeCase), start: new Uint8Array(0) })).toThrow(
      expect.objectContaining({ fault: 'caller', code: 'RANGE_ARGUMENT' }),
    );
  });
});

interface LeafPair {
  readonly id: string;
  readonly request: { readonly root: string; readonly start: string; readonly limit: number };
  readonly response: { readonly moreAfterVerify: boolean };
  readonly responseHex: string;
}

describe.skipIf(vectors === null)('cchain/leafs-server-pairs.json', () => {
  const pairs: readonly LeafPair[] = vectors === null ? [] : readJson('cchain/leafs-server-pairs.json').pairs;
  const answers = new Map(pairs.map((pair) => [pair, readLeafsResponse(fromHex(pair.responseHex))]));
  /** The longest answer about a root is the whole trie. */
  const wholeTrie = (root: string) =>
    [...answers]
      .filter(([{ request }]) => request.root === root && request.start === '')
      .map(([, answer]) => answer)
      .reduce((a, b) => (a.keys.length >= b.keys.length ? a : b));

  it('has the pairs this test was written for', () => {
    expect(pairs).toHaveLength(22);
  });

  it.each(pairs)('$id: the answer verifies, and the prover gives the same leaves and nodes', (pair) => {
    const { keys, values, proof } = answers.get(pair) ?? { keys: [], values: [], proof: [] };
    const { root, limit } = pair.request;
    const start = pair.request.start === '' ? new Uint8Array(32) : fromHex(pair.request.start);
    const claim = { keccak: keccak256, root: fromHex(root), start, keys, values, proof };
    expect(verifyRangeProof(claim)).toEqual({ more: pair.response.moreAfterVerify });

    const whole = wholeTrie(root);
    const trie = buildTrie(
      whole.keys.map((key, i) => ({ key, value: whole.values[i] ?? new Uint8Array(0) })),
      32,
    );
    expect(toHex(trie.root)).toBe(`0x${root}`);
    const proven = proveRange({ ...trie, start, leavesMax: limit });
    expect(proven.keys).toEqual(keys);
    expect(proven.values).toEqual(values);
    expect(proven.more).toBe(pair.response.moreAfterVerify);
    // The server leaves the proof out for a whole trie, and sorts its nodes by their hashes.
    const byHash = proven.proof.toSorted((a, b) => compareBytes(keccak256(a), keccak256(b)));
    if (proof.length > 0) expect(byHash).toEqual(proof);
  });
});

/** u16 version, then keys, values and proof nodes: each a u32 count of u32 lengths with their bytes. */
function readLeafsResponse(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 2;
  const word = () => {
    at += 4;
    return view.getUint32(at - 4);
  };
  const list = () =>
    Array.from({ length: word() }, () => {
      const length = word();
      at += length;
      return bytes.slice(at - length, at);
    });
  return { keys: list(), values: list(), proof: list() };
}
