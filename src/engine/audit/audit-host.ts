import { readBlock, readCounts } from '../commit/records.ts';
import type { ReadStore, StateView } from '../store.ts';
import type { BlockRef, Height, Span } from '../types.ts';
import { auditBlocks, type BlocksFound } from './audit-blocks.ts';
import { auditCounts, auditRecords, auditRoot, type CountedSums } from './audit-records.ts';
import { type AuditContext, confirmedIn, isCanonical } from './context.ts';
import { type AuditDifference, caught } from './difference.ts';
import { addTallies } from './key-tally.ts';
import { locateSurplus, type Surplus } from './locate-surplus.ts';
import { addSums, CheckCounter, type CheckSummaries, mergeSummaries, type Sums } from './summary.ts';
import { type SweepFound, type SweepStep, sweep } from './sweep.ts';
import { TrieAudit, type TrieStep } from './trie-audit.ts';

/** What came of a piece of work. */
export type AuditAnswer<Found> =
  | { readonly type: 'holds'; readonly found: Found; readonly checks: CheckSummaries }
  | { readonly type: 'differs'; readonly difference: AuditDifference }
  /** The block that the work relied on was rolled back. */
  | { readonly type: 'gone' };

/**
 * Does the work of an audit, a bounded piece at a time: inline, or in a worker; hence plain data in and out. Each piece
 * takes views of its own and keeps none, so that a writer beside it is not held up. Pieces that rely on a block being
 * confirmed are told which (`pin`).
 */
export interface AuditHost {
  /** The confirmed block at a height, or the newest one; null where there is none. */
  refAt(height: Height | 'tip'): Promise<BlockRef | null>;
  isCanonical(ref: BlockRef): Promise<boolean>;
  /** The store's own records, and the state root at the tip. */
  records(): Promise<AuditAnswer<null>>;
  /** All blocks of a span, whose end is at or below `pin`. */
  blocks(span: Span, pin: BlockRef): Promise<AuditAnswer<BlocksFound>>;
  sweep(step: SweepStep, pin: BlockRef | null): Promise<AuditAnswer<SweepFound>>;
  /** Looks for a record that belongs to no block, in a bucket that holds too many. */
  locate(surplus: Surplus, pin: BlockRef | null): Promise<AuditAnswer<{ readonly after: string }>>;
  /** The store's sums as they are stored. */
  storedSums(): Promise<Sums>;
  counts(counted: CountedSums, pin: BlockRef | null): Promise<AuditAnswer<null>>;
  /** The next step of building all tries again, the first one if `begin`. */
  tries(begin: boolean): Promise<AuditAnswer<TrieStep>>;
  close(): Promise<void>;
}

export function createAuditHost(context: AuditContext, store: ReadStore): AuditHost {
  let tries = new TrieAudit(context);

  /** @param pin Null for work that relies on no block. */
  async function answer<Found>(
    pin: BlockRef | null,
    work: (view: StateView, counter: CheckCounter) => Found | Promise<Found>,
  ): Promise<AuditAnswer<Found>> {
    using view = store.view();
    if (pin !== null && !isCanonical(view, pin)) return { type: 'gone' };
    const counter = new CheckCounter();
    try {
      const found = await work(view, counter);
      return { type: 'holds', found, checks: counter.finish() };
    } catch (thrown) {
      return { type: 'differs', difference: caught(thrown) };
    }
  }

  async function blocks(span: Span, pin: BlockRef): Promise<AuditAnswer<BlocksFound>> {
    let all: { readonly found: BlocksFound; readonly checks: CheckSummaries } | null = null;
    for (let from: number = span.from; from <= span.to; ) {
      const to = Math.min(span.to, from + STEP_BLOCKS - 1);
      const piece = { from: from as Height, to: to as Height }; // between two heights
      const step = await answer(pin, (view, counter) => auditBlocks(context, view, piece, counter));
      if (step.type !== 'holds') return step;
      all = all === null ? step : joined(all, step);
      from = step.found.last.height + 1;
    }
    if (all === null) throw new TypeError('a span has at least one block');
    return { type: 'holds', ...all };
  }

  return {
    async refAt(height) {
      using view = store.view();
      return height === 'tip' ? confirmedIn(context.tips, view) : (readBlock(view, height)?.ref ?? null);
    },
    async isCanonical(ref) {
      using view = store.view();
      return isCanonical(view, ref);
    },
    records: () =>
      answer(null, (view, counter) => {
        auditRecords(context, view, counter);
        auditRoot(context, view, counter);
        return null;
      }),
    blocks,
    sweep: (step, pin) => answer(pin, (view, counter) => sweep(context, view, step, counter)),
    locate: (surplus, pin) => answer(pin, (view) => locateSurplus(context, view, surplus)),
    async storedSums() {
      using view = store.view();
      return readCounts(view);
    },
    counts: (counted, pin) =>
      answer(pin, (view, counter) => {
        auditCounts(context, view, counted, counter);
        return null;
      }),
    tries(begin) {
      if (begin) tries = new TrieAudit(context);
      return answer(null, (view, counter) => tries.step(view, counter));
    },
    close: () => store[Symbol.asyncDispose]() as Promise<void>,
  };
}

function joined(
  a: { readonly found: BlocksFound; readonly checks: CheckSummaries },
  b: { readonly found: BlocksFound; readonly checks: CheckSummaries },
): { readonly found: BlocksFound; readonly checks: CheckSummaries } {
  return {
    found: {
      last: b.found.last,
      sums: addSums(a.found.sums, b.found.sums),
      history: addTallies(a.found.history, b.found.history),
      index: addTallies(a.found.index, b.found.index),
    },
    checks: mergeSummaries(a.checks, b.checks),
  };
}

/** Blocks under one view, at most. Chosen: some tens of milliseconds. */
const STEP_BLOCKS = 16;
