import { concatAll } from '../../../lib/index.ts';
import { feltFromAscii, feltFromNumber } from '../felt.ts';
import type { Felt, Felts } from '../types.ts';
import {
  asFelt,
  FELTS_MAX,
  has,
  type JsonObject,
  malformed,
  member,
  type Place,
  placeOf,
  readEach,
  readFelts,
  readText,
  rootPlace,
} from '../wire/index.ts';
import { isMembers, type JsonMembers, JsonNumber, type JsonValue, parseJsonText } from './json-text.ts';
import { BUILTINS_MAX, CAIRO0_FELTS_MAX, CLASS_BYTES_MAX, ENTRY_POINTS_MAX } from './limits.ts';

/** Where a contract of a class is entered, by kind, each kind in the order of the class. */
export interface EntryPoints<T> {
  readonly externals: readonly T[];
  readonly l1Handlers: readonly T[];
  readonly constructors: readonly T[];
}

/** A function of a Sierra or Cairo 0 class: its selector, and its index or its offset in the program. */
export interface EntryPoint {
  readonly selector: Felt;
  readonly target: Felt;
}

/** A function of a compiled class. */
export interface CompiledEntryPoint extends EntryPoint {
  /** Names of builtins, each as a Cairo short string. */
  readonly builtins: Felts;
}

/** A class of Cairo 1 and later, before it is compiled. */
export interface SierraClass {
  readonly kind: 'sierra';
  /** `contract_class_version`, e.g. `0.1.0`. */
  readonly version: string;
  readonly entryPoints: EntryPoints<EntryPoint>;
  /** Text of the ABI, which is hashed byte for byte. */
  readonly abi: string;
  readonly program: Felts;
}

/** A class of the first Cairo, which is what runs. */
export interface Cairo0Class {
  readonly kind: 'cairo0';
  readonly entryPoints: EntryPoints<EntryPoint>;
  /** Names of builtins, each as a Cairo short string. */
  readonly builtins: Felts;
  readonly data: Felts;
  /** As it was written: the hash covers its text. */
  readonly abi: JsonValue;
  readonly program: JsonMembers;
}

/** What a Sierra class is compiled to (CASM). */
export interface CompiledClass {
  readonly kind: 'compiled';
  readonly entryPoints: EntryPoints<CompiledEntryPoint>;
  readonly bytecode: Felts;
  /** How the bytecode is cut for hashing; null: not at all, as before compiler 2.6. */
  readonly segments: readonly BytecodeSegment[] | null;
}

/** A number of felts, or further segments. */
export type BytecodeSegment = number | readonly BytecodeSegment[];

export type ClassDefinition = SierraClass | Cairo0Class;

/**
 * Reads a class as `get_class_by_hash` answers, of either kind: an object with `sierra_program` is Sierra, one with
 * `program` Cairo 0.
 *
 * @throws {SynclineError} `GATEWAY_MALFORMED` (fault `peer`).
 */
export function parseClass(bytes: Uint8Array, what = 'class'): ClassDefinition {
  const document = parseDocument(bytes, what);
  if (has(document, 'sierra_program')) return readSierraClass(document);
  if (has(document, 'program')) return readCairo0Class(document);
  throw malformed(document.place, 'sierra_program or program', Object.keys(document.fields));
}

/**
 * Reads a compiled class as `get_compiled_class_by_class_hash` answers. The first ones, of early 2023, have their
 * bytecode in `program.data`.
 *
 * @throws {SynclineError} `GATEWAY_MALFORMED` (fault `peer`).
 */
export function parseCompiledClass(bytes: Uint8Array, what = 'compiled class'): CompiledClass {
  const document = parseDocument(bytes, what);
  const bytecode = has(document, 'bytecode')
    ? readFelts(document, 'bytecode', FELTS_MAX)
    : readFelts(readMembers(document, 'program'), 'data', FELTS_MAX);
  const entryPoints = readEntryPoints(document, readCompiledEntryPoint);
  const cut = member(document, 'bytecode_segment_lengths') as JsonValue | undefined;
  if (cut === undefined) return { kind: 'compiled', entryPoints, bytecode, segments: null };
  const place = placeOf(document, 'bytecode_segment_lengths');
  const segments = readSegments(cut, place);
  const covered = feltsIn(segments);
  // What no segment covers would not be hashed.
  if (covered !== bytecode.length / 32) throw malformed(place, `segments of ${bytecode.length / 32} felts`, covered);
  return { kind: 'compiled', entryPoints, bytecode, segments };
}

/** Felts that segments cover. */
export function feltsIn(segments: readonly BytecodeSegment[]): number {
  let sum = 0;
  for (const segment of segments) sum += typeof segment === 'number' ? segment : feltsIn(segment);
  return sum;
}

function parseDocument(bytes: Uint8Array, what: string): JsonObject {
  return asMembers(parseJsonText(bytes, what), rootPlace('class'));
}

function readSierraClass(document: JsonObject): SierraClass {
  return {
    kind: 'sierra',
    version: readVersion(document),
    entryPoints: readEntryPoints(document, (entry) => readEntryPoint(entry, 'function_idx')),
    // Some clients leave an empty one out.
    abi: has(document, 'abi') ? readText(document, 'abi', CLASS_BYTES_MAX) : '',
    program: readFelts(document, 'sierra_program', FELTS_MAX),
  };
}

/** It is hashed as a Cairo short string. */
function readVersion(document: JsonObject): string {
  const version = readText(document, 'contract_class_version', VERSION_CHARS_MAX);
  if (PRINTABLE_ASCII.test(version)) return version;
  throw malformed(placeOf(document, 'contract_class_version'), 'printable ASCII', version);
}

function readCairo0Class(document: JsonObject): Cairo0Class {
  const program = readMembers(document, 'program');
  return {
    kind: 'cairo0',
    entryPoints: readEntryPoints(document, (entry) => readEntryPoint(entry, 'offset')),
    builtins: readBuiltins(program),
    data: readFelts(program, 'data', CAIRO0_FELTS_MAX),
    abi: (member(document, 'abi') ?? null) as JsonValue,
    program: program.fields as JsonMembers, // `asMembers` has looked
  };
}

/** A kind that is not named has none. */
function readEntryPoints<T>(document: JsonObject, read: (entry: JsonObject) => T): EntryPoints<T> {
  const byType = readMembers(document, 'entry_points_by_type');
  const list = (type: string) =>
    readEach(byType, type, ENTRY_POINTS_MAX, (entry, place) => read(asMembers(entry as JsonValue, place)));
  return { externals: list('EXTERNAL'), l1Handlers: list('L1_HANDLER'), constructors: list('CONSTRUCTOR') };
}

function readEntryPoint(entry: JsonObject, target: string): EntryPoint {
  const selector = asFelt(member(entry, 'selector'), placeOf(entry, 'selector'));
  return { selector, target: readIndex(entry, target) };
}

function readCompiledEntryPoint(entry: JsonObject): CompiledEntryPoint {
  return { ...readEntryPoint(entry, 'offset'), builtins: readBuiltins(entry) };
}

function readBuiltins(object: JsonObject): Felts {
  const names = readEach(object, 'builtins', BUILTINS_MAX, (name, place) => {
    if (typeof name === 'string' && BUILTIN.test(name)) return feltFromAscii(name);
    throw malformed(place, 'the name of a builtin', name);
  });
  return concatAll(names) as Felts;
}

/** An offset or index: a number, or hex in older Cairo 0 classes. */
function readIndex(entry: JsonObject, name: string): Felt {
  const value = member(entry, name);
  if (value instanceof JsonNumber && INDEX.test(value.text)) return feltFromNumber(Number(value.text));
  if (typeof value === 'string') return asFelt(value, placeOf(entry, name));
  throw malformed(placeOf(entry, name), 'a number from 0 or 0x hex', got(value));
}

function readSegments(value: JsonValue, place: Place): readonly BytecodeSegment[] {
  if (!Array.isArray(value)) throw malformed(place, 'a list of segment lengths', got(value));
  return (value as readonly JsonValue[]).map((item, index) => {
    if (item instanceof JsonNumber && INDEX.test(item.text)) return Number(item.text);
    return readSegments(item, { parent: place, step: index });
  });
}

function readMembers(object: JsonObject, name: string): JsonObject {
  return asMembers(member(object, name) as JsonValue | undefined, placeOf(object, name));
}

function asMembers(value: JsonValue | undefined, place: Place): JsonObject {
  if (!isMembers(value)) throw malformed(place, 'an object', got(value));
  return { fields: value, place };
}

/** Numbers as what they were. */
function got(value: unknown): unknown {
  return value instanceof JsonNumber ? value.text : value;
}

/** A Cairo short string together with what is put before it: 31 characters in all. */
const VERSION_CHARS_MAX = 15;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
const BUILTIN = /^[\x21-\x7e]{1,31}$/;
/** Below 2^53, as programs are. */
const INDEX = /^(?:0|[1-9][0-9]{0,14})$/;
