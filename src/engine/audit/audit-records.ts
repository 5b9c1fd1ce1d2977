import { equalBytes, readU64be, toHex, u64be } from '../../lib/index.ts';
import { REJECTIONS_KEPT } from '../commit/apply-host.ts';
import { readPendingState } from '../commit/pending-state.ts';
import {
  type BlockRecord,
  contribution,
  decodeTips,
  encodeTips,
  META,
  parseStoredJson,
  readBlock,
  readCounts,
  readTips,
} from '../commit/records.ts';
import type { StateView } from '../store.ts';
import type { BlockRef } from '../types.ts';
import { type AuditContext, confirmedIn } from './context.ts';
import { decodeRecord, differs, type RecordPlace, recordDiffers } from './difference.ts';
import { judged } from './state-build.ts';
import { isRecordOf } from './stored-blocks.ts';
import { addSums, type CheckCounter, type Sums } from './summary.ts';

/**
 * Looks at the records that say where the store stands: every record of table `meta`, the tips against the blocks they
 * name, that nothing lies above the confirmed tip, and that as many rejections are kept as there must be.
 *
 * @throws {DifferenceFound}
 */
export function auditRecords(context: AuditContext, view: StateView, counter: CheckCounter): void {
  for (const [key, value] of view.range('meta', {})) requireMeta(context, key, value);
  const isMarked = view.get('meta', META.identity) !== undefined;
  const tip = confirmedOf(context, view);
  if (tip !== null && !isMarked) throw recordDiffers(metaPlace(META.identity), context.identity, null);
  if (tip !== null && view.get('meta', META.counts) === undefined) {
    throw recordDiffers(metaPlace(META.counts), 'the store’s sums', null);
  }
  counter.pass('meta');
  requireTips(context, view);
  requireNothingAbove(view, tip?.height ?? -1);
  counter.pass('tips');
  requireRejections(view);
}

/** The tip's block record is read here for the first time, so that it may be missing or damaged. */
function confirmedOf(context: AuditContext, view: StateView): BlockRef | null {
  const tip = confirmedIn(context.tips, view);
  if (tip === null) return null;
  const key = u64be(tip.height);
  const hash = view.get('block', key)?.subarray(0, 32);
  if (hash !== undefined && equalBytes(hash, tip.hash)) return tip;
  throw differs({
    check: 'tips',
    height: tip.height,
    table: 'meta',
    key: toHex(META.tips),
    expected: hash === undefined ? 'a block at the confirmed tip' : toHex(hash),
    got: toHex(tip.hash),
  });
}

function requireMeta(context: AuditContext, key: Uint8Array, value: Uint8Array): void {
  const name = Object.values(META).find((known) => equalBytes(known, key));
  const place = metaPlace(key);
  if (name === undefined) throw recordDiffers(place, 'no record of this name', value);
  if (name === META.identity) {
    const mark = Buffer.from(value).toString();
    if (mark !== context.identity) throw recordDiffers(place, context.identity, mark);
    return;
  }
  const parsed = decodeRecord(place, value, (bytes) => parseStoredJson('meta', bytes));
  if (!isSound(name, value, parsed))
    throw recordDiffers(place, 'a record that can be read', Buffer.from(value).toString());
}

function isSound(name: Uint8Array, value: Uint8Array, parsed: unknown): boolean {
  switch (name) {
    case META.tips:
      return isRecordOf(parsed, isTip) && equalBytes(encodeTips(decodeTips(value)), value);
    case META.counts:
      return isRecordOf(parsed, isCount);
    case META.rejectSequence:
      return isCount(parsed);
    default:
      // An intent of a roll-back, a stage of a rebuild: for the writer to finish.
      return isRecordOf(parsed, () => true);
  }
}

function isTip(value: unknown): boolean {
  if (value === null) return true;
  if (!isRecordOf(value, () => true)) return false;
  const { height, hash } = value as { readonly height?: unknown; readonly hash?: unknown };
  return isCount(height) && (hash === null || (typeof hash === 'string' && /^0x[0-9a-f]{64}$/.test(hash)));
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Tips name confirmed blocks; one that stands above what is stored cannot be compared yet. */
function requireTips(context: AuditContext, view: StateView): void {
  const top = confirmedIn(context.tips, view)?.height ?? -1;
  for (const [name, tip] of Object.entries(readTips(view))) {
    const at = { check: 'tips', height: tip?.height ?? null, table: 'meta', key: toHex(META.tips) } as const;
    if (tip === null || tip.hash === null || tip.height > top) continue;
    const hash = view.get('block', u64be(tip.height))?.subarray(0, 32) ?? null;
    if (hash !== null && equalBytes(hash, tip.hash)) continue;
    throw differs({
      ...at,
      expected: hash === null ? 'a stored block' : toHex(hash),
      got: toHex(tip.hash),
      reason: name,
    });
  }
}

function requireNothingAbove(view: StateView, top: number): void {
  for (const table of ['block', 'part', 'undo'] as const) {
    for (const [key, value] of view.range(table, { start: u64be(top + 1), limit: 1 })) {
      const height = key.length < 8 ? null : readU64be(key);
      throw recordDiffers({ table, key, height }, 'no record: it lies above the confirmed tip', value);
    }
  }
}

function requireRejections(view: StateView): void {
  const bytes = view.get('meta', META.rejectSequence);
  const count = bytes === undefined ? 0 : (parseStoredJson('meta', bytes) as number);
  const expected = Math.min(count, REJECTIONS_KEPT);
  let kept = 0;
  for (const _ of view.range('reject', { limit: REJECTIONS_KEPT + 1 })) kept++;
  if (kept === expected) return;
  throw differs({ check: 'reject', table: 'reject', expected: `${expected} rejections`, got: `${kept} rejections` });
}

/**
 * Compares the root of the stored tries with the header of the confirmed tip. While the state is pending there are no
 * tries to compare.
 *
 * @throws {DifferenceFound}
 */
export function auditRoot(context: AuditContext, view: StateView, counter: CheckCounter): void {
  const check = 'state-root';
  const record = tipRecord(context, view);
  if (record === null) return;
  const pending = pendingReason(view);
  if (pending !== null) {
    counter.undecided(check, pending);
    return;
  }
  const { height } = record.ref;
  // Committing no change reads the roots of the tries as they are.
  const { root } = judged(height, () =>
    context.rules.commitState(view, [], { height, protocolVersion: record.protocolVersion }),
  );
  if (!equalBytes(root, record.stateRoot)) {
    throw differs({ check, height, table: 'trie', expected: toHex(record.stateRoot), got: toHex(root) });
  }
  counter.pass(check);
}

/** The record of the confirmed tip, null in an empty store. */
export function tipRecord(context: AuditContext, view: StateView): BlockRecord | null {
  const tip = confirmedIn(context.tips, view);
  if (tip === null) return null;
  const key = u64be(tip.height);
  const place: RecordPlace = { table: 'block', key, height: tip.height, check: 'block-record' };
  const bytes = view.get('block', key) ?? new Uint8Array(0);
  const record = decodeRecord(place, bytes, () => readBlock(view, tip.height));
  if (record === null) throw recordDiffers(place, 'a record of the block', null);
  return record;
}

/** Why there are no tries to be compared with, null when they stand at the confirmed tip. */
export function pendingReason(view: StateView): string | null {
  const pending = readPendingState(view);
  if (pending === null) return null;
  return pending.proven < 0
    ? 'the state root is pending: the tries are still to be built'
    : `the state root is pending: proven up to block ${pending.proven}, the tries are still to be built`;
}

/** What the sums of a store are made of. */
export interface CountedSums {
  /** What blocks up to `to` add up to. */
  readonly blocks: Sums;
  readonly to: number;
  /** What all content adds up to, and what the store said when its sweep began: more may come at any time. */
  readonly content: Sums;
  readonly storedBefore: Sums;
}

/**
 * Compares the store's sums with those of all blocks and contents. Blocks that came meanwhile are added here.
 *
 * @throws {DifferenceFound}
 */
export function auditCounts(context: AuditContext, view: StateView, counted: CountedSums, counter: CheckCounter): void {
  const check = 'counts';
  const top = confirmedIn(context.tips, view)?.height ?? -1;
  if (top - counted.to > LATER_BLOCKS_MAX) {
    counter.undecided(check, 'a node has added many blocks meanwhile');
    return;
  }
  let blocks = counted.blocks;
  for (let height = counted.to + 1; height <= top; height++) {
    const record = readBlock(view, height);
    if (record !== null) blocks = addSums(blocks, contribution(record));
  }
  const stored = readCounts(view);
  const expected = addSums(blocks, counted.content);
  const { content } = context.rules.audit ?? {};
  let isDecided = true;
  for (const name of new Set([...Object.keys(expected), ...Object.keys(stored)])) {
    const [want, have] = [expected[name] ?? 0, stored[name] ?? 0];
    if (want === have) continue;
    const isOfContent = blocks[name] === undefined;
    if (isOfContent && (have !== (counted.storedBefore[name] ?? 0) || (content === undefined && holdsContent(view)))) {
      isDecided = false;
      continue;
    }
    const key = toHex(META.counts);
    throw differs({ check, table: 'meta', key, expected: `${want} ${name}`, got: `${have} ${name}` });
  }
  if (isDecided) counter.pass(check);
  else counter.undecided(check, content === undefined ? 'stored content is not counted' : 'content came meanwhile');
}

function holdsContent(view: StateView): boolean {
  for (const _ of view.range('content', { limit: 1 })) return true;
  return false;
}

function metaPlace(key: Uint8Array): RecordPlace {
  return { table: 'meta', key };
}

/** Read in one step. Chosen: what a node adds in a few hours at the tip. */
const LATER_BLOCKS_MAX = 4_096;
