import { isMembers, JsonNumber, type JsonValue } from './json-text.ts';

export interface WriteJsonOptions {
  /** Changes the text of a member whose value is text; default: leaves it. */
  readonly rewrite?: (name: string, text: string) => string;
}

/**
 * Writes JSON as Python's `json.dumps(value, sort_keys=True)` does: members sorted by code point, separators `", "`
 * and `": "`, everything outside 0x20 to 0x7e escaped as `\uXXXX` but for the short escapes of JSON. Numbers are
 * written as they were read.
 *
 * @returns Text of ASCII characters only.
 * @see https://docs.python.org/3/library/json.html, `json.dumps` with `ensure_ascii`
 */
export function writeCanonicalJson(value: JsonValue, options: WriteJsonOptions = {}): string {
  if (typeof value === 'string') return writeText(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (value instanceof JsonNumber) return value.text;
  if (!isMembers(value)) {
    let out = '';
    for (const item of value) out += (out === '' ? '' : ', ') + writeCanonicalJson(item, options);
    return `[${out}]`;
  }
  const members = Object.entries(value).sort(([a], [b]) => compareCodePoints(a, b));
  return joinMembers(members.map(([name, inner]) => [name, writeMemberValue(name, inner, options)]));
}

/** An object of members already written, in the order given. */
export function joinMembers(members: Iterable<readonly [name: string, written: string]>): string {
  let out = '';
  for (const [name, written] of members) out += `${out === '' ? '' : ', '}${writeText(name)}: ${written}`;
  return `{${out}}`;
}

/** By code point, which differs from UTF-16 order where a surrogate meets U+E000 to U+FFFF. */
export function compareCodePoints(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  const isInside = isLowSurrogate(a.charCodeAt(at)) || isLowSurrogate(b.charCodeAt(at));
  const start = isInside && isHighSurrogate(a.charCodeAt(at - 1)) ? at - 1 : at;
  return (a.codePointAt(start) ?? -1) - (b.codePointAt(start) ?? -1);
}

function writeMemberValue(name: string, value: JsonValue, options: WriteJsonOptions): string {
  if (typeof value !== 'string' || options.rewrite === undefined) return writeCanonicalJson(value, options);
  return writeText(options.rewrite(name, value));
}

function writeText(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : `"${text.replace(ESCAPED, escapeUnit)}"`;
}

/** One UTF-16 unit: what is beyond them takes two escapes, as in Python. */
function escapeUnit(unit: string): string {
  return SHORT_ESCAPES[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}

const PLAIN = /^[ !#-[\]-~]*$/;
const ESCAPED = /[^ !#-[\]-~]/g;
const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};
