import type { ValueType } from './value-types.ts';

/** One setting: from this line come its flag, environment name, config key and entry in the reference. */
export interface Setting<T> {
  readonly type: ValueType<unknown>;
  /** Several values: the flag may be repeated. */
  readonly isList: boolean;
  /** Never shown. It has a companion `<key>-file` that names a file to read it from. */
  readonly isSecret: boolean;
  /** False for what makes sense only for one call, not in a file. */
  readonly isFileKey: boolean;
  /** Splits one text into the values of a list. */
  readonly split: (text: string) => readonly string[];
  readonly fallback: T;
  /** The default in words, where the value itself would not say it. */
  readonly fallbackText: string | null;
  readonly doc: string;
  /** What `--no-…` of a boolean does. */
  readonly negativeDoc: string | null;
}

interface Extras {
  readonly fallbackText?: string;
  readonly isSecret?: boolean;
  readonly isFileKey?: boolean;
  readonly negativeDoc?: string;
}

/** A setting that has a default. */
export function setting<T>(type: ValueType<T>, fallback: T, doc: string, extras: Extras = {}): Setting<T> {
  return { ...base(type, doc, extras), fallback };
}

/** A setting that may stay unset. */
export function optional<T>(type: ValueType<T>, doc: string, extras: Extras = {}): Setting<T | null> {
  return { ...base(type, doc, extras), fallback: null };
}

/** A setting with any number of values, none by default. */
export function list<T>(
  type: ValueType<T>,
  doc: string,
  extras: Extras & { readonly split: (text: string) => readonly string[] },
): Setting<readonly T[]> {
  return { ...base(type, doc, extras), split: extras.split, isList: true, fallback: [] };
}

function base<T>(type: ValueType<T>, doc: string, extras: Extras) {
  return {
    // A setting's type only ever formats what the same type has parsed.
    type: type as ValueType<unknown>,
    isList: false,
    isSecret: extras.isSecret ?? false,
    isFileKey: extras.isFileKey ?? true,
    split: (text: string) => [text],
    fallbackText: extras.fallbackText ?? null,
    doc,
    negativeDoc: extras.negativeDoc ?? null,
  };
}
