import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initialSyncState, type Mode, nextMode, type Seen, type SyncPolicy, type SyncState } from './index.ts';

const policy: SyncPolicy = { followWithinBlocks: 1, rangeBeyondBlocks: 16 };
const open: Seen = {
  storeOpen: true,
  confirmed: 100,
  target: 100,
  statePending: false,
  snapshotOffered: false,
  halt: null,
};

describe('the next mode', () => {
  const cases: readonly (readonly [claim: string, from: Mode, seen: Partial<Seen>, to: Mode])[] = [
    ['starts while the store is not open', 'start', { storeOpen: false }, 'start'],
    ['starts until a source has answered', 'start', { target: null }, 'start'],
    ['catches up when it is behind', 'start', { target: 102 }, 'range'],
    ['follows at once when it is at the tip already', 'start', { target: 100 }, 'follow'],
    ['follows when it is within reach of the tip', 'range', { target: 101 }, 'follow'],
    ['goes on catching up just outside that reach', 'range', { target: 102 }, 'range'],
    ['goes on following some blocks behind', 'follow', { target: 116 }, 'follow'],
    ['falls back to catching up further behind', 'follow', { target: 117 }, 'range'],
    ['goes on catching up at the tip while the state is pending', 'range', { statePending: true }, 'range'],
    ['catches up again when the state is pending', 'follow', { statePending: true }, 'range'],
    ['follows when it is ahead of the sources', 'range', { target: 90 }, 'follow'],
    ['goes on following when no source is in sight', 'follow', { target: null }, 'follow'],
    ['goes on catching up when no source is in sight', 'range', { target: null }, 'range'],
    ['counts an empty store as one block before genesis', 'start', { confirmed: -1, target: 0 }, 'follow'],
    ['takes an offered snapshot into an empty store', 'start', { confirmed: -1, snapshotOffered: true }, 'snapshot'],
    ['leaves an offered snapshot alone once it has blocks', 'range', { target: 500, snapshotOffered: true }, 'range'],
    ['goes on with a snapshot while it is offered', 'snapshot', { snapshotOffered: true }, 'snapshot'],
    ['catches up when the snapshot is gone', 'snapshot', { target: 500 }, 'range'],
    ['starts over when the store is closed', 'follow', { storeOpen: false }, 'start'],
    ['halts from the start', 'start', { halt: 'unsafe' }, 'halted'],
    ['halts while it follows', 'follow', { halt: 'unsafe' }, 'halted'],
    ['halts although the store is not open', 'range', { halt: 'unsafe', storeOpen: false }, 'halted'],
    ['stays halted when the reason is gone', 'halted', {}, 'halted'],
    ['stays halted when it is behind', 'halted', { target: 500 }, 'halted'],
  ];
  it.each(cases)('%s', (_, from, seen, to) => {
    expect(nextMode(inMode(from), { ...open, ...seen }, policy).mode).toBe(to);
  });

  it('does not flap while the distance to the tip wanders between its two bounds', () => {
    let state = nextMode(inMode('range'), { ...open, target: 100 }, policy);
    const modes = [2, 16, 3, 15, 2].map((behind) => {
      state = nextMode(state, { ...open, target: 100 + behind }, policy);
      return state.mode;
    });
    expect(new Set(modes)).toEqual(new Set(['follow']));
  });

  it('keeps the reason for which it halted', () => {
    const halted = nextMode(inMode('follow'), { ...open, halt: 'the first reason' }, policy);
    expect(nextMode(halted, { ...open, halt: 'another' }, policy).reason).toBe('the first reason');
  });

  it('is the same object when nothing changes', () => {
    const state = nextMode(initialSyncState, open, policy);
    expect(nextMode(state, open, policy)).toBe(state);
  });
});

describe('serving', () => {
  it('begins with the first block', () => {
    expect(nextMode(initialSyncState, { ...open, confirmed: -1, target: 5 }, policy).serving).toBe(false);
    expect(nextMode(initialSyncState, { ...open, confirmed: 0, target: 5 }, policy).serving).toBe(true);
  });

  it('goes on while halted', () => {
    expect(nextMode(inMode('follow'), { ...open, halt: 'unsafe' }, policy).serving).toBe(true);
  });

  it('depends on the store alone, whatever the mode', () => {
    const modes = fc.constantFrom<Mode>('start', 'snapshot', 'range', 'follow', 'halted');
    const sights = fc.record({
      storeOpen: fc.boolean(),
      confirmed: fc.integer({ min: -1, max: 40 }),
      target: fc.option(fc.integer({ min: -1, max: 40 })),
      statePending: fc.boolean(),
      snapshotOffered: fc.boolean(),
      halt: fc.option(fc.constant('unsafe')),
    });
    fc.assert(
      fc.property(modes, fc.boolean(), sights, (mode, serving, seen) => {
        const next = nextMode({ mode, serving, reason: 'before' }, seen, policy);
        expect(next.serving).toBe(seen.storeOpen && seen.confirmed >= 0);
        if (mode === 'halted') expect(next.mode).toBe('halted');
      }),
    );
  });
});

function inMode(mode: Mode): SyncState {
  return { mode, serving: true, reason: 'before' };
}
