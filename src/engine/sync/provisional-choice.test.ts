import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProvisionalBlock } from '../source.ts';
import type { BlockRef, Hash32, Height } from '../types.ts';
import { chooseProvisional } from './provisional-choice.ts';

const ref = (height: number, fill = 1): BlockRef => ({
  height: height as Height,
  hash: new Uint8Array(32).fill(fill) as Hash32,
});
const tip = ref(10);
const block = (height: number, size: number, on = tip): ProvisionalBlock => ({
  ...{ height: height as Height, on, size, timestampS: 0, protocolVersion: '1', parts: {}, from: 'a' },
});

describe('what is shown as being built', () => {
  it('is the first offer, then only what has grown', () => {
    const first = [block(11, 3)];
    expect(chooseProvisional([], first, tip)).toBe(first);
    expect(chooseProvisional(first, [block(11, 3)], tip)).toBe(first);
    expect(chooseProvisional(first, [block(11, 2)], tip)).toBe(first);
    const grown = [block(11, 4)];
    expect(chooseProvisional(first, grown, tip)).toBe(grown);
    const higher = [block(11, 4), block(12, 0)];
    expect(chooseProvisional(grown, higher, tip)).toBe(higher);
    expect(chooseProvisional(higher, [block(11, 9)], tip)).toBe(higher);
  });

  it('is gone with the next confirmed block, and with another branch', () => {
    const shown = [block(11, 3), block(12, 1)];
    expect(chooseProvisional(shown, [], ref(11))).toEqual([]);
    expect(chooseProvisional(shown, [], ref(10, 2))).toEqual([]);
    expect(chooseProvisional(shown, [], null)).toEqual([]);
  });

  it('is never what stands elsewhere, has a hole, or comes in masses', () => {
    for (const offered of [
      [block(12, 1)],
      [block(11, 1, ref(9))],
      [block(11, 1, ref(10, 2))],
      [block(11, 1), block(13, 1)],
      [block(11, 1), block(12, 1), block(13, 1)],
    ]) {
      expect(chooseProvisional([], offered, tip)).toEqual([]);
    }
  });

  it('never shrinks while the tip stands still', () => {
    const offers = fc.array(fc.array(fc.nat(5), { maxLength: 2 }), { maxLength: 20 });
    fc.assert(
      fc.property(offers, (all) => {
        let shown: readonly ProvisionalBlock[] = [];
        for (const sizes of all) {
          const next = chooseProvisional(
            shown,
            sizes.map((size, i) => block(11 + i, size)),
            tip,
          );
          const measure = (blocks: readonly ProvisionalBlock[]) => blocks.length * 100 + (blocks.at(-1)?.size ?? 0);
          expect(measure(next)).toBeGreaterThanOrEqual(measure(shown));
          shown = next;
        }
      }),
    );
  });
});
