/**
 * Inverses modulo P by division steps, for both variants: some 1.5 us where a power with exponent P - 2 takes 4.
 * @see Bernstein and Yang, "Fast constant-time gcd computation and modular inversion", 2019; and how libsecp256k1 v0.5.0
 * does it with few branches, `doc/safegcd_implementation.md`, whose names are used here.
 *
 * Time depends on the value: nothing secret is inverted here.
 */

/** A number is nine limbs of 30 bits, signed 32-bit integers; all but the top one in [0, 2^30). */
const LIMBS: i32 = 9;
const LIMB_BITS: i32 = 30;
const MASK: i32 = (1 << LIMB_BITS) - 1;

/** The limbs of P that are not zero: 1, 17·2^192 and 2^251. */
const P6: i64 = 17 << 12;
const P8: i64 = 1 << 11;

const D: usize = memory.data(36);
const E: usize = memory.data(36);
const F: usize = memory.data(36);
const G: usize = memory.data(36);

/** 2^30 times the matrix of the last 30 steps. */
let u: i32 = 1;
let v: i32 = 0;
let q: i32 = 0;
let r: i32 = 1;

/** Canonical bytes of 1/a for the canonical bytes of a, 32 each, big-endian; 0 for 0. `out` may be `a`. */
export function invertCanonical(out: usize, a: usize): void {
  memory.fill(D, 0, 36);
  memory.fill(E, 0, 36);
  memory.fill(F, 0, 36);
  store<i32>(E, 1);
  store<i32>(F, 1);
  store<i32>(F, <i32>P6, 24);
  store<i32>(F, <i32>P8, 32);
  readLimbs(G, a);
  let eta: i32 = -1;
  let length = LIMBS;
  while (!isZero(G, length)) {
    eta = divide(eta, load<u32>(F), load<u32>(G));
    updateCoefficients();
    updateNumbers(length);
    length = shorten(length);
  }
  // Now f is 1 or -1, and d is its multiple of the inverse.
  writeInverse(out, load<i32>(F + ((<usize>length - 1) << 2)) >> 31);
}

/** Thirty division steps on the low bits of f and g. Leaves the matrix in u, v, q, r; returns the new eta. */
function divide(start: i32, lowF: i32, lowG: i32): i32 {
  let eta = start;
  let f = lowF;
  let g = lowG;
  let u0 = 1;
  let v0 = 0;
  let q0 = 0;
  let r0 = 1;
  for (let left = LIMB_BITS; ; ) {
    const zeros = ctz(g | (-1 << left));
    g >>>= zeros;
    u0 <<= zeros;
    v0 <<= zeros;
    eta -= zeros;
    left -= zeros;
    if (left === 0) break;
    if (eta < 0) {
      eta = -eta;
      let old = f;
      f = g;
      g = -old;
      old = u0;
      u0 = q0;
      q0 = -old;
      old = v0;
      v0 = r0;
      r0 = -old;
    }
    // Of the low bits of g, up to 6, as many as may be cleared before eta changes sign; -1/f is f(f² - 2) modulo 64.
    const limit = min(eta + 1, left);
    const multiple = (f * g * (f * f - 2)) & (-1 >>> (32 - limit)) & 63;
    g += f * multiple;
    q0 += u0 * multiple;
    r0 += v0 * multiple;
  }
  u = u0;
  v = v0;
  q = q0;
  r = r0;
  return eta;
}

/** Takes d and e, both in (-2P, P), to their combinations by the matrix modulo P, divided by 2^30. */
function updateCoefficients(): void {
  const uL: i64 = u;
  const vL: i64 = v;
  const qL: i64 = q;
  const rL: i64 = r;
  const signD = load<i32>(D, 32) >> 31;
  const signE = load<i32>(E, 32) >> 31;
  let low: i64 = load<i32>(D);
  let high: i64 = load<i32>(E);
  let carryD: i64 = uL * low + vL * high;
  let carryE: i64 = qL * low + rL * high;
  // As P = 1 modulo 2^30, subtracting the low limb times P clears it. Negative numbers get a P more before.
  let timesD = (u & signD) + (v & signE);
  let timesE = (q & signD) + (r & signE);
  timesD -= (<i32>carryD + timesD) & MASK;
  timesE -= (<i32>carryE + timesE) & MASK;
  const multipleD: i64 = timesD;
  const multipleE: i64 = timesE;
  carryD = (carryD + multipleD) >> LIMB_BITS;
  carryE = (carryE + multipleE) >> LIMB_BITS;
  for (let at: usize = 4; at < 36; at += 4) {
    low = load<i32>(D + at);
    high = load<i32>(E + at);
    carryD += uL * low + vL * high;
    carryE += qL * low + rL * high;
    if (at === 24) {
      carryD += P6 * multipleD;
      carryE += P6 * multipleE;
    } else if (at === 32) {
      carryD += P8 * multipleD;
      carryE += P8 * multipleE;
    }
    store<i32>(D + at - 4, <i32>carryD & MASK);
    store<i32>(E + at - 4, <i32>carryE & MASK);
    carryD >>= LIMB_BITS;
    carryE >>= LIMB_BITS;
  }
  store<i32>(D, <i32>carryD, 32);
  store<i32>(E, <i32>carryE, 32);
}

/** Takes f and g to their combinations by the matrix, divided by 2^30, which leaves nothing over. */
function updateNumbers(length: i32): void {
  const uL: i64 = u;
  const vL: i64 = v;
  const qL: i64 = q;
  const rL: i64 = r;
  let f: i64 = load<i32>(F);
  let g: i64 = load<i32>(G);
  let carryF: i64 = (uL * f + vL * g) >> LIMB_BITS;
  let carryG: i64 = (qL * f + rL * g) >> LIMB_BITS;
  const end = (<usize>length) << 2;
  for (let at: usize = 4; at < end; at += 4) {
    f = load<i32>(F + at);
    g = load<i32>(G + at);
    carryF += uL * f + vL * g;
    carryG += qL * f + rL * g;
    store<i32>(F + at - 4, <i32>carryF & MASK);
    store<i32>(G + at - 4, <i32>carryG & MASK);
    carryF >>= LIMB_BITS;
    carryG >>= LIMB_BITS;
  }
  store<i32>(F + end - 4, <i32>carryF);
  store<i32>(G + end - 4, <i32>carryG);
}

/** Drops the top limb once that of both f and g is nothing but a sign; the one below takes it. */
function shorten(length: i32): i32 {
  const top = (<usize>length - 1) << 2;
  const f = load<i32>(F + top);
  const g = load<i32>(G + top);
  if (length < 2 || (f ^ (f >> 31)) !== 0 || (g ^ (g >> 31)) !== 0) return length;
  store<i32>(F + top - 4, load<i32>(F + top - 4) | (f << LIMB_BITS));
  store<i32>(G + top - 4, load<i32>(G + top - 4) | (g << LIMB_BITS));
  return length - 1;
}

function isZero(number: usize, length: i32): bool {
  let any = 0;
  for (let i: usize = 0; i < <usize>length; i++) any |= load<i32>(number + (i << 2));
  return any === 0;
}

/** Writes d, negated where `sign` is -1, modulo P. */
function writeInverse(out: usize, sign: i32): void {
  addPrime(load<i32>(D, 32) >> 31);
  for (let at: usize = 0; at < 36; at += 4) store<i32>(D + at, (load<i32>(D + at) ^ sign) - sign);
  carry();
  addPrime(load<i32>(D, 32) >> 31);
  writeLimbs(out, D);
}

/** Adds P to d where `mask` is -1. */
function addPrime(mask: i32): void {
  store<i32>(D, load<i32>(D) - mask);
  store<i32>(D, load<i32>(D, 24) + (<i32>P6 & mask), 24);
  store<i32>(D, load<i32>(D, 32) + (<i32>P8 & mask), 32);
  carry();
}

function carry(): void {
  let sum = 0;
  for (let at: usize = 0; at < 32; at += 4) {
    sum += load<i32>(D + at);
    store<i32>(D + at, sum & MASK);
    sum >>= LIMB_BITS;
  }
  store<i32>(D, load<i32>(D, 32) + sum, 32);
}

function readLimbs(number: usize, bytes: usize): void {
  let bits = 0;
  let word: u64 = 0;
  let at = number;
  for (let from = bytes + 28; from >= bytes; from -= 4) {
    word |= (<u64>bswap(load<u32>(from))) << bits;
    for (bits += 32; bits >= LIMB_BITS; bits -= LIMB_BITS, at += 4) {
      store<i32>(at, <i32>word & MASK);
      word >>= LIMB_BITS;
    }
  }
  store<i32>(at, <i32>word);
}

function writeLimbs(bytes: usize, number: usize): void {
  let bits = 0;
  let word: u64 = 0;
  let to = bytes + 28;
  for (let at = number; at < number + 36; at += 4) {
    word |= (<u64>load<u32>(at)) << bits;
    for (bits += LIMB_BITS; bits >= 32 && to >= bytes; bits -= 32, to -= 4) {
      store<u32>(to, bswap(<u32>word));
      word >>= 32;
    }
  }
}
