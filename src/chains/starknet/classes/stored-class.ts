import { deflateSync, inflateSync } from 'node:zlib';
import type { Height } from '../../../engine/index.ts';
import { concatBytes, readU64be, SynclineError, u64be } from '../../../lib/index.ts';
import { feltFromBytes, feltToHex } from '../felt.ts';
import type { Felt } from '../types.ts';
import type { CompiledClassHashes } from './compiled-class-hash.ts';
import { CLASS_BYTES_MAX } from './limits.ts';

/*
 * Classes in the engine's table `content`, as they were received, byte for byte: their text is what is hashed.
 *
 *     class ‖ 00 ‖ class hash                                   record of a class
 *     compiledClass ‖ 00 ‖ class hash ‖ / ‖ compiled class hash record of what it is compiled to
 *
 * with hashes as canonical hex, and the compiled class hash that the record was verified against. A class has a second
 * compiled record only where a later declaration needed other bytes than the first. A record is
 *
 *     | format 1 | kind 1 | height 8 | byte count 4 | Poseidon hash 32, Blake2s hash 32: kind 3 only | zlib stream | from |
 *
 *     kind    1 Sierra, 2 Cairo 0, 3 compiled
 *     height  the block that named it first, of the branch it came with; integers are big-endian
 *     from    id of the source that it came from, UTF-8, a zlib stream of its own; records of older software lack it, and
 *             that software reads over it, since the stream before says where it ends
 *
 * zlib because it ends in a checksum, which tells a damaged record.
 */

export type ClassKind = 'sierra' | 'cairo0';

export interface ClassRecord {
  readonly kind: ClassKind;
  readonly height: Height;
  /** JSON as it was received. */
  readonly bytes: Uint8Array;
  /** Id of the source that it came from; absent where that was not written down. */
  readonly from?: string;
}

export interface CompiledClassRecord {
  readonly height: Height;
  /** Both hashes of the bytes, computed when they were verified against one of them. */
  readonly hashes: CompiledClassHashes;
  readonly bytes: Uint8Array;
  /** As in `ClassRecord`. */
  readonly from?: string;
}

export function classKey(classHash: Felt): Uint8Array {
  return Buffer.from(`class\0${feltToHex(classHash)}`);
}

export function compiledClassKey(classHash: Felt, verified: { readonly compiledClassHash: Felt }): Uint8Array {
  return Buffer.from(`compiledClass\0${feltToHex(classHash)}/${feltToHex(verified.compiledClassHash)}`);
}

/** Where all compiled records of a class lie, `[start, end)`. */
export function compiledClassRange(classHash: Felt): { readonly start: Uint8Array; readonly end: Uint8Array } {
  const prefix = `compiledClass\0${feltToHex(classHash)}`;
  return { start: Buffer.from(`${prefix}/`), end: Buffer.from(`${prefix}0`) }; // 0 comes right behind the slash
}

export function encodeClassRecord({ kind, height, bytes, from }: ClassRecord): Uint8Array {
  return concatBytes(headOf(KINDS.indexOf(kind) + 1, height, bytes), deflate(bytes), encodeFrom(from));
}

export function encodeCompiledClassRecord({ height, hashes, bytes, from }: CompiledClassRecord): Uint8Array {
  const head = headOf(COMPILED, height, bytes);
  return concatBytes(head, hashes.poseidon, hashes.blake2s, deflate(bytes), encodeFrom(from));
}

/** @throws {SynclineError} `STORED_CORRUPT` (fault `local`). */
export function decodeClassRecord(record: Uint8Array): ClassRecord {
  const { kind: number, height, byteCount } = readHead(record);
  const kind = KINDS[number - 1];
  if (kind === undefined) throw corrupt('a class', `kind ${number}`);
  return { kind, height, ...readStreams(record.subarray(HEAD_BYTES), byteCount) };
}

/** @throws {SynclineError} `STORED_CORRUPT` (fault `local`). */
export function decodeCompiledClassRecord(record: Uint8Array): CompiledClassRecord {
  const { height, byteCount } = readHead(record);
  const hashes = decodeCompiledHashes(record);
  return { height, hashes, ...readStreams(record.subarray(HEAD_BYTES + 64), byteCount) };
}

/** The hashes alone, without inflating. @throws {SynclineError} `STORED_CORRUPT` (fault `local`). */
export function decodeCompiledHashes(record: Uint8Array): CompiledClassHashes {
  const { kind } = readHead(record);
  if (kind !== COMPILED) throw corrupt('a compiled class', `kind ${kind}`);
  if (record.length < HEAD_BYTES + 64) throw corrupt('two hashes', `${record.length} bytes`);
  return { poseidon: hashAt(record, HEAD_BYTES), blake2s: hashAt(record, HEAD_BYTES + 32) };
}

function headOf(kind: number, height: Height, bytes: Uint8Array): Uint8Array {
  if (bytes.length > CLASS_BYTES_MAX) {
    throw new SynclineError('CLASS_TOO_LARGE', 'bug', 'a class of this size is refused before it is stored', {
      data: { expected: `at most ${CLASS_BYTES_MAX} bytes`, got: `${bytes.length} bytes` },
    });
  }
  const count = new Uint8Array(4);
  new DataView(count.buffer).setUint32(0, bytes.length);
  return concatBytes(Uint8Array.of(FORMAT, kind), u64be(height), count);
}

interface Head {
  readonly kind: number;
  readonly height: Height;
  readonly byteCount: number;
}

function readHead(record: Uint8Array): Head {
  const [format = -1, kind = -1] = record;
  if (format !== FORMAT) throw corrupt(`format ${FORMAT}`, `format ${format}`);
  if (record.length < HEAD_BYTES) throw corrupt('a whole head', `${record.length} bytes`);
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  if (view.getUint32(2) >= 2 ** 21) throw corrupt('a height below 2^53', 'a larger one');
  return { kind, height: readU64be(record, 2) as Height, byteCount: view.getUint32(10) }; // below 2^53
}

function hashAt(record: Uint8Array, start: number): Felt {
  try {
    return feltFromBytes(record.slice(start, start + 32));
  } catch (error) {
    throw corrupt('a field element', 'a larger number', error);
  }
}

function deflate(bytes: Uint8Array): Uint8Array {
  return deflateSync(bytes, { level: DEFLATE_LEVEL });
}

/** Nothing for an id that is longer than any should be. */
function encodeFrom(from: string | undefined): Uint8Array {
  const text = Buffer.from(from ?? '');
  return text.length === 0 || text.length > FROM_BYTES_MAX ? new Uint8Array(0) : deflate(text);
}

function readStreams(streams: Uint8Array, byteCount: number): { readonly bytes: Uint8Array; readonly from?: string } {
  if (byteCount > CLASS_BYTES_MAX) throw corrupt(`at most ${CLASS_BYTES_MAX} bytes`, `${byteCount} bytes`);
  const { inflated: bytes, end } = inflate(streams, byteCount);
  if (bytes.length !== byteCount) throw corrupt(`${byteCount} bytes`, `${bytes.length} bytes`);
  if (end === streams.length) return { bytes };
  const { inflated: text, end: textEnd } = inflate(streams.subarray(end), FROM_BYTES_MAX);
  if (end + textEnd !== streams.length) throw corrupt('two zlib streams', 'further bytes');
  return { bytes, from: Buffer.from(text).toString() };
}

/** Never makes more than it is told to: a damaged record cannot grow into a bomb. `end` is where the stream ends. */
function inflate(stream: Uint8Array, bytesMax: number): { readonly inflated: Uint8Array; readonly end: number } {
  try {
    // With `info` it returns more than its type says.
    const { buffer, engine } = inflateSync(stream, {
      maxOutputLength: Math.max(1, bytesMax),
      info: true,
    }) as unknown as {
      readonly buffer: Buffer;
      readonly engine: { readonly bytesWritten: number };
    };
    const inflated = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
    return { inflated, end: engine.bytesWritten };
  } catch (error) {
    throw corrupt('a whole zlib stream', 'other bytes', error);
  }
}

function corrupt(expected: string, got: string, cause?: unknown): SynclineError {
  return new SynclineError('STORED_CORRUPT', 'local', 'a stored class is damaged', {
    data: { part: 'class', expected, got },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Rises with any change of the layout. */
const FORMAT = 1;
const HEAD_BYTES = 14;
/** Their numbers are one more than their places. */
const KINDS: readonly ClassKind[] = ['sierra', 'cairo0'];
const COMPILED = 3;
/** Of the id of a source; longer ones are left out. */
const FROM_BYTES_MAX = 8_192;
/** Over the captured classes: 10.7 to 1 at 90 MB/s; level 9 is 5 % smaller and takes four times as long. */
const DEFLATE_LEVEL = 6;
