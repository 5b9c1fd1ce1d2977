import type { FeltHasher } from '../../../crypto/index.ts';
import { concatAll } from '../../../lib/index.ts';
import type { Felt, Felts } from '../types.ts';

/** Pedersen array hashes of many lists, side by side; one felt per list. */
export function pedersenArrays(hasher: FeltHasher, lists: readonly Uint8Array[]): readonly Felt[] {
  return lists.length === 0 ? [] : splitFelts(hasher.pedersenArrays(lists));
}

/** Poseidon sponge hashes of many lists, side by side; one felt per list. */
export function poseidonArrays(hasher: FeltHasher, lists: readonly Uint8Array[]): readonly Felt[] {
  return lists.length === 0 ? [] : splitFelts(hasher.poseidonArrays(lists));
}

/** The Poseidon sponge hash of one list. */
export function poseidonArray(hasher: FeltHasher, list: Uint8Array): Felt {
  return hasher.poseidonArrays([list]) as Felt; // one list gives one felt
}

/** Hashes groups of lists in one batch: for each group, the hash of each of its lists. */
export function hashGroups(
  hash: (lists: readonly Uint8Array[]) => readonly Felt[],
  groups: readonly (readonly Uint8Array[])[],
): readonly (readonly Felt[])[] {
  const hashes = hash(groups.flat());
  let start = 0;
  return groups.map((group) => {
    const end = start + group.length;
    const own = hashes.slice(start, end);
    start = end;
    return own;
  });
}

/** Cuts flat felts into views of 32 bytes. The hashers return canonical felts, which makes the brand true. */
export function splitFelts(flat: Uint8Array): readonly Felt[] {
  return Array.from({ length: flat.length / 32 }, (_, i) => flat.subarray(i * 32, i * 32 + 32) as Felt);
}

/** Joins felts and lists of felts into one flat list. Unlike `joinFelts` it takes an array, however long. */
export function concatFelts(parts: readonly Uint8Array[]): Felts {
  return concatAll(parts) as Felts;
}
