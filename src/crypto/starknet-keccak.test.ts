import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { vectorsDir } from '../../test/vectors/locate.ts';
import { toHex } from '../lib/index.ts';
import { keccak256, starknetKeccak } from './index.ts';

const utf8 = new TextEncoder();
const dir = vectorsDir();

test('keccak256 has the original padding', () => {
  // Ethereum's hash of empty bytes, as in the Yellow Paper: the code hash of an account without code.
  expect(toHex(keccak256(new Uint8Array()))).toBe('0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470');
});

test('starknetKeccak clears the top six bits only', () => {
  const full = keccak256(utf8.encode('a'));
  const cut = starknetKeccak(utf8.encode('a'));
  expect(cut.subarray(1)).toEqual(full.subarray(1));
  expect(cut[0]).toBe((full[0] as number) % 4); // 32 bytes
});

test.skipIf(dir === null)('starknetKeccak gives the published values', () => {
  const text = readFileSync(join(dir ?? '', 'starknet/hash_vectors.json'), 'utf8');
  const vectors: { starknet_keccak: readonly { in_utf8: string; out: string }[] } = JSON.parse(text);
  for (const { in_utf8, out } of vectors.starknet_keccak) {
    expect(BigInt(toHex(starknetKeccak(utf8.encode(in_utf8)))).toString(16)).toBe(out.slice(2));
  }
});
