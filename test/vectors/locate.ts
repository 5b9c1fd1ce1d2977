import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Finds the folder of published test vectors: `$SYNCLINE_VECTORS`, else `../shared/vectors` beside the checkout.
 *
 * @returns Its path, or null where there is none: the tests that need it skip, and `announce.ts` says so once.
 * @throws {Error} where there is none and `SYNCLINE_REQUIRE_VECTORS=1`, so that CI cannot skip by accident.
 */
export function vectorsDir(): string | null {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const path = resolve(root, process.env.SYNCLINE_VECTORS ?? '../shared/vectors');
  if (existsSync(path)) return path;
  if (process.env.SYNCLINE_REQUIRE_VECTORS === '1') throw new Error(`no test vectors at ${path}`);
  return null;
}
