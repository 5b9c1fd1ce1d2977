import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
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
 * Reads a body to its end within limits, inflating it as it arrives. A body that crosses a limit is dropped at the
 * chunk that crosses it. The input is destroyed or returned in every case; on an abort a stream ends at once, a
 * generator when its pending step has settled. Memory held is at most twice the body and one copy.
 *
 * @returns Bytes that own their buffer, so that they can be transferred to another thread.
 * @throws {SynclineError} `SOURCE_BAD_ANSWER` past a limit or for bytes that are not gzip. An abort and failures of
 *   the stream itself are thrown as they are.
 */
export async function readBounded(input: AsyncIterable<Uint8Array>, options: BodyOptions): Promise<Uint8Array> {
  const { limits, origin, signal } = options;
  const body = createGrowingBytes();
  let wireBytes = 0;

  async function* countWire(chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      wireBytes += chunk.length;
      if (wireBytes > limits.wireBytesMax) throw tooLarge('wireBytesMax', limits.wireBytesMax, origin);
      yield chunk;
    }
  }
  async function collect(chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      const length = body.length + chunk.length;
      if (length > limits.bodyBytesMax) throw tooLarge('bodyBytesMax', limits.bodyBytesMax, origin);
      if (length > INFLATE_FREE_BYTES && length > wireBytes * INFLATE_RATIO_MAX) {
        throw tooLarge('inflateRatioMax', INFLATE_RATIO_MAX, origin);
      }
      body.append(chunk);
    }
  }

  if (options.encoding === 'identity') {
    await pipeline(input, countWire, collect, { signal });
    return body.finish();
  }
  try {
    await pipeline(input, countWire, createGunzip({ chunkSize: INFLATE_CHUNK_BYTES }), collect, { signal });
  } catch (error) {
    const code = systemCodeOf(error);
    if (!code?.startsWith('Z_')) throw error;
    throw sourceError('SOURCE_BAD_ANSWER', 'body is not whole gzip', { ...origin, reason: code });
  }
  return body.finish();
}

/**
 * A bomb is told by its ratio before it reaches the absolute limit. Honest JSON of hex text stays around 3:1 to 10:1,
 * but a small body of equal events can be far above, so that the ratio counts only past `INFLATE_FREE_BYTES`.
 * Both chosen.
 */
export const INFLATE_RATIO_MAX = 100;
export const INFLATE_FREE_BYTES = 8 * 1024 * 1024;

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
  let bytes = new Uint8Array(64 * 1024);
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
