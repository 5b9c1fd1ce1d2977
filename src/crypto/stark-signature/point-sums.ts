import type { StarkPoint } from './stark-curve.ts';

/** A point of the STARK curve, never the one at infinity where a key is meant. */
export type CurvePoint = typeof StarkPoint.BASE;

/** Sums of multiples of the STARK curve's generator G and of one public key Q. */
export interface PointSums {
  readonly variant: 'wasm' | 'typescript';
  /** Tells whether `x`, in [0, P), is that of a·G + b·Q or of a·G - b·Q. */
  readonly haveX: (sum: SumWithX) => boolean;
}

export interface SumWithX {
  readonly x: bigint;
  /** a and b, both in [0, N). */
  readonly timesGenerator: bigint;
  readonly timesKey: bigint;
}
