// Writes straight-line field arithmetic on two elements at a time, one in each lane of a 128-bit vector: five
// 51-bit limbs as doubles, Montgomery radix 2^255. Products come exact out of fused multiply-adds.
// @see Emmart, Zheng, Weems, "Faster modular exponentiation using double precision floating point arithmetic on the
// GPU", ARITH 2018, for taking both halves of a product from the bits of two multiply-adds.

export const LIMBS = 5;
export const LIMB_BITS = 51n;

/** Bytes of a pair of elements in memory: five vectors. */
export const PAIR_BYTES = LIMBS * 16;

/** The Montgomery radix. */
export const R = 2n ** (LIMB_BITS * BigInt(LIMBS));

const INDICES = Array.from({ length: LIMBS }, (_, i) => i);
const WORD = 2n ** 64n;
const MASK = 2n ** LIMB_BITS - 1n;

/** Added before a logical shift, so that it acts as an arithmetic one, which vectors of 64 bits lack. */
const BIAS = 2n ** 62n;

/** Near 2^103 doubles are 2^51 apart, near 2^52 they are 1 apart: adding these rounds to such multiples. */
const ROUND_HIGH = 1.5 * 2 ** 103;
const ROUND_LOW = 1.5 * 2 ** 52;

/** Vector constants of all functions, in memory: as immediates the engine rebuilds them, which costs 14 to 20%. */
export class ConstantPool {
  #slots = new Map();

  /** Offset of the constant with these 64 bits in both lanes. */
  offsetOf(bits) {
    const key = BigInt.asUintN(64, bits);
    if (!this.#slots.has(key)) this.#slots.set(key, this.#slots.size * 16);
    return this.#slots.get(key);
  }

  /** All constants in order, as signed 64-bit integers. */
  values() {
    return [...this.#slots.keys()].map((bits) => BigInt.asIntN(64, bits));
  }
}

/**
 * Collects the lines of one function.
 *
 * An element is five names of vectors of doubles. Columns are integers before their carries are taken, each
 * `{ name, excess }`: the vector holds the true value plus a constant known here, which costs nothing until it has
 * to go. A text with `@` in it is written once for every way, so that ways independent chains run side by side.
 */
export class Emitter {
  #constants = [];
  #lines = [];
  #names = 0;
  #pool;
  #ways;
  #known = new Map();

  constructor(pool, { ways = 1 } = {}) {
    this.#pool = pool;
    this.#ways = Array.from({ length: ways }, (_, i) => i);
  }

  text(indent = '  ') {
    return [...this.#constants, ...this.#lines].map((line) => `${indent}${line}\n`).join('');
  }

  line(text) {
    if (!text.includes('@')) this.#lines.push(text);
    else for (const way of this.#ways) this.#lines.push(text.replaceAll('@', String(way)));
  }

  /** A new constant local for every way. */
  local(expression) {
    const name = `t${this.#names++}_@`;
    this.line(`const ${name}: v128 = ${expression};`);
    return name;
  }

  /** A vector constant by the bits of its lanes. */
  constant(bits) {
    const offset = this.#pool.offsetOf(bits);
    if (!this.#known.has(offset)) {
      const name = `k${this.#known.size}`;
      this.#known.set(offset, name);
      this.#constants.push(`const ${name}: v128 = v128.load(POOL, ${offset});`);
    }
    return this.#known.get(offset);
  }

  double(value) {
    return this.constant(bitsOf(value));
  }

  load(pointer) {
    return INDICES.map((i) => this.local(`v128.load(${pointer}, ${i * 16})`));
  }

  store(pointer, element) {
    element.forEach((limb, i) => {
      this.line(`v128.store(${pointer}, ${limb}, ${i * 16});`);
    });
  }

  /** Limb by limb on doubles; exact, as sums of a few limbs stay below 2^53. */
  add(a, b) {
    return INDICES.map((i) => this.local(`f64x2.add(${a[i]}, ${b[i]})`));
  }

  subtract(a, b) {
    return INDICES.map((i) => this.local(`f64x2.sub(${a[i]}, ${b[i]})`));
  }

  /** Doubles below 2^51 in size as integer columns. */
  integers(a) {
    return a.map((limb) => ({
      name: this.local(`f64x2.add(${limb}, ${this.double(ROUND_LOW)})`),
      excess: bitsOf(ROUND_LOW),
    }));
  }

  /** Integer columns from memory, their excess 0. */
  loadIntegers(pointer) {
    return this.load(pointer).map((name) => ({ name, excess: 0n }));
  }

  /** Five signed 64-bit integers, the same for both lanes and all ways. */
  loadShared(pointer) {
    return INDICES.map((i) => {
      const name = `s${this.#names++}`;
      this.line(`const ${name}: v128 = v128.load64_splat(${pointer}, ${i * 8});`);
      return { name, excess: 0n };
    });
  }

  plus(a, b) {
    return { name: this.local(`i64x2.add(${a.name}, ${b.name})`), excess: a.excess + b.excess };
  }

  minus(a, b) {
    return { name: this.local(`i64x2.sub(${a.name}, ${b.name})`), excess: a.excess - b.excess };
  }

  /** a·2^bits. */
  shifted(a, bits) {
    return { name: this.local(`i64x2.shl(${a.name}, ${bits})`), excess: a.excess << BigInt(bits) };
  }

  /** The column with another excess. */
  rebase(column, excess) {
    const change = BigInt.asUintN(64, excess - column.excess);
    if (change === 0n) return { name: column.name, excess };
    return { name: this.local(`i64x2.add(${column.name}, ${this.constant(change)})`), excess };
  }

  /**
   * The ten columns of a product. For limbs x, y with |x·y| at most 2^102, `high` is x·y rounded to a multiple of
   * 2^51 and `low` the rest, both exact; their bit patterns count up by one for each unit, so they add as integers.
   */
  product(a, b) {
    const terms = newTerms();
    for (const i of INDICES) for (const j of INDICES) this.#multiply(terms, i + j, a[i], b[j]);
    return terms.map((list) => this.#sum(list));
  }

  /** The ten columns of a square of a normalised element: doubled limbs are below 2^51. */
  square(a) {
    const terms = newTerms();
    const doubled = a.map((limb, i) => (i === LIMBS - 1 ? limb : this.local(`f64x2.add(${limb}, ${limb})`)));
    for (const i of INDICES) {
      for (const j of INDICES) if (i <= j) this.#multiply(terms, i + j, i === j ? a[i] : doubled[i], a[j]);
    }
    return terms.map((list) => this.#sum(list));
  }

  /**
   * Montgomery reduction to five columns without carries, the value divided by 2^255. As P = 1 mod 2^51 the quotient
   * digit is the low limb itself; P's other limbs are limb 3 = 17·2^39 and limb 4 = 2^47, so subtracting a digit
   * times P is shifts. The result is in (value/2^255 - P, value/2^255]; from a product's columns, which are below
   * 2^53.9, its columns are below 2^54.4, and below 2^53.5 if both factors were normalised.
   */
  reduce(columns) {
    const c = [...columns];
    const mask = this.constant(MASK);
    for (const i of INDICES) {
      const biased = this.rebase(c[i], BIAS).name;
      const digit = this.local(`v128.and(${biased}, ${mask})`);
      const carry = { name: this.local(`i64x2.shr_u(${biased}, ${LIMB_BITS})`), excess: BIAS >> LIMB_BITS };
      c[i + 1] = this.#plusMaybe(c[i + 1], carry);
      const times17 = this.local(`i64x2.add(i64x2.shl(${digit}, 4), ${digit})`);
      const low3 = this.local(`v128.and(i64x2.shl(${times17}, 39), ${mask})`);
      const low4 = `v128.and(i64x2.shl(${digit}, 47), ${mask})`;
      const high3 = this.local(`i64x2.add(i64x2.shr_u(${times17}, 12), ${low4})`);
      const high4 = this.local(`i64x2.shr_u(${digit}, 4)`);
      c[i + 3] = this.#minusMaybe(c[i + 3], low3);
      c[i + 4] = this.#minusMaybe(c[i + 4], high3);
      c[i + 5] = this.#minusMaybe(c[i + 5], high4);
    }
    return INDICES.map((i) => c[LIMBS + i]);
  }

  /** Takes the carries of five columns: limbs 0..3 in [-2^50, 2^50), the last keeps the sign; doubles. */
  carry(columns) {
    const c = [...columns];
    const half = 2n ** (LIMB_BITS - 1n);
    return INDICES.map((i) => {
      if (i === LIMBS - 1) {
        const bits = this.rebase(c[i], bitsOf(ROUND_LOW)).name;
        return this.local(`f64x2.sub(${bits}, ${this.double(ROUND_LOW)})`);
      }
      const { low, carry } = this.#split(c[i], half);
      c[i + 1] = this.plus(c[i + 1], carry);
      const bits = this.local(`v128.or(${low}, ${this.double(2 ** 52)})`);
      return this.local(`f64x2.sub(${bits}, ${this.double(2 ** 52 + Number(half))})`);
    });
  }

  /** As `carry`, but limbs 0..3 in [0, 2^51) and all of them integers without excess. */
  carryIntegers(columns) {
    const c = [...columns];
    return INDICES.map((i) => {
      if (i === LIMBS - 1) return this.rebase(c[i], 0n);
      const { low, carry } = this.#split(c[i], 0n);
      c[i + 1] = this.plus(c[i + 1], carry);
      return { name: low, excess: 0n };
    });
  }

  /**
   * Subtracts the multiple of P that leaves bits 0..46 of the top column, before its carry comes in. Columns must be
   * below 2^61; the value ends in (-2^215, 2^251 + 2^215), as the carry into the top is below 2^10.
   */
  folded(columns) {
    const c = [...columns];
    const top = this.rebase(c[4], BIAS).name;
    const multiple = { name: this.local(`i64x2.shr_u(${top}, 47)`), excess: BIAS >> 47n };
    c[0] = this.minus(c[0], multiple);
    c[3] = this.minus(c[3], this.shifted(this.plus(this.shifted(multiple, 4), multiple), 39));
    c[4] = { name: this.local(`v128.and(${top}, ${this.constant(2n ** 47n - 1n)})`), excess: 0n };
    return c;
  }

  fold(columns) {
    return this.carry(this.folded(columns));
  }

  multiply(a, b) {
    return this.carry(this.reduce(this.product(a, b)));
  }

  /** The low 51 bits of a column plus `offset`, and what is above them. */
  #split(column, offset) {
    const biased = this.rebase(column, BIAS + offset).name;
    return {
      low: this.local(`v128.and(${biased}, ${this.constant(MASK)})`),
      carry: { name: this.local(`i64x2.shr_u(${biased}, ${LIMB_BITS})`), excess: BIAS >> LIMB_BITS },
    };
  }

  #multiply(terms, weight, x, y) {
    const high = this.local(`f64x2.relaxed_madd(${x}, ${y}, ${this.double(ROUND_HIGH)})`);
    const rest = `f64x2.sub(${this.double(ROUND_HIGH + ROUND_LOW)}, ${high})`;
    const low = this.local(`f64x2.relaxed_madd(${x}, ${y}, ${rest})`);
    terms[weight].push({ name: low, excess: bitsOf(ROUND_LOW) });
    terms[weight + 1].push({ name: high, excess: bitsOf(ROUND_HIGH) });
  }

  /** Sums columns as a balanced tree, which is the shortest chain. */
  #sum(list) {
    if (list.length === 1) return list[0];
    const middle = list.length >> 1;
    return this.plus(this.#sum(list.slice(0, middle)), this.#sum(list.slice(middle)));
  }

  #plusMaybe(column, term) {
    return column === undefined ? term : this.plus(column, term);
  }

  #minusMaybe(column, name) {
    if (column !== undefined) return this.minus(column, { name, excess: 0n });
    return { name: this.local(`i64x2.neg(${name})`), excess: 0n };
  }
}

function newTerms() {
  return Array.from({ length: 2 * LIMBS }, () => []);
}

/** The 64 bits of a double. */
export function bitsOf(value) {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0) % WORD;
}

/** The Montgomery form of `value` as five limbs, balanced in [-2^50, 2^50) below the last. */
export function montgomeryLimbs(value, modulus) {
  let rest = (((value * R) % modulus) + modulus) % modulus;
  return INDICES.map((i) => {
    if (i === LIMBS - 1) return rest;
    let limb = rest & MASK;
    if (limb >= 2n ** (LIMB_BITS - 1n)) limb -= 2n ** LIMB_BITS;
    rest = (rest - limb) >> LIMB_BITS;
    return limb;
  });
}
