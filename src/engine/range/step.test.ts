import { describe, expect, it } from 'vitest';
import type { Height } from '../types.ts';
import { reachable } from './state.ts';
import { createDesk, type Desk, need, ofType, wanted } from './testing.ts';

describe('a slot', () => {
  it('lives from open to committed, through every turn on the way', () => {
    const desk = createDesk({ needs: [need('header')], policy: { windowBlocks: 1 } });
    const phase = () => desk.state.slots.get(0)?.phase;
    desk.source('a', { parts: ['header', 'body'] });

    // It opens, and its first parts are asked for.
    expect(phase()).toBe('open');
    expect(desk.pending()).toMatchObject([{ source: 'a', height: 0, parts: ['header'] }]);

    // A request fails: it is asked again when the source has cooled down.
    desk.fail({ source: 'a' });
    expect(phase()).toBe('open');
    expect(desk.pending()).toEqual([]);
    desk.pass(500);
    expect(desk.pending()).toHaveLength(1);

    // Its header is there: it is looked at.
    expect(ofType(desk.answer({}), 'examine')).toEqual([{ type: 'examine', height: 0, absent: [] }]);
    expect(phase()).toBe('examining');

    // The header says that there is more.
    desk.tell({ type: 'needs', height: 0, needs: [need('body')] });
    expect(phase()).toBe('open');
    expect(desk.pending()).toMatchObject([{ parts: ['body'] }]);

    // All is there, and it does not fit together: everything is dropped and asked for again.
    desk.answer({});
    const refusal = desk.tell({ type: 'refused', height: 0, fault: 'source', blamed: ['a'] });
    expect(ofType(refusal, 'drop')).toEqual([{ type: 'drop', height: 0 }]);
    expect(phase()).toBe('open');
    desk.pass(10_000);
    expect(desk.pending()).toMatchObject([{ parts: ['header'] }]);

    // This time it holds, so it is handed to the applier.
    desk.answer({});
    const sealed = desk.tell({ type: 'sealed', height: 0, bytes: 300, from: ['a'] });
    expect(ofType(sealed, 'hand')).toEqual([{ type: 'hand', height: 0 }]);
    expect(phase()).toBe('handed');
    expect(desk.state.heldBytes).toBe(300);

    // The applier refuses it: back to the start.
    const recalled = desk.tell({ type: 'refused', height: 0, fault: 'source', blamed: ['a'] });
    expect(ofType(recalled, 'recall')).toHaveLength(1);
    expect(phase()).toBe('open');
    expect(desk.state.heldBytes).toBe(0);

    // In the end it is committed, and the window moves on.
    desk.pass(10_000);
    desk.seal(0);
    desk.commit(0);
    expect(phase()).toBeUndefined();
    expect([...desk.state.slots.keys()]).toEqual([1]);
  });

  it('ignores the answer to a request that is no longer under way', () => {
    const desk = createDesk({ policy: { windowBlocks: 1 } });
    desk.source('a');
    const request = desk.pending()[0]?.request ?? 0;
    desk.fail({});
    const late = desk.tell({ type: 'fetched', request, bytes: 100, delivered: ['block'], absent: [] });
    expect(ofType(late, 'examine')).toEqual([]);
    expect(desk.state.heldBytes).toBe(0);
  });

  it('ignores a verdict on a height that is not being examined', () => {
    const desk = createDesk({ policy: { windowBlocks: 1 } });
    desk.source('a');
    expect(ofType(desk.tell({ type: 'sealed', height: 0, bytes: 10, from: ['a'] }), 'hand')).toEqual([]);
    desk.tell({ type: 'needs', height: 0, needs: [need('other')] });
    expect(desk.pending()).toMatchObject([{ parts: ['block'] }]);
  });

  it('takes the answer of a part from the request of another, and asks only for what is missing', () => {
    const desk = createDesk({ needs: [need('header'), need('body')], policy: { windowBlocks: 1 } });
    desk.source('a', { parts: ['header'] });
    desk.source('b', { parts: ['body'] });
    desk.answer({ source: 'a' });
    desk.tell({ type: 'needs', height: 0, needs: [need('body')] });
    expect(desk.pending()).toMatchObject([{ source: 'b', parts: ['body'] }]);
  });
});

describe('sealed blocks', () => {
  it('are handed over in order of height, in whatever order they were sealed', () => {
    const desk = createDesk({ policy: { windowBlocks: 4 } });
    desk.source('a');
    for (const height of [2, 0, 3, 1]) desk.seal(height);
    expect(ofType(desk.log, 'hand').map((command) => command.height)).toEqual([0, 1, 2, 3]);
  });

  it('are recalled from a refused one on, and handed over again after it', () => {
    const desk = createDesk({ policy: { windowBlocks: 4 } });
    desk.source('a');
    for (const height of [0, 1, 2, 3]) desk.seal(height);
    desk.commit(0);
    const refusal = desk.tell({ type: 'refused', height: 1, fault: 'source', blamed: ['a'] });
    expect(ofType(refusal, 'recall')).toHaveLength(1);
    const before = desk.log.length;
    desk.seal(1);
    expect(ofType(desk.log.slice(before), 'hand').map((command) => command.height)).toEqual([1, 2, 3]);
  });
});

describe('the window', () => {
  it('opens no more heights than it may, and one more for each that is committed', () => {
    const desk = createDesk({ policy: { windowBlocks: 3 } });
    desk.source('a');
    for (const height of [0, 1, 2]) desk.seal(height);
    expect(heights(desk)).toEqual([0, 1, 2]);
    desk.commit(0);
    expect(heights(desk)).toEqual([1, 2, 3]);
  });

  it('opens no more heights than its bytes allow', () => {
    const desk = createDesk({ policy: { windowBytes: 1_000, blockBytesGuess: 300 } });
    desk.source('a');
    expect(heights(desk)).toEqual([0, 1, 2]);
  });

  it('counts what sealed blocks weigh until they are committed', () => {
    const desk = createDesk({ policy: { windowBytes: 1_000, blockBytesGuess: 300 } });
    desk.source('a');
    desk.seal(0, { bytes: 900 });
    desk.seal(1, { bytes: 50 });
    desk.seal(2, { bytes: 50 });
    expect(desk.state.heldBytes).toBe(1_000);
    expect(heights(desk)).toEqual([0, 1, 2]);
    desk.commit(0);
    expect(desk.state.heldBytes).toBe(100);
    expect(heights(desk).length).toBeGreaterThan(2);
  });

  it('reckons with the rest of a block of which only a small part is there', () => {
    const desk = createDesk({ needs: [need('header')], policy: { windowBytes: 1_000, blockBytesGuess: 300 } });
    desk.source('a', { parts: ['header', 'body'] });
    for (const height of [0, 1, 2]) {
      desk.answer({ height }, { bytes: 10 });
      desk.tell({ type: 'needs', height, needs: [need('body')] });
    }
    expect(heights(desk)).toEqual([0, 1, 2]);
  });

  it('always admits the lowest height, or a block larger than the window would never pass', () => {
    const desk = createDesk({ policy: { windowBytes: 1_000, blockBytesGuess: 5_000 } });
    desk.source('a');
    expect(heights(desk)).toEqual([0]);
    desk.seal(0, { bytes: 5_000 });
    desk.commit(0);
    expect(heights(desk)).toEqual([1]);
  });

  it('learns the size of a block from those it has seen', () => {
    const desk = createDesk({ policy: { windowBytes: 1_000, blockBytesGuess: 400, windowBlocks: 50 } });
    desk.source('a');
    for (let height = 0; height < 40; height++) {
      desk.seal(height, { bytes: 50 });
      desk.commit(height);
    }
    expect(heights(desk).length).toBeGreaterThan(10);
  });

  it('opens nothing above the height asked for', () => {
    const desk = createDesk();
    desk.tell({ type: 'limit', limit: 1 });
    desk.source('a');
    expect(heights(desk)).toEqual([0, 1]);
  });

  it('opens nothing above a hole that no source fills', () => {
    const desk = createDesk();
    desk.source('a', { to: 2 });
    desk.tell({ type: 'source', source: { id: 'b', parts: ['block'], limits: { concurrencyMax: 4 } } });
    desk.claim('b', 900, 4);
    expect(heights(desk)).toEqual([0, 1, 2]);
  });
});

describe('the reach of the sources', () => {
  it('is nothing while there are none', () => {
    expect(reachable(createDesk({ base: 7 }).state)).toBe(6);
  });

  it('joins what each of them claims, in whatever order', () => {
    const desk = createDesk({ policy: { windowBlocks: 1 } });
    for (const [id, from, to] of [
      ['top', 20, 30],
      ['bottom', 0, 9],
      ['middle', 8, 19],
    ] as const) {
      desk.tell({ type: 'source', source: { id, parts: ['block'], limits: { concurrencyMax: 1 } } });
      desk.claim(id, to, from);
    }
    expect(reachable(desk.state)).toBe(30);
  });

  it('begins at the first height that is not committed', () => {
    const desk = createDesk({ base: 5, policy: { windowBlocks: 1 } });
    desk.tell({ type: 'source', source: { id: 'pruned', parts: ['block'], limits: { concurrencyMax: 1 } } });
    desk.claim('pruned', 30, 5);
    expect(reachable(desk.state)).toBe(30);
    desk.claim('pruned', 30, 6);
    expect(reachable(desk.state)).toBe(4);
  });

  it('is not confused by a span that ends before it begins', () => {
    const desk = createDesk({ policy: { windowBlocks: 1 } });
    desk.tell({ type: 'source', source: { id: 'odd', parts: ['block'], limits: { concurrencyMax: 1 } } });
    const survey = { spans: [{ from: 9 as Height, to: 0 as Height }], head: null };
    desk.tell({ type: 'survey', source: 'odd', survey });
    expect(reachable(desk.state)).toBe(-1);
  });
});

describe('a missing part', () => {
  it('is filled from another source', () => {
    const desk = createDesk({ needs: [need('header'), need('body')], policy: { windowBlocks: 1 } });
    desk.source('a', { parts: ['header', 'body'] });
    desk.source('b', { parts: ['header', 'body'] });
    const [first] = desk.pending();
    desk.answer({}, { absent: ['body'] });
    desk.tell({ type: 'needs', height: 0, needs: [need('body')] });
    const [second] = desk.pending();
    expect(second).toMatchObject({ parts: ['body'] });
    expect(second?.source).not.toBe(first?.source);
  });

  it('is done without when it is only wanted and nobody has it', () => {
    const desk = createDesk({ needs: [need('block'), wanted('signature')], policy: { windowBlocks: 1 } });
    for (const id of ['a', 'b']) desk.source(id, { parts: ['block', 'signature'] });
    desk.answer({}, { absent: ['signature'] });
    desk.tell({ type: 'needs', height: 0, needs: [wanted('signature')] });
    const last = desk.answer({}, { absent: ['signature'] });
    expect(ofType(last, 'examine')).toEqual([{ type: 'examine', height: 0, absent: ['signature'] }]);
  });

  it('is done without at once when it is only wanted and no source serves it', () => {
    const desk = createDesk({ needs: [need('block'), wanted('signature')], policy: { windowBlocks: 1 } });
    desk.source('a', { parts: ['block'] });
    desk.answer({});
    const asked = desk.tell({ type: 'needs', height: 0, needs: [wanted('signature')] });
    expect(ofType(asked, 'examine')).toEqual([{ type: 'examine', height: 0, absent: ['signature'] }]);
  });

  it('is asked for again when it is only wanted and a source failed, but not without end', () => {
    const desk = createDesk({ needs: [wanted('signature')], policy: { windowBlocks: 1, coolMaxMs: 500 } });
    desk.source('a', { parts: ['signature'] });
    let rounds = 0;
    while (ofType(desk.log, 'examine').length === 0 && rounds < 50) {
      if (desk.pending().length > 0) {
        rounds++;
        desk.fail({});
      }
      desk.pass(10_000);
    }
    expect(rounds).toBeGreaterThan(1);
    expect(rounds).toBeLessThan(20);
    expect(ofType(desk.log, 'examine')).toEqual([{ type: 'examine', height: 0, absent: ['signature'] }]);
  });

  it('is asked for without end when no block can be without it', () => {
    const desk = createDesk({ policy: { windowBlocks: 1 } });
    desk.source('a');
    for (let round = 0; round < 50; round++) {
      desk.answer({}, { delivered: [] });
      desk.pass(60_000);
      desk.claim('a', 100);
      expect(desk.pending()).toHaveLength(1);
    }
    expect(ofType(desk.log, 'examine')).toEqual([]);
  });

  it('makes the operator hear of it when no source delivers it', () => {
    const desk = createDesk({ policy: { windowBlocks: 1 } });
    desk.source('a');
    for (let round = 0; round < 5; round++) {
      desk.answer({}, { delivered: [] });
      desk.pass(10_000);
    }
    expect(ofType(desk.log, 'stalled')[0]).toEqual({ type: 'stalled', height: 0, parts: ['block'] });
  });

  it('is replaced by its fallbacks in order, each asked of every source that serves it', () => {
    const fallbacks = [need('bundle'), need('archive')];
    const desk = createDesk({ needs: [need('header', { fallbacks })], policy: { windowBlocks: 1 } });
    for (const id of ['a', 'b']) desk.source(id, { parts: ['header', 'bundle', 'archive'] });
    const asked: string[] = [];
    for (let i = 0; i < 6; i++) {
      const [fetch] = desk.pending();
      asked.push(`${fetch?.parts.join('+')}`);
      desk.answer({}, { delivered: [] });
    }
    expect(asked).toEqual(['header', 'header', 'bundle', 'bundle', 'archive', 'archive']);
  });

  it('takes a fallback at the height of its need', () => {
    const desk = createDesk({ needs: [need('header', { fallbacks: [need('bundle')] })], base: 7 });
    desk.source('a', { parts: ['bundle'] });
    expect(desk.pending({ height: 7 })).toMatchObject([{ height: 7, parts: ['bundle'] }]);
  });

  it('is asked for by its content of a source that does not claim the height', () => {
    const desk = createDesk({ policy: { windowBlocks: 1 } });
    desk.source('a');
    desk.source('classes', { parts: ['class'], to: -1 });
    desk.answer({ source: 'a' });
    desk.tell({ type: 'needs', height: 0, needs: [need('class', { id: '0x12' })] });
    expect(desk.pending()).toMatchObject([{ source: 'classes', parts: ['class'], id: '0x12' }]);
  });
});

describe('a broken claim', () => {
  it('above everything shown so far is not believed again for a while, longer each time', () => {
    const desk = createDesk();
    desk.source('boaster', { to: 1_000 });
    desk.answer({ height: 2 }, { absent: ['block'] });
    expect(reachable(desk.state)).toBe(1);
    desk.claim('boaster', 1_000);
    expect(reachable(desk.state)).toBe(1);
    desk.pass(1_000);
    desk.claim('boaster', 1_000);
    expect(reachable(desk.state)).toBe(1_000);
    desk.answer({ height: 2 }, { absent: ['block'] });
    desk.pass(1_000);
    desk.claim('boaster', 1_000);
    expect(reachable(desk.state)).toBe(1);
  });

  it('below what has been shown is a hole, and leaves the rest of the source alone', () => {
    const desk = createDesk({ policy: { windowBlocks: 3 } });
    desk.tell({ type: 'source', source: { id: 'a', parts: ['block'], limits: { concurrencyMax: 4 } } });
    const spans = [
      { from: 0 as Height, to: 2 as Height },
      { from: 10 as Height, to: 20 as Height },
    ];
    desk.tell({ type: 'survey', source: 'a', survey: { spans, head: null } });
    desk.answer({ height: 2 });
    desk.answer({ height: 1 }, { absent: ['block'] });
    expect(desk.state.books.get('a')?.spans).toEqual([
      { from: 0, to: 0 },
      { from: 2, to: 2 },
      { from: 10, to: 20 },
    ]);
  });

  it('is none where the part was only wanted', () => {
    const desk = createDesk({ needs: [need('block'), wanted('signature')] });
    desk.source('a', { parts: ['block', 'signature'] });
    desk.answer({ height: 0 }, { absent: ['signature'] });
    expect(reachable(desk.state)).toBe(1_000);
  });
});

describe('parts of several sources that do not fit together', () => {
  const mixed = () => {
    const desk = createDesk({ needs: [need('header'), need('body')], policy: { windowBlocks: 1 } });
    for (const id of ['a', 'b', 'c']) desk.source(id, { parts: ['header', 'body'] });
    desk.tell({ type: 'tick' });
    desk.answer({}, { delivered: ['header'] });
    desk.tell({ type: 'needs', height: 0, needs: [need('body')] });
    desk.answer({});
    return desk;
  };

  it('are asked for again, all parts of one source at a time', () => {
    const desk = mixed();
    desk.tell({ type: 'refused', height: 0, fault: 'peer', blamed: ['a', 'b'] });
    expect(desk.pending()).toMatchObject([{ parts: ['header', 'body'] }]);
  });

  it('let nobody be struck as long as it is not known who is at fault', () => {
    const desk = mixed();
    desk.tell({ type: 'refused', height: 0, fault: 'peer', blamed: ['a', 'b'] });
    expect([...desk.state.books.values()].map((book) => book.strikes)).toEqual([0, 0, 0]);
  });

  it('name the culprit in the next refusal, and only the culprit', () => {
    const desk = mixed();
    desk.tell({ type: 'refused', height: 0, fault: 'peer', blamed: ['a', 'b'] });
    let culprit: string | undefined;
    for (let turn = 0; turn < 3; turn++) {
      const source = desk.pending()[0]?.source ?? '';
      desk.answer({});
      // Only `b` lies.
      if (source !== 'b') {
        desk.tell({ type: 'sealed', height: 0, bytes: 100, from: [source] });
        break;
      }
      culprit = source;
      desk.tell({ type: 'refused', height: 0, fault: 'peer', blamed: [source] });
      desk.pass(10_000);
    }
    expect(desk.state.slots.get(0)?.phase).toBe('handed');
    expect(desk.state.books.get('b')?.strikes).toBe(culprit === undefined ? 0 : 1);
    expect(desk.state.books.get('a')?.strikes).toBe(0);
    expect(desk.state.books.get('c')?.strikes).toBe(0);
  });

  it('give each source its turn, and after all of them are taken from several again', () => {
    const desk = mixed();
    desk.tell({ type: 'refused', height: 0, fault: 'source', blamed: ['a', 'b'] });
    const turns: string[] = [];
    for (let turn = 0; turn < 4; turn++) {
      turns.push(desk.pending()[0]?.source ?? '');
      desk.answer({}, { delivered: [] });
    }
    expect(new Set(turns.slice(0, 3))).toEqual(new Set(['a', 'b', 'c']));
    expect(turns[3]).toBeTruthy();
  });

  it('are not asked for twice while one source has its turn', () => {
    const desk = mixed();
    desk.tell({ type: 'refused', height: 0, fault: 'source', blamed: ['a', 'b'] });
    desk.pass(desk.state.policy.hedgeAfterMs * 2);
    expect(desk.pending()).toHaveLength(1);
  });
});

describe('the height that everything waits for', () => {
  it('is asked for a second time elsewhere when the first source is silent', () => {
    const desk = createDesk({ policy: { windowBlocks: 1 } });
    for (const id of ['a', 'b', 'c']) desk.source(id);
    desk.pass(3_999);
    expect(desk.pending()).toHaveLength(1);
    desk.pass(1);
    expect(new Set(desk.pending().map((fetch) => fetch.source)).size).toBe(2);
  });

  it('makes itself heard in time for that', () => {
    const desk = createDesk({ policy: { windowBlocks: 1 } });
    desk.source('a');
    const wakes = ofType(desk.log, 'wake').map((command) => command.atMs - desk.nowMs);
    expect(wakes.some((inMs) => inMs > 0 && inMs <= 4_000)).toBe(true);
  });

  it('is the only one that is asked for twice', () => {
    const desk = createDesk({ policy: { windowBlocks: 3 } });
    for (const id of ['a', 'b']) desk.source(id);
    desk.pass(4_000);
    expect(desk.pending({ height: 0 })).toHaveLength(2);
    expect(desk.pending({ height: 1 })).toHaveLength(1);
    expect(desk.pending({ height: 2 })).toHaveLength(1);
  });

  it('cancels the slower request once it is sealed', () => {
    const desk = createDesk({ policy: { windowBlocks: 1 } });
    for (const id of ['a', 'b']) desk.source(id);
    desk.pass(4_000);
    const [, second] = desk.pending();
    desk.answer({ source: desk.pending()[0]?.source ?? '' });
    const sealed = desk.tell({ type: 'sealed', height: 0, bytes: 100, from: ['a'] });
    expect(ofType(sealed, 'cancel')).toEqual([{ type: 'cancel', request: second?.request }]);
  });
});

describe('a reset', () => {
  it('cancels and drops everything, and begins again at its base', () => {
    const desk = createDesk({ policy: { windowBlocks: 3 } });
    desk.source('a');
    desk.seal(0);
    desk.commit(0);
    desk.seal(1);
    const underWay = desk.pending().map((fetch) => fetch.request);
    const commands = desk.tell({ type: 'reset', base: 1 });
    expect(ofType(commands, 'cancel').map((command) => command.request)).toEqual(underWay);
    expect(ofType(commands, 'drop').map((command) => command.height)).toEqual([1, 2, 3]);
    expect(ofType(commands, 'recall')).toHaveLength(1);
    expect(ofType(commands, 'fetch').map((command) => command.height)).toEqual([1, 2, 3]);
    expect(desk.state.heldBytes).toBe(0);
  });

  it('goes back below what was committed', () => {
    const desk = createDesk({ base: 50, policy: { windowBlocks: 2 } });
    desk.source('a');
    desk.seal(50);
    desk.commit(50);
    desk.tell({ type: 'reset', base: 20 });
    for (const height of [20, 21]) desk.seal(height);
    expect(
      ofType(desk.log, 'hand')
        .map((command) => command.height)
        .slice(-2),
    ).toEqual([20, 21]);
  });

  it('frees the requests of its sources', () => {
    const desk = createDesk({ policy: { windowBlocks: 4 } });
    desk.source('a', { limits: { concurrencyMax: 2 } });
    desk.tell({ type: 'reset', base: 0 });
    expect(desk.pending()).toHaveLength(2);
    expect(desk.state.books.get('a')?.inFlight).toBe(2);
  });
});

function heights(desk: Desk): number[] {
  return [...desk.state.slots.keys()].sort((a, b) => a - b);
}

describe('what the sources lack', () => {
  it('is asked for in its own right again after its fallbacks failed', () => {
    const desk = createDesk({ needs: [need('header', { fallbacks: [need('bundle')] })], policy: { windowBlocks: 1 } });
    desk.source('a', { parts: ['header'] });
    desk.fail({});
    for (let i = 0; i < 20; i++) desk.pass(10_000);
    expect(desk.pending()).toMatchObject([{ parts: ['header'] }]);
  });

  it('does not hold up a block when it is only wanted and its source is away for long', () => {
    const desk = createDesk({ needs: [need('block'), wanted('signature')], policy: { windowBlocks: 1 } });
    desk.source('a', { parts: ['block'] });
    desk.source('away', { parts: ['signature'] });
    desk.tell({ type: 'unreachable', source: 'away', retryAfterMs: 600_000 });
    desk.answer({});
    desk.tell({ type: 'needs', height: 0, needs: [wanted('signature')] });
    for (let i = 0; i < 6; i++) desk.pass(5_000);
    expect(ofType(desk.log, 'examine')).toHaveLength(2);
  });

  it('is no reason to count on heights that only a source of other content claims', () => {
    const desk = createDesk({ policy: { windowBlocks: 1 } });
    desk.source('classes', { parts: ['class'], to: 1_000 });
    expect(reachable(desk.state)).toBe(-1);
  });
});

describe('a hedge', () => {
  it('is not sent for a request that was only just sent', () => {
    const desk = createDesk({ policy: { windowBlocks: 1 } });
    desk.source('a', { limits: { concurrencyMax: 1 } });
    desk.fail({}, { retryAfterMs: 10_000 });
    desk.pass(10_000);
    desk.source('b');
    desk.tell({ type: 'tick' });
    expect(desk.pending()).toHaveLength(1);
  });

  it('is sent again when the second source is silent too', () => {
    const desk = createDesk({ policy: { windowBlocks: 1 } });
    for (const id of ['a', 'b', 'c']) desk.source(id);
    desk.pass(4_000);
    desk.pass(4_000);
    expect(desk.pending()).toHaveLength(3);
  });
});
