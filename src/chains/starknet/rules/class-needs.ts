import type { Height, Need, StateView } from '../../../engine/index.ts';
import { equalBytes, isZeroBytes } from '../../../lib/index.ts';
import {
  type CompiledClassForm,
  type CompiledClassRef,
  classKey,
  compiledClassKey,
  compiledClassRange,
  decodeCompiledHashes,
  formatCompiledClassId,
  parseClassId,
  parseCompiledClassId,
} from '../classes/index.ts';
import { feltToHex } from '../felt.ts';
import { isVersionFrom, VERSION_BLAKE_COMPILED_CLASS } from '../params.ts';
import type { Felt, StateDiff } from '../types.ts';
import { classesNamedBy } from './execute.ts';

/**
 * Late parts of this chain, each addressed by an id:
 *
 * - `class`: `<class hash>`; a class as `get_class_by_hash` answers.
 * - `localCompiledClass`, else `compiledClass`: `<class hash>/<compiled class hash>/<poseidon or blake2s>`; a compiled
 *   class as `get_compiled_class_by_class_hash` answers, the first made from the stored class by a compiler of our own.
 */
export type LatePartName = 'class' | 'localCompiledClass' | 'compiledClass';

/**
 * What the state diff of a block names that arrives on its own: classes in the order of `classesNamedBy`, then what
 * its declarations and migrations are compiled to, each once and after its class.
 *
 * @param version Of the block, which decides how compiled class hashes of declarations are made.
 */
export function classNeeds(height: Height, version: string, diff: StateDiff): readonly Need[] {
  const declaredForm = isVersionFrom(version, VERSION_BLAKE_COMPILED_CLASS) ? 'blake2s' : 'poseidon';
  const withForm = (form: CompiledClassForm) => (declared: Omit<CompiledClassRef, 'form'>) => ({ ...declared, form });
  const compiled = [
    ...diff.declaredClasses.map(withForm(declaredForm)),
    ...diff.migratedCompiledClasses.map(withForm('blake2s')),
  ];
  const needs = [
    ...classesNamedBy(diff)
      .filter((classHash) => !isZeroBytes(classHash))
      .map((classHash) => classNeed(height, classHash)),
    ...compiled.map((one) => compiledClassNeed(height, one)),
  ];
  return [...new Map(needs.map((need) => [`${need.part} ${need.id}`, need])).values()];
}

/** Whether what a late need asks for is stored. */
export function hasClassPart(view: StateView, { part, id = '' }: Need): boolean {
  if (part === 'class') return view.get('content', classKey(parseClassId(id))) !== undefined;
  if (part !== 'compiledClass' && part !== 'localCompiledClass') return false;
  return hasCompiledClass(view, parseCompiledClassId(id));
}

/**
 * Both hashes were computed of the bytes that are stored, so a migration to the newer kind of hash mostly finds that
 * its bytes are there. Where they hash to something else it needs other ones.
 */
function hasCompiledClass(view: StateView, { classHash, compiledClassHash, form }: CompiledClassRef): boolean {
  if (view.get('content', compiledClassKey(classHash, { compiledClassHash })) !== undefined) return true;
  for (const [, record] of view.range('content', compiledClassRange(classHash))) {
    if (equalBytes(decodeCompiledHashes(record)[form], compiledClassHash)) return true;
  }
  return false;
}

function classNeed(height: Height, classHash: Felt): Need {
  return { height, part: 'class', id: feltToHex(classHash), weight: 'wanted' };
}

function compiledClassNeed(height: Height, ref: CompiledClassRef): Need {
  const id = formatCompiledClassId(ref);
  return {
    height,
    part: 'localCompiledClass',
    id,
    weight: 'wanted',
    after: { part: 'class', id: feltToHex(ref.classHash) },
    fallbacks: [{ height, part: 'compiledClass', id, weight: 'wanted' }],
  };
}
