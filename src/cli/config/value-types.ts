/** What came of reading one value: the value, or what should have stood there. */
export type Parsed<T> = { readonly value: T } | { readonly expected: string };

/** A kind of value, as it is written in flags, the environment and config files alike. */
export interface ValueType<T> {
  /** One word for the reference page. */
  readonly name: string;
  /** What stands for the value in usage lines, such as `HOST:PORT`. */
  readonly placeholder: string;
  parse(text: string): Parsed<T>;
  /** The inverse of `parse`, except that credentials inside a value are blanked. */
  format(value: T): string;
}

/** Any text that is not empty. */
export function textType(placeholder: string): ValueType<string> {
  return {
    name: 'text',
    placeholder,
    parse: (text) => (text === '' ? { expected: 'some text' } : { value: text }),
    format: (value) => value,
  };
}

/** A path, relative to the working directory or absolute. */
export function pathType(placeholder: string): ValueType<string> {
  return { ...textType(placeholder), name: 'path' };
}

export const booleanType: ValueType<boolean> = {
  name: 'boolean',
  placeholder: 'BOOLEAN',
  parse(text) {
    const value = BOOLEANS[text.toLowerCase()];
    return value === undefined ? { expected: 'true or false' } : { value };
  },
  format: String,
};

const BOOLEANS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  1: true,
  false: false,
  no: false,
  off: false,
  0: false,
};

/** A whole number with bounds, both included. */
export function integerType(options: { placeholder: string; min: number; max?: number }): ValueType<number> {
  const { placeholder, min, max = Number.MAX_SAFE_INTEGER } = options;
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
  return {
    name: 'integer',
    placeholder,
    parse(text) {
      const value = Number(text);
      const isWhole = /^[0-9]{1,16}$/.test(text) && Number.isSafeInteger(value);
      return isWhole && value >= min && value <= max ? { value } : { expected: `a whole number ${range}` };
    },
    format: String,
  };
}

/** One of a few words. */
export function choiceType<T extends string>(choices: readonly T[]): ValueType<T> {
  return {
    name: choices.join(', '),
    placeholder: choices.join('|'),
    parse(text) {
      const value = choices.find((choice) => choice === text);
      return value === undefined ? { expected: `one of ${choices.join(', ')}` } : { value };
    },
    format: (value) => value,
  };
}

/** Milliseconds, written `500ms`, `5s`, `2m`, `2h`, `1d`. */
export function durationType(options: { min: number; max: number }): ValueType<number> {
  const range = `from ${formatDurationMs(options.min)} to ${formatDurationMs(options.max)}`;
  return {
    name: 'duration',
    placeholder: 'DURATION',
    parse(text) {
      const value = parseUnits(text, DURATION_UNITS);
      const isInside = value !== null && value >= options.min && value <= options.max;
      return isInside ? { value } : { expected: `a duration such as 500ms, 5s or 2h, ${range}` };
    },
    format: formatDurationMs,
  };
}

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

function formatDurationMs(ms: number): string {
  return formatUnits(ms, ['d', 'h', 'm', 's', 'ms'], DURATION_UNITS);
}

/** Bytes, written `64MiB`, `512KiB`, `2GB`, or as a bare number. */
export function sizeType(options: { min: number; max: number }): ValueType<number> {
  const range = `from ${formatSizeBytes(options.min)} to ${formatSizeBytes(options.max)}`;
  return {
    name: 'size',
    placeholder: 'SIZE',
    parse(text) {
      const value = parseUnits(text, SIZE_UNITS);
      const isInside = value !== null && value >= options.min && value <= options.max;
      return isInside ? { value } : { expected: `a size such as 512KiB or 64MiB, ${range}` };
    },
    format: formatSizeBytes,
  };
}

const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

function formatSizeBytes(bytes: number): string {
  const units = { TiB: 2 ** 40, GiB: 2 ** 30, MiB: 2 ** 20, KiB: 2 ** 10, B: 1 };
  return formatUnits(bytes, Object.keys(units), units);
}

/** The number in the smallest unit; null for text that is none. Fractions are fine where the result is whole. */
function parseUnits(text: string, units: Readonly<Record<string, number>>): number | null {
  const match = /^([0-9]{1,16}(?:\.[0-9]{1,9})?) ?([a-z]*)$/i.exec(text.trim());
  const unit = units[(match?.[2] ?? '?').toLowerCase()];
  if (match === null || unit === undefined) return null;
  const value = Number(match[1]) * unit;
  return Number.isSafeInteger(value) ? value : null;
}

/** In the largest unit that leaves a whole number. */
function formatUnits(value: number, names: readonly string[], units: Readonly<Record<string, number>>): string {
  const name = names.find((candidate) => value !== 0 && value % (units[candidate] ?? 1) === 0) ?? names.at(-1) ?? '';
  return `${value / (units[name] ?? 1)}${name}`;
}
