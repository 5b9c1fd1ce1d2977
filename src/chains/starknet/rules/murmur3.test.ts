import { expect, test } from 'vitest';
import { fromHex } from '../../../lib/index.ts';
import { murmur3 } from './murmur3.ts';

// Published by Ian Boyd, https://stackoverflow.com/a/31929528, those without a tail.
const PUBLISHED: readonly (readonly [input: string, seed: number, hash: number])[] = [
  ['', 0, 0],
  ['', 1, 0x514e28b7],
  ['', 0xffffffff, 0x81f16f39],
  ['0xffffffff', 0, 0x76293b50],
  ['0x21436587', 0, 0xf55b516b],
  ['0x21436587', 0x5082edee, 0x2362f9de],
  ['0x00000000', 0, 0x2362f9de],
  ['0x61616161', 0x9747b28c, 0x5a97808a],
  ['0x61626364', 0x9747b28c, 0xf0478627],
];

test('gives the published hashes', () => {
  for (const [input, seed, hash] of PUBLISHED) {
    const bytes = fromHex(input);
    expect(murmur3(bytes, 0, bytes.length, seed), `${input} seed ${seed}`).toBe(hash);
  }
});

test('reads from where it is told to', () => {
  const bytes = fromHex('0x0102030421436587ff');
  expect(murmur3(bytes, 4, 4, 0)).toBe(0xf55b516b);
});
