import type { ClassKind } from '../../chains/starknet/classes/index.ts';
import { compareVersions } from '../../chains/starknet/index.ts';
import { hashClass } from './devnet-class.ts';
import type { DraftSite } from './draft.ts';
import type { DevnetClass } from './world.ts';

/** Makes a Sierra class, whose compiled class hash is of the kind that blocks of this version declare. */
export function makeSierraClass(site: DraftSite): DevnetClass {
  return makeClass(site, 'sierra');
}

/** Makes a class of the first Cairo, of one era after the other. */
export function makeCairo0Class(site: DraftSite): DevnetClass {
  return makeClass(site, 'cairo0');
}

/** Whether blocks declare Blake2s hashes of compiled classes, and migrate what older ones declared. @see SNIP-34 */
export function declaresBlake2s(version: string): boolean {
  return compareVersions(version, FIRST_VERSION_WITH_BLAKE2S) >= 0;
}

function makeClass({ classHashers, world, changes, label, height, version }: DraftSite, kind: ClassKind): DevnetClass {
  const number = changes.made.length;
  const seed = { kind, label: `${label} class ${number}`, number };
  const form = kind === 'cairo0' ? null : declaresBlake2s(version) ? 'blake2s' : 'poseidon';
  const made = world.addClass({ seed, ...hashClass(classHashers, seed), height, form });
  changes.made.push(made);
  return made;
}

const FIRST_VERSION_WITH_BLAKE2S = '0.14.1';
