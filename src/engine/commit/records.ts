import { concatBytes, readU64be, SynclineError, toHex, u64be } from '../../lib/index.ts';
import type { Rejection, UnwindReason } from '../events.ts';
import type { StateView } from '../store.ts';
import type { BlockRef, Hash32, Height, Proofs, Tips } from '../types.ts';

/** What the engine keeps of every confirmed block, beside the chain's own encoded parts. */
export interface BlockRecord {
  readonly ref: BlockRef;
  readonly parent: Hash32;
  readonly stateRoot: Hash32;
  readonly timestampS: number;
  readonly protocolVersion: string;
  readonly proofs: Proofs;
  readonly counts: Readonly<Record<string, number>>;
  /** Part → id of the source that delivered it. */
  readonly from: Readonly<Record<string, string>>;
}

/** A block that was confirmed once and unwound: enough to walk from it back to the canonical chain. */
export interface OrphanRecord {
  readonly ref: BlockRef;
  readonly parent: Hash32;
  readonly reason: UnwindReason;
}

/** A roll-back that was decided: committed before the first block is removed, deleted with the last. */
export interface UnwindIntent {
  readonly from: { readonly height: number; readonly hash: string };
  /** Height of the block that becomes the tip, -1 to remove all. */
  readonly to: number;
  readonly reason: UnwindReason;
}

/**
 * ```
 * hash 32 | parent 32 | state root 32 | timestamp 8 | JSON { v: version, p: proofs, c: counts, f: from }
 * ```
 */
export function encodeBlockRecord(record: BlockRecord): Uint8Array {
  const tail = JSON.stringify({ v: record.protocolVersion, p: record.proofs, c: record.counts, f: record.from });
  return concatBytes(record.ref.hash, record.parent, record.stateRoot, u64be(record.timestampS), Buffer.from(tail));
}

export function decodeBlockRecord(height: Height, bytes: Uint8Array): BlockRecord {
  if (bytes.length < 104) throw corrupt('block', bytes);
  const tail = parseStoredJson('block', bytes.subarray(104)) as {
    v: string;
    p: Proofs;
    c: Record<string, number>;
    f: Record<string, string>;
  };
  return {
    ref: { height, hash: bytes.slice(0, 32) as Hash32 },
    parent: bytes.slice(32, 64) as Hash32,
    stateRoot: bytes.slice(64, 96) as Hash32,
    timestampS: readU64be(bytes, 96),
    protocolVersion: tail.v,
    proofs: tail.p,
    counts: tail.c,
    from: tail.f,
  };
}

/** `height 8 | parent 32 | reason, UTF-8`, under the block's hash. */
export function encodeOrphan(orphan: OrphanRecord): Uint8Array {
  return concatBytes(u64be(orphan.ref.height), orphan.parent, Buffer.from(orphan.reason));
}

export function decodeOrphan(hash: Hash32, bytes: Uint8Array): OrphanRecord {
  if (bytes.length < 41) throw corrupt('orphan', bytes);
  return {
    ref: { height: readU64be(bytes) as Height, hash },
    parent: bytes.slice(8, 40) as Hash32,
    reason: Buffer.from(bytes.subarray(40)).toString() as UnwindReason, // written by encodeOrphan
  };
}

/** What a block changed, so that it can be undone. Old state values stand in `history`, those of `index` here. */
export interface UndoRecord {
  readonly state: readonly Uint8Array[];
  readonly index: readonly IndexChange[];
}

/** A key of table `index` that a block wrote, each once. */
export interface IndexChange {
  readonly key: Uint8Array;
  /** What stood there before the block; null for nothing. */
  readonly before: Uint8Array | null;
}

/**
 * ```
 * (0 | length 2, BE | state key)*
 * (1 | length 2, BE | index key where nothing stood | 2 | length 2, BE | index key | length 4, BE | value before)*
 * ```
 *
 * Lists written before kind 2 was known say 1 of every index key.
 */
export function encodeUndo(undo: UndoRecord): Uint8Array {
  let length = 0;
  for (const key of undo.state) length += 3 + key.length;
  for (const { key, before } of undo.index) length += 3 + key.length + (before === null ? 0 : 4 + before.length);
  const out = new Uint8Array(length);
  const view = new DataView(out.buffer);
  let at = 0;
  const put = (kind: number, key: Uint8Array) => {
    out[at] = kind;
    view.setUint16(at + 1, key.length);
    out.set(key, at + 3);
    at += 3 + key.length;
  };
  for (const key of undo.state) put(UNDO_STATE, key);
  for (const { key, before } of undo.index) {
    put(before === null ? UNDO_INDEX : UNDO_INDEX_BEFORE, key);
    if (before === null) continue;
    view.setUint32(at, before.length);
    out.set(before, at + 4);
    at += 4 + before.length;
  }
  return out;
}

/** @throws {SynclineError} `STORE_CORRUPT` (fault `local`). */
export function decodeUndo(bytes: Uint8Array): UndoRecord {
  const state: Uint8Array[] = [];
  const index: IndexChange[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (lengthBytes: 2 | 4) => {
    if (at + lengthBytes > bytes.length) throw corrupt('undo', bytes);
    const start = at + lengthBytes;
    const end = start + (lengthBytes === 2 ? view.getUint16(at) : view.getUint32(at));
    if (end > bytes.length) throw corrupt('undo', bytes);
    at = end;
    return bytes.slice(start, end);
  };
  while (at < bytes.length) {
    const kind = bytes[at++];
    if (kind === UNDO_STATE) state.push(take(2));
    else if (kind === UNDO_INDEX) index.push({ key: take(2), before: null });
    else if (kind === UNDO_INDEX_BEFORE) index.push({ key: take(2), before: take(4) });
    else throw corrupt('undo', bytes);
  }
  return { state, index };
}

/** A value before a change: `0` for absent, `1 | value` otherwise. */
export function encodeBefore(value: Uint8Array | undefined): Uint8Array {
  return value === undefined ? new Uint8Array([0]) : concatBytes(new Uint8Array([1]), value);
}

export function decodeBefore(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes[0] === 0 && bytes.length === 1) return undefined;
  if (bytes[0] !== 1) throw corrupt('history', bytes);
  return bytes.slice(1);
}

export const META = {
  identity: Buffer.from('identity'),
  tips: Buffer.from('tips'),
  counts: Buffer.from('counts'),
  unwind: Buffer.from('unwind'),
  rejectSequence: Buffer.from('reject-sequence'),
  pendingState: Buffer.from('pending-state'),
} as const;

export function encodeTips(tips: Tips): Uint8Array {
  const plain = Object.fromEntries(
    Object.entries(tips).map(([name, tip]) => [
      name,
      tip === null ? null : { height: tip.height, hash: tip.hash === null ? null : toHex(tip.hash) },
    ]),
  );
  return Buffer.from(JSON.stringify(plain));
}

export function decodeTips(bytes: Uint8Array | undefined): Tips {
  if (bytes === undefined) return {};
  const plain = parseStoredJson('meta', bytes) as Record<string, { height: number; hash: string | null } | null>;
  return Object.fromEntries(
    Object.entries(plain).map(([name, tip]) => [
      name,
      tip === null
        ? null
        : {
            height: tip.height as Height,
            hash: tip.hash === null ? null : (new Uint8Array(Buffer.from(tip.hash.slice(2), 'hex')) as Hash32),
          },
    ]),
  );
}

export function encodeJson(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

export function parseStoredJson(table: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch (cause) {
    throw new SynclineError('STORE_CORRUPT', 'local', `a record of table ${table} is not readable`, { cause });
  }
}

function corrupt(table: string, bytes: Uint8Array): SynclineError {
  return new SynclineError('STORE_CORRUPT', 'local', `a record of table ${table} is not readable`, {
    data: { table, got: toHex(bytes.subarray(0, 40)) },
  });
}

/** What a block adds to the store's sums: itself, its counts, and its unverified groups as `unverified.<group>`. */
export function contribution(block: {
  readonly counts: Readonly<Record<string, number>>;
  readonly proofs: Proofs;
}): Readonly<Record<string, number>> {
  const sum: Record<string, number> = { blocks: 1 };
  for (const [name, value] of Object.entries(block.counts)) if (value !== 0) sum[name] = value;
  for (const [group, proof] of Object.entries(block.proofs)) {
    if (typeof proof === 'object') sum[`unverified.${group}`] = 1;
  }
  return sum;
}

/** Reads the record of a confirmed block. */
export function readBlock(view: StateView, height: number): BlockRecord | null {
  if (height < 0) return null;
  const bytes = view.get('block', u64be(height));
  return bytes === undefined ? null : decodeBlockRecord(height as Height, bytes);
}

/** The stored parts of a confirmed block, by name ascending. */
export function readParts(
  view: StateView,
  height: Height,
): readonly { readonly part: string; readonly bytes: Uint8Array }[] {
  const parts = [...view.range('part', { start: u64be(height), end: u64be(height + 1) })];
  return parts.map(([key, bytes]) => ({ part: Buffer.from(key.subarray(8)).toString(), bytes }));
}

/** Height of a confirmed block by its hash. */
export function readHeight(view: StateView, hash: Uint8Array): Height | null {
  const bytes = view.get('height', hash);
  return bytes === undefined ? null : (readU64be(bytes) as Height);
}

export function readTips(view: StateView): Tips {
  return decodeTips(view.get('meta', META.tips));
}

export function readCounts(view: StateView): Readonly<Record<string, number>> {
  const bytes = view.get('meta', META.counts);
  return bytes === undefined ? {} : (parseStoredJson('meta', bytes) as Record<string, number>);
}

export function readOrphan(view: StateView, hash: Hash32): OrphanRecord | null {
  const bytes = view.get('orphan', hash);
  return bytes === undefined ? null : decodeOrphan(hash, bytes);
}

/** How many rejections there ever were; the oldest of them are dropped. */
export function readRejectionCount(view: StateView): number {
  const bytes = view.get('meta', META.rejectSequence);
  return bytes === undefined ? 0 : (parseStoredJson('meta', bytes) as number);
}

/** Stored rejections, newest first. */
export function readRejections(view: StateView, limit: number): readonly Rejection[] {
  const found: Rejection[] = [];
  for (const [, value] of view.range('reject', { reverse: true, limit })) {
    found.push(parseStoredJson('reject', value) as Rejection);
  }
  return found;
}

/** A state value as it was after the block at `height`. */
export function readStateAt(view: StateView, key: Uint8Array, height: Height): Uint8Array | undefined {
  // The first change above `height` remembers what was there before it; no later change: the value still stands.
  const range = { start: concatBytes(key, u64be(height + 1)), end: concatBytes(key, AFTER_ALL_HEIGHTS), limit: 1 };
  for (const [, before] of view.range('history', range)) return decodeBefore(before);
  return view.get('state', key);
}

const UNDO_STATE = 0;
const UNDO_INDEX = 1;
const UNDO_INDEX_BEFORE = 2;

/** Above every height: heights are below 2^53, so their first byte is zero. */
const AFTER_ALL_HEIGHTS = new Uint8Array([0xff]);
