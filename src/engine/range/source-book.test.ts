import { describe, expect, it } from 'vitest';
import { createDesk, type Desk, need, ofType } from './testing.ts';

describe('a source that fails', () => {
  it('cools down, and its work goes to another', () => {
    const desk = createDesk({ policy: { windowBlocks: 1 } });
    for (const id of ['a', 'b']) desk.source(id);
    const first = desk.pending()[0]?.source ?? '';
    desk.fail({});
    expect(desk.pending()).toHaveLength(1);
    expect(desk.pending()[0]?.source).not.toBe(first);
    expect(desk.state.books.get(first)?.state).toBe('cooling');
  });

  it('is asked for nothing else while it cools down', () => {
    const desk = createDesk({ policy: { windowBlocks: 4 } });
    desk.source('a', { limits: { concurrencyMax: 1 } });
    desk.fail({ source: 'a' });
    desk.pass(499);
    expect(desk.pending()).toEqual([]);
    desk.pass(1);
    expect(desk.pending()).toHaveLength(1);
  });

  it('cools down twice as long after each failure in a row, up to a limit', () => {
    const desk = createDesk({ policy: { windowBlocks: 1, coolMaxMs: 3_000 } });
    desk.source('a');
    const waits: number[] = [];
    for (let i = 0; i < 5; i++) {
      desk.fail({});
      waits.push(coolMs(desk, 'a'));
      desk.pass(20_000);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 3_000, 3_000]);
  });

  it('is forgiven by its next answer', () => {
    const desk = createDesk({ policy: { windowBlocks: 1 } });
    desk.source('a');
    for (let i = 0; i < 3; i++) {
      desk.fail({});
      desk.pass(20_000);
    }
    desk.answer({}, { delivered: [] });
    desk.pass(20_000);
    desk.claim('a', 100);
    desk.fail({});
    expect(coolMs(desk, 'a')).toBe(500);
  });

  it('has failed once when requests that were under way together fail together', () => {
    const desk = createDesk({ policy: { windowBlocks: 4 } });
    desk.source('a', { limits: { concurrencyMax: 4 } });
    for (const height of [0, 1, 2, 3]) desk.fail({ height });
    expect(coolMs(desk, 'a')).toBe(500);
  });

  it('cools down when it cannot even be asked what it has', () => {
    const desk = createDesk({ policy: { windowBlocks: 1 } });
    for (const id of ['a', 'b']) desk.source(id);
    desk.tell({ type: 'unreachable', source: 'b', retryAfterMs: null });
    expect(coolMs(desk, 'b')).toBe(500);
  });
});

describe('a source that asks for patience', () => {
  it('gets it', () => {
    const desk = createDesk({ policy: { windowBlocks: 1 } });
    desk.source('a');
    desk.fail({}, { retryAfterMs: 60_000 });
    desk.pass(59_999);
    expect(desk.pending()).toEqual([]);
    desk.pass(1);
    expect(desk.pending()).toHaveLength(1);
  });

  it('gets it for itself alone', () => {
    const desk = createDesk({ policy: { windowBlocks: 4 } });
    for (const id of ['a', 'b']) desk.source(id, { limits: { concurrencyMax: 2 } });
    const [left] = desk.pending({ source: 'a' });
    desk.fail({ height: left?.height ?? -1 }, { retryAfterMs: 60_000 });
    for (const { height } of desk.pending({ source: 'b' })) desk.answer({ height });
    expect(desk.pending({ height: left?.height ?? -1 })).toMatchObject([{ source: 'b' }]);
  });

  it('is not asked earlier because another of its requests fails without a word', () => {
    const desk = createDesk({ policy: { windowBlocks: 2 } });
    desk.source('a');
    desk.fail({ height: 0 }, { retryAfterMs: 60_000 });
    desk.fail({ height: 1 });
    desk.pass(59_999);
    expect(desk.pending()).toEqual([]);
  });
});

describe('a source that sent something false', () => {
  it('is benched longer each time, up to a limit', () => {
    const desk = createDesk({ policy: { strikeBaseMs: 5_000, strikeMaxMs: 100_000 } });
    desk.source('liar');
    const benches = [1, 2, 3, 4, 5].map(() => {
      desk.pass(1_000_000);
      desk.tell({ type: 'strike', source: 'liar' });
      return benchMs(desk, 'liar');
    });
    expect(benches).toEqual([5_000, 20_000, 80_000, 100_000, 100_000]);
  });

  it('is asked for nothing while another can serve', () => {
    const desk = createDesk({ policy: { windowBlocks: 8 } });
    desk.tell({ type: 'limit', limit: -1 });
    for (const id of ['honest', 'liar']) desk.source(id, { limits: { concurrencyMax: 8 } });
    desk.tell({ type: 'limit', limit: 100 });
    const { height } = desk.pending({ source: 'liar' })[0] ?? { height: -1 };
    desk.answer({ source: 'liar', height });
    desk.tell({ type: 'refused', height, fault: 'peer', blamed: ['liar'] });
    expect(desk.pending({ height })).toMatchObject([{ source: 'honest' }]);
    for (const fetch of desk.pending({ source: 'liar' })) desk.fail({ source: 'liar', height: fetch.height });
    expect(desk.pending({ source: 'liar' })).toEqual([]);
  });

  it('is forgiven one strike for some good blocks in a row', () => {
    const desk = createDesk({ policy: { windowBlocks: 1, forgiveBlocks: 4 } });
    desk.source('liar');
    desk.tell({ type: 'strike', source: 'liar' });
    desk.tell({ type: 'strike', source: 'liar' });
    desk.pass(1_000_000);
    for (let height = 0; height < 4; height++) {
      expect(desk.state.books.get('liar')?.strikes).toBe(2);
      desk.seal(height);
      desk.commit(height);
    }
    expect(desk.state.books.get('liar')?.strikes).toBe(1);
  });

  it('begins to earn forgiveness anew with each strike', () => {
    const desk = createDesk({ policy: { windowBlocks: 1, forgiveBlocks: 4 } });
    desk.source('liar');
    desk.tell({ type: 'strike', source: 'liar' });
    desk.pass(1_000_000);
    for (let height = 0; height < 3; height++) {
      desk.seal(height);
      desk.commit(height);
    }
    desk.tell({ type: 'strike', source: 'liar' });
    desk.pass(1_000_000);
    desk.seal(3);
    expect(desk.state.books.get('liar')?.strikes).toBe(2);
  });

  it('is struck for breaking the protocol too', () => {
    const desk = createDesk({ policy: { windowBlocks: 1 } });
    desk.source('rude');
    desk.fail({}, { fault: 'peer' });
    expect(desk.state.books.get('rude')?.strikes).toBe(1);
  });
});

describe('the two books', () => {
  it('do not mix: failing is no strike', () => {
    const desk = createDesk({ policy: { windowBlocks: 1 } });
    desk.source('slow');
    for (let i = 0; i < 10; i++) {
      desk.fail({});
      desk.pass(60_000);
    }
    expect(desk.state.books.get('slow')).toMatchObject({ strikes: 0, benchedUntilMs: 0 });
  });

  it('do not mix: lying is no failure', () => {
    const desk = createDesk({ policy: { windowBlocks: 1 } });
    desk.source('liar');
    desk.tell({ type: 'strike', source: 'liar' });
    expect(desk.state.books.get('liar')).toMatchObject({ failuresInRow: 0, coolUntilMs: 0 });
  });

  it('do not mix: an answer in time does not shorten the bench', () => {
    const desk = createDesk({ policy: { windowBlocks: 2 } });
    desk.source('liar');
    desk.tell({ type: 'strike', source: 'liar' });
    desk.answer({ height: 0 });
    expect(benchMs(desk, 'liar')).toBe(5_000);
    expect(desk.state.books.get('liar')?.strikes).toBe(1);
  });
});

describe('a source on another branch', () => {
  it('is left alone for a while without a strike', () => {
    const desk = createDesk({ policy: { windowBlocks: 1 } });
    desk.source('a');
    desk.tell({ type: 'aside', source: 'a', forMs: 10_000 });
    expect(desk.state.books.get('a')).toMatchObject({ strikes: 0, state: 'benched' });
    expect(benchMs(desk, 'a')).toBe(10_000);
  });
});

describe('the limits of a source', () => {
  it('bound how many requests are under way', () => {
    const desk = createDesk({ policy: { windowBlocks: 8 } });
    desk.source('a', { limits: { concurrencyMax: 3 } });
    expect(desk.pending()).toHaveLength(3);
    desk.answer({ height: 0 });
    expect(desk.pending()).toHaveLength(3);
  });

  it('spread the work over the sources by how much each can take', () => {
    const desk = createDesk({ policy: { windowBlocks: 8 } });
    desk.tell({ type: 'limit', limit: -1 });
    desk.source('small', { limits: { concurrencyMax: 2 } });
    desk.source('large', { limits: { concurrencyMax: 6 } });
    desk.tell({ type: 'limit', limit: 100 });
    expect(desk.pending({ source: 'small' })).toHaveLength(2);
    expect(desk.pending({ source: 'large' })).toHaveLength(6);
  });

  it('bound how many requests are sent in a second', () => {
    const desk = createDesk({ policy: { windowBlocks: 200 } });
    desk.source('metered', { limits: { concurrencyMax: 200, ratePerS: 5 } });
    const sent = () => ofType(desk.log, 'fetch').length;
    expect(sent()).toBe(5);
    for (let ms = 0; ms < 10_000; ms += 50) desk.pass(50);
    expect(sent()).toBe(5 + 50);
  });

  it('let it be asked again when the next token is there, not before and not much later', () => {
    const desk = createDesk({ policy: { windowBlocks: 20 } });
    desk.source('metered', { limits: { concurrencyMax: 20, ratePerS: 2 } });
    const wake = ofType(desk.log, 'wake').at(-1);
    expect(wake?.atMs).toBe(desk.nowMs + 500);
  });

  it('save up no more than one second of requests', () => {
    const desk = createDesk({ policy: { windowBlocks: 100 } });
    desk.tell({ type: 'limit', limit: -1 });
    desk.source('metered', { limits: { concurrencyMax: 100, ratePerS: 5 } });
    desk.pass(3_600_000);
    desk.tell({ type: 'limit', limit: 99 });
    expect(desk.pending()).toHaveLength(5);
  });
});

describe('what becomes of a source', () => {
  it('is told once, when it changes', () => {
    const desk = createDesk({ policy: { windowBlocks: 1 } });
    desk.source('a');
    desk.fail({});
    desk.pass(100);
    desk.pass(400);
    desk.pass(100);
    const states = ofType(desk.log, 'source').map((command) => `${command.id} ${command.state}`);
    expect(states).toEqual(['a cooling', 'a ok']);
  });

  it('is told with the time until which it lasts', () => {
    const desk = createDesk({ policy: { windowBlocks: 1 } });
    desk.source('a');
    const [told] = ofType(desk.tell({ type: 'strike', source: 'a' }), 'source');
    expect(told).toEqual({ type: 'source', id: 'a', state: 'benched', untilMs: desk.nowMs + 5_000 });
  });
});

describe('events about a source that is not registered', () => {
  it('are ignored', () => {
    const desk = createDesk({ needs: [need('block')] });
    desk.source('a');
    const before = desk.log.length;
    desk.claim('nobody', 100);
    desk.tell({ type: 'unreachable', source: 'nobody', retryAfterMs: 1 });
    desk.tell({ type: 'strike', source: 'nobody' });
    desk.tell({ type: 'aside', source: 'nobody', forMs: 1 });
    expect(ofType(desk.log.slice(before), 'source')).toEqual([]);
    expect([...desk.state.books.keys()]).toEqual(['a']);
  });
});

function coolMs(desk: Desk, id: string): number {
  return (desk.state.books.get(id)?.coolUntilMs ?? 0) - desk.nowMs;
}

function benchMs(desk: Desk, id: string): number {
  return (desk.state.books.get(id)?.benchedUntilMs ?? 0) - desk.nowMs;
}
