import { ELEMENT_BYTES, RADIX } from '../gen/constants-9x29';
import { multiply, readCanonical, writeCanonical } from '../gen/field-9x29';
import { invertCanonical } from '../invert-canonical';
import { scratch } from './workspace';

/** out = 1/a, 0 for 0. Owns scratch 0. */
export function invert(out: usize, a: usize): void {
  const bytes = scratch(0);
  writeCanonical(bytes, a);
  invertCanonical(bytes, bytes);
  readCanonical(out, bytes);
  multiply(out, out, RADIX);
}

/** Whether a is a multiple of P. Owns scratch 4. */
export function isZero(a: usize): bool {
  const bytes = scratch(4);
  writeCanonical(bytes, a);
  return (load<i64>(bytes) | load<i64>(bytes, 8) | load<i64>(bytes, 16) | load<i64>(bytes, 24)) === 0;
}

export function copyElement(out: usize, a: usize): void {
  memory.copy(out, a, ELEMENT_BYTES);
}
