import { equalBytes, toHex } from '../../src/lib/index.ts';

/** Ends the bench when two contenders disagree: a wrong result has no speed. */
export function requireEqual(what: string, expected: Uint8Array, got: Uint8Array): void {
  if (equalBytes(expected, got)) return;
  const shown = (bytes: Uint8Array) => `${bytes.length} bytes ${toHex(bytes.subarray(0, 32))}`;
  throw new Error(`${what}: expected ${shown(expected)}, got ${shown(got)}`);
}
