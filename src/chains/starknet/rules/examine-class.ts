import type { Candidate, LatePart, Need, Verified } from '../../../engine/index.ts';
import { equalBytes, type Fault, SynclineError, toSynclineError } from '../../../lib/index.ts';
import {
  type ClassDefinition,
  type ClassHashers,
  type CompiledClassRef,
  classKey,
  compiledClassHashes,
  compiledClassKey,
  computeClassHash,
  encodeClassRecord,
  encodeCompiledClassRecord,
  parseClass,
  parseClassId,
  parseCompiledClass,
  parseCompiledClassId,
} from '../classes/index.ts';
import { feltToHex } from '../felt.ts';
import type { Felt } from '../types.ts';

/**
 * Verifies a class or compiled class against the hash it was asked for by, and encodes it as it was received, with
 * the id of its source.
 *
 * A false Sierra class, and one compiled to something else than a Blake2s hash says, is the sender's fault. Not so a
 * Cairo 0 class, whose hash covers text that gateways have rendered anew, nor a compiled class under an older Poseidon
 * hash, which newer compilers do not always reproduce, nor what a compiler of our own made: these are sought
 * elsewhere and blame nobody.
 *
 * @throws {SynclineError} `CLASS_REJECTED` (`peer` or `source`, as above), `GATEWAY_MALFORMED`, `PART_UNKNOWN` (both
 *   `peer`).
 */
export function examineClassPart(hashers: ClassHashers, need: Need, candidate: Candidate): Verified<LatePart> {
  if (candidate.part !== need.part) throw unknownPart(need, candidate);
  switch (candidate.part) {
    case 'class':
      return examineClass(hashers, need, candidate);
    case 'compiledClass':
    case 'localCompiledClass':
      return examineCompiledClass(hashers, need, candidate);
    default:
      throw unknownPart(need, candidate);
  }
}

function examineClass(hashers: ClassHashers, need: Need, candidate: Candidate): Verified<LatePart> {
  const expected = parseClassId(need.id ?? '');
  const { kind, got } = whileReading(need, candidate, () => {
    const definition = parseClass(candidate.bytes, describe(need, candidate));
    return { kind: definition.kind, got: computeClassHash(hashers, definition) };
  });
  if (!equalBytes(expected, got)) {
    throw rejected(need, candidate, { check: 'class-hash', fault: CLASS_FAULTS[kind], expected, got });
  }
  const { bytes, from } = candidate;
  const value = encodeClassRecord({ kind, height: need.height, bytes, from });
  return verified({ writes: [{ table: 'content', key: classKey(expected), value }], counts: { classes: 1 } });
}

function examineCompiledClass(hashers: ClassHashers, need: Need, candidate: Candidate): Verified<LatePart> {
  const ref = parseCompiledClassId(need.id ?? '');
  const hashes = whileReading(need, candidate, () =>
    compiledClassHashes(hashers, parseCompiledClass(candidate.bytes, describe(need, candidate))),
  );
  const expected = ref.compiledClassHash;
  const got = hashes[ref.form];
  if (!equalBytes(expected, got)) {
    const fault = compiledClassFault(candidate, ref);
    throw rejected(need, candidate, { check: 'compiled-class-hash', fault, expected, got, form: ref.form });
  }
  const { bytes, from } = candidate;
  const value = encodeCompiledClassRecord({ height: need.height, hashes, bytes, from });
  const key = compiledClassKey(ref.classHash, ref);
  return verified({ writes: [{ table: 'content', key, value }], counts: { compiledClasses: 1 } });
}

const CLASS_FAULTS: Readonly<Record<ClassDefinition['kind'], Fault>> = { sierra: 'peer', cairo0: 'source' };

function compiledClassFault({ part }: Candidate, { form }: CompiledClassRef): Fault {
  return part === 'compiledClass' && form === 'blake2s' ? 'peer' : 'source';
}

/** Adds to an error of the parsers what the engine needs of one. */
function whileReading<T>(need: Need, { part }: Candidate, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    const { code, fault, message, data } = toSynclineError(thrown);
    throw new SynclineError(code, fault, message, {
      data: { check: 'parse', ...data, height: need.height, hash: null, parts: [part] },
      cause: thrown,
    });
  }
}

interface Mismatch {
  readonly check: string;
  readonly fault: Fault;
  readonly expected: Felt;
  readonly got: Felt;
  readonly form?: string;
}

function rejected(need: Need, candidate: Candidate, { fault, expected, got, ...rest }: Mismatch): SynclineError {
  const numbers = { expected: feltToHex(expected), got: feltToHex(got) };
  const message = `${candidate.part} ${numbers.expected} hashes to ${numbers.got}`;
  return new SynclineError('CLASS_REJECTED', fault, message, {
    data: { ...rest, ...numbers, height: need.height, hash: null, id: need.id ?? null, parts: [candidate.part] },
  });
}

function unknownPart(need: Need, { part }: Candidate): SynclineError {
  return new SynclineError('PART_UNKNOWN', 'peer', 'a part came that nobody asked for', {
    data: { check: 'part', expected: need.part, got: part, height: need.height, hash: null, parts: [part] },
  });
}

function describe({ id }: Need, { part, from }: Candidate): string {
  return `${part} ${id} from ${from}`;
}

/** The only maker of a `Verified<LatePart>` here: the hash has just been compared. */
function verified(part: LatePart): Verified<LatePart> {
  return part as Verified<LatePart>;
}
