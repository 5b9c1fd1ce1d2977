import {
  type ClassHashers,
  type ClassKind,
  compiledClassHashes,
  computeClassHash,
  parseClass,
  parseCompiledClass,
} from '../../chains/starknet/classes/index.ts';
import { type Felt, feltToHex, parseFelt } from '../../chains/starknet/index.ts';
import { equalBytes, isSynclineError, SynclineError } from '../../lib/index.ts';
import type { DevnetClassHashes, GivenSeed } from './devnet-class.ts';

/** A class from elsewhere that a block of the devnet declares, for example one captured from a public network. */
export interface GivenClass {
  /** The block that declares it, on every branch: block 0 as its first classes, any other in its first transactions. */
  readonly height: number;
  /** `0x` hex. */
  readonly classHash: string;
  /**
   * What the block declares that it is compiled to, `0x` hex: a Poseidon hash for blocks of 0.13.1, a Blake2s hash for
   * those of 0.14.2. Null for a class of the first Cairo.
   */
  readonly compiledClassHash: string | null;
  /** As `get_class_by_hash` answers, byte for byte; null where nobody has it: gateways then do not know it. */
  readonly json: string | null;
  /** As `get_compiled_class_by_class_hash` answers; null for the first Cairo, and where nobody has it. */
  readonly compiledJson: string | null;
}

/** A given class, found to hash to what is declared of it as far as its bytes are there. */
export interface GivenDeclaration extends DevnetClassHashes {
  readonly height: number;
  readonly seed: GivenSeed;
  /** As the block declares it; null for the first Cairo. */
  readonly compiledClassHash: Felt | null;
}

/**
 * @param formAt How blocks of a height hash compiled classes.
 * @throws {SynclineError} `DEVNET_OPTION_INVALID` (fault `caller`), also for bytes that hash to something else.
 */
export function readGivenClasses(
  hashers: ClassHashers,
  given: readonly GivenClass[],
  formAt: (height: number) => 'poseidon' | 'blake2s',
): readonly GivenDeclaration[] {
  const declarations = given.map((one) => read(hashers, one, formAt(one.height)));
  const hashes = declarations.map(({ classHash }) => feltToHex(classHash));
  const twice = hashes.find((hash, index) => hashes.indexOf(hash) !== index);
  if (twice !== undefined) throw invalid('each class once', `${twice} twice`);
  return declarations;
}

function read(hashers: ClassHashers, given: GivenClass, form: 'poseidon' | 'blake2s'): GivenDeclaration {
  const { height, json, compiledJson } = given;
  if (!Number.isSafeInteger(height) || height < 0) throw invalid('a height', height);
  const kind: ClassKind = given.compiledClassHash === null ? 'cairo0' : 'sierra';
  const classHash = readFelt('classHash', given.classHash);
  const compiledClassHash =
    given.compiledClassHash === null ? null : readFelt('compiledClassHash', given.compiledClassHash);
  if (json !== null) {
    const definition = reading(() => parseClass(Buffer.from(json), `class ${given.classHash}`));
    if (definition.kind !== kind) throw invalid(`a ${kind} class at ${given.classHash}`, definition.kind);
    requireSame('class', classHash, computeClassHash(hashers, definition));
  }
  if (compiledJson === null) return { height, classHash, compiledClassHash, compiled: null, seed: seedOf(kind, given) };
  if (compiledClassHash === null) throw invalid('no compiled class for the first Cairo', given.classHash);
  const compiled = compiledClassHashes(
    hashers,
    reading(() => parseCompiledClass(Buffer.from(compiledJson), `compiled class ${given.classHash}`)),
  );
  requireSame(`${form} compiled class`, compiledClassHash, compiled[form]);
  return { height, classHash, compiledClassHash, compiled, seed: seedOf(kind, given) };
}

function seedOf(kind: ClassKind, { json, compiledJson }: GivenClass): GivenSeed {
  return { kind, files: { kind, json, compiledJson } };
}

function readFelt(name: string, text: string): Felt {
  try {
    return parseFelt(text);
  } catch (error) {
    throw invalid(`${name} in hex`, text.slice(0, 80), error);
  }
}

/** What the parsers say is a caller's mistake here. */
function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isSynclineError(error)) throw error;
    throw invalid(String(error.data.expected ?? 'a class'), String(error.data.got ?? error.message), error);
  }
}

function requireSame(what: string, expected: Felt, got: Felt): void {
  if (!equalBytes(expected, got)) throw invalid(`${what} ${feltToHex(expected)}`, feltToHex(got));
}

function invalid(expected: string, got: string | number, cause?: unknown): SynclineError {
  return new SynclineError('DEVNET_OPTION_INVALID', 'caller', 'devnet option classes is out of range', {
    data: { option: 'classes', expected, got },
    ...(cause === undefined ? {} : { cause }),
  });
}
