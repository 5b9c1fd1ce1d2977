import { decodeBefore, type Height, type StateView } from '../../../engine/index.ts';
import { concatBytes, equalBytes, readU64be } from '../../../lib/index.ts';
import type { CompiledClassForm } from '../classes/index.ts';
// Not by the index, which brings the hashing: sources and `explain` read stored classes where nothing is hashed.
import {
  type ClassRecord,
  type CompiledClassRecord,
  classKey,
  compiledClassRange,
  decodeClassRecord,
  decodeCompiledClassRecord,
  decodeCompiledHashes,
} from '../classes/stored-class.ts';
import type { Felt } from '../types.ts';
import { compiledClassHashKey } from './state-keys.ts';

/**
 * A stored class, as it was received; null where it is not stored (yet). That it is stored says nothing of the chain
 * having it: a Sierra class is part of it from the first of its `declaredHashes` on, a Cairo 0 class from about
 * `height` on, which after a reorg may be that of a block on another branch.
 *
 * @throws {SynclineError} `STORED_CORRUPT` (fault `local`).
 */
export function readClass(view: StateView, classHash: Felt): ClassRecord | null {
  const record = view.get('content', classKey(classHash));
  return record === undefined ? null : decodeClassRecord(record);
}

/** A compiled class hash as a block declared it. */
export interface DeclaredHash {
  readonly compiledClassHash: Felt;
  /** The block that declared it, or migrated the class to it. */
  readonly height: Height;
}

/** What a class is compiled to, and which of its two hashes the chain has declared. */
export interface StoredCompiledClass extends CompiledClassRecord {
  /** In the order of their blocks. `form` is null where the stored bytes do not hash to it. */
  readonly declared: readonly (DeclaredHash & { readonly form: CompiledClassForm | null })[];
}

/**
 * What a Sierra class is compiled to: the bytes that hash to its current compiled class hash, or else to an earlier
 * one. Null where none are stored (yet).
 *
 * @throws {SynclineError} `STORED_CORRUPT` (fault `local`).
 */
export function readCompiledClass(view: StateView, classHash: Felt): StoredCompiledClass | null {
  const declared = declaredHashes(view, classHash);
  const current = declared.at(-1)?.compiledClassHash;
  let best: Uint8Array | null = null;
  for (const [, record] of view.range('content', compiledClassRange(classHash))) {
    best = record;
    if (current !== undefined && formOf(decodeCompiledHashes(record), current) !== null) break;
  }
  if (best === null) return null;
  const compiled = decodeCompiledClassRecord(best);
  const forms = declared.map((one) => ({ ...one, form: formOf(compiled.hashes, one.compiledClassHash) }));
  return { ...compiled, declared: forms };
}

/** All compiled class hashes that the chain has had for a Sierra class, in the order of their blocks. */
export function declaredHashes(view: StateView, classHash: Felt): readonly DeclaredHash[] {
  const key = compiledClassHashKey(classHash);
  const heights: Height[] = [];
  /** What stood there before the block at the same place in `heights`. */
  const before: (Uint8Array | undefined)[] = [];
  const range = { start: key, end: concatBytes(key, AFTER_ALL_HEIGHTS), limit: DECLARATIONS_MAX };
  for (const [historyKey, value] of view.range('history', range)) {
    heights.push(readU64be(historyKey, key.length) as Height); // the engine's keys end in one
    before.push(decodeBefore(value));
  }
  const after = [...before.slice(1), view.get('state', key)];
  return heights.flatMap((height, i) => {
    const value = after[i];
    return value === undefined ? [] : [{ height, compiledClassHash: value as Felt }]; // values of this table are felts
  });
}

function formOf(hashes: Readonly<Record<CompiledClassForm, Felt>>, compiledClassHash: Felt): CompiledClassForm | null {
  if (equalBytes(hashes.poseidon, compiledClassHash)) return 'poseidon';
  return equalBytes(hashes.blake2s, compiledClassHash) ? 'blake2s' : null;
}

/** Heights are below 2^53, so their first byte is zero. */
const AFTER_ALL_HEIGHTS = Uint8Array.of(0xff);
/** A class is declared once and migrated at most once; chosen. */
const DECLARATIONS_MAX = 16;
