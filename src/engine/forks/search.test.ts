import { describe, expect, it } from 'vitest';
import { beginForkSearch, stepForkSearch } from './search.ts';

describe('the search for the common ancestor', () => {
  it('finds it for every tip and every ancestor below it', () => {
    for (let tip = 0; tip <= 300; tip++) {
      for (let ancestor = -1; ancestor < tip; ancestor++) {
        const found = search(tip, (height) => height <= ancestor);
        if (found.ancestor !== ancestor) expect(found, `tip ${tip}`).toMatchObject({ ancestor });
      }
    }
  });

  it('asks a number of questions that grows with the logarithm of the depth alone', () => {
    for (const tip of [300, 1_000_000]) {
      for (let depth = 1; depth <= 300; depth++) {
        const { asked } = search(tip, (height) => height <= tip - depth);
        expect(asked.length, `depth ${depth} below ${tip}`).toBeLessThanOrEqual(
          2 * Math.ceil(Math.log2(depth + 1)) + 1,
        );
      }
    }
  });

  it('asks for the parent first, since most reorgs are one block deep', () => {
    expect(search(1000, (height) => height <= 999).asked).toEqual([999]);
  });

  it('asks nothing when genesis itself differs', () => {
    expect(beginForkSearch(0)).toEqual({ type: 'found', ancestor: -1 });
  });

  it('asks for no height twice, and none outside the chain', () => {
    for (let ancestor = -1; ancestor < 100; ancestor++) {
      const { asked } = search(100, (height) => height <= ancestor);
      expect(new Set(asked).size).toBe(asked.length);
      expect(asked.every((height) => height >= 0 && height < 100)).toBe(true);
    }
  });

  it('ends although a source contradicts itself', () => {
    for (let pattern = 0; pattern < 256; pattern++) {
      let turn = 0;
      const { asked } = search(1_000_000, () => ((pattern >> (turn++ % 8)) & 1) === 1);
      expect(asked.length).toBeLessThan(64);
    }
  });
});

/** Plays a source that answers questions about its branch. */
function search(tip: number, same: (height: number) => boolean): { ancestor: number; asked: number[] } {
  const asked: number[] = [];
  let step = beginForkSearch(tip);
  while (step.type === 'ask') {
    asked.push(step.height);
    step = stepForkSearch(step.search, step.height, same(step.height));
  }
  return { ancestor: step.ancestor, asked };
}
