import { blake2s } from '@noble/hashes/blake2.js';
import { concatBytes, fromHex, toHex } from '../../lib/index.ts';
import { countFelts, FELT_BYTES } from '../felt-bytes.ts';
import type { Blake2sHasher } from './blake2s-hasher.ts';

/**
 * The plain twin of the kernel, over `@noble/hashes`: the oracle of its tests and the fallback where WebAssembly is
 * missing.
 */
export function createTypescriptBlake2sHasher(): Blake2sHasher {
  return {
    variant: 'typescript',
    blake2sFelts,
    blake2sFeltsMany: (lists) => concatBytes(...lists.map(blake2sFelts)),
  };
}

function blake2sFelts(list: Uint8Array): Uint8Array {
  const count = countFelts(list);
  const words: number[] = [];
  for (let i = 0; i < count; i++) {
    words.push(...encodeFelt(BigInt(toHex(list.subarray(i * FELT_BYTES, (i + 1) * FELT_BYTES)))));
  }
  const message = new Uint8Array(words.length * 4);
  const view = new DataView(message.buffer);
  for (const [i, word] of words.entries()) view.setUint32(4 * i, word, true);
  const digest = BigInt(toHex(blake2s(message).reverse()));
  return fromHex((digest % P).toString(16).padStart(2 * FELT_BYTES, '0'));
}

/** The 32-bit words of a felt, the high one first; of eight, the first has its top bit set. */
function encodeFelt(value: bigint): number[] {
  const count = value < 2n ** 63n ? 2n : 8n;
  const marked = count === 2n ? value : value | (2n ** 255n);
  return Array.from({ length: Number(count) }, (_, i) => Number((marked >> (32n * (count - 1n - BigInt(i)))) & WORD));
}

const P = 2n ** 251n + 17n * 2n ** 192n + 1n;
const WORD = 0xffffffffn;
