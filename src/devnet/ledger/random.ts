/** Chance from a seed: the same seed gives the same chain on every machine. Not for keys that guard anything. */
export interface SeededRandom {
  /** An integer in `[0, end)`; `end` from 1 to 2^32. */
  below(end: number): number;
  /** True with probability `share`. */
  chance(share: number): boolean;
  bytes(length: number): Uint8Array;
  /** One item of a non-empty list. */
  pick<T>(items: readonly T[]): T;
  /** Another one that goes on as this one would. */
  copy(): SeededRandom;
}

/** mulberry32 (Tommy Ettinger, public domain): 32 bits of state, enough to make chains that differ. */
export function createSeededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return (word ^ (word >>> 14)) >>> 0;
  };
  const below = (end: number) => Math.floor((next() / 2 ** 32) * end);
  return {
    below,
    chance: (share) => next() / 2 ** 32 < share,
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
    pick: <T>(items: readonly T[]) => items[below(items.length)] as T, // the index is below the length
    copy: () => createSeededRandom(state),
  };
}
