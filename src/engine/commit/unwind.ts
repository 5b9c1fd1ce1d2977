import { concatBytes, equalBytes, readU64be, SynclineError, toHex, u64be } from '../../lib/index.ts';
import type { ChainRules, Need } from '../chain.ts';
import type { UnwindReason } from '../events.ts';
import type { StateView, Store, Write } from '../store.ts';
import type { TipNames, Tips } from '../types.ts';
import { StateOverlay } from './overlay.ts';
import { pendingStateWrite, readPendingState } from './pending-state.ts';
import {
  type BlockRecord,
  contribution,
  decodeBefore,
  decodeUndo,
  encodeJson,
  encodeOrphan,
  encodeTips,
  META,
  parseStoredJson,
  readBlock,
  readCounts,
  readTips,
} from './records.ts';

export interface RemoveStep {
  readonly rules: ChainRules;
  readonly store: Store;
  readonly tips: TipNames;
  /** Blocks `top` down to `bottom + 1` are removed. */
  readonly top: number;
  readonly bottom: number;
  readonly reason: UnwindReason;
  /** Whether this step completes the roll-back: then it deletes the intent, and what the removed blocks wanted. */
  readonly last: boolean;
  /** How many orphans of earlier roll-backs may stay; null where a step before has seen to it. */
  readonly orphansLeft: number | null;
}

/**
 * Removes a run of blocks in one transaction: restores flat state and index, rehashes the tries once and compares the
 * root with the block that becomes the tip. Where the state is pending the tries are left to the build.
 *
 * @throws {SynclineError} `UNDO_MISSING` (fault `caller`: the block is final), `UNWIND_ROOT_MISMATCH` (fault `local`).
 */
export function removeBlocks(step: RemoveStep): void {
  const { rules, store, top, bottom } = step;
  using view = store.view();
  const overlay = new StateOverlay(view);
  const writes: Write[] = [];
  const counts: Record<string, number> = { ...readCounts(view) };
  for (let height = top; height > bottom; height--) {
    const record = readBlock(view, height);
    if (record === null) throw missing('block', height);
    restoreState(view, overlay, writes, height);
    removeRecords(view, writes, record, step.reason);
    for (const [name, value] of Object.entries(contribution(record))) {
      const left = (counts[name] ?? 0) - value;
      if (left === 0) delete counts[name];
      else counts[name] = left;
    }
  }
  if (step.last) removeWants(view, writes, bottom);
  if (step.orphansLeft !== null) pruneOrphans(view, writes, step.orphansLeft);
  const target = readBlock(view, bottom);
  const changed = overlay.changedKeys();
  for (const key of changed) writes.push({ table: 'state', key, value: overlay.get('state', key) ?? null });
  const pending = readPendingState(view);
  if (pending === null) commitTries(rules, overlay, changed, target, bottom, writes);
  else writes.push(pendingStateWrite({ proven: Math.min(pending.proven, bottom), stage: { type: 'flat' } }));
  writes.push({ table: 'meta', key: META.tips, value: encodeTips(loweredTips(readTips(view), step, target)) });
  writes.push({ table: 'meta', key: META.counts, value: encodeJson(counts) });
  if (step.last) writes.push({ table: 'meta', key: META.unwind, value: null });
  store.commit(writes);
}

function commitTries(
  rules: ChainRules,
  overlay: StateOverlay,
  changed: readonly Uint8Array[],
  target: BlockRecord | null,
  bottom: number,
  writes: Write[],
): void {
  const commitment = rules.commitState(overlay, changed, {
    height: Math.max(bottom, 0) as BlockRecord['ref']['height'],
    protocolVersion: target?.protocolVersion ?? '',
  });
  if (target !== null && !equalBytes(commitment.root, target.stateRoot)) {
    throw new SynclineError('UNWIND_ROOT_MISMATCH', 'local', `rolling back to ${bottom} gave another state root`, {
      data: { expected: toHex(target.stateRoot), got: toHex(commitment.root), height: bottom },
    });
  }
  for (const write of commitment.writes) writes.push(write);
}

function restoreState(
  view: { get: StateOverlay['get'] },
  overlay: StateOverlay,
  writes: Write[],
  height: number,
): void {
  const undoKey = u64be(height);
  const undoBytes = view.get('undo', undoKey);
  if (undoBytes === undefined) throw missing('undo', height);
  const undo = decodeUndo(undoBytes);
  for (const key of undo.state) {
    const historyKey = concatBytes(key, undoKey);
    const before = view.get('history', historyKey);
    if (before === undefined) throw missing('history', height);
    overlay.set(key, decodeBefore(before) ?? null);
    writes.push({ table: 'history', key: historyKey, value: null });
  }
  // Blocks are undone from the top down, and later writes win: what stood before the lowest of them remains.
  for (const { key, before } of undo.index) writes.push({ table: 'index', key, value: before });
  writes.push({ table: 'undo', key: undoKey, value: null });
}

function removeRecords(
  view: { range: StateOverlay['range'] },
  writes: Write[],
  record: BlockRecord,
  reason: UnwindReason,
): void {
  const key = u64be(record.ref.height);
  for (const [partKey] of view.range('part', { start: key, end: u64be(record.ref.height + 1) })) {
    writes.push({ table: 'part', key: partKey, value: null });
  }
  writes.push({ table: 'block', key, value: null });
  writes.push({ table: 'height', key: record.ref.hash, value: null });
  writes.push({ table: 'orphan', key: record.ref.hash, value: encodeOrphan({ ...record, reason }) });
}

/**
 * What only removed blocks named is wanted no more: a want has the height of the lowest block that named it, and the
 * blocks that remain are lower.
 */
function removeWants(view: StateView, writes: Write[], bottom: number): void {
  for (const [key, value] of view.range('wanted', {})) {
    const { height } = parseStoredJson('wanted', value) as Need; // written by the engine
    if (height <= bottom) continue;
    writes.push({ table: 'wanted', key, value: null });
    writes.push({ table: 'quarantine', key, value: null });
  }
}

/** Drops records of earlier roll-backs, the lowest heights first: those are longest past. */
function pruneOrphans(view: StateView, writes: Write[], left: number): void {
  const orphans = [...view.range('orphan', {})].map(([key, value]) => ({ key, height: readU64be(value) }));
  const tooMany = Math.min(orphans.length - left, ORPHANS_DROPPED_MAX);
  if (tooMany <= 0) return;
  orphans.sort((a, b) => a.height - b.height);
  for (const { key } of orphans.slice(0, tooMany)) writes.push({ table: 'orphan', key, value: null });
}

/** No tip may stand above the new confirmed tip. */
function loweredTips(tips: Tips, step: RemoveStep, target: BlockRecord | null): Tips {
  const lowered: Record<string, Tips[string]> = {};
  for (const [name, tip] of Object.entries(tips)) {
    lowered[name] = tip !== null && tip.height > step.bottom ? (target?.ref ?? null) : tip;
  }
  lowered[step.tips.confirmed] = target?.ref ?? null;
  return lowered;
}

function missing(table: string, height: number): SynclineError {
  return new SynclineError('UNDO_MISSING', 'caller', `block ${height} cannot be rolled back: no ${table} record`, {
    data: { height, table },
  });
}

/**
 * Records of unwound blocks that are kept, some 100 bytes each; of the last roll-back all, should it have been deeper.
 * An observer that stands on one of them is led back to the chain; one whose block, or a block below it on that branch,
 * is dropped has to begin anew (`EVENTS_UNKNOWN_BLOCK`). Chosen: more than reorganisations unwind in months.
 */
export const ORPHANS_KEPT = 8_192;
/** In one transaction; the rest goes with the next roll-back. */
const ORPHANS_DROPPED_MAX = 20_000;
