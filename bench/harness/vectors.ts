import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A file of the published test vectors: below `$SYNCLINE_VECTORS`, else `../shared/vectors` beside the checkout.
 * @returns Null where it is missing.
 */
export function readVector(path: string): Uint8Array | null {
  // This module runs from bench/dist/bench/harness.
  const root = fileURLToPath(new URL('../../../../', import.meta.url));
  const file = join(resolve(root, process.env.SYNCLINE_VECTORS ?? '../shared/vectors'), path);
  return existsSync(file) ? new Uint8Array(readFileSync(file)) : null;
}

export const NO_VECTORS = 'the test vectors are not there; SYNCLINE_VECTORS names their folder';
