/**
 * How many keys of a table there must be, in buckets by a hash of the key. A table that holds every expected key and
 * has as many keys in all has no others; where it has more, the bucket tells which 256th of them to look at.
 */
export type KeyTally = number[];

export const TALLY_BUCKETS = 256;

export function createTally(): KeyTally {
  return new Array<number>(TALLY_BUCKETS).fill(0);
}

/** FNV-1a over the key, folded to a byte. @see http://www.isthe.com/chongo/tech/comp/fnv/ */
export function bucketOf(key: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ (key[i] as number), 0x01000193); // i < length
  return ((hash >>> 24) ^ (hash >>> 16) ^ (hash >>> 8) ^ hash) & 0xff;
}

export function countKey(tally: KeyTally, key: Uint8Array): void {
  const bucket = bucketOf(key);
  tally[bucket] = (tally[bucket] as number) + 1; // there are that many buckets
}

export function addTallies(a: readonly number[], b: readonly number[]): KeyTally {
  return a.map((count, bucket) => count + (b[bucket] ?? 0));
}

export function totalOf(tally: readonly number[]): number {
  return tally.reduce((sum, count) => sum + count, 0);
}
