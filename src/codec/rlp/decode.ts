import { rlpMalformed } from './errors.ts';
import type { RlpItem, RlpSpan } from './item.ts';
import { RLP_LIST, RLP_STRING, SHORT_LENGTH_MAX } from './prefix.ts';

/** Bounds on what a peer may make us build. */
export interface RlpLimits {
  /** Lists within lists; a lone string has depth 0. Default 32: four times what any Ethereum structure needs. */
  readonly depthMax?: number;
  /** Items in all, lists included. Default 2^20; a caller that knows its message states less. */
  readonly itemsMax?: number;
}

/**
 * Decodes exactly one value that fills `bytes`. Only the canonical form passes: shortest prefixes, no leading zeros
 * in lengths, nothing behind the end. So `encodeRlp(decodeRlp(bytes))` equals `bytes` for whatever is accepted.
 *
 * @returns Byte strings as views into `bytes`.
 * @throws {SynclineError} `RLP_MALFORMED` (fault `peer`) with `offset`, `expected` and `got`.
 * @see Ethereum yellow paper, appendix B; strictness as in go-ethereum `rlp/decode.go`.
 */
export function decodeRlp(bytes: Uint8Array, limits: RlpLimits = {}): RlpItem {
  const span = readRlpSpan(bytes, 0, bytes.length);
  if (span.end !== bytes.length) {
    throw rlpMalformed('bytes follow the value', { offset: span.end, expected: span.end, got: bytes.length });
  }
  return new Decoder(bytes, limits).item(span, 0);
}

/**
 * Reads the prefix of the item at `at` and finds its payload, which lies inside `[at, end)`. Builds nothing, so a
 * caller that knows the shape of its message can walk it without limits or lists.
 * @throws {SynclineError} `RLP_MALFORMED` (fault `peer`).
 */
export function readRlpSpan(bytes: Uint8Array, at: number, end: number): RlpSpan {
  if (at >= end) throw rlpMalformed('the input ends before the item', { offset: at, expected: 1, got: 0 });
  const prefix = bytes[at] as number; // at < end
  if (prefix < RLP_STRING) return { type: 'string', start: at, end: at + 1 };
  const type = prefix < RLP_LIST ? 'string' : 'list';
  const code = prefix - (type === 'list' ? RLP_LIST : RLP_STRING);
  const lengthBytes = Math.max(0, code - SHORT_LENGTH_MAX);
  const start = at + 1 + lengthBytes;
  const length = lengthBytes === 0 ? code : readLength(bytes, at + 1, start, end);
  if (length > end - start) {
    throw rlpMalformed('the payload is truncated', { offset: at, expected: length, got: Math.max(0, end - start) });
  }
  if (type === 'string' && length === 1 && (bytes[start] as number) < RLP_STRING) {
    throw rlpMalformed('a byte below 0x80 has a prefix', { offset: at, expected: 'the byte alone', got: 'a prefix' });
  }
  return { type, start, end: start + length };
}

/** The length in the bytes `[at, start)`: up to eight, so possibly above 2^53, but then above any input as well. */
function readLength(bytes: Uint8Array, at: number, start: number, end: number): number {
  if (start > end) throw rlpMalformed('the length is truncated', { offset: at, expected: start - at, got: end - at });
  if (bytes[at] === 0) throw rlpMalformed('a length begins with zero', { offset: at, expected: 'no zero', got: 0 });
  let length = 0;
  for (let i = at; i < start; i++) length = length * 256 + (bytes[i] as number); // start <= end
  if (length <= SHORT_LENGTH_MAX) {
    throw rlpMalformed('a short payload has a long prefix', {
      offset: at,
      expected: `above ${SHORT_LENGTH_MAX}`,
      got: length,
    });
  }
  return length;
}

class Decoder {
  private readonly bytes: Uint8Array;
  private readonly depthMax: number;
  private readonly itemsMax: number;
  private items = 0;

  constructor(bytes: Uint8Array, { depthMax = 32, itemsMax = 2 ** 20 }: RlpLimits) {
    this.bytes = bytes;
    this.depthMax = depthMax;
    this.itemsMax = itemsMax;
  }

  item(span: RlpSpan, depth: number): RlpItem {
    this.items += 1;
    if (this.items > this.itemsMax) {
      throw rlpMalformed('too many items', { offset: span.start, expected: this.itemsMax, got: this.items });
    }
    return span.type === 'string' ? this.bytes.subarray(span.start, span.end) : this.list(span, depth + 1);
  }

  private list({ start, end }: RlpSpan, depth: number): RlpItem[] {
    if (depth > this.depthMax) {
      throw rlpMalformed('lists are nested too deeply', { offset: start, expected: this.depthMax, got: depth });
    }
    const items: RlpItem[] = [];
    for (let at = start; at < end; ) {
      const span = readRlpSpan(this.bytes, at, end);
      items.push(this.item(span, depth));
      at = span.end;
    }
    return items;
  }
}
