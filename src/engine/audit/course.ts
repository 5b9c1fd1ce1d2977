import { fromHex, toHex } from '../../lib/index.ts';
import type { BlockRef, Height } from '../types.ts';
import { parseHash32, parseHeight } from '../types.ts';
import type { BlocksFound } from './audit-blocks.ts';
import { addTallies, createTally, TALLY_BUCKETS } from './key-tally.ts';
import { isRecordOf } from './stored-blocks.ts';
import { addSums, type CheckSummaries, mergeSummaries, type Sums } from './summary.ts';
import { type SweptTable, sweptTables } from './sweep.ts';

/** A block reference as plain data. */
export interface SavedRef {
  readonly height: number;
  readonly hash: string;
}

/** What is known of all blocks below `next`. */
export interface Rung {
  /** How many pieces of work led here. */
  readonly number: number;
  readonly next: number;
  /** The last of these blocks, null for none. While it is confirmed, so are those below it. */
  readonly last: SavedRef | null;
  readonly sums: Sums;
  readonly history: readonly number[];
  readonly index: readonly number[];
  readonly checks: CheckSummaries;
}

/** A table that is being gone through, and what was found in it and in those before it. */
export interface SweepCourse {
  readonly table: SweptTable;
  readonly after: string | null;
  readonly entries: number;
  readonly tally: readonly number[];
  readonly content: Sums;
  /** The store's sums when the sweep of `content` began. */
  readonly storedBefore: Sums;
  readonly checks: CheckSummaries;
}

/**
 * How far an audit has come: plain data, so that it can be kept and taken up again. Rungs are earlier stages of the
 * work on the blocks, ever sparser downwards: after a roll-back it goes on from the highest one that still stands.
 */
export interface Course {
  readonly from: number;
  /** Last height to verify; null follows the tip. */
  readonly to: number | null;
  /** Ascending, at least one. */
  readonly rungs: readonly Rung[];
  /** The highest block that belongs to the audit, once the blocks are done and the tables are being gone through. */
  readonly pin: SavedRef | null;
  readonly sweep: SweepCourse | null;
}

export function beginCourse({ from, to }: { readonly from: number; readonly to: number | null }): Course {
  const none = { sums: {}, history: createTally(), index: createTally(), checks: {} };
  return { from, to, rungs: [{ number: 0, next: from, last: null, ...none }], pin: null, sweep: null };
}

export function topRung({ rungs }: Course): Rung {
  return rungs.at(-1) as Rung; // there is at least one
}

/** The course after more blocks, which follow those that were verified before. */
export function climb(course: Course, found: BlocksFound, checks: CheckSummaries): Course {
  const top = topRung(course);
  const rung: Rung = {
    number: top.number + 1,
    next: found.last.height + 1,
    last: saveRef(found.last),
    sums: addSums(top.sums, found.sums),
    history: addTallies(top.history, found.history),
    index: addTallies(top.index, found.index),
    checks: mergeSummaries(top.checks, checks),
  };
  return { ...course, rungs: thinned([...course.rungs, rung]) };
}

/**
 * Keeps the first rung and those whose number is divisible by a power of two of a fourth of their distance from the
 * top. However far a roll-back reaches, a rung is left not much further down, and there are few of them.
 */
function thinned(rungs: readonly Rung[]): readonly Rung[] {
  const top = rungs.at(-1)?.number ?? 0;
  return rungs.filter(({ number }) => number === 0 || top - number <= 4 * lowestBit(number));
}

/** The largest power of two that divides a number from 1. */
function lowestBit(number: number): number {
  let bit = 1;
  while (number % (2 * bit) === 0) bit *= 2;
  return bit;
}

export function saveRef({ height, hash }: BlockRef): SavedRef {
  return { height, hash: toHex(hash) };
}

export function loadRef({ height, hash }: SavedRef): BlockRef {
  return { height: height as Height, hash: parseHash32(fromHex(hash)) };
}

/** Reads a course that was kept. @returns Null unless it is one of this version, with this request. */
export function parseCourse(
  value: unknown,
  request: { readonly from: number; readonly to: number | null },
): Course | null {
  if (!isRecordOf(value, () => true)) return null;
  const { from, to, rungs, pin, sweep } = value as Readonly<Record<string, unknown>>;
  if (from !== request.from || to !== request.to) return null;
  if (!Array.isArray(rungs) || rungs.length === 0 || !rungs.every(isRung)) return null;
  if (!isRefOrNull(pin) || !(sweep === null || isSweep(sweep))) return null;
  return { from: request.from, to: request.to, rungs, pin, sweep };
}

function isRung(value: unknown): value is Rung {
  if (!isRecordOf(value, () => true)) return false;
  const { number, next, last, sums, history, index, checks } = value as Readonly<Record<string, unknown>>;
  if (!isHeight(number) || !isHeight(next)) return false;
  return isRefOrNull(last) && isSums(sums) && isTally(history) && isTally(index) && isChecks(checks);
}

function isSweep(value: unknown): value is SweepCourse {
  if (!isRecordOf(value, () => true)) return false;
  const { table, after, entries, tally, content, storedBefore, checks } = value as Readonly<Record<string, unknown>>;
  return (
    (sweptTables as readonly unknown[]).includes(table) &&
    (after === null || (typeof after === 'string' && /^0x([0-9a-f]{2})*$/.test(after))) &&
    isHeight(entries) &&
    isTally(tally) &&
    isSums(content) &&
    isSums(storedBefore) &&
    isChecks(checks)
  );
}

function isRefOrNull(value: unknown): value is SavedRef | null {
  if (value === null) return true;
  if (!isRecordOf(value, () => true)) return false;
  const { height, hash } = value as Readonly<Record<string, unknown>>;
  return isHeight(height) && typeof hash === 'string' && /^0x[0-9a-f]{64}$/.test(hash);
}

function isHeight(value: unknown): boolean {
  try {
    parseHeight(value);
    return true;
  } catch {
    return false;
  }
}

function isSums(value: unknown): value is Sums {
  return isRecordOf(value, isHeight);
}

function isTally(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length === TALLY_BUCKETS && value.every(isHeight);
}

function isChecks(value: unknown): value is CheckSummaries {
  return isRecordOf(value, (one) => {
    if (!isRecordOf(one, () => true)) return false;
    const { passed, undecided, reasons } = one as Readonly<Record<string, unknown>>;
    const areTexts = Array.isArray(reasons) && reasons.every((reason) => typeof reason === 'string');
    return isHeight(passed) && isHeight(undecided) && areTexts;
  });
}
