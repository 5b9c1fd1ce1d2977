import type { ClassKind, CompiledClassForm } from '../../chains/starknet/classes/index.ts';
import { compareVersions } from '../../chains/starknet/index.ts';
import { hashClass } from './devnet-class.ts';
import type { DraftSite } from './draft.ts';
import type { GivenDeclaration } from './given-class.ts';
import type { DevnetClass } from './world.ts';

/** Makes a Sierra class, whose compiled class hash is of the kind that blocks of this version declare. */
export function makeSierraClass(site: DraftSite): DevnetClass {
  return makeClass(site, 'sierra');
}

/** Makes a class of the first Cairo, of one era after the other. */
export function makeCairo0Class(site: DraftSite): DevnetClass {
  return makeClass(site, 'cairo0');
}

/** Makes a class out of bytes from elsewhere, or out of its hashes alone. */
export function makeGivenClass({ world, changes, height, version }: DraftSite, given: GivenDeclaration): DevnetClass {
  const { seed, classHash, compiled } = given;
  const made = world.addClass({ seed, classHash, compiled, height, form: formOf(seed.kind, version) });
  changes.made.push(made);
  return made;
}

/** Whether blocks declare Blake2s hashes of compiled classes, and migrate what older ones declared. @see SNIP-34 */
export function declaresBlake2s(version: string): boolean {
  return compareVersions(version, FIRST_VERSION_WITH_BLAKE2S) >= 0;
}

/** How blocks hash the compiled classes that they declare. */
export function declaredForm(version: string): CompiledClassForm {
  return declaresBlake2s(version) ? 'blake2s' : 'poseidon';
}

function makeClass({ classHashers, world, changes, label, height, version }: DraftSite, kind: ClassKind): DevnetClass {
  const number = changes.made.length;
  const seed = { kind, label: `${label} class ${number}`, number };
  const made = world.addClass({ seed, ...hashClass(classHashers, seed), height, form: formOf(kind, version) });
  changes.made.push(made);
  return made;
}

function formOf(kind: ClassKind, version: string): CompiledClassForm | null {
  return kind === 'cairo0' ? null : declaredForm(version);
}

const FIRST_VERSION_WITH_BLAKE2S = '0.14.1';
