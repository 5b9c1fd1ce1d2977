import { SynclineError } from '../lib/index.ts';
import type { ChainFamily } from './family.ts';

/** Family → its code, loaded when it is asked for. A new chain is one more entry. */
const families: Readonly<Record<string, () => Promise<ChainFamily>>> = {
  starknet: async () => (await import('./starknet/family.ts')).family,
  ledger: async () => (await import('./ledger/family.ts')).family,
};

export const familyNames: readonly string[] = Object.keys(families);

/** @throws {SynclineError} `FAMILY_UNKNOWN` (fault `caller`). */
export async function loadFamily(name: string): Promise<ChainFamily> {
  const load = Object.hasOwn(families, name) ? families[name] : undefined;
  if (load !== undefined) return load();
  throw new SynclineError('FAMILY_UNKNOWN', 'caller', 'no chain family of that name', {
    data: { got: name, expected: familyNames, exitCode: 2 },
  });
}
