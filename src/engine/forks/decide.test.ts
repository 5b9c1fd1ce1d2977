import { describe, expect, it } from 'vitest';
import { decideFork, type TipVote } from './decide.ts';

describe('the decision about a fork', () => {
  const cases: readonly (readonly [claim: string, votes: readonly TipVote[], verdict: object])[] = [
    ['is open when nobody was asked', [], { type: 'unknown' }],
    ['is open when nobody answers', [vote('a', 'unreachable', 9)], { type: 'unknown' }],
    ['keeps our branch when all have our tip', [vote('a', 'same', 9)], { type: 'keep', dissenters: [] }],
    ['leaves it when the only source has another block', [vote('a', 'other', 9)], { type: 'leave', leaders: ['a'] }],
    ['leaves it when the only source has rolled back', [vote('a', 'absent', 5)], { type: 'shrunk', leaders: ['a'] }],
    [
      'keeps it against a minority, and names it',
      [vote('a', 'same', 9), vote('b', 'same', 9), vote('c', 'other', 99)],
      { type: 'keep', dissenters: ['c'] },
    ],
    [
      'leaves it for a majority, the highest head first',
      [vote('a', 'same', 9), vote('b', 'other', 11), vote('c', 'other', 12)],
      { type: 'leave', leaders: ['c', 'b'] },
    ],
    [
      'leaves it for as many with a higher head',
      [vote('a', 'same', 9), vote('b', 'other', 10)],
      { type: 'leave', leaders: ['b'] },
    ],
    [
      'keeps it against as many with the same head',
      [vote('a', 'same', 10), vote('b', 'other', 10)],
      { type: 'keep', dissenters: ['b'] },
    ],
    [
      'counts no voice of those who do not answer',
      [vote('a', 'same', 9), vote('b', 'unreachable', 99), vote('c', 'unreachable', 99)],
      { type: 'keep', dissenters: [] },
    ],
  ];
  it.each(cases)('%s', (_, votes, verdict) => {
    expect(decideFork(votes)).toEqual(verdict);
  });

  it('lets only a source that shows another block lead, not one that has none', () => {
    const verdict = decideFork([vote('gone', 'absent', 99), vote('other', 'other', 10)]);
    expect(verdict).toEqual({ type: 'leave', leaders: ['other'] });
  });

  it('keeps it however many sources have no block there, as long as one has ours', () => {
    const votes = [vote('late', 'absent', 9), vote('pruned', 'absent', 9), vote('a', 'same', 10)];
    expect(decideFork(votes)).toEqual({ type: 'keep', dissenters: [] });
  });

  it('does not depend on the order in which the voices come', () => {
    const votes = [vote('a', 'same', 9), vote('b', 'other', 11), vote('c', 'absent', 3), vote('d', 'other', 12)];
    expect(decideFork([...votes].reverse())).toEqual(decideFork(votes));
  });
});

function vote(source: string, answer: TipVote['answer'], head: number): TipVote {
  return { source, answer, head };
}
