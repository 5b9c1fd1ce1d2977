// Writes straight-line field arithmetic as AssemblyScript: nine signed 29-bit limbs, Montgomery radix 2^261.
// The compiler does not unroll loops and spills arrays to memory, so every limb becomes a local of its own.

export const LIMBS = 9;
export const LIMB_BITS = 29n;

/** Bytes of an element in memory: nine 32-bit integers. */
export const ELEMENT_BYTES = LIMBS * 4;

/** The Montgomery radix. */
export const R = 2n ** (LIMB_BITS * BigInt(LIMBS));

const MASK = `0x${(2n ** LIMB_BITS - 1n).toString(16)}`;
const INDICES = Array.from({ length: LIMBS }, (_, i) => i);

/**
 * Collects the lines of one function. An element is an array of nine expressions, each a 64-bit local; columns are
 * sums of limb products by weight, before their carries are taken.
 */
export class Emitter {
  #lines = [];
  #names = 0;

  /** The body so far, indented for a function. */
  text(indent = '  ') {
    return this.#lines.map((line) => `${indent}${line}\n`).join('');
  }

  line(text) {
    this.#lines.push(text);
  }

  /** A new constant local holding `expression`. */
  local(expression) {
    const name = `t${this.#names++}`;
    this.line(`const ${name}: i64 = ${expression};`);
    return name;
  }

  load(pointer) {
    return INDICES.map((i) => this.local(`load<i32>(${pointer}, ${i * 4})`));
  }

  /** As `load`, for limbs 0..7 that are not negative: the engine extends a sign by an instruction of its own. */
  loadNormalised(pointer) {
    return INDICES.map((i) => this.local(`${i < LIMBS - 1 ? '<i64>load<u32>' : 'load<i32>'}(${pointer}, ${i * 4})`));
  }

  store(pointer, element) {
    element.forEach((limb, i) => {
      this.line(`store<i32>(${pointer}, <i32>${limb}, ${i * 4});`);
    });
  }

  /** Limb by limb, no carries: `rule` gets the limbs of all elements at one weight. */
  combine(rule, ...elements) {
    return INDICES.map((i) => this.local(rule(...elements.map((element) => element[i]))));
  }

  /**
   * The 17 columns of a product. With limbs 0..7 of one factor below 2^29 and of the other below 2^30 in size, and
   * top limbs below 2^24, a column is below 8·2^59 + 2·2^54 < 2^63.
   */
  product(a, b) {
    return this.#columns((k) => pairs(k).map(([i, j]) => `${a[i]} * ${b[j]}`));
  }

  /** The 17 columns of a square: 45 products, the mixed ones by doubled limbs. Bounds as for a product. */
  square(a) {
    const doubled = a.map((limb) => this.local(`${limb} << 1`));
    return this.#columns((k) =>
      pairs(k)
        .filter(([i, j]) => i <= j)
        .map(([i, j]) => (i === j ? `${a[i]} * ${a[i]}` : `${doubled[i]} * ${a[j]}`)),
    );
  }

  /**
   * Montgomery reduction of 17 (or fewer) columns to nine columns without carries, the value divided by 2^261.
   * As P = 1 mod 2^29 the quotient digit is the low limb itself; P's other limbs are limb 6 = 17·2^18 and
   * limb 8 = 2^19. The result lies in (value/2^261 - P, value/2^261].
   */
  reduce(columns) {
    const c = [...columns];
    for (let i = 0; i < LIMBS; i++) {
      const digit = this.local(`${c[i]} & ${MASK}`);
      c[i + 1] = this.#sum(c[i + 1], `(${c[i]} >> ${LIMB_BITS})`);
      c[i + 6] = this.#minus(c[i + 6], `${digit} * ${17 << 18}`);
      c[i + 8] = this.#minus(c[i + 8], `(${digit} << 19)`);
    }
    return INDICES.map((i) => c[LIMBS + i] ?? '0');
  }

  /** Takes the carries of nine columns: limbs 0..7 in [0, 2^29), the last keeps the sign. */
  carry(columns) {
    const out = [];
    let carry = null;
    columns.forEach((column, i) => {
      const sum = carry === null ? column : this.#sum(column === '0' ? undefined : column, carry);
      if (i === LIMBS - 1) {
        out.push(sum);
        return;
      }
      out.push(this.local(`${sum} & ${MASK}`));
      carry = `(${sum} >> ${LIMB_BITS})`;
    });
    return out;
  }

  /**
   * Takes the carries and subtracts the multiple of P that brings the value into (-2^233, 2^251 + 2^233). The
   * multiple is estimated from the top two columns before the pass, which is off by one unit of limb 8 at most.
   */
  fold(columns) {
    const c = [...columns];
    const top = this.local(`${c[8]} + ((${c[7]} + (${c[6]} >> ${LIMB_BITS})) >> ${LIMB_BITS})`);
    const multiple = this.local(`${top} >> 19`);
    c[0] = this.local(`${c[0]} - ${multiple}`);
    c[6] = this.local(`${c[6]} - ${multiple} * ${17 << 18}`);
    c[8] = this.local(`${c[8]} - (${multiple} << 19)`);
    return this.carry(c);
  }

  /** The product as an element: limbs 0..7 in [0, 2^29), value in (-P - 2^251, 2^251). */
  multiply(a, b) {
    return this.carry(this.reduce(this.product(a, b)));
  }

  #columns(terms) {
    return Array.from({ length: 2 * LIMBS - 1 }, (_, k) => this.local(terms(k).join(' + ')));
  }

  #sum(left, right) {
    return this.local(left === undefined ? right : `${left} + ${right}`);
  }

  #minus(left, right) {
    return this.local(left === undefined ? `-(${right})` : `${left} - ${right}`);
  }
}

/** Index pairs whose limb products have weight k. */
function pairs(k) {
  return INDICES.filter((i) => k - i >= 0 && k - i < LIMBS).map((i) => [i, k - i]);
}

/** The Montgomery form of `value` as nine limbs in [0, 2^29), or balanced in [-2^28, 2^28) below the last. */
export function montgomeryLimbs(value, modulus, { balanced = false } = {}) {
  return limbs((((value * R) % modulus) + modulus) % modulus, { balanced });
}

export function limbs(value, { balanced = false } = {}) {
  let rest = value;
  return INDICES.map((i) => {
    if (i === LIMBS - 1) return rest;
    let limb = rest & (2n ** LIMB_BITS - 1n);
    if (balanced && limb >= 2n ** (LIMB_BITS - 1n)) limb -= 2n ** LIMB_BITS;
    rest = (rest - limb) >> LIMB_BITS;
    return limb;
  });
}
