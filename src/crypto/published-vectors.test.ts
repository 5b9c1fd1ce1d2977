import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { vectorsDir } from '../../test/vectors/locate.ts';
import { concatBytes, fromHex, toHex } from '../lib/index.ts';
import { createFeltHasher, createTypescriptHasher } from './index.ts';

/** Starknet's published hash vectors; the file names the origin of each. */
interface HashVectors {
  readonly pedersen: readonly Pair[];
  readonly pedersen_array: readonly List[];
  readonly poseidon_pair: readonly Pair[];
  readonly poseidon_many: readonly List[];
}
interface Pair {
  readonly a: string;
  readonly b: string;
  readonly out: string;
}
interface List {
  readonly in: readonly string[];
  readonly out: string;
}

const dir = vectorsDir();
const hashers = [createTypescriptHasher(), createFeltHasher()].map((hasher) => [hasher.variant, hasher] as const);

describe.skipIf(dir === null)('published hash vectors', () => {
  const path = dir === null ? '' : join(dir, 'starknet/hash_vectors.json');
  const vectors: HashVectors | null = dir === null ? null : JSON.parse(readFileSync(path, 'utf8'));

  test.each(hashers)('%s gives every published Pedersen pair', (_, hasher) => {
    const { left, right, out } = joinPairs(vectors?.pedersen);
    expect(toHex(hasher.pedersen(left, right))).toBe(out);
  });

  test.each(hashers)('%s gives every published Pedersen array hash', (_, hasher) => {
    const { lists, out } = joinLists(vectors?.pedersen_array);
    expect(toHex(hasher.pedersenArrays(lists))).toBe(out);
  });

  test.each(hashers)('%s gives every published Poseidon pair', (_, hasher) => {
    const { left, right, out } = joinPairs(vectors?.poseidon_pair);
    expect(toHex(hasher.poseidon(left, right))).toBe(out);
  });

  test.each(hashers)('%s gives every published Poseidon sponge hash', (_, hasher) => {
    const { lists, out } = joinLists(vectors?.poseidon_many);
    expect(toHex(hasher.poseidonArrays(lists))).toBe(out);
  });
});

function joinPairs(pairs: readonly Pair[] = []) {
  return {
    left: concatBytes(...pairs.map((pair) => felt(pair.a))),
    right: concatBytes(...pairs.map((pair) => felt(pair.b))),
    out: toHex(concatBytes(...pairs.map((pair) => felt(pair.out)))),
  };
}

function joinLists(lists: readonly List[] = []) {
  return {
    lists: lists.map((list) => concatBytes(...list.in.map(felt))),
    out: toHex(concatBytes(...lists.map((list) => felt(list.out)))),
  };
}

function felt(hex: string): Uint8Array {
  return fromHex(hex.slice(2).padStart(64, '0'));
}
