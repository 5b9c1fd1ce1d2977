import type { ClassKind } from '../../chains/starknet/classes/index.ts';
import type { ClassForgeryKind } from './faults.ts';

/** A false answer about a class. */
export interface ClassForgery {
  readonly json: string;
  readonly detail: string;
}

/**
 * Makes a false twin of a class or of what it is compiled to: one number of the program differs. Deterministic.
 * @param json The class, or for `wrong-casm` what it is compiled to. @param of The kind of the class.
 */
export function forgeClass(kind: ClassForgeryKind, json: string, of: ClassKind): ClassForgery {
  if (kind === 'wrong-casm') return { json: alterList(json, 'bytecode'), detail: 'bytecode altered' };
  return { json: alterList(json, of === 'sierra' ? 'sierra_program' : 'data'), detail: 'program altered' };
}

/** Changes the last digit of the last felt in a list that stands in the text by that name; an empty list gets one. */
function alterList(json: string, name: string): string {
  const start = json.search(new RegExp(`"${name}"\\s*:\\s*\\[`));
  const end = json.indexOf(']', start);
  const last = json.lastIndexOf('"', end) - 1;
  if (last < json.indexOf('[', start)) return `${json.slice(0, end)}"0x1"${json.slice(end)}`;
  return `${json.slice(0, last)}${json[last] === '1' ? '2' : '1'}${json.slice(last + 1)}`;
}
