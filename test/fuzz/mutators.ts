import { gzipSync } from 'node:zlib';
import { edit, fromMembers, parsed, utf8, valuesByName } from './edit-document.ts';
import {
  FOREIGN_BODIES,
  ODD_BYTES,
  ODD_NAMES,
  ODD_NUMBERS,
  otherCount,
  otherDigit,
  otherFelt,
  spoil,
  VALUES,
} from './odd-values.ts';
import { below, chance, pick, type Random } from './random.ts';

/*
 * Ways to damage a gateway's answer: its values, its structure, its text, its bytes. Some leave the meaning as it was,
 * such as another order of members. All of it follows from the random numbers alone.
 */

/**
 * Damages one answer.
 * @param text  A JSON document.
 * @param donor Another genuine answer of the same kind, from which a value or all of it may be taken.
 */
export type Mutator = (text: string, random: Random, donor: string) => Uint8Array;

/** Most of them change one value somewhere in the document. */
const VALUE_MUTATORS: readonly Mutator[] = [
  function dropMember(text, random) {
    return edit(text, random, (slot) => slot.remove());
  },
  function changeValue(text, random) {
    return edit(text, random, (slot) => slot.set(pick(VALUES, random)));
  },
  function nestValue(text, random) {
    const depth = pick([1, 3, 100, 130, 200], random);
    return edit(text, random, (slot) => {
      let value = slot.get();
      for (let i = 0; i < depth; i++) value = random() < 0.5 ? [value] : { value };
      slot.set(value);
    });
  },
  function spoilText(text, random) {
    return edit(text, random, (slot) => slot.set(spoil(String(slot.get()), random)), isText);
  },
  function changeFelt(text, random) {
    return edit(text, random, (slot) => slot.set(otherFelt(String(slot.get()), random)), isHex);
  },
  function changeDigit(text, random) {
    return edit(text, random, (slot) => slot.set(otherDigit(String(slot.get()), random)), isHex);
  },
  function changeCount(text, random) {
    return edit(text, random, (slot) => slot.set(otherCount(Number(slot.get()), random)), isNumber);
  },
  function swapValues(text, random) {
    let first: unknown;
    const once = edit(text, random, (slot) => {
      first = slot.get();
    });
    return edit(new TextDecoder().decode(once), random, (slot) => slot.set(first));
  },
  function repeatItem(text, random) {
    return edit(
      text,
      random,
      (slot) => {
        const list = slot.get() as unknown[]; // the filter below
        slot.set([...list, ...list.slice(0, 1 + below(3, random))]);
      },
      isFilledList,
    );
  },
  function resizeList(text, random) {
    return edit(
      text,
      random,
      (slot) => {
        const list = slot.get() as unknown[]; // the filter below
        const length = pick([0, 1, list.length - 1, list.length + 1, 2 * list.length, 300], random);
        slot.set(Array.from({ length }, (_, i) => list[i % list.length]));
      },
      isFilledList,
    );
  },
  function takeFromDonor(text, random, donor) {
    const donated = valuesByName(donor);
    return edit(
      text,
      random,
      (slot) => slot.set(pick(donated.get(slot.name) ?? [slot.get()], random)),
      (_, name) => donated.has(name),
    );
  },
  function takeOutermostFromDonor(text, random, donor) {
    const [own, other] = [parsed(text), parsed(donor)] as [Record<string, unknown>, Record<string, unknown>];
    if (!isObject(own) || !isObject(other)) return utf8(text);
    const nested = ['block', 'state_update', 'state_diff', 'program'].filter((name) => isObject(own[name]));
    const name = nested.length > 0 && chance(0.7, random) ? pick(nested, random) : null;
    const [target, source] = name === null ? [own, other] : ([own[name], other[name]] as [typeof own, typeof own]);
    const names = Object.keys(isObject(source) ? source : {});
    if (names.length === 0) return utf8(text);
    for (let i = 0; i <= below(2, random); i++) {
      const taken = pick(names, random);
      target[taken] = source[taken];
    }
    return utf8(JSON.stringify(own));
  },
];

/** What they make mostly says the same, in another way or with more words. */
const QUIET_MUTATORS: readonly Mutator[] = [
  function addMember(text, random) {
    return edit(
      text,
      random,
      (slot) => {
        const members = Object.entries(slot.get() as object); // the filter below
        members.splice(below(members.length + 1, random), 0, [pick(ODD_NAMES, random), pick(VALUES, random)]);
        slot.set(fromMembers(members));
      },
      isObject,
    );
  },
  function duplicateKey(text, random) {
    const names = memberNames(text);
    if (names.length === 0) return utf8(text);
    const name = pick(names, random);
    const value = JSON.stringify(pick(VALUES, random));
    // Before its own place it counts for nothing, behind it it counts alone, in another object it is odd.
    const { index } = chance(0.3, random) ? name : pick(names, random);
    return utf8(`${text.slice(0, index)}${name[0]}${value},${text.slice(index)}`);
  },
  function reorderList(text, random) {
    return edit(text, random, (slot) => slot.set(shuffled(slot.get() as unknown[], random)), isFilledList);
  },
  function reorderMembers(text, random) {
    const reorder = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reorder);
      if (!isObject(value)) return value;
      const members = Object.entries(value as object).map(([name, inner]) => [name, reorder(inner)] as const);
      return fromMembers(shuffled(members, random));
    };
    return utf8(JSON.stringify(reorder(parsed(text))));
  },
  function respell(text, random) {
    return utf8(
      pick<(own: string) => string>(
        [
          (own) => JSON.stringify(parsed(own), null, pick([1, 4, '\t'], random)),
          (own) => `\r\n \t${own} \n`,
          (own) => own.replace(/"0x([0-9a-f]{3,})"/g, (_, digits: string) => `"0x${digits.toUpperCase()}"`),
          (own) => own.replace(/"0x([0-9a-f]+)"/g, (_, digits: string) => `"0x${digits.padStart(64, '0')}"`),
          (own) =>
            own.replace(/"([a-z])([a-z_0-9]+)":/g, (_, first: string, rest: string) => {
              return `"\\u00${first.charCodeAt(0).toString(16)}${rest}":`;
            }),
        ],
        random,
      )(text),
    );
  },
];

/** Text that is no longer JSON, or says another thing than it seems to. */
const TEXT_MUTATORS: readonly Mutator[] = [
  function renameMember(text, random) {
    const names = memberNames(text);
    if (names.length === 0) return utf8(text);
    const name = pick(names, random);
    const other = pick([...ODD_NAMES, pick(names, random)[1] as string], random);
    return utf8(`${text.slice(0, name.index)}${JSON.stringify(other)}:${text.slice(name.index + name[0].length)}`);
  },
  function respellNumber(text, random) {
    const numbers = [...text.matchAll(/(?<=[:[,])-?[0-9][0-9.eE+-]*(?=[,\]}])/g)];
    if (numbers.length === 0) return utf8(text);
    const number = pick(numbers, random);
    const other = pick(ODD_NUMBERS, random);
    return utf8(text.slice(0, number.index) + other + text.slice(number.index + number[0].length));
  },
  function truncate(text, random) {
    return utf8(text.slice(0, below(text.length, random)));
  },
  function spoilCharacters(text, random) {
    const at = below(text.length, random);
    const other = pick(['', '"', '\\', ']', '}', ',', '\u0000', '9', '0x', 'é', '\\u12', '\\ud800'], random);
    return utf8(text.slice(0, at) + other + text.slice(at + 1));
  },
  function concatenate(text, random, donor) {
    return utf8(text + pick(['', '\n', ',', '\u0000'], random) + pick([text, donor, '{}', '0', '}'], random));
  },
  function wrap(text, random) {
    const depth = pick([1, 108, 128, 129, 5_000], random);
    const [open, close] = pick([['[', ']'] as const, ['{"a":', '}'] as const], random);
    return utf8(open.repeat(depth) + text + close.repeat(pick([depth, depth, depth - 1], random)));
  },
  function replaceBody(_, random, donor) {
    return utf8(pick([donor, ...FOREIGN_BODIES], random));
  },
];

const BYTE_MUTATORS: readonly Mutator[] = [
  function spoilBytes(text, random) {
    const bytes = utf8(text);
    for (let i = 0; i < 3; i++) bytes[below(bytes.length, random)] = below(256, random);
    return bytes;
  },
  function flipBits(text, random) {
    const bytes = utf8(text);
    for (let i = 0; i <= below(2, random); i++) {
      const at = below(bytes.length, random);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8, random));
    }
    return bytes;
  },
  function insertBytes(text, random) {
    const bytes = Buffer.from(text);
    const at = below(bytes.length + 1, random);
    return new Uint8Array(
      Buffer.concat([bytes.subarray(0, at), Buffer.from(pick(ODD_BYTES, random)), bytes.subarray(at)]),
    );
  },
  function encodeOtherwise(text, random) {
    const bytes = pick<(own: string) => Buffer>(
      [
        (own) => Buffer.from(`\ufeff${own}`),
        (own) => Buffer.from(own, 'utf16le'),
        (own) => Buffer.from(`\ufeff${own}`, 'utf16le'),
        (own) => gzipSync(own, { level: 1 }),
        (own) => Buffer.from(`${own.slice(0, -1)},"é":"ü"}`, 'latin1'),
      ],
      random,
    )(text);
    return new Uint8Array(bytes);
  },
];

/** Those that make a document of a document. */
const STRUCTURE_MUTATORS: readonly Mutator[] = [...VALUE_MUTATORS, ...QUIET_MUTATORS];

/** All of them, for whoever picks evenly. */
export const MUTATORS: readonly Mutator[] = [...STRUCTURE_MUTATORS, ...TEXT_MUTATORS, ...BYTE_MUTATORS];

const DAMAGING_MUTATORS: readonly Mutator[] = [...VALUE_MUTATORS, ...TEXT_MUTATORS, ...BYTE_MUTATORS];
const QUIET_SHARE = 0.05;

export interface Mutant {
  readonly bytes: Uint8Array;
  /** Names of the mutators that made it, in order. */
  readonly by: string;
}

/** Damages an answer once, or now and then several times. */
export function mutate(text: string, random: Random, donor: string): Mutant {
  const count = pick([1, 1, 1, 2, 2, 3], random);
  let bytes = utf8(text);
  const names: string[] = [];
  for (let i = 0; i < count; i++) {
    // What says the same is taken, which takes long: a few of those are enough.
    const isQuiet = chance(QUIET_SHARE, random);
    const mutator = pick(isQuiet ? QUIET_MUTATORS : DAMAGING_MUTATORS, random);
    bytes = mutator(i === 0 ? text : new TextDecoder().decode(bytes), random, donor);
    names.push(mutator.name);
    if (!STRUCTURE_MUTATORS.includes(mutator)) break; // what is left is no document
  }
  return { bytes, by: names.join('+') };
}

/** Changes what an answer says, and leaves it JSON of about the same shape. */
export function mutateMeaning(text: string, random: Random, donor: string): string {
  let changed = text;
  for (let i = 0; i <= below(3, random); i++) {
    changed = new TextDecoder().decode(pick(MEANING_MUTATORS, random)(changed, random, donor));
  }
  return changed;
}

const MEANINGS: ReadonlySet<string> = new Set([
  'changeDigit',
  'changeCount',
  'changeFelt',
  'dropMember',
  'repeatItem',
  'resizeList',
  'reorderList',
  'takeFromDonor',
]);
const MEANING_MUTATORS = STRUCTURE_MUTATORS.filter(({ name }) => MEANINGS.has(name));

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items];
  const out: T[] = [];
  while (left.length > 0) out.push(...left.splice(below(left.length, random), 1));
  return out;
}

function memberNames(text: string): readonly RegExpExecArray[] {
  return [...text.matchAll(/"([a-z_0-9A-Z]+)":/g)];
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number';
}

function isHex(value: unknown): boolean {
  return typeof value === 'string' && /^0x[0-9a-f]+$/.test(value);
}

function isFilledList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}
