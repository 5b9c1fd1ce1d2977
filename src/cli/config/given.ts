import type { Origin } from './resolve.ts';
import type { Setting } from './setting.ts';
import type { Parsed } from './value-types.ts';

/** A setting as one level gives it. */
export interface Given {
  readonly texts: readonly string[];
  readonly origin: Origin;
  /** The text is the path of a file that holds the value. */
  readonly isPath: boolean;
}

/** The first level that says anything. */
export function pickGiven(levels: readonly (Given | null)[]): Given | null {
  return levels.find((given) => given !== null) ?? null;
}

/** The texts of what a config file holds: formats have numbers and booleans of their own, settings are text. */
export function textsOfFileValue(setting: Setting<unknown>, value: unknown): Parsed<readonly string[]> {
  if (Array.isArray(value)) {
    if (!setting.isList) return { expected: 'a single value' };
    const texts = value.map((item) => textOf(setting, item));
    const bad = texts.find((text) => 'expected' in text);
    return bad ?? { value: texts.flatMap((text) => ('value' in text ? [text.value] : [])) };
  }
  const text = textOf(setting, value);
  return 'expected' in text ? text : { value: [text.value] };
}

function textOf(setting: Setting<unknown>, value: unknown): Parsed<string> {
  if (typeof value === 'string') return { value };
  // What looks like a number may have been rounded by the format's parser: 0123456 is no number to its writer.
  if (['text', 'path', 'URL'].includes(setting.type.name)) return { expected: 'text; write it in quotes' };
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') {
    return { value: String(value) };
  }
  return { expected: 'a value' };
}
