// Straight-line arithmetic in the BN254 scalar field: elements and columns as in the STARK field's 9x29 variant, nine
// signed 29-bit limbs with Montgomery radix R = 2^261, which is 169 times the modulus. What differs is the reduction.
//
// Measured per product on one core, ten limbs of 28 bits, whose quotient digits are free as P = 1 mod 2^28, take a tenth
// more, and so do nine with a multiplication for each digit, as a general prime needs. Vectors of 13-bit limbs, four
// elements at a time with the 16-bit dot product, were as fast as this and no faster.
import { Emitter, LIMB_BITS, LIMBS, limbs } from '../stark-field/9x29/emitter.mjs';
import { P } from './parameters.mjs';

export { ELEMENT_BYTES, LIMBS, montgomeryLimbs, R } from '../stark-field/9x29/emitter.mjs';

const MASK = `0x${(2n ** LIMB_BITS - 1n).toString(16)}`;
const INDICES = Array.from({ length: LIMBS }, (_, i) => i);

/** P by limbs; the lowest is 2^28 + 1. */
export const MODULUS = limbs(P);

export class FieldEmitter extends Emitter {
  /**
   * Montgomery reduction of up to 17 columns to nine columns without carries, the value divided by 2^261. P is
   * 1 + 2^28 modulo 2^29 and its own inverse there, so a quotient digit takes a shift instead of a product, and so
   * does its multiple of the lowest limb. The result lies in (value/R - P, value/R].
   *
   * Columns may be 2^62.75 in size: a digit times a limb is below 2^58, at most eight of them meet in a column.
   */
  reduce(columns) {
    const c = [...columns];
    for (let i = 0; i < LIMBS; i++) {
      const digit = this.local(`(${c[i]} + (${c[i]} << 28)) & ${MASK}`);
      const carry = `((${c[i]} - ${digit} - (${digit} << 28)) >> ${LIMB_BITS})`;
      c[i + 1] = this.local(c[i + 1] === undefined ? carry : `${c[i + 1]} + ${carry}`);
      for (let limb = 1; limb < LIMBS; limb++) {
        const product = `${digit} * ${MODULUS[limb]}`;
        c[i + limb] = this.local(c[i + limb] === undefined ? `-(${product})` : `${c[i + limb]} - ${product}`);
      }
    }
    return INDICES.map((i) => c[LIMBS + i] ?? '0');
  }

  /**
   * Subtracts from nine columns the multiple of P that brings their value into (-P/1000, P + P/1000), for values up
   * to 100·P in size. The multiple is estimated from the top limbs. Carries are left to be taken.
   */
  fold(columns) {
    const c = columns;
    const top = this.local(`${c[8]} + ((${c[7]} + (${c[6]} >> ${LIMB_BITS})) >> ${LIMB_BITS})`);
    const multiple = this.local(`(${top} * ${2n ** 42n / (MODULUS[8] + 1n)}) >> 42`);
    return INDICES.map((i) =>
      this.local(i === 0 ? `${c[0]} - ${multiple} - (${multiple} << 28)` : `${c[i]} - ${multiple} * ${MODULUS[i]}`),
    );
  }
}
