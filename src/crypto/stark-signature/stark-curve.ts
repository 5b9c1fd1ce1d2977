import { weierstrass } from '@noble/curves/abstract/weierstrass.js';

/**
 * Points of the STARK curve y² = x³ + x + b, of prime order. Made here and not taken from the curve library of the
 * hashes, which computes tables for those as it loads.
 * @see https://docs.starkware.co/starkex/crypto/stark-curve.html
 */
export const StarkPoint = weierstrass({
  p: 2n ** 251n + 17n * 2n ** 192n + 1n,
  n: 3618502788666131213697322783095070105526743751716087489154079457884512865583n,
  h: 1n,
  a: 1n,
  b: 3141592653589793238462643383279502884197169399375105820974944592307816406665n,
  Gx: 874739451078007766457464989774322083649278607533249481151382481072868806602n,
  Gy: 152666792071518830868575557812948353041420400780739481342941381225525861407n,
});
