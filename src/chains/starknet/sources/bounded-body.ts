import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, gunzipSync } from 'node:zlib';
import type { ErrorData } from '../../../lib/index.ts';
import { sourceError, systemCodeOf } from './source-error.ts';

export interface BodyLimits {
  /** Bytes accepted as they arrive, compressed or not. */
  readonly wireBytesMax: number;
  /** Bytes accepted after decompression. */
  readonly bodyBytesMax: number;
}

export interface BodyOptions {
  readonly encoding: 'identity' | 'gzip';
  readonly limits: BodyLimits;
  /** Goes into the data of every error: where the body comes from. */
  readonly origin: ErrorData;
  readonly signal: AbortSignal;
}

/**
 * Reads a body to its end within limits, inflating it as it arrives, or at once when it is small. A body that crosses a limit is dropped at the
 * chunk that crosses it. The input is destroyed or returned in every case; on an abort a stream ends at once, a
 * generator when its pending step has settled. Memory held is at most twice the body and one copy.
 *
 * @returns Bytes that own their buffer, so that they can be transferred to another thread.
 * @throws {SynclineError} `SOURCE_BAD_ANSWER` past a limit or for bytes that are not gzip. An abort and failures of
 *   the stream itself are thrown as they are.
 */
export async function readBounded(input: AsyncIterable<Uint8Array>, options: BodyOptions): Promise<Uint8Array> {
  const { encoding, signal } = options;
  const stream = input as AsyncIterable<Uint8Array> & Partial<Readable>;
  stream.on?.('error', () => {}); // it comes by the iterator; raised after that it would end the process
  const onAbort = () => stream.destroy?.(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const iterator = input[Symbol.asyncIterator]();
  try {
    const wire = countWire(iterator, options);
    return await (encoding === 'gzip' ? readGzip(wire, options) : readPlain(wire, options));
  } finally {
    signal.removeEventListener('abort', onAbort);
    stream.destroy?.();
    await iterator.return?.();
  }
}

/** A body as it arrives, in chunks; null at its end. */
interface Wire {
  next(): Promise<Uint8Array | null>;
  /** Read so far. */
  readonly bytes: number;
}

function countWire(iterator: AsyncIterator<Uint8Array>, { limits, origin, signal }: BodyOptions): Wire {
  let bytes = 0;
  return {
    async next() {
      signal.throwIfAborted();
      const { done, value } = await iterator.next();
      signal.throwIfAborted();
      if (done) return null;
      bytes += value.length;
      if (bytes > limits.wireBytesMax) throw tooLarge('wireBytesMax', limits.wireBytesMax, origin);
      return value;
    },
    get bytes() {
      return bytes;
    },
  };
}

async function readPlain(wire: Wire, { limits, origin }: BodyOptions): Promise<Uint8Array> {
  const body = createGrowingBytes();
  for (let chunk = await wire.next(); chunk !== null; chunk = await wire.next()) {
    if (wire.bytes > limits.bodyBytesMax) throw tooLarge('bodyBytesMax', limits.bodyBytesMax, origin);
    body.append(chunk);
  }
  return body.finish();
}

async function readGzip(wire: Wire, options: BodyOptions): Promise<Uint8Array> {
  const start = createGrowingBytes();
  try {
    while (start.length <= SMALL_BYTES) {
      const chunk = await wire.next();
      if (chunk === null) return inflateSmall(start.finish(), options);
      start.append(chunk);
    }
    return await inflateAsItArrives(start.finish(), wire, options);
  } catch (error) {
    const code = systemCodeOf(error);
    if (!code?.startsWith('Z_')) throw error;
    throw sourceError('SOURCE_BAD_ANSWER', 'body is not whole gzip', { ...options.origin, reason: code });
  }
}

async function inflateAsItArrives(start: Uint8Array, wire: Wire, options: BodyOptions): Promise<Uint8Array> {
  const { limits, origin, signal } = options;
  const body = createGrowingBytes();
  async function* packed() {
    for (let chunk: Uint8Array | null = start; chunk !== null; chunk = await wire.next()) yield chunk;
  }
  async function collect(chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      const length = body.length + chunk.length;
      if (length > limits.bodyBytesMax) throw tooLarge('bodyBytesMax', limits.bodyBytesMax, origin);
      if (length > INFLATE_FREE_BYTES && length > wire.bytes * INFLATE_RATIO_MAX) {
        throw tooLarge('inflateRatioMax', INFLATE_RATIO_MAX, origin);
      }
      body.append(chunk);
    }
  }
  await pipeline(packed, createGunzip({ chunkSize: INFLATE_CHUNK_BYTES }), collect, { signal });
  return body.finish();
}

/** In one call: for a small body, setting up a stream costs more than inflating it. */
function inflateSmall(packed: Uint8Array, { limits, origin }: BodyOptions): Uint8Array {
  const asBombMax = Math.max(INFLATE_FREE_BYTES, packed.length * INFLATE_RATIO_MAX);
  try {
    const body = gunzipSync(packed, {
      chunkSize: Math.min(Math.max(statedLength(packed), INFLATE_CHUNK_BYTES_MIN), INFLATE_CHUNK_BYTES),
      maxOutputLength: Math.min(limits.bodyBytesMax, asBombMax),
    });
    // In a buffer of its own; the one it comes in is as large as it was stated to be.
    return body.byteLength === body.buffer.byteLength ? new Uint8Array(body.buffer) : new Uint8Array(body);
  } catch (error) {
    if (systemCodeOf(error) !== 'ERR_BUFFER_TOO_LARGE') throw error;
    throw limits.bodyBytesMax <= asBombMax
      ? tooLarge('bodyBytesMax', limits.bodyBytesMax, origin)
      : tooLarge('inflateRatioMax', INFLATE_RATIO_MAX, origin);
  }
}

/**
 * A bomb is told by its ratio before it reaches the absolute limit. Honest JSON of hex text stays around 3:1 to 10:1,
 * but a small body of equal events can be far above, so that the ratio counts only past `INFLATE_FREE_BYTES`.
 * Both chosen.
 */
export const INFLATE_RATIO_MAX = 100;
export const INFLATE_FREE_BYTES = 8 * 1024 * 1024;

/** What the last four bytes say, little-endian: the length of the body, or anything at all. @see RFC 1952, ISIZE */
function statedLength(packed: Uint8Array): number {
  return packed.length < 4 ? 0 : new DataView(packed.buffer, packed.byteOffset).getUint32(packed.length - 4, true);
}

/** zlib takes no less. */
const INFLATE_CHUNK_BYTES_MIN = 64;

/** Chosen: such a body is inflated within a few milliseconds. */
const SMALL_BYTES = 64 * 1024;

/** Chosen: four of zlib's default chunks. */
const INFLATE_CHUNK_BYTES = 64 * 1024;

function tooLarge(limit: string, limitValue: number, origin: ErrorData) {
  return sourceError('SOURCE_BAD_ANSWER', 'body is larger than allowed', { ...origin, limit, limitValue });
}

/**
 * One buffer that doubles. A list of the chunks would let a body sent in chunks of one byte cost a hundred times its
 * size in chunk objects.
 */
function createGrowingBytes() {
  let bytes = new Uint8Array(0);
  let length = 0;
  return {
    get length() {
      return length;
    },
    append(chunk: Uint8Array) {
      if (length + chunk.length > bytes.length) {
        const larger = new Uint8Array(Math.max(bytes.length * 2, length + chunk.length));
        larger.set(bytes.subarray(0, length));
        bytes = larger;
      }
      bytes.set(chunk, length);
      length += chunk.length;
    },
    finish: () => (length === bytes.length ? bytes : bytes.slice(0, length)),
  };
}
