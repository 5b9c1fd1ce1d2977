import { describe, expect, it } from 'vitest';
import type { Need } from '../chain.ts';
import type { Height } from '../types.ts';
import { createLateNeeds, hasRoom, type LateCommand, type LateEvent, lateKey, stepLate } from './late-needs.ts';

const POLICY = { concurrencyMax: 4, entriesMax: 10, retryBaseMs: 5_000, retryMaxMs: 60_000 };

describe('late content', () => {
  it('is fetched once, however many blocks name it', () => {
    const bench = createBench(['a']);
    bench.name(content('x', 1));
    bench.name(content('x', 2), content('x', 3));
    expect(bench.fetches()).toEqual(['x class a']);
  });

  it('is told apart by part and id, not by the block that named it', () => {
    expect(lateKey(content('x', 1))).toBe(lateKey(content('x', 9)));
    expect(lateKey(content('x', 1))).not.toBe(lateKey(content('y', 1)));
    expect(lateKey(content('x', 1))).not.toBe(lateKey({ ...content('x', 1), part: 'memo' }));
  });

  it('is done with once it is stored', () => {
    const bench = createBench(['a']);
    bench.name(content('x'));
    bench.stored('x');
    expect(bench.state.entries.size).toBe(0);
    expect(bench.state.inFlight).toBe(0);
    bench.pass(1_000_000);
    expect(bench.fetches()).toEqual(['x class a']);
  });

  it('is asked of one source after another', () => {
    const bench = createBench(['a', 'b', 'c']);
    bench.name(content('x'));
    bench.missed('x');
    bench.missed('x');
    expect(bench.fetches()).toEqual(['x class a', 'x class b', 'x class c']);
  });

  it('is asked only of sources that serve such a part', () => {
    const bench = createBench([]);
    bench.tell({ type: 'source', id: 'blocks', parts: ['block'] });
    bench.tell({ type: 'source', id: 'classes', parts: ['class'] });
    bench.name(content('x'));
    expect(bench.fetches()).toEqual(['x class classes']);
  });

  it('is replaced by its fallbacks in order, each asked of every source', () => {
    const bench = createBench(['a', 'b']);
    bench.name(withFallbacks('x', 'archived', 'reconstructed'));
    for (let i = 0; i < 5; i++) bench.missed('x');
    expect(bench.fetches()).toEqual([
      'x class a',
      'x class b',
      'x archived a',
      'x archived b',
      'x reconstructed a',
      'x reconstructed b',
    ]);
  });

  it('is stored under its own name when a fallback brought it', () => {
    const bench = createBench(['a']);
    bench.name(withFallbacks('x', 'archived'));
    bench.missed('x');
    bench.stored('x');
    expect(bench.state.entries.size).toBe(0);
  });
});

describe('content that nobody has', () => {
  it('is quarantined once, with the last reason, under the name that the block gave it', () => {
    const bench = createBench(['a', 'b']);
    bench.name(withFallbacks('x', 'archived'));
    bench.runDry('x', 'a has none');
    for (let round = 0; round < 5; round++) {
      bench.pass(60_000);
      bench.runDry('x', 'still none');
    }
    const quarantined = bench.log.filter((command) => command.type === 'quarantine');
    expect(quarantined).toEqual([{ type: 'quarantine', need: withFallbacks('x', 'archived'), reason: 'a has none' }]);
  });

  it('is asked for again from the beginning, after a wait that doubles up to a limit', () => {
    const bench = createBench(['a']);
    bench.name(withFallbacks('x', 'archived'));
    const waits: number[] = [];
    for (let round = 0; round < 6; round++) {
      bench.runDry('x');
      const [wake] = bench.log.filter((command) => command.type === 'wake').slice(-1);
      waits.push((wake?.atMs ?? 0) - bench.nowMs);
      bench.pass((wake?.atMs ?? 0) - bench.nowMs - 1);
      expect(bench.underWay()).toEqual([]);
      bench.pass(1);
      expect(bench.underWay()).toEqual(['x class a']);
    }
    expect(waits).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  it('is quarantined too when no source serves such a part at all', () => {
    const bench = createBench([]);
    bench.name(content('x'));
    expect(bench.log.filter((command) => command.type === 'quarantine')).toHaveLength(1);
  });

  it('holds up no other content', () => {
    const bench = createBench(['a']);
    bench.name(content('lost'));
    bench.runDry('lost');
    bench.name(content('x'));
    expect(bench.underWay()).toEqual(['x class a']);
  });

  it('is found in the end when a source gets it', () => {
    const bench = createBench(['a']);
    bench.name(content('x'));
    bench.runDry('x');
    bench.pass(5_000);
    bench.stored('x');
    expect(bench.state.entries.size).toBe(0);
  });
});

describe('the bounds of late content', () => {
  it('let no more be fetched at once than there may be', () => {
    const bench = createBench(['a']);
    bench.name(...['1', '2', '3', '4', '5', '6'].map((id) => content(id)));
    expect(bench.underWay()).toHaveLength(4);
    bench.stored('2');
    expect(bench.underWay()).toHaveLength(4);
    bench.missed('1');
    expect(bench.underWay()).toHaveLength(4);
  });

  it('let no more be held than there may be: what is over stays in the list of its owner', () => {
    const bench = createBench(['a']);
    bench.name(...Array.from({ length: 25 }, (_, i) => content(String(i))));
    expect(bench.state.entries.size).toBe(10);
    expect(hasRoom(bench.state)).toBe(false);
    bench.stored('0');
    expect(hasRoom(bench.state)).toBe(true);
    bench.name(content('24'));
    expect(bench.state.entries.size).toBe(10);
  });

  it('are not shifted by news of content that is not under way', () => {
    const bench = createBench(['a']);
    bench.name(content('x'));
    bench.tell({ type: 'stored', key: lateKey(content('stranger')) });
    bench.tell({ type: 'missed', key: lateKey(content('stranger')), reason: 'none' });
    bench.stored('x');
    bench.stored('x');
    bench.tell({ type: 'missed', key: lateKey(content('x')), reason: 'late' });
    expect(bench.state.inFlight).toBe(0);
  });
});

function createBench(sources: readonly string[]) {
  const state = createLateNeeds(POLICY);
  const log: LateCommand[] = [];
  const bench = {
    state,
    log,
    nowMs: 1_000_000,
    tell(event: LateEvent) {
      log.push(...stepLate(state, event, bench.nowMs));
    },
    name: (...needs: readonly Need[]) => bench.tell({ type: 'named', needs }),
    stored: (id: string) => bench.tell({ type: 'stored', key: lateKey(content(id)) }),
    missed: (id: string, reason = 'none') => bench.tell({ type: 'missed', key: lateKey(content(id)), reason }),
    pass(ms: number) {
      bench.nowMs += ms;
      bench.tell({ type: 'tick' });
    },
    /** Every source in turn has none, until nobody is left to be asked. */
    runDry(id: string, reason?: string) {
      while (state.entries.get(lateKey(content(id)))?.fetchingFrom != null) bench.missed(id, reason);
    },
    /** All fetches so far, as `id part source`. */
    fetches: () => log.filter((command) => command.type === 'fetch').map(({ need, source }) => textOf(need, source)),
    underWay: () =>
      [...state.entries.values()]
        .filter((entry) => entry.fetchingFrom !== null)
        .map((entry) => textOf(entry.need, entry.fetchingFrom)),
  };
  for (const id of sources) bench.tell({ type: 'source', id, parts: ['class', 'archived', 'reconstructed'] });
  return bench;
}

function textOf(need: Need, source: string | null): string {
  return `${need.id} ${need.part} ${source}`;
}

function content(id: string, height = 1): Need {
  return { height: height as Height, part: 'class', id, weight: 'wanted' };
}

function withFallbacks(id: string, ...parts: readonly string[]): Need {
  return { ...content(id), fallbacks: parts.map((part) => ({ ...content(id), part })) };
}

describe('a need that comes after another', () => {
  const first: Need = { height: 1 as Height, part: 'class', id: 'a', weight: 'wanted' };
  const second: Need = {
    ...{ height: 1 as Height, part: 'compiled', id: 'a/b', weight: 'wanted' },
    after: { part: 'class', id: 'a' },
  };
  const start = () => {
    const state = createLateNeeds(POLICY);
    stepLate(state, { type: 'source', id: 'x', parts: ['class', 'compiled'] }, 0);
    return { state, commands: stepLate(state, { type: 'named', needs: [second, first] }, 0) };
  };

  it('is asked for when the other is stored', () => {
    const { state, commands } = start();
    expect(commands.map((command) => command.type === 'fetch' && command.need.part)).toEqual(['class']);
    const next = stepLate(state, { type: 'stored', key: lateKey(first) }, 1);
    expect(next).toMatchObject([{ type: 'fetch', need: second }]);
  });

  it('is asked for when nobody has the other', () => {
    const { state } = start();
    const next = stepLate(state, { type: 'missed', key: lateKey(first), reason: 'x has none' }, 1);
    const again = stepLate(state, { type: 'tick' }, 2);
    expect([...next, ...again].filter(({ type }) => type === 'fetch')).toMatchObject([{ need: second }]);
  });
});
