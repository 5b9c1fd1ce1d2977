import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes, toHex } from '../../lib/index.ts';
import { createMemoryStore } from '../../store/index.ts';
import type { KeyRange, StateView } from '../store.ts';
import { StateOverlay, TransitionRecorder } from './overlay.ts';

const key = fc.uint8Array({ minLength: 1, maxLength: 2, max: 3 });
const value = fc.uint8Array({ maxLength: 2 });
const entries = fc.array(fc.tuple(key, value), { maxLength: 10 });
const edits = fc.array(fc.tuple(key, fc.option(value)), { maxLength: 10 });
const ranges: fc.Arbitrary<KeyRange> = fc
  .record({ start: fc.option(key), end: fc.option(key), limit: fc.option(fc.nat(6)), reverse: fc.boolean() })
  .map(({ start, end, limit, reverse }) => ({
    reverse,
    ...(start === null ? {} : { start }),
    ...(end === null ? {} : { end }),
    ...(limit === null ? {} : { limit }),
  }));

describe('state with changes on top', () => {
  it('yields in every range what a plain map of the outcome would', () => {
    fc.assert(
      fc.property(entries, edits, ranges, (stored, changed, range) => {
        const store = createMemoryStore();
        store.commit(stored.map(([k, v]) => ({ table: 'state', key: k, value: v })));
        using view = store.view();
        const overlay = new StateOverlay(view);
        const model = new Map(stored.map(([k, v]) => [toHex(k), { key: k, value: v }]));
        for (const [k, v] of changed) {
          overlay.set(k, v);
          if (v === null) model.delete(toHex(k));
          else model.set(toHex(k), { key: k, value: v });
        }
        const got = [...overlay.range('state', range)].map(([k, v]) => [toHex(k), toHex(v)]);
        expect(got).toEqual(naiveRange([...model.values()], range));
      }),
      { numRuns: 500 },
    );
  });

  it('shows the change, not what it covers', () => {
    using view = viewOf([[1, 10]]);
    const overlay = new StateOverlay(view);
    overlay.set(Uint8Array.of(1), Uint8Array.of(11));
    expect(overlay.get('state', Uint8Array.of(1))).toEqual(Uint8Array.of(11));
    overlay.set(Uint8Array.of(1), null);
    expect(overlay.get('state', Uint8Array.of(1))).toBeUndefined();
  });

  it('shows every other table as it is stored', () => {
    using view = viewOf([[1, 10]]);
    const overlay = new StateOverlay(view);
    overlay.set(Uint8Array.of(1), Uint8Array.of(11));
    expect(overlay.get('trie', Uint8Array.of(1))).toBeUndefined();
    expect([...overlay.range('trie', {})]).toEqual([]);
  });

  it('names the changed keys in order, each once', () => {
    using view = viewOf([]);
    const overlay = new StateOverlay(view);
    for (const byte of [3, 1, 2, 1]) overlay.set(Uint8Array.of(byte), Uint8Array.of(9));
    expect(overlay.changedKeys()).toEqual([Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)]);
  });
});

describe('the record of one block’s changes', () => {
  it('holds each changed key once, in order, with the value before the block', () => {
    const { changes } = recorded([[2, 20]], (state) => {
      state.set(Uint8Array.of(2), Uint8Array.of(21));
      state.set(Uint8Array.of(1), Uint8Array.of(11));
      state.set(Uint8Array.of(2), Uint8Array.of(22));
    });
    expect(changes).toEqual([
      { key: Uint8Array.of(1), before: undefined, after: Uint8Array.of(11) },
      { key: Uint8Array.of(2), before: Uint8Array.of(20), after: Uint8Array.of(22) },
    ]);
  });

  it('holds nothing for a key that was set to what it held', () => {
    const { changes } = recorded([[1, 10]], (state) => {
      state.set(Uint8Array.of(1), Uint8Array.of(10));
      state.set(Uint8Array.of(2), null);
    });
    expect(changes).toEqual([]);
  });

  it('holds nothing for a key that came back to its old value', () => {
    const { changes } = recorded([[1, 10]], (state) => {
      state.set(Uint8Array.of(1), null);
      state.set(Uint8Array.of(1), Uint8Array.of(10));
      state.set(Uint8Array.of(2), Uint8Array.of(9));
      state.set(Uint8Array.of(2), null);
    });
    expect(changes).toEqual([]);
  });

  it('takes for the value before what the block before it left', () => {
    using view = viewOf([[1, 10]]);
    const overlay = new StateOverlay(view);
    const first = new TransitionRecorder(overlay);
    first.set(Uint8Array.of(1), Uint8Array.of(11));
    first.finish();
    const second = new TransitionRecorder(overlay);
    second.set(Uint8Array.of(1), Uint8Array.of(12));
    expect(second.finish()).toEqual([{ key: Uint8Array.of(1), before: Uint8Array.of(11), after: Uint8Array.of(12) }]);
  });
});

function recorded(stored: readonly (readonly [number, number])[], play: (state: TransitionRecorder) => void) {
  using view = viewOf(stored);
  const recorder = new TransitionRecorder(new StateOverlay(view));
  play(recorder);
  return { changes: recorder.finish() };
}

function viewOf(stored: readonly (readonly [number, number])[]): StateView {
  const store = createMemoryStore();
  store.commit(stored.map(([k, v]) => ({ table: 'state', key: Uint8Array.of(k), value: Uint8Array.of(v) })));
  return store.view();
}

function naiveRange(all: readonly { key: Uint8Array; value: Uint8Array }[], range: KeyRange): string[][] {
  const { start, end, limit, reverse = false } = range;
  const inside = all
    .filter((one) => start === undefined || compareBytes(one.key, start) >= 0)
    .filter((one) => end === undefined || compareBytes(one.key, end) < 0)
    .sort((a, b) => compareBytes(a.key, b.key));
  if (reverse) inside.reverse();
  return inside.slice(0, limit).map((one) => [toHex(one.key), toHex(one.value)]);
}
