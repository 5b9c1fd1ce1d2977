import type { RlpItem } from './item.ts';
import { prefixBytes, putRlpPrefix, RLP_LIST, RLP_STRING } from './prefix.ts';

/**
 * The one encoding of a value (Ethereum yellow paper, appendix B). The bytes are the caller's to keep. Nesting is
 * bounded only by the stack: values come from our own code, or from `decodeRlp`, which bounds it.
 */
export function encodeRlp(item: RlpItem): Uint8Array {
  const out = new Uint8Array(measure(item));
  putItem(out, out.length, item);
  return out;
}

function measure(item: RlpItem): number {
  if (item instanceof Uint8Array) return isBare(item) ? 1 : prefixBytes(item.length) + item.length;
  let payload = 0;
  for (const child of item) payload += measure(child);
  return prefixBytes(payload) + payload;
}

/** Writes `item` so that it ends at `end`; returns where it starts. */
function putItem(out: Uint8Array, end: number, item: RlpItem): number {
  if (item instanceof Uint8Array) {
    const start = end - item.length;
    out.set(item, start);
    return isBare(item) ? start : putRlpPrefix(out, start, RLP_STRING, item.length);
  }
  let start = end;
  for (let i = item.length - 1; i >= 0; i--) start = putItem(out, start, item[i] as RlpItem); // i is an index.
  return putRlpPrefix(out, start, RLP_LIST, end - start);
}

/** Whether a string is its own encoding: a single byte below 0x80. */
function isBare(bytes: Uint8Array): boolean {
  return bytes.length === 1 && (bytes[0] as number) < RLP_STRING;
}
