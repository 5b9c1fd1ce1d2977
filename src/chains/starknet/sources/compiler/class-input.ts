import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { concatBytes } from '../../../../lib/index.ts';
import { outlineObject } from '../json-outline.ts';

/** How a class reaches a compiler. */
export interface ClassInput {
  readonly args: readonly string[];
  /** What goes to standard input; null where a file holds the class. */
  readonly stdin: Uint8Array | null;
}

/** Writes the files that the arguments ask for, into a folder that exists. */
export async function prepareInput(
  json: Uint8Array,
  { args, folder }: { readonly args: readonly string[]; readonly folder: string },
): Promise<ClassInput> {
  let inFile = false;
  const files: Record<string, string> = {};
  for (const [placeholder, content] of [
    ['{sierra}', withoutAbi],
    ['{class}', (same: Uint8Array) => same],
  ] as const) {
    if (!args.some((arg) => arg.includes(placeholder))) continue;
    const file = join(folder, `${placeholder.slice(1, -1)}.json`);
    await writeFile(file, content(json), { mode: 0o600 });
    files[placeholder] = file;
    inFile = true;
  }
  const filled = args.map((arg) => arg.replaceAll(/\{(?:sierra|class)\}/g, (placeholder) => files[placeholder] ?? ''));
  return { args: filled, stdin: inFile ? null : json };
}

/** The class with the members that compilers read, their values as they stand. */
function withoutAbi(json: Uint8Array): Uint8Array {
  const members = outlineObject(json);
  const pieces: Uint8Array[] = [];
  for (const name of COMPILED_MEMBERS) {
    const range = members?.get(name);
    if (range === undefined) continue;
    pieces.push(Buffer.from(`${pieces.length === 0 ? '{' : ','}"${name}":`), json.subarray(range.start, range.end));
  }
  return concatBytes(...pieces, Buffer.from('}'));
}

/** @see cairo, `crates/bin/starknet-sierra-compile`, which reads nothing else but an ABI and debug information */
const COMPILED_MEMBERS = ['sierra_program', 'contract_class_version', 'entry_points_by_type'];
