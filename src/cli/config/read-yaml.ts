import { extname } from 'node:path';
import { isMap, isScalar, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import type { Entry } from './config-file.ts';
import { configInvalid } from './errors.ts';

/** Entries of a YAML or JSON object, with lines. JSON is read with the YAML parser, which knows positions. */
export function readYamlEntries(path: string, text: string): readonly Entry[] {
  if (extname(path).toLowerCase() === '.json') requireJson(path, text);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  if (document.errors.length > 0) {
    throw configInvalid(
      document.errors.map(({ message, linePos }) => {
        const [summary = message] = message.split(/ at line /);
        return `${path}:${linePos?.[0].line ?? 1}: ${summary}`;
      }),
    );
  }
  const root = document.contents;
  if (root === null) return [];
  if (!isMap(root)) throw configInvalid([`${path}:1: the file holds no keys`]);
  const toEntries = (map: YAMLMap): readonly Entry[] =>
    map.items.map(({ key, value }) => {
      const line = lines.linePos((key as Node).range?.[0] ?? 0).line; // keys of a parsed map are nodes
      const name = isScalar(key) ? String(key.value) : String(key);
      if (isMap(value)) return { name, line, value: toEntries(value), isObject: true };
      return { name, line, value: (value as Node | null)?.toJS(document) ?? null, isObject: false };
    });
  return toEntries(root);
}

/** YAML takes more than JSON does; whoever writes `.json` should hear of it. */
function requireJson(path: string, text: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    const { message } = error as SyntaxError; // the only thing that `parse` throws
    const line = lineOfJsonError(message, text);
    throw configInvalid([`${path}${line === null ? '' : `:${line}`}: ${message}`]);
  }
}

/** Node tells the position of some errors only; for the others, what the YAML parser stumbles over is mostly the same. */
function lineOfJsonError(message: string, text: string): number | null {
  const position = /position ([0-9]+)/.exec(message)?.[1];
  if (position !== undefined) return text.slice(0, Number(position)).split('\n').length;
  const lines = new LineCounter();
  return parseDocument(text, { lineCounter: lines }).errors[0]?.linePos?.[0].line ?? null;
}
