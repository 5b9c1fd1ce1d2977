import type { Random } from '../harness/random.ts';

/** Bits of a key. */
const HEIGHT = 251n;
/** Levels of a stored page. */
const LEVELS = 4;

/**
 * The leaves beside some keys that make the ways to these keys what they are in a trie of `leafCount` random leaves,
 * as far as reading, hashing and writing them goes, without the other millions of leaves:
 *
 * - As far down as nearly every subtree of such a trie holds a leaf (four are expected in it), each page on the way to
 *   a key has all its 15 nodes: each of the 16 subtrees below it gets a leaf, those that hold a key excepted.
 * - The subtree below the last of these pages gets as many random leaves as it holds by chance: a Poisson number
 *   around `leafCount / 2^depth`.
 *
 * So every page that a change of the keys reads or writes has the bytes it would have in the whole trie; and a subtree
 * that no change enters is known to the trie by its hash alone, whether one leaf is below it or a million.
 *
 * @param keys Below 2^251, 32 bytes.
 * @returns Keys of 32 bytes, in no order; none is among `keys` but by a chance of nothing.
 */
export function leavesBeside(keys: readonly Uint8Array[], leafCount: number, random: Random): readonly Uint8Array[] {
  const own = keys.map(toNumber);
  const prefixesAt = (depth: number): ReadonlySet<bigint> => new Set(own.map((key) => key >> (HEIGHT - BigInt(depth))));
  const below = (prefix: bigint, depth: number): Uint8Array => {
    const rest = HEIGHT - BigInt(depth);
    return toBytes((prefix << rest) | (toNumber(random.felt()) & ((1n << rest) - 1n)));
  };
  const beside: Uint8Array[] = [];
  const fullDepth = fullDepthOf(leafCount);
  for (let depth = 0; depth < fullDepth; depth += LEVELS) {
    const entered = prefixesAt(depth + LEVELS);
    for (const prefix of prefixesAt(depth)) {
      for (let slot = prefix * 16n; slot < (prefix + 1n) * 16n; slot++) {
        if (!entered.has(slot)) beside.push(below(slot, depth + LEVELS));
      }
    }
  }
  for (const prefix of prefixesAt(fullDepth)) {
    const count = random.poisson(leafCount / 2 ** fullDepth);
    for (let i = 0; i < count; i++) beside.push(below(prefix, fullDepth));
  }
  return beside;
}

/** Down to which depth, a multiple of a page's levels, nearly every subtree of a trie of random leaves holds one. */
export function fullDepthOf(leafCount: number): number {
  let depth = 0;
  while (leafCount / 2 ** (depth + LEVELS) >= LEAVES_TO_BE_FULL) depth += LEVELS;
  return depth;
}

/** With so many expected, 98 of 100 subtrees hold one. */
const LEAVES_TO_BE_FULL = 4;

function toNumber(key: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(key.buffer, key.byteOffset, key.length).toString('hex')}`);
}

function toBytes(key: bigint): Uint8Array {
  return new Uint8Array(Buffer.from(key.toString(16).padStart(64, '0'), 'hex'));
}
