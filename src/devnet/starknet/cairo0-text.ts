import { feltToBigint, feltToHex } from '../../chains/starknet/index.ts';
import type { DevnetRandom } from './random.ts';
import { CONSTRUCTORS, EXTERNALS, L1_HANDLERS, type NamedFunction } from './selectors.ts';

/**
 * Of which time a Cairo 0 class is, which decides what is left out when it is hashed: `named-tuples` is of compilers
 * before 0.10, which stated no version, `attributes` of 0.10, `foreign-text` of 0.11 with text that is not ASCII.
 */
export type Cairo0Era = 'named-tuples' | 'attributes' | 'foreign-text';

export const CAIRO0_ERAS: readonly Cairo0Era[] = ['named-tuples', 'attributes', 'foreign-text'];

/** Draws a Cairo 0 class and writes it as `get_class_by_hash` answers. Its program means nothing. */
export function drawCairo0Text(random: DevnetRandom, era: Cairo0Era): string {
  const functions = [...CONSTRUCTORS, ...EXTERNALS.filter(() => random.chance(0.15)), ...L1_HANDLERS.slice(0, 1)];
  const data = drawData(random, functions.length * FUNCTION_FELTS);
  const entryPointsOf = (kind: readonly NamedFunction[]) =>
    functions.flatMap((one, index) => (kind.includes(one) ? [entryPoint(one, index * FUNCTION_FELTS, era)] : []));
  return writeJson({
    abi: era === 'attributes' ? null : functions.map(({ name }) => abiEntry(name)),
    entry_points_by_type: {
      EXTERNAL: entryPointsOf(EXTERNALS),
      L1_HANDLER: entryPointsOf(L1_HANDLERS),
      CONSTRUCTOR: entryPointsOf(CONSTRUCTORS),
    },
    program: {
      builtins: random.pick([['pedersen', 'range_check'], ['range_check'], []]),
      data,
      // As the gateway shows it: without, or with what is never hashed.
      debug_info: random.chance(0.5) ? null : { file_contents: {}, instruction_locations: {} },
      hints: hintsAt(random, data.length),
      identifiers: identifiers(random, functions, era),
      main_scope: '__main__',
      prime: PRIME,
      reference_manager: { references: [reference(era)] },
      ...LATER_MEMBERS[era],
    },
  });
}

/** A value to be written as JSON; whole numbers of any size. */
type Json = string | boolean | null | number | bigint | readonly Json[] | { readonly [name: string]: Json };

/** Writes JSON with numbers of any size, of which `JSON.stringify` knows nothing. */
function writeJson(value: Json): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(writeJson).join(',')}]`;
  const members = Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}:${writeJson(inner)}`);
  return `{${members.join(',')}}`;
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}

function drawData(random: DevnetRandom, length: number): readonly string[] {
  return Array.from({ length }, () =>
    random.chance(0.2) ? feltToHex(random.felt()) : `0x${(BigInt(random.below(2 ** 15)) * 2n ** 48n).toString(16)}`,
  );
}

/** Later classes state offsets as numbers. */
function entryPoint({ selector }: NamedFunction, offset: number, era: Cairo0Era): Json {
  return { selector: feltToHex(selector), offset: era === 'foreign-text' ? offset : `0x${offset.toString(16)}` };
}

function abiEntry(name: string): Json {
  const type = name === 'constructor' ? 'constructor' : name.startsWith('handle_') ? 'l1_handler' : 'function';
  return { name, type, inputs: [{ name: 'amount', type: 'felt' }], outputs: [] };
}

/** Named by offsets, in an order that is not theirs as text. */
function hintsAt(random: DevnetRandom, felts: number): Json {
  const offsets = new Set([0, 2, 10, random.below(felts)]);
  return Object.fromEntries(
    [...offsets].map((offset) => [String(offset), [{ code: HINT, accessible_scopes: SCOPES }]]),
  );
}

function identifiers(random: DevnetRandom, functions: readonly NamedFunction[], era: Cairo0Era): Json {
  const members: Record<string, Json> = {
    '__main__.LARGE': { type: 'const', value: feltToBigint(random.felt()) },
    '__main__.NEGATIVE': { type: 'const', value: -feltToBigint(random.felt()) },
    '__main__.Pair': { type: 'type_definition', cairo_type: tuple(era) },
  };
  for (const [index, { name }] of functions.entries()) {
    members[`__main__.${name}`] = { type: 'function', pc: index * FUNCTION_FELTS, decorators: ['external'] };
  }
  return members;
}

function reference(era: Cairo0Era): Json {
  return { ap_tracking_data: { group: 0, offset: 0 }, pc: 0, value: `[cast(fp + (-3), ${tuple(era)}*)]` };
}

/** How older compilers wrote a tuple with names, and how newer ones do. */
function tuple(era: Cairo0Era): string {
  return era === 'named-tuples' ? '(x : felt, y: felt)' : '(x: felt, y: felt)';
}

const SCOPES: Json = ['__main__', '__main__.constructor'];
const HINT = 'memory[ap] = segments.add()\n# "quoted"\tand\\or\u007f';

/** What compilers added in the course of time. */
const LATER_MEMBERS: Readonly<Record<Cairo0Era, { readonly [name: string]: Json }>> = {
  'named-tuples': {},
  attributes: {
    compiler_version: '0.10.3',
    attributes: [
      {
        name: 'error_message',
        value: 'not allowed',
        start_pc: 0,
        end_pc: 2,
        accessible_scopes: [],
        flow_tracking_data: null,
      },
    ],
  },
  'foreign-text': {
    compiler_version: '0.11.0.2',
    attributes: [
      {
        name: 'error_message',
        value: 'Überlauf: “€” é 数 \u{1f980}',
        start_pc: 0,
        end_pc: 2,
        accessible_scopes: SCOPES,
        flow_tracking_data: { ap_tracking: { group: 1, offset: 3 }, reference_ids: {} },
      },
    ],
  },
};

/** Chosen: large enough to hold something, small enough to hash at no cost. */
const FUNCTION_FELTS = 6;
const PRIME = `0x${(2n ** 251n + 17n * 2n ** 192n + 1n).toString(16)}`;
