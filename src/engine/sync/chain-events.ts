import { type Bell, equalBytes, SynclineError, toHex } from '../../lib/index.ts';
import { readBlock, readOrphan, readTips } from '../commit/records.ts';
import type { ChainEvent } from '../events.ts';
import type { ReadStore, StateView } from '../store.ts';
import type { BlockRef, Hash32, Height, TipNames, Tips } from '../types.ts';

/** Where an observer wants to begin: after a block it kept, at the beginning, or with what comes next. */
export type EventsFrom = BlockRef | 'genesis' | 'now';

export interface FollowOptions {
  readonly store: ReadStore;
  readonly tips: TipNames;
  /** Rings after every commit and whenever a provisional tip moves. */
  readonly changed: Bell;
  /** Tips that are not in the store. */
  readonly volatileTips?: () => Tips;
  readonly from: EventsFrom;
  readonly signal: AbortSignal;
}

/**
 * Chain events as an observer pulls them. Each observer has only a cursor; what it missed is read from the store,
 * so a slow one costs nothing, blocks nobody and loses nothing: it sees larger `extend`s, and one `unwind` to the
 * common block if its own was removed meanwhile. The confirmed tip in an event is where that event leads.
 *
 * Ends quietly when the signal aborts.
 * @throws {SynclineError} `EVENTS_UNKNOWN_BLOCK` (fault `caller`) if `from` was never confirmed in this store.
 */
export async function* followEvents(options: FollowOptions): AsyncGenerator<ChainEvent> {
  const { store, tips: names, changed, from, signal } = options;
  let cursor = startOf(store, names, from);
  let told: Tips | null = null;
  while (!signal.aborted) {
    const tips = currentTips(options);
    const event = nextEvent(store, names, cursor, tips);
    if (event !== null) {
      cursor = event.type === 'unwind' ? event.to : (event.blocks[event.blocks.length - 1] as BlockRef); // never empty
      told = event.tips;
      yield event;
      continue;
    }
    const moved = told !== null && !sameTips(told, tips);
    told = tips;
    if (moved) {
      yield { type: 'advance', tips };
      continue; // the bell may have rung while the observer was busy with this
    }
    try {
      await changed.wait(signal);
    } catch {
      return; // the only way a wait fails is the signal
    }
  }
}

/** The next `unwind` or `extend` that leads from the cursor towards the confirmed tip, or null at the tip. */
export function nextEvent(
  store: ReadStore,
  names: TipNames,
  cursor: BlockRef | null,
  tips: Tips,
): Extract<ChainEvent, { type: 'extend' | 'unwind' }> | null {
  using view = store.view();
  if (cursor !== null && !isCanonical(view, cursor)) return unwindFrom(view, names, cursor, tips);
  const confirmed = tips[names.confirmed] ?? null;
  const first = cursor === null ? 0 : cursor.height + 1;
  if (confirmed === null || confirmed.height < first) return null;
  const blocks: BlockRef[] = [];
  const last = Math.min(confirmed.height, first + EXTEND_BLOCKS_MAX - 1);
  for (let height = first; height <= last; height++) {
    const record = readBlock(view, height);
    if (record === null) break; // rolled back since the tips were read: the next look sees it
    blocks.push(record.ref);
  }
  const top = blocks[blocks.length - 1];
  if (top === undefined) return null;
  return { type: 'extend', blocks, tips: { ...tips, [names.confirmed]: top } };
}

function unwindFrom(
  view: StateView,
  names: TipNames,
  cursor: BlockRef,
  tips: Tips,
): Extract<ChainEvent, { type: 'unwind' }> {
  let to: BlockRef | null = cursor;
  let reason: Extract<ChainEvent, { type: 'unwind' }>['reason'] = 'reorg';
  while (to !== null && !isCanonical(view, to)) {
    const orphan = readOrphan(view, to.hash);
    if (orphan === null || orphan.ref.height !== to.height) throw unknownBlock(cursor);
    reason = orphan.reason;
    to = to.height === 0 ? null : { height: (to.height - 1) as Height, hash: orphan.parent };
  }
  return { type: 'unwind', from: cursor, to, reason, tips: { ...tips, [names.confirmed]: to } };
}

function startOf(store: ReadStore, names: TipNames, from: EventsFrom): BlockRef | null {
  if (from === 'genesis') return null;
  using view = store.view();
  if (from !== 'now') {
    if (!isCanonical(view, from) && readOrphan(view, from.hash) === null) throw unknownBlock(from);
    return from;
  }
  const tip = readTips(view)[names.confirmed] ?? null;
  return tip === null ? null : { height: tip.height, hash: tip.hash as Hash32 }; // confirmed blocks have a hash
}

function currentTips(options: FollowOptions): Tips {
  using view = options.store.view();
  return { ...readTips(view), ...options.volatileTips?.() };
}

function isCanonical(view: StateView, ref: BlockRef): boolean {
  const record = readBlock(view, ref.height);
  return record !== null && equalBytes(record.ref.hash, ref.hash);
}

function sameTips(a: Tips, b: Tips): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  for (const name of names) {
    const left = a[name] ?? null;
    const right = b[name] ?? null;
    if (left === null || right === null) {
      if (left !== right) return false;
      continue;
    }
    if (left.height !== right.height) return false;
    const sameHash =
      left.hash === null || right.hash === null ? left.hash === right.hash : equalBytes(left.hash, right.hash);
    if (!sameHash) return false;
  }
  return true;
}

function unknownBlock(ref: BlockRef): SynclineError {
  return new SynclineError(
    'EVENTS_UNKNOWN_BLOCK',
    'caller',
    'events cannot resume after a block this store never had',
    {
      data: { height: ref.height, hash: toHex(ref.hash) },
    },
  );
}

/** Blocks in one `extend`: bounds what an observer holds at a time. */
const EXTEND_BLOCKS_MAX = 256;
