import { equalBytes } from '../../../lib/index.ts';
import {
  type ClassDefinition,
  type ClassHashers,
  type CompiledClass,
  type CompiledClassHashes,
  compiledClassHashes,
  computeClassHash,
} from '../classes/index.ts';
import { feltToHex } from '../felt.ts';
import type { Felt, StateDiff } from '../types.ts';
import { type CheckResult, compareFelts, undecided } from './check-result.ts';

/** A parsed file that holds a class. */
export type ClassCapture =
  | {
      readonly kind: 'class';
      readonly definition: ClassDefinition;
      /** What it has to hash to, null where nobody says. */
      readonly expected: Felt | null;
    }
  | {
      readonly kind: 'compiled-class';
      readonly compiled: CompiledClass;
      /** The class that it is of, as far as known: what is declared for that one is compared with. */
      readonly classHash: Felt | null;
      /** What it has to hash to whatever is declared. */
      readonly expected: Felt | null;
    };

/** @param diffs State diffs at hand, one of which may declare the class. */
export function checkClassCapture(
  hashers: ClassHashers,
  capture: ClassCapture,
  diffs: readonly StateDiff[],
): readonly CheckResult[] {
  if (capture.kind === 'class') return [checkClass(hashers, capture.definition, capture.expected)];
  const hashes = compiledClassHashes(hashers, capture.compiled);
  const expected = capture.expected === null ? declaredFor(capture.classHash, diffs) : [capture.expected];
  if (expected.length > 0) return expected.map((one) => compareCompiled(hashes, one));
  const reason = `no expected hash is given, and no state update at hand declares it; ${andBlake(hashes)}`;
  return [{ ...undecided('compiled-class-hash', reason, hashes.poseidon), form: 'poseidon' }];
}

function checkClass(hashers: ClassHashers, definition: ClassDefinition, expected: Felt | null): CheckResult {
  const got = computeClassHash(hashers, definition);
  const form = definition.kind;
  if (expected === null) {
    return { ...undecided('class-hash', 'no expected hash is given, and the file is not named after one', got), form };
  }
  return { ...compareFelts('class-hash', { expected, got }), form };
}

/** Either form may be meant: which one it is shows only when it is met. */
function compareCompiled(hashes: CompiledClassHashes, expected: Felt): CheckResult {
  const name = 'compiled-class-hash';
  if (equalBytes(hashes.blake2s, expected)) {
    return { ...compareFelts(name, { expected, got: hashes.blake2s }), form: 'blake2s' };
  }
  const check: CheckResult = { ...compareFelts(name, { expected, got: hashes.poseidon }), form: 'poseidon' };
  return check.ok === true ? check : { ...check, reason: andBlake(hashes) };
}

function andBlake({ blake2s }: CompiledClassHashes): string {
  return `in the form of Starknet 0.14.1 it hashes to ${feltToHex(blake2s)}`;
}

/** Each compiled class hash that the diffs declare for a class, once. */
function declaredFor(classHash: Felt | null, diffs: readonly StateDiff[]): readonly Felt[] {
  if (classHash === null) return [];
  const declared = diffs
    .flatMap((diff) => [...diff.declaredClasses, ...diff.migratedCompiledClasses])
    .filter((one) => equalBytes(one.classHash, classHash))
    .map(({ compiledClassHash }) => [feltToHex(compiledClassHash), compiledClassHash] as const);
  return [...new Map(declared).values()];
}
