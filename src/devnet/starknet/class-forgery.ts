import type { DevnetClassFiles } from './devnet-class.ts';
import type { ClassForgeryKind } from './faults.ts';

/** A false answer about a class. */
export interface ClassForgery {
  readonly json: string;
  readonly detail: string;
}

/** Makes a false twin of a class or of what it is compiled to: one number of the program differs. Deterministic. */
export function forgeClass(kind: ClassForgeryKind, { json, compiledJson }: DevnetClassFiles): ClassForgery {
  if (kind === 'wrong-casm') return { json: alterList(compiledJson ?? '{}', 'bytecode'), detail: 'bytecode altered' };
  const isSierra = compiledJson !== null;
  return { json: alterList(json, isSierra ? 'sierra_program' : 'data'), detail: 'program altered' };
}

/** Changes the last digit of the last felt in a list that stands in the text by that name. */
function alterList(json: string, name: string): string {
  const start = json.indexOf(`"${name}":[`);
  const end = json.indexOf(']', start) - 2; // behind the last digit stand a quote and the bracket
  return `${json.slice(0, end)}${json[end] === '1' ? '2' : '1'}${json.slice(end + 1)}`;
}
