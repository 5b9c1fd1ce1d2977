/**
 * What the conformance suites need of a test runner. Those of vitest and of `node:test` fit as they are:
 *
 * ```ts
 * import { describe, it } from 'vitest'; // or from 'node:test'
 * testStore({ describe, it }, 'my store', openMyStore);
 * ```
 *
 * The suites check with `node:assert`, so that a failure reads the same everywhere.
 */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
}
