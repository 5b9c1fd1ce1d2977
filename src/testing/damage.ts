/** Bytes that were once whole. */
export interface Damage {
  /** What was done, for a failure's message. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Ways to spoil bytes, the same ones each time: nothing left, one byte too many, and `count` each of truncations and
 * of single flipped bits, at places spread over the whole.
 */
export function* damagesOf(bytes: Uint8Array, count: number): Generator<Damage> {
  yield { name: 'emptied', bytes: new Uint8Array(0) };
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  yield { name: 'one byte too long', bytes: longer };
  if (bytes.length === 0) return;
  for (let i = 0; i < count; i++) {
    const at = placeOf(i, bytes.length);
    yield { name: `cut to ${at} bytes`, bytes: bytes.slice(0, at) };
    const flipped = new Uint8Array(bytes);
    flipped[at] = (flipped[at] as number) ^ (1 << (i % 8)); // at < bytes.length
    yield { name: `bit ${i % 8} of byte ${at} flipped`, bytes: flipped };
  }
}

/** Spreads `i = 0, 1, 2, …` over `[0, length)`: multiples of the golden ratio's fraction never bunch. */
function placeOf(i: number, length: number): number {
  return Math.floor(((i * 0.618_033_988_749_894_9) % 1) * length);
}
