import { compareBytes, concatBytes, equalBytes, readU64be, u64be } from '../../lib/index.ts';
import type { StateTransition } from '../chain.ts';
import { decodeBefore, decodeUndo, encodeBefore } from '../commit/records.ts';
import type { StateView } from '../store.ts';
import { decodeRecord, recordDiffers } from './difference.ts';

/**
 * State as a block at `height` found it, put together from the history and the flat state, and what the block makes
 * of it when it is played again. The view is newer than the block and stays the caller's to dispose.
 *
 * What is compared for every key that the block changes: there is a history record of the value before; the value
 * after is what the next history record says stood before it, or the flat value where there is no later one; and a
 * value that stood there before was set by some earlier block. All blocks together thus prove that the flat state is
 * the fold of what the blocks do.
 */
export class ReplayedState implements StateTransition {
  private readonly view: StateView;
  private readonly height: number;
  private readonly heightKey: Uint8Array;
  private readonly entries = new Map<string, Entry>();

  constructor(view: StateView, height: number) {
    this.view = view;
    this.height = height;
    this.heightKey = u64be(height);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const entry = this.look(key);
    return entry.now === null ? undefined : entry.now;
  }

  set(key: Uint8Array, value: Uint8Array | null): void {
    const entry = this.look(key);
    entry.now = value;
    entry.isSet = true;
  }

  /**
   * Compares what the block changed with what is stored of it.
   * @returns The keys it changed, ascending.
   * @throws {DifferenceFound}
   */
  requireStored(): readonly Uint8Array[] {
    const changed: Uint8Array[] = [];
    const entries = [...this.entries.values()].sort((a, b) => compareBytes(a.key, b.key));
    for (const entry of entries) if (this.requireEntry(entry)) changed.push(entry.key);
    return changed;
  }

  /** The keys that the block changed. */
  changedKeys(): readonly Uint8Array[] {
    return [...this.entries.values()].filter(({ before, now }) => !sameValue(before, now)).map(({ key }) => key);
  }

  /** Of a block that cannot be played: whether the history it was played on is to blame. @throws {DifferenceFound} */
  requireOrigins(): void {
    for (const entry of this.entries.values()) this.requireOrigin(entry);
  }

  private requireEntry(entry: Entry): boolean {
    const { key, before, recorded, now } = entry;
    const changes = !sameValue(before, now);
    if (changes !== recorded) {
      const place = { table: 'history', key: concatBytes(key, this.heightKey), height: this.height } as const;
      if (changes) throw recordDiffers(place, describe(before), null);
      throw recordDiffers(place, 'no record: the block leaves this key as it was', describe(before));
    }
    if (!changes) return false;
    this.requireOrigin(entry);
    if (sameValue(entry.after, now)) return true;
    this.requireNoneLost(entry);
    if (entry.nextKey === null) throw recordDiffers({ table: 'state', key, height: this.height }, now, entry.after);
    throw recordDiffers(
      { table: 'history', key: entry.nextKey, height: this.height },
      describe(now),
      describe(entry.after),
    );
  }

  /**
   * Whether a history record was lost, as the undo list of a block says: of a key that the block set, the record is
   * not there, which looks as if the block had found the value that it left.
   *
   * @param undone State keys in the block's undo list.
   * @throws {DifferenceFound}
   */
  requireHistoryOf(undone: readonly Uint8Array[]): void {
    for (const key of undone) {
      const entry = this.entries.get(textOf(key));
      if (entry === undefined || !entry.isSet || entry.recorded) continue;
      const place = { table: 'history', key: concatBytes(key, this.heightKey), height: this.height } as const;
      throw recordDiffers(place, 'a record of the value before', null);
    }
  }

  /** The same for a block in between, whose loss shows here first. */
  private requireNoneLost({ key, nextKey }: Entry): void {
    const end = nextKey === null ? {} : { end: nextKey.subarray(key.length) };
    const range = { start: u64be(this.height + 1), ...end, limit: UNDO_LISTS_MAX };
    for (const [heightKey, bytes] of this.view.range('undo', range)) {
      const place = { table: 'undo', key: heightKey } as const;
      if (!decodeRecord(place, bytes, decodeUndo).state.some((one) => equalBytes(one, key))) continue;
      const lost = concatBytes(key, heightKey);
      throw recordDiffers(
        { table: 'history', key: lost, height: readU64be(heightKey) },
        'a record of the value before',
        null,
      );
    }
  }

  private requireOrigin({ key, before, recorded, nextKey }: Entry): void {
    if (before === null) return;
    const earlier = { start: concatBytes(key, ZERO_HEIGHT), end: concatBytes(key, this.heightKey) };
    for (const _ of this.view.range('history', { ...earlier, reverse: true, limit: 1 })) return;
    const { height } = this;
    const historyKey = recorded ? concatBytes(key, this.heightKey) : nextKey;
    const absent = 'absent: no earlier block set this key';
    if (historyKey === null) throw recordDiffers({ table: 'state', key, height }, absent, before);
    throw recordDiffers({ table: 'history', key: historyKey, height }, absent, describe(before));
  }

  /** What history and flat state say of a key around this height. */
  private look(key: Uint8Array): Entry {
    const id = textOf(key);
    const known = this.entries.get(id);
    if (known !== undefined) return known;
    const records = this.recordsFrom(key);
    const [first, second] = records;
    const flat = () => this.view.get('state', key) ?? null;
    const recorded = first !== undefined && first.height === this.height;
    const before = first === undefined ? flat() : first.before;
    const next = recorded ? second : first;
    const after = recorded ? (second === undefined ? flat() : second.before) : before;
    const nextKey = next?.key ?? null;
    const entry = { key: new Uint8Array(key), before, recorded, after, nextKey, now: before, isSet: false };
    this.entries.set(id, entry);
    return entry;
  }

  /** The first two history records of a key from this height on. */
  private recordsFrom(key: Uint8Array): readonly HistoryRecord[] {
    const range = { start: concatBytes(key, this.heightKey), end: concatBytes(key, AFTER_ALL_HEIGHTS), limit: 2 };
    const records: HistoryRecord[] = [];
    for (const [recordKey, value] of this.view.range('history', range)) {
      const place = { table: 'history', key: recordKey, height: this.height } as const;
      if (recordKey.length !== key.length + 8) throw recordDiffers(place, 'a state key and a height', recordKey);
      const before = decodeRecord(place, value, decodeBefore) ?? null;
      records.push({ key: recordKey, height: readU64be(recordKey, key.length), before });
    }
    return records;
  }
}

interface HistoryRecord {
  readonly key: Uint8Array;
  readonly height: number;
  readonly before: Uint8Array | null;
}

/** `null` stands for an absent value. */
interface Entry {
  readonly key: Uint8Array;
  /** Value that the block found. */
  readonly before: Uint8Array | null;
  /** Whether there is a history record of this key at this height. */
  readonly recorded: boolean;
  /** Value that the block left, as the store has it. */
  readonly after: Uint8Array | null;
  /** The history record that `after` was read from, null where it is the flat value. */
  readonly nextKey: Uint8Array | null;
  /** Value that the block leaves when it is played again. */
  now: Uint8Array | null;
  /** Whether the block set it, if only to what it was. */
  isSet: boolean;
}

/** Bytes as a Map key: Latin-1 maps them to characters one to one. */
function textOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}

function sameValue(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : equalBytes(a, b);
}

/** A value as a history record has it. */
function describe(value: Uint8Array | null): Uint8Array {
  return encodeBefore(value ?? undefined);
}

/** Looked through once, to name what was lost. */
const UNDO_LISTS_MAX = 100_000;
const ZERO_HEIGHT = u64be(0);
/** Above every height: heights are below 2^53, so their first byte is zero. */
const AFTER_ALL_HEIGHTS = Uint8Array.of(0xff);
