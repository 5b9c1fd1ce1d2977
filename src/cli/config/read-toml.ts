import { parse, TomlError } from 'smol-toml';
import type { Entry } from './config-file.ts';
import { configInvalid } from './errors.ts';

/** Entries of a TOML file. Its parser tells lines only of syntax errors; those of keys are looked up in the text. */
export function readTomlEntries(path: string, text: string): readonly Entry[] {
  let root: Readonly<Record<string, unknown>>;
  try {
    root = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const summary = error.message.split('\n')[0] ?? error.message;
    throw configInvalid([`${path}:${error.line}: ${summary.replace(/^Invalid TOML document: /, '')}`]);
  }
  const lines = linesOfKeys(text);
  const toEntries = (record: Readonly<Record<string, unknown>>, prefix: string): readonly Entry[] =>
    Object.entries(record).map(([name, value]) => {
      const line = lines.get(`${prefix}${name}`) ?? null;
      if (!isTable(value)) return { name, line, value, isObject: false };
      return { name, line, value: toEntries(value, `${prefix}${name}.`), isObject: true };
    });
  return toEntries(root, '');
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** Where plain keys and table headers stand. What it cannot read (inline tables) it leaves out. */
function linesOfKeys(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  let table = '';
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^\s*\[\s*([A-Za-z0-9_.\-" ]+?)\s*\]/.exec(line)?.[1];
    const key = /^\s*([A-Za-z0-9_.\-" ]+?)\s*=/.exec(line)?.[1];
    if (header !== undefined) table = `${plain(header)}.`;
    const path = header !== undefined ? plain(header) : key === undefined ? null : `${table}${plain(key)}`;
    if (path !== null && !lines.has(path)) lines.set(path, index + 1);
  }
  return lines;
}

function plain(dotted: string): string {
  return dotted.replaceAll(/["\s]/g, '');
}
