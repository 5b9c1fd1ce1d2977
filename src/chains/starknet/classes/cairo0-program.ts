import { malformed, rootPlace } from '../wire/index.ts';
import { compareCodePoints, joinMembers, writeCanonicalJson } from './canonical-json.ts';
import type { Cairo0Class } from './class-definition.ts';
import { isMembers, type JsonMembers, type JsonValue } from './json-text.ts';

/**
 * The text of ABI and program that a Cairo 0 class hash covers, in ASCII: `{"abi": …, "program": …}` as Python's
 * `json.dumps` with sorted keys would write it. Debug information counts as null, and what later compilers added is
 * left out where it says nothing, so that older classes keep their hash. Programs without a `compiler_version` are of
 * compilers before 0.10, which wrote a space before the colons of named tuples.
 *
 * @throws {SynclineError} `GATEWAY_MALFORMED` (fault `peer`) for hints that are not numbered.
 * @see cairo-lang 0.13, `starkware/starknet/core/os/contract_class/deprecated_class_hash.py`, `compute_hinted_class_hash`
 * @see Pathfinder, `crates/class-hash/src/lib.rs`, `prepare_json_contract_definition`
 */
export function hintedProgram({ abi, program }: Cairo0Class): string {
  const { attributes = null, compiler_version: version = null, ...rest } = program;
  const kept: Record<string, JsonValue> = { ...rest, debug_info: null };
  const hasAttributes = attributes !== null && !(Array.isArray(attributes) && attributes.length === 0);
  if (hasAttributes) kept.attributes = Array.isArray(attributes) ? attributes.map(withoutNothings) : attributes;
  if (version !== null) kept.compiler_version = version;
  const members = Object.entries(kept).sort(([a], [b]) => compareCodePoints(a, b));
  const written = members.map(([name, value]) => [name, writeProgramMember(name, value, version === null)] as const);
  return `{"abi": ${writeCanonicalJson(abi)}, "program": ${joinMembers(written)}}`;
}

/** An attribute without the members that later compilers added, where they are empty. */
function withoutNothings(attribute: JsonValue): JsonValue {
  if (!isMembers(attribute)) return attribute;
  const { accessible_scopes: scopes, flow_tracking_data: flow, ...rest } = attribute;
  const hasScopes = scopes !== undefined && !(Array.isArray(scopes) && scopes.length === 0);
  return {
    ...rest,
    ...(hasScopes ? { accessible_scopes: scopes } : {}),
    ...(flow === undefined || flow === null ? {} : { flow_tracking_data: flow }),
  };
}

function writeProgramMember(name: string, value: JsonValue, isBefore010: boolean): string {
  if (name === 'hints' && isMembers(value)) return writeHints(value);
  const namesTypes = name === 'identifiers' || name === 'reference_manager';
  return writeCanonicalJson(value, isBefore010 && namesTypes ? { rewrite: spaceNamedTuples } : {});
}

/** Hints stand at offsets of the program, and are sorted as numbers. */
function writeHints(hints: JsonMembers): string {
  const offsets = Object.keys(hints);
  const odd = offsets.find((offset) => !OFFSET.test(offset));
  if (odd !== undefined) throw malformed(HINTS, 'offsets as names', odd);
  offsets.sort((a, b) => Number(a) - Number(b));
  return joinMembers(offsets.map((offset) => [offset, writeCanonicalJson(hints[offset] as JsonValue)])); // its own key
}

/** `(x: felt)` was `(x : felt)`; text that had a space already keeps one. */
function spaceNamedTuples(name: string, text: string): string {
  if (name !== 'cairo_type' && name !== 'value') return text;
  return text.replaceAll(': ', ' : ').replaceAll('  :', ' :');
}

const HINTS = { parent: { parent: rootPlace('class'), step: 'program' }, step: 'hints' };
/** Below 2^53, as programs are. */
const OFFSET = /^(?:0|[1-9][0-9]{0,14})$/;
