import type { SynclineError } from '../../../lib/index.ts';
import { parseFelt, parseFelts, parseFeltsOrDecimals } from '../felt.ts';
import type { Felt, Felts } from '../types.ts';
import { NESTED_TEXT_CHARS_MAX } from './limits.ts';
import { wireError } from './wire-error.ts';

/*
 * Typed reads out of values that `JSON.parse` made. Every reader names the member it wants and either returns the
 * typed value or throws `GATEWAY_MALFORMED` with the path of the offending member. Three rules hold throughout:
 *
 * - Only own properties are read, so a member called `__proto__` or `constructor` is just another unknown member.
 * - A member that is `null` counts as absent: gateways write both for "there is none".
 * - Paths cost next to nothing until an error needs one: a place is a link to its parent; text is made on failure.
 */

/** Where a value stands in the document, from the inside out. */
export interface Place {
  readonly parent: Place | null;
  readonly step: string | number;
}

/** A JSON object together with where it stands. */
export interface JsonObject {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly place: Place;
}

export function rootPlace(name: string): Place {
  return { parent: null, step: name };
}

/** @throws {SynclineError} `GATEWAY_MALFORMED` when `value` is not a JSON object. */
export function asObject(value: unknown, place: Place): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(place, 'an object', value);
  return { fields: value as Record<string, unknown>, place }; // a non-null, non-array object: any key may be asked for
}

/** The member's value, `undefined` when it is absent or null. */
export function member(object: JsonObject, key: string): unknown {
  if (!Object.hasOwn(object.fields, key)) return undefined;
  return object.fields[key] ?? undefined;
}

export function has(object: JsonObject, key: string): boolean {
  return member(object, key) !== undefined;
}

export function placeOf(object: JsonObject, key: string): Place {
  return { parent: object.place, step: key };
}

export function readObject(object: JsonObject, key: string): JsonObject {
  return asObject(member(object, key), placeOf(object, key));
}

export function readObjectOrNull(object: JsonObject, key: string): JsonObject | null {
  const value = member(object, key);
  return value === undefined ? null : asObject(value, placeOf(object, key));
}

/** A list of at most `itemsMax` items. */
export function readList(object: JsonObject, key: string, itemsMax: number): readonly unknown[] {
  return asList(member(object, key), object, key, itemsMax);
}

/** As `readList`; an absent list is empty. */
export function readListOrEmpty(object: JsonObject, key: string, itemsMax: number): readonly unknown[] {
  const value = member(object, key);
  return value === undefined ? [] : asList(value, object, key, itemsMax);
}

/** A field element in hex that stands in a list or as a name: a parser for `readEach`. */
export function asFelt(value: unknown, place: Place): Felt {
  try {
    return parseFelt(value);
  } catch (error) {
    throw malformed(place, 'a field element as 0x hex', value, error);
  }
}

/** The items of a list, each turned into a `T` by `parse`, which gets the item's place. An absent list is empty. */
export function readEach<T>(
  object: JsonObject,
  key: string,
  itemsMax: number,
  parse: (item: unknown, place: Place) => T,
): T[] {
  const items = readListOrEmpty(object, key, itemsMax);
  if (items.length === 0) return [];
  const list = placeOf(object, key);
  return items.map((item, index) => parse(item, { parent: list, step: index }));
}

/** A field element in hex. */
export function readFelt(object: JsonObject, key: string): Felt {
  return asFelt(member(object, key), placeOf(object, key));
}

/** As `readFelt`, `null` when absent. */
export function readFeltOrNull(object: JsonObject, key: string): Felt | null {
  const value = member(object, key);
  return value === undefined ? null : asFelt(value, placeOf(object, key));
}

/** A field element in hex that must fit `bits` bits, because it is packed with others before it is hashed. */
export function readUint(object: JsonObject, key: string, bits: 64 | 128): Felt {
  const felt = readFelt(object, key);
  for (let i = 0; i < 32 - bits / 8; i++) {
    if (felt[i] !== 0) throw malformed(placeOf(object, key), `an integer below 2^${bits}`, member(object, key));
  }
  return felt;
}

/** Field elements in hex, in one buffer. An absent list is empty. */
export function readFelts(object: JsonObject, key: string, itemsMax: number): Felts {
  return asFelts(object, key, itemsMax, parseFelts);
}

/** As `readFelts`, but items without `0x` are decimal numbers, as gateways wrote them before 0.10. */
export function readFeltsOrDecimals(object: JsonObject, key: string, itemsMax: number): Felts {
  return asFelts(object, key, itemsMax, parseFeltsOrDecimals);
}

/** An integer from 0 to 2^53 - 1; JSON numbers beyond have lost their last digits before anyone sees them. */
export function readCount(object: JsonObject, key: string): number {
  return asCount(member(object, key), object, key);
}

/** As `readCount`, `null` when absent. */
export function readCountOrNull(object: JsonObject, key: string): number | null {
  const value = member(object, key);
  return value === undefined ? null : asCount(value, object, key);
}

/** Text of at most `charsMax` UTF-16 units, without lone surrogates (they have no UTF-8 and cannot be hashed). */
export function readText(object: JsonObject, key: string, charsMax: number): string {
  const value = member(object, key);
  if (typeof value !== 'string') throw malformed(placeOf(object, key), 'text', value);
  if (value.length > charsMax) {
    throw malformed(placeOf(object, key), `text of at most ${charsMax} characters`, `${value.length} characters`);
  }
  if (LONE_SURROGATE.test(value)) throw malformed(placeOf(object, key), 'well-formed Unicode', value);
  return value;
}

/** As `readText`, `null` when absent. */
export function readTextOrNull(object: JsonObject, key: string, charsMax: number): string | null {
  return has(object, key) ? readText(object, key, charsMax) : null;
}

/** One of a few words, `null` when absent. */
export function readWordOrNull<W extends string>(object: JsonObject, key: string, words: readonly W[]): W | null {
  const value = member(object, key);
  if (value === undefined) return null;
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) throw malformed(placeOf(object, key), `one of ${words.join(', ')}`, value);
  return word;
}

/**
 * The error for a value that is not what the gateway's format says.
 * @returns {SynclineError} `GATEWAY_MALFORMED` (fault `peer`), with `path`, `expected` and `got`.
 */
export function malformed(place: Place, expected: string, got: unknown, cause?: unknown): SynclineError {
  const path = pathOf(place);
  const message = `gateway answer is malformed at ${path}`;
  return wireError('GATEWAY_MALFORMED', message, { path, expected, got: describe(got) }, cause);
}

/** Text of a place, e.g. `block.transactions[3].calldata`. Names a peer made up are quoted and cut. */
export function pathOf(place: Place): string {
  const own =
    typeof place.step === 'number'
      ? `[${place.step}]`
      : PLAIN_NAME.test(place.step)
        ? `${place.parent === null ? '' : '.'}${place.step}`
        : `[${JSON.stringify(place.step.slice(0, NESTED_TEXT_CHARS_MAX))}]`;
  return place.parent === null ? own : pathOf(place.parent) + own;
}

/** A value in a few words, for errors: bounded, since a peer wrote it. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return `text ${JSON.stringify(value.slice(0, NESTED_TEXT_CHARS_MAX))}`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}

function asList(value: unknown, object: JsonObject, key: string, itemsMax: number): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed(placeOf(object, key), 'a list', value);
  if (value.length > itemsMax) throw malformed(placeOf(object, key), `a list of at most ${itemsMax}`, value);
  return value;
}

function asFelts(
  object: JsonObject,
  key: string,
  itemsMax: number,
  parse: (items: readonly unknown[]) => Felts,
): Felts {
  const items = readListOrEmpty(object, key, itemsMax);
  try {
    return parse(items);
  } catch (error) {
    const place = placeOf(object, key);
    const index = items.findIndex((item) => !succeeds(() => parse([item])));
    throw malformed({ parent: place, step: index }, 'a field element as 0x hex', items[index], error);
  }
}

function succeeds(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}

function asCount(value: unknown, object: JsonObject, key: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw malformed(placeOf(object, key), 'an integer from 0 to 2^53 - 1', value);
  }
  return value === 0 ? 0 : value; // JSON has a minus zero, which equals 0 and is not the same
}

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,79}$/;
/** With the `u` flag a surrogate pair is one code point, so the class matches only a half without its other half. */
const LONE_SURROGATE = /[\ud800-\udfff]/u;
