import type { CurvePoint, PointSums } from './point-sums.ts';
import { StarkPoint } from './stark-curve.ts';

/**
 * The plain twin of the kernel, over `@noble/curves`: its oracle and its fallback. Some 350 us a
 * sum if the key has a table of its multiples (`precompute`).
 */
export function createTypescriptPointSums(key: CurvePoint): PointSums {
  return {
    variant: 'typescript',
    haveX: ({ x, timesGenerator, timesKey }) => {
      const a = StarkPoint.BASE.multiplyUnsafe(timesGenerator);
      const b = key.multiplyUnsafe(timesKey);
      return hasX(a.add(b), x) || hasX(a.subtract(b), x);
    },
  };
}

/** Compared in projective coordinates: dividing would cost an inversion. */
function hasX(point: CurvePoint, x: bigint): boolean {
  return !point.is0() && StarkPoint.Fp.mul(x, point.Z) === point.X;
}
