import { compareBytes, concatBytes, equalBytes, fromHex, readU64be, toHex, u64be } from '../../lib/index.ts';
import { lateKey } from '../assemble/late-needs.ts';
import type { Need } from '../chain.ts';
import {
  decodeBefore,
  decodeOrphan,
  encodeOrphan,
  parseStoredJson,
  readBlock,
  readRejectionCount,
} from '../commit/records.ts';
import type { StateView, Table } from '../store.ts';
import type { Hash32 } from '../types.ts';
import { type AuditContext, confirmedIn } from './context.ts';
import { decodeRecord, type RecordPlace, recordDiffers, requireVerdict } from './difference.ts';
import { countKey, createTally, type KeyTally } from './key-tally.ts';
import { isRecordOf } from './stored-blocks.ts';
import { addSums, type CheckCounter, type Sums } from './summary.ts';

/** Tables that are gone through record by record, after the blocks. */
export const sweptTables = [
  'height',
  'history',
  'state',
  'index',
  'content',
  'wanted',
  'orphan',
  'reject',
  'quarantine',
] as const satisfies readonly Table[];

export type SweptTable = (typeof sweptTables)[number];

export interface SweepStep {
  readonly table: SweptTable;
  /** Where the last step ended, hexadecimal; null at the beginning of the table. */
  readonly after: string | null;
  /** Highest block that was verified: keys of later ones are not counted. */
  readonly to: number;
  /** Records to look at. */
  readonly entriesMax: number;
}

export interface SweepFound {
  /** Where the next step begins; null at the end of the table. */
  readonly after: string | null;
  readonly entries: number;
  /** Of `history` and `index`: how many keys belong to verified blocks. */
  readonly tally: KeyTally;
  /** Of `content`: what the entries add to the store's sums. */
  readonly sums: Sums;
}

/**
 * Looks at some records of a table, from where the last step ended: what must hold for every record whatever the
 * blocks say, and what finds records that no block would have written.
 *
 * @throws {DifferenceFound}
 */
export function sweep(context: AuditContext, view: StateView, step: SweepStep, counter: CheckCounter): SweepFound {
  const { table, after, entriesMax } = step;
  const sweeper = SWEEPERS[table]({ context, view, step, counter });
  const start = after === null ? {} : { start: fromHex(after) };
  let entries = 0;
  let sums: Sums = {};
  const tally = createTally();
  let pending: readonly [Uint8Array, Uint8Array] | null = null;
  const look = (key: Uint8Array, value: Uint8Array, next: readonly [Uint8Array, Uint8Array] | null) => {
    const seen = sweeper(key, value, next);
    if (seen?.counts) sums = addSums(sums, seen.counts);
    if (seen?.height != null && seen.height <= step.to) countKey(tally, key);
    entries++;
  };
  // One record ahead: some are judged together with the one behind them.
  for (const entry of view.range(table, { ...start, limit: entriesMax + 1 })) {
    if (pending !== null) look(pending[0], pending[1], entry);
    pending = entry;
    if (entries === entriesMax) return { after: toHex(entry[0]), entries, tally, sums };
  }
  if (pending !== null) look(pending[0], pending[1], null);
  return { after: null, entries, tally, sums };
}

/** Looks at one record. @throws {DifferenceFound} */
type Sweeper = (
  key: Uint8Array,
  value: Uint8Array,
  next: readonly [Uint8Array, Uint8Array] | null,
) => { readonly height?: number | null; readonly counts?: Sums } | null;

interface SweepInput {
  readonly context: AuditContext;
  readonly view: StateView;
  readonly step: SweepStep;
  readonly counter: CheckCounter;
}

const SWEEPERS: Readonly<Record<SweptTable, (input: SweepInput) => Sweeper>> = {
  height: sweepHeights,
  history: sweepHistory,
  state: sweepState,
  index: sweepIndex,
  content: sweepContent,
  wanted: sweepWanted,
  orphan: sweepOrphans,
  reject: sweepRejections,
  quarantine: sweepQuarantine,
};

/** Every hash leads to the block that has it. They were counted with the blocks. */
function sweepHeights({ view }: SweepInput): Sweeper {
  return (key, value) => {
    const place: RecordPlace = { table: 'height', key, check: 'height-index' };
    if (key.length !== 32 || value.length !== 8) throw recordDiffers(place, 'a hash and its height', value);
    const height = decodeRecord(place, value, readU64be);
    const record = view.get('block', value)?.subarray(0, 32);
    if (record === undefined || !equalBytes(record, key)) {
      throw recordDiffers({ ...place, height }, 'no record: no block has this hash', value);
    }
    return null;
  };
}

/**
 * The records of each key are a chain: the first says that there was nothing before, and each says something else than
 * the next one, or than the flat value: a block that changes nothing leaves no record. With what the blocks were
 * checked for this leaves no room for a record too many.
 */
function sweepHistory({ context, view, step }: SweepInput): Sweeper {
  const top = confirmedIn(context.tips, view)?.height ?? -1;
  const isCounted = context.rules.audit !== undefined;
  const keyOf = (historyKey: Uint8Array) => historyKey.subarray(0, historyKey.length - 8);
  let previous: Uint8Array | null = null;
  if (step.after !== null) {
    for (const [key] of view.range('history', { end: fromHex(step.after), reverse: true, limit: 1 })) previous = key;
  }
  return (key, value, next) => {
    if (key.length < 9) throw recordDiffers({ table: 'history', key }, 'a state key and a height', key);
    const height = decodeRecord({ table: 'history', key }, key.subarray(key.length - 8), readU64be);
    const place: RecordPlace = { table: 'history', key, height };
    const before = decodeRecord(place, value, decodeBefore) ?? null;
    const isFirst = previous === null || !equalBytes(keyOf(previous), keyOf(key));
    if (isFirst && before !== null) throw recordDiffers(place, 'absent: no earlier block set this key', value);
    if (height > top) throw recordDiffers(place, 'no record: there is no such block', value);
    const isLast = next === null || next[0].length < 9 || !equalBytes(keyOf(next[0]), keyOf(key));
    const after = isLast
      ? (view.get('state', keyOf(key)) ?? null)
      : nextBefore(next as readonly [Uint8Array, Uint8Array]);
    if (before === null ? after === null : after !== null && equalBytes(before, after)) {
      throw recordDiffers(place, 'no record: the block left this key as it was', value);
    }
    previous = key;
    return { height: isCounted ? height : null };
  };
}

function nextBefore([key, value]: readonly [Uint8Array, Uint8Array]): Uint8Array | null {
  return decodeRecord({ table: 'history', key }, value, decodeBefore) ?? null;
}

/** Every value was set by a block. Values that follow from others are compared when the tries are rebuilt. */
function sweepState({ context, view, counter }: SweepInput): Sweeper {
  const derived = new Set(context.rules.derivedState ?? []);
  return (key, value) => {
    if (derived.has(key[0] ?? -1)) return null;
    const range = { start: concatBytes(key, u64be(0)), end: concatBytes(key, Uint8Array.of(0xff)), limit: 1 };
    for (const [historyKey] of view.range('history', range)) {
      if (historyKey.length !== key.length + 8) break;
      counter.pass('state');
      return null;
    }
    throw recordDiffers({ table: 'state', key }, 'no value: no block set this key', value);
  };
}

/** Every entry leads to a block. Whether the block says so is known by their number. */
function sweepIndex({ context, view }: SweepInput): Sweeper {
  const { audit } = context.rules;
  const top = confirmedIn(context.tips, view)?.height ?? -1;
  return (key, value) => {
    if (audit === undefined) return null;
    const height = audit.indexHeight(key, value);
    if (height === null || height > top) {
      throw recordDiffers({ table: 'index', key }, 'an entry that leads to a stored block', value);
    }
    return { height };
  };
}

function sweepContent({ context, counter }: SweepInput): Sweeper {
  const { audit } = context.rules;
  return (key, value) => {
    if (audit?.content === undefined) {
      counter.undecided('content', 'the rules of this chain do not verify stored content');
      return null;
    }
    const { verdicts, counts } = audit.content(key, value);
    for (const verdict of verdicts) {
      requireVerdict(verdict, { table: 'content', key });
      counter.add(verdict);
    }
    return { counts };
  };
}

function sweepWanted({ counter }: SweepInput): Sweeper {
  return (key, value) => {
    const place: RecordPlace = { table: 'wanted', key };
    const need = parseJson(place, value);
    const isNeed =
      isRecordOf(need, () => true) &&
      typeof need.part === 'string' &&
      (need.id === undefined || typeof need.id === 'string') &&
      Number.isSafeInteger(need.height) &&
      (need.weight === 'seal' || need.weight === 'wanted') &&
      (need.fallbacks === undefined || Array.isArray(need.fallbacks));
    if (!isNeed) throw recordDiffers(place, 'a need', value);
    if (!equalBytes(Buffer.from(lateKey(need as unknown as Need)), key)) {
      throw recordDiffers(place, 'the need that its key names', value);
    }
    counter.pass('wanted');
    return null;
  };
}

function sweepOrphans({ view, counter }: SweepInput): Sweeper {
  return (key, value) => {
    const place: RecordPlace = { table: 'orphan', key };
    if (key.length !== 32) throw recordDiffers(place, 'a block hash', key);
    const orphan = decodeRecord(place, value, (bytes) => decodeOrphan(key as Hash32, bytes));
    if (!ORPHAN_REASONS.has(orphan.reason) || !equalBytes(encodeOrphan(orphan), value)) {
      throw recordDiffers({ ...place, height: orphan.ref.height }, 'height, parent and reason', value);
    }
    const block = readBlock(view, orphan.ref.height);
    if (block !== null && equalBytes(block.ref.hash, key)) {
      throw recordDiffers({ ...place, height: orphan.ref.height }, 'no record: the block is confirmed', value);
    }
    counter.pass('orphan');
    return null;
  };
}

const ORPHAN_REASONS: ReadonlySet<string> = new Set(['reorg', 'prune', 'invalid']);

/** The newest rejections are kept, without a hole. */
function sweepRejections({ view, counter }: SweepInput): Sweeper {
  const count = readRejectionCount(view);
  return (key, value, next) => {
    const place: RecordPlace = { table: 'reject', key };
    if (key.length !== 8) throw recordDiffers(place, 'a sequence number', key);
    const sequence = decodeRecord(place, key, readU64be);
    const rejection = parseJson(place, value);
    const isRejection =
      isRecordOf(rejection, () => true) &&
      ['check', 'source', 'message'].every((field) => typeof rejection[field] === 'string') &&
      ['timeMs', 'height'].every((field) => typeof rejection[field] === 'number');
    if (!isRejection) throw recordDiffers(place, 'a rejection', value);
    const following = sequence + 1 === count ? null : u64be(sequence + 1);
    if (sequence >= count || compareKeys(next?.[0] ?? null, following) !== 0) {
      const expected = following === null ? 'no record: it is the newest' : toHex(following);
      throw recordDiffers(place, `followed by ${expected}`, next?.[0] ?? null);
    }
    counter.pass('reject');
    return null;
  };
}

function compareKeys(a: Uint8Array | null, b: Uint8Array | null): number {
  return a === null || b === null ? (a === b ? 0 : 1) : compareBytes(a, b);
}

function sweepQuarantine({ counter }: SweepInput): Sweeper {
  return (key, value) => {
    const place: RecordPlace = { table: 'quarantine', key };
    const entry = parseJson(place, value);
    const isEntry =
      isRecordOf(entry, () => true) && ['what', 'id', 'reason'].every((f) => typeof entry[f] === 'string');
    if (!isEntry || !equalBytes(Buffer.from(`${entry.what}\0${entry.id}`), key)) {
      throw recordDiffers(place, 'the entry that its key names', value);
    }
    counter.pass('quarantine');
    return null;
  };
}

/** Of a record that ought to be an object; its fields are still to be looked at. */
function parseJson(place: RecordPlace, value: Uint8Array): Readonly<Record<string, unknown>> {
  return decodeRecord(place, value, (bytes) => parseStoredJson(place.table, bytes)) as Readonly<
    Record<string, unknown>
  >;
}
