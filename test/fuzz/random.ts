/** A number from 0 up to, but not including, 1. */
export type Random = () => number;

/** Mulberry32: the same seed gives the same numbers on every machine. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The numbers of one round of a run, so that a round does not depend on those before it. */
export function randomOfRound(seed: number, round: number): Random {
  return createRandom(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(round + 1, 0xc2b2ae35));
}

/** An integer in `[0, end)`. */
export function below(end: number, random: Random): number {
  return Math.floor(random() * end);
}

export function chance(share: number, random: Random): boolean {
  return random() < share;
}

/** One item of a list, which is never empty. */
export function pick<T>(from: readonly T[], random: Random): T {
  return from[below(from.length, random)] as T; // the index is below the length
}

/** One item of a list by its weight. */
export function pickWeighted<T>(from: readonly (readonly [weight: number, item: T])[], random: Random): T {
  let left = random() * from.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, item] of from) {
    left -= weight;
    if (left < 0) return item;
  }
  return (from.at(-1) as readonly [number, T])[1]; // rounding took the last bit
}
