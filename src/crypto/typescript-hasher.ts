import { countFeltPairs, countFelts, FELT_BYTES } from './felt-bytes.ts';
import type { FeltHasher } from './felt-hasher.ts';
import { hashPedersenArrays } from './pedersen-arrays.ts';
import { scureStarknet } from './scure-starknet.ts';

/**
 * The plain twin of the WASM kernels, over `@scure/starknet`: the oracle of their tests and the fallback where
 * WebAssembly is missing. About 900 Pedersen and 7,000 Poseidon hashes a second, batch or no batch.
 */
export function createTypescriptHasher(): FeltHasher {
  return {
    variant: 'typescript',
    pedersen: pedersenPairs,
    pedersenArrays: (lists) => hashPedersenArrays(lists, pedersenPairs),
    poseidon: poseidonPairs,
    poseidonArrays,
  };
}

function pedersenPairs(left: Uint8Array, right: Uint8Array): Uint8Array {
  const { pedersen } = scureStarknet();
  const count = countFeltPairs(left, right);
  const out = new Uint8Array(left.length);
  for (let i = 0; i < count; i++) {
    writeFelt(out, i, BigInt(pedersen(feltBytes(left, i), feltBytes(right, i))));
  }
  return out;
}

function poseidonPairs(left: Uint8Array, right: Uint8Array): Uint8Array {
  const { poseidonHash } = scureStarknet();
  const count = countFeltPairs(left, right);
  const out = new Uint8Array(left.length);
  for (let i = 0; i < count; i++) writeFelt(out, i, poseidonHash(readFelt(left, i), readFelt(right, i)));
  return out;
}

function poseidonArrays(lists: readonly Uint8Array[]): Uint8Array {
  const { poseidonHashMany } = scureStarknet();
  const counts = lists.map(countFelts);
  const out = new Uint8Array(lists.length * FELT_BYTES);
  lists.forEach((list, slot) => {
    const values = Array.from({ length: counts[slot] as number }, (_, i) => readFelt(list, i)); // slot < lists.length
    writeFelt(out, slot, poseidonHashMany(values));
  });
  return out;
}

function feltBytes(felts: Uint8Array, index: number): Uint8Array {
  return felts.subarray(index * FELT_BYTES, (index + 1) * FELT_BYTES);
}

function readFelt(felts: Uint8Array, index: number): bigint {
  return BigInt(`0x${Buffer.from(feltBytes(felts, index)).toString('hex')}`);
}

function writeFelt(out: Uint8Array, index: number, value: bigint): void {
  out.set(Buffer.from(value.toString(16).padStart(FELT_BYTES * 2, '0'), 'hex'), index * FELT_BYTES);
}
