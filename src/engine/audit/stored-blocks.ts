import { concatBytes, equalBytes, readU64be, u64be } from '../../lib/index.ts';
import { type BlockRecord, decodeBlockRecord, encodeBlockRecord } from '../commit/records.ts';
import type { StateView } from '../store.ts';
import type { Height, Proof, Span } from '../types.ts';
import type { StoredBlock } from './chain-audit.ts';
import { decodeRecord, recordDiffers } from './difference.ts';

/** A block as it lies in the store, with the undo list that goes with it. */
export interface LoadedBlock extends StoredBlock {
  readonly undo: Uint8Array | null;
}

/**
 * Reads blocks in a row, from the tables `block`, `part` and `undo`, as many of the span as stay within `bytesMax`, at
 * least one. Records between them that belong to no block of the span are differences.
 *
 * @throws {DifferenceFound}
 */
export function loadBlocks(view: StateView, span: Span, bytesMax: number): readonly LoadedBlock[] {
  const parts = loadParts(view, span, bytesMax);
  const to = (span.from + parts.length - 1) as Height; // one list a height
  const records = loadRecords(view, 'block', { from: span.from, to });
  const undos = loadRecords(view, 'undo', { from: span.from, to });
  return parts.map((own, i) => {
    const height = (span.from + i) as Height;
    const place = { table: 'block', key: u64be(height), height, check: 'block-record' } as const;
    const bytes = records.get(height);
    if (bytes === undefined) throw recordDiffers(place, 'a record of the block', null);
    const record = decodeRecord(place, bytes, (text) => decodeBlockRecord(height, text));
    // Whatever decodes but was not written by us: other JSON of the same meaning, or of another shape.
    if (!hasShape(record) || !equalBytes(encodeBlockRecord(record), bytes)) {
      throw recordDiffers(place, 'a record that can be read', bytes);
    }
    return { record, parts: own, undo: undos.get(height) ?? null };
  });
}

function loadParts(view: StateView, { from, to }: Span, bytesMax: number): readonly Map<string, Uint8Array>[] {
  const found: Map<string, Uint8Array>[] = [new Map()];
  let bytes = 0;
  for (const [key, value] of view.range('part', rangeOf({ from, to }))) {
    const height = key.length > 8 ? readU64be(key) : null;
    const name = Buffer.from(key.subarray(8)).toString();
    if (height === null || !equalBytes(concatBytes(u64be(height), Buffer.from(name)), key)) {
      throw recordDiffers({ table: 'part', key, height: from }, 'a height and the name of a part', key);
    }
    if (bytes > 0 && bytes + value.length > bytesMax && height > from) {
      // The heights passed on the way have no parts; the one at hand is for the next call.
      while (found.length < height - from) found.push(new Map());
      return found;
    }
    while (found.length <= height - from) found.push(new Map());
    found[height - from]?.set(name, value);
    bytes += value.length;
  }
  while (found.length <= to - from) found.push(new Map());
  return found;
}

function loadRecords(view: StateView, table: 'block' | 'undo', span: Span): ReadonlyMap<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  for (const [key, value] of view.range(table, rangeOf(span))) {
    if (key.length !== 8) throw recordDiffers({ table, key, height: span.from }, 'a height of 8 bytes', key);
    found.set(readU64be(key), value);
  }
  return found;
}

/** From block 0 on, also what lies before it: a key that is too short. */
function rangeOf({ from, to }: Span): { readonly start?: Uint8Array; readonly end: Uint8Array } {
  return from === 0 ? { end: u64be(to + 1) } : { start: u64be(from), end: u64be(to + 1) };
}

function hasShape({ protocolVersion, proofs, counts, from }: BlockRecord): boolean {
  return (
    typeof protocolVersion === 'string' &&
    isRecordOf(proofs, isProof) &&
    isRecordOf(counts, (count) => Number.isSafeInteger(count) && (count as number) >= 0) &&
    isRecordOf(from, (source) => typeof source === 'string')
  );
}

function isProof(value: unknown): boolean {
  if (typeof value === 'string') return Object.hasOwn(LEVELS, value);
  return isRecordOf(value, (reason) => typeof reason === 'string') && 'unverified' in (value as object);
}

export function isRecordOf(value: unknown, isValue: (value: unknown) => boolean): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((one) => isValue(one))
  );
}

const LEVELS: Readonly<Record<Exclude<Proof, object>, true>> = {
  hash: true,
  signature: true,
  'state-root': true,
  l1: true,
  table: true,
  pending: true,
};
