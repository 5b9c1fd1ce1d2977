import { compareBytes, concatBytes, equalBytes, readU64be } from '../../lib/index.ts';
import type { KeyRange, StateView, Table } from '../store.ts';
import type { Height } from '../types.ts';
import { decodeBefore, readStateAt } from './records.ts';

/**
 * The flat state as it was after the block at `height`, put together from the current one and the values that later
 * blocks replaced. Ranges go through the history of every key they pass, so they cost what the whole history costs.
 * The base view stays the caller's to dispose.
 */
export class HistoricState implements StateView {
  private readonly base: StateView;
  private readonly height: Height;

  constructor(base: StateView, height: Height) {
    this.base = base;
    this.height = height;
  }

  get(table: Table, key: Uint8Array): Uint8Array | undefined {
    return table === 'state' ? readStateAt(this.base, key, this.height) : this.base.get(table, key);
  }

  /** Of table `state` ascending only, which is all that a build reads. */
  *range(table: Table, range: KeyRange): Iterable<readonly [Uint8Array, Uint8Array]> {
    if (table !== 'state') {
      yield* this.base.range(table, range);
      return;
    }
    if (range.reverse) throw new TypeError('historic state is read in ascending order');
    const { limit = Number.POSITIVE_INFINITY, ...bounds } = range;
    let given = 0;
    for (const [key, value] of this.merged(bounds)) {
      if (given++ >= limit) return;
      yield [key, value];
    }
  }

  [Symbol.dispose](): void {}

  private *merged(bounds: KeyRange): Generator<readonly [Uint8Array, Uint8Array]> {
    const changes = this.changedAfter(bounds);
    let change = changes.next().value ?? null;
    for (const [key, value] of this.base.range('state', bounds)) {
      for (; change !== null && compareBytes(change.key, key) < 0; change = changes.next().value ?? null) {
        if (change.before !== undefined) yield [change.key, change.before];
      }
      if (change === null || compareBytes(change.key, key) > 0) {
        yield [key, value];
        continue;
      }
      if (change.before !== undefined) yield [key, change.before];
      change = changes.next().value ?? null;
    }
    for (; change !== null; change = changes.next().value ?? null) {
      if (change.before !== undefined) yield [change.key, change.before];
    }
  }

  /** State keys that changed above the height, each once in key order, with what stood there before the first change. */
  private *changedAfter({ start, end }: KeyRange): Generator<Change, undefined> {
    // A history key is a state key with a height behind it: bounds that hold more than a state key need exact looks.
    const historyEnd = end === undefined ? {} : { end: concatBytes(end, ABOVE_ALL_HEIGHTS) };
    const history = this.base.range('history', { ...(start === undefined ? {} : { start }), ...historyEnd });
    let latest: Uint8Array | null = null;
    for (const [historyKey, before] of history) {
      if (readU64be(historyKey, historyKey.length - HEIGHT_BYTES) <= this.height) continue;
      const key = historyKey.subarray(0, historyKey.length - HEIGHT_BYTES);
      if (start !== undefined && compareBytes(key, start) < 0) continue;
      if (end !== undefined && compareBytes(key, end) >= 0) continue;
      if (latest !== null && equalBytes(latest, key)) continue;
      latest = key;
      yield { key, before: decodeBefore(before) };
    }
  }
}

interface Change {
  readonly key: Uint8Array;
  /** Value after the block at the height asked for; undefined for absent. */
  readonly before: Uint8Array | undefined;
}

const HEIGHT_BYTES = 8;
const ABOVE_ALL_HEIGHTS = new Uint8Array(HEIGHT_BYTES + 1).fill(0xff);
