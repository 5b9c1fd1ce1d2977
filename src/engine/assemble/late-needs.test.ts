import { describe, expect, it } from 'vitest';
import type { Need } from '../chain.ts';
import { createBook, defaultRangePolicy, endTurn, type SourceBook, takeTurn } from '../range/index.ts';
import { noteFailure, readyAtMs } from '../range/source-book.ts';
import type { SourceLimits } from '../source.ts';
import type { Height } from '../types.ts';
import {
  createLateNeeds,
  endLateTurn,
  hasRoom,
  type LateCommand,
  type LateEvent,
  lateKey,
  stepLate,
} from './late-needs.ts';

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
    expect(bench.state.requests.size).toBe(0);
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
    bench.tell({ type: 'source', book: bookOf('blocks', { parts: ['block'] }) });
    bench.tell({ type: 'source', book: bookOf('classes', { parts: ['class'] }) });
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
    bench.tell({ type: 'stored', request: 99 });
    bench.tell({ type: 'missed', request: 99, reason: 'none', retryAfterMs: null });
    expect(bench.underWay()).toEqual(['x class a']);
    bench.stored('x');
    bench.tell({ type: 'stored', request: 1 });
    bench.tell({ type: 'missed', request: 1, reason: 'late', retryAfterMs: null });
    expect(bench.state.requests.size).toBe(0);
    expect(bench.book('a').inFlight).toBe(0);
  });
});

describe('content that only unwound blocks named', () => {
  it('is forgotten, and what was under way for it is cancelled', () => {
    const bench = createBench(['a']);
    bench.name(content('kept', 5), content('gone', 6), content('waiting', 7));
    bench.tell({ type: 'unwound', to: 5 });
    expect([...bench.state.entries.keys()]).toEqual([lateKey(content('kept'))]);
    expect(bench.log.filter(({ type }) => type === 'cancel')).toEqual([
      { type: 'cancel', request: 2 },
      { type: 'cancel', request: 3 },
    ]);
    expect(bench.book('a').inFlight).toBe(1);
  });

  it('makes room for other content at once', () => {
    const bench = createBench(['a']);
    bench.name(...['1', '2', '3', '4'].map((id) => content(id, 6)), content('x', 5));
    expect(bench.underWay()).not.toContain('x class a');
    bench.tell({ type: 'unwound', to: 5 });
    expect(bench.underWay()).toEqual(['x class a']);
  });

  it('is fetched anew when the other branch names it too, whatever becomes of the first request', () => {
    const bench = createBench(['a', 'b']);
    bench.name(content('x', 6));
    bench.tell({ type: 'unwound', to: 5 });
    bench.name(content('x', 7));
    bench.tell({ type: 'missed', request: 1, reason: 'cancelled', retryAfterMs: null });
    expect(bench.underWay()).toEqual(['x class a']);
    bench.tell({ type: 'stored', request: 1 });
    expect(bench.underWay()).toEqual(['x class a']);
    bench.stored('x');
    expect(bench.state.entries.size).toBe(0);
  });
});

describe('the limits of a source', () => {
  it('hold for late content: no more requests at once than it allows, and nobody is passed over for it', () => {
    const bench = createBench([]);
    bench.tell({ type: 'source', book: bookOf('compiler', { parts: ['made'], limits: { concurrencyMax: 1 } }) });
    bench.tell({ type: 'source', book: bookOf('a') });
    const made = (id: string): Need => ({ ...content(id), part: 'made', fallbacks: [content(id)] });
    bench.name(made('1'), made('2'), made('3'), content('4'));
    expect(bench.underWay()).toEqual(['1 made compiler', '4 class a']);
    bench.stored('1', 'made');
    expect(bench.underWay()).toEqual(['2 made compiler', '4 class a']);
    bench.missed('2', 'refused', 'made');
    expect(bench.underWay()).toEqual(['2 class a', '3 made compiler', '4 class a']);
  });

  it('hold for late content and blocks together', () => {
    const bench = createBench(['a'], { concurrencyMax: 2 });
    takeTurn(bench.book('a'), 'block');
    bench.name(content('1'), content('2'));
    expect(bench.underWay()).toHaveLength(1);
    endTurn(bench.book('a'), 'block');
    bench.pass(0);
    expect(bench.underWay()).toHaveLength(2);
  });

  it('include its pace', () => {
    const bench = createBench(['a'], { concurrencyMax: 8, ratePerS: 2 });
    bench.name(...['1', '2', '3', '4'].map((id) => content(id)));
    expect(bench.underWay()).toHaveLength(2);
    bench.pass(500);
    expect(bench.underWay()).toHaveLength(3);
    bench.pass(500);
    expect(bench.underWay()).toHaveLength(4);
  });

  it('give the turn back with the answer, before it is known what it is worth', () => {
    const bench = createBench(['a'], { concurrencyMax: 1 });
    bench.name(content('1'), content('2'));
    endLateTurn(bench.state, 1);
    expect(bench.book('a')).toMatchObject({ inFlight: 0, lateInFlight: 0 });
    bench.stored('1');
    expect(bench.book('a')).toMatchObject({ inFlight: 1, lateInFlight: 1 });
  });
});

describe('a source that asks to be left alone', () => {
  it('is left alone for that long, also by blocks, and asked again then: it has not said that it has none', () => {
    const bench = createBench(['a']);
    bench.name(content('x'), content('y'));
    bench.missed('x', 'too many', 'class', 3_000);
    expect(bench.book('a').coolUntilMs).toBe(bench.nowMs + 3_000);
    expect(bench.book('a').failuresInRow).toBe(0);
    bench.missed('y', 'too many', 'class', 3_000);
    bench.pass(2_999);
    expect(bench.underWay()).toEqual([]);
    bench.pass(1);
    expect(bench.underWay()).toEqual(['x class a', 'y class a']);
    expect(bench.log.filter(({ type }) => type === 'quarantine')).toEqual([]);
  });

  it('leaves the way free to others that have it', () => {
    const bench = createBench(['a', 'b']);
    bench.name(content('x'));
    bench.missed('x', 'too many', 'class', 3_000);
    expect(bench.underWay()).toEqual(['x class b']);
  });

  it('whenever it is asked has as good as none', () => {
    const bench = createBench(['a']);
    bench.name(withFallbacks('x', 'archived'));
    for (let times = 0; times < 9; times++) {
      expect(bench.underWay()).toEqual(['x class a']);
      bench.missed('x', 'too many', 'class', 1_000);
      bench.pass(1_000);
    }
    expect(bench.underWay()).toEqual(['x archived a']);
  });

  it('is left alone by late content too when it was asked for blocks', () => {
    const bench = createBench(['a']);
    noteFailure(bench.book('a'), bench.nowMs, defaultRangePolicy, 3_000);
    bench.name(content('x'));
    expect(bench.underWay()).toEqual([]);
    bench.pass(3_000);
    expect(bench.underWay()).toEqual(['x class a']);
  });

  it('is told from one that only failed: that is asked, and may have it', () => {
    const bench = createBench(['a']);
    noteFailure(bench.book('a'), bench.nowMs, defaultRangePolicy, null);
    bench.name(content('x'));
    expect(bench.underWay()).toEqual(['x class a']);
  });
});

describe('turns at a source that blocks want too', () => {
  it('are left to late content up to a share, and to blocks beyond it', () => {
    const bench = createBench(['a'], { concurrencyMax: 8 });
    const book = bench.book('a');
    const fill = () => {
      while (readyAtMs(book, bench.nowMs) <= bench.nowMs) takeTurn(book, 'block');
    };
    fill();
    expect(book.inFlight).toBe(8);
    bench.name(...['1', '2', '3', '4', '5'].map((id) => content(id)));
    for (let answers = 0; answers < 4; answers++) {
      endTurn(book, 'block');
      fill();
      bench.pass(0);
      fill();
    }
    expect(book).toMatchObject({ inFlight: 8, lateInFlight: 2 });
  });

  it('are all for blocks when no late content waits', () => {
    const bench = createBench(['a'], { concurrencyMax: 8 });
    bench.name(content('x'));
    bench.stored('x');
    for (let i = 0; i < 8; i++) takeTurn(bench.book('a'), 'block');
    expect(bench.book('a')).toMatchObject({ inFlight: 8, lateInFlight: 0 });
  });

  it('alternate where there is but one', () => {
    const bench = createBench(['a'], { concurrencyMax: 1 });
    const book = bench.book('a');
    const turns: string[] = [];
    bench.name(...['1', '2', '3'].map((id) => content(id)));
    for (let i = 0; i < 6; i++) {
      turns.push(book.lastTurn);
      const [id] = bench.underWay().map((text) => text.split(' ')[0] ?? '');
      if (id !== undefined) endLateTurn(bench.state, bench.requestOf(id));
      else endTurn(book, 'block');
      if (readyAtMs(book, bench.nowMs) <= bench.nowMs) takeTurn(book, 'block');
      if (id !== undefined) bench.stored(id);
      else bench.pass(0);
    }
    expect(turns).toEqual(['late', 'block', 'late', 'block', 'late', 'block']);
  });
});

function bookOf(
  id: string,
  {
    parts = ['class', 'archived', 'reconstructed'],
    limits = { concurrencyMax: 8 },
  }: { readonly parts?: readonly string[]; readonly limits?: SourceLimits } = {},
): SourceBook {
  return createBook({ id, parts, limits }, 1_000_000);
}

function createBench(sources: readonly string[], limits?: SourceLimits) {
  const state = createLateNeeds(POLICY);
  const log: LateCommand[] = [];
  const bench = {
    state,
    log,
    nowMs: 1_000_000,
    book: (id: string) => state.books.get(id) as SourceBook, // of those below
    tell(event: LateEvent) {
      log.push(...stepLate(state, event, bench.nowMs));
    },
    requestOf: (id: string, part = 'class') => state.entries.get(`${part}\0${id}`)?.request ?? -1,
    name: (...needs: readonly Need[]) => bench.tell({ type: 'named', needs }),
    stored: (id: string, part = 'class') => bench.tell({ type: 'stored', request: bench.requestOf(id, part) }),
    missed: (id: string, reason = 'none', part = 'class', retryAfterMs: number | null = null) =>
      bench.tell({ type: 'missed', request: bench.requestOf(id, part), reason, retryAfterMs }),
    pass(ms: number) {
      bench.nowMs += ms;
      bench.tell({ type: 'tick' });
    },
    /** Every source in turn has none, until nobody is left to be asked. */
    runDry(id: string, reason?: string) {
      while (state.entries.get(lateKey(content(id)))?.request != null) bench.missed(id, reason);
    },
    /** All fetches so far, as `id part source`. */
    fetches: () => log.filter((command) => command.type === 'fetch').map(({ need, source }) => textOf(need, source)),
    underWay: () =>
      [...state.entries.values()]
        .filter((entry) => entry.request !== null)
        .map((entry) => textOf(entry.need, state.requests.get(entry.request ?? -1)?.source ?? null)),
  };
  for (const id of sources) {
    bench.tell({ type: 'source', book: bookOf(id, limits === undefined ? {} : { limits }) });
  }
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
    const book = createBook({ id: 'x', parts: ['class', 'compiled'], limits: { concurrencyMax: 8 } }, 0);
    stepLate(state, { type: 'source', book }, 0);
    return { state, commands: stepLate(state, { type: 'named', needs: [second, first] }, 0) };
  };

  it('is asked for when the other is stored', () => {
    const { state, commands } = start();
    expect(commands.map((command) => command.type === 'fetch' && command.need.part)).toEqual(['class']);
    const next = stepLate(state, { type: 'stored', request: 1 }, 1);
    expect(next).toMatchObject([{ type: 'fetch', need: second }]);
  });

  it('is asked for when nobody has the other', () => {
    const { state } = start();
    const next = stepLate(state, { type: 'missed', request: 1, reason: 'x has none', retryAfterMs: null }, 1);
    const again = stepLate(state, { type: 'tick' }, 2);
    expect([...next, ...again].filter(({ type }) => type === 'fetch')).toMatchObject([{ need: second }]);
  });
});
