import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Hash32 } from '../../../../engine/index.ts';
import type { StateUpdateLog } from './l1-values.ts';
import { createUpdateMap } from './update-map.ts';

const update = (l1Block: number, logIndex: number, height = 0): StateUpdateLog => ({
  l1Block,
  logIndex,
  l1BlockHash: '0x',
  transaction: '0x',
  state: { height, hash: null, stateRoot: new Uint8Array(32) as Hash32 },
  removed: false,
});

describe('updates that are not final on L1 yet', () => {
  it('go with everything above when a reorg takes one back', () => {
    const map = createUpdateMap();
    for (const [l1Block, logIndex] of [
      [7, 0],
      [5, 3],
      [5, 1],
      [6, 0],
    ]) {
      map.add(update(l1Block as number, logIndex as number)); // pairs
    }
    map.remove(update(5, 3));
    expect(map.upTo(99).map(({ l1Block, logIndex }) => [l1Block, logIndex])).toEqual([[5, 1]]);
  });

  it('are replaced in a range, and stay outside of it', () => {
    const map = createUpdateMap();
    for (let l1Block = 1; l1Block <= 6; l1Block++) map.add(update(l1Block, 0));
    map.replace({ from: 2, to: 4 }, [update(3, 9)]);
    expect(map.upTo(99).map(({ l1Block, logIndex }) => l1Block * 10 + logIndex)).toEqual([10, 39, 50, 60]);
  });

  it('are as in a plain table, whatever happens in whatever order', () => {
    const place = fc.record({ l1Block: fc.nat(12), logIndex: fc.nat(3), height: fc.nat(99) });
    const step = fc.oneof(
      fc.record({ type: fc.constant('add' as const), at: place }),
      fc.record({ type: fc.constant('remove' as const), at: place }),
      fc.record({ type: fc.constant('forget' as const), at: place }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat(12), (steps, upTo) => {
        const map = createUpdateMap();
        const model = new Map<number, StateUpdateLog>();
        for (const { type, at } of steps) {
          const one = update(at.l1Block, at.logIndex, at.height);
          const key = at.l1Block * 100 + at.logIndex;
          if (type === 'add') {
            map.add(one);
            model.set(key, one);
          } else if (type === 'remove') {
            map.remove(one);
            for (const other of [...model.keys()]) if (other >= key) model.delete(other);
          } else {
            map.forget(at.l1Block);
            for (const other of [...model.values()]) if (other.l1Block <= at.l1Block) model.delete(keyOf(other));
          }
        }
        const expected = [...model.values()].sort((a, b) => keyOf(a) - keyOf(b));
        expect(map.upTo(99)).toEqual(expected);
        expect(map.upTo(upTo)).toEqual(expected.filter(({ l1Block }) => l1Block <= upTo));
      }),
    );
  });

  it('are bounded: the lowest go', () => {
    const map = createUpdateMap(3);
    for (const l1Block of [4, 9, 2, 7, 5]) map.add(update(l1Block, 0));
    expect(map.size).toBe(3);
    expect(map.upTo(99).map(({ l1Block }) => l1Block)).toEqual([5, 7, 9]);
  });
});

function keyOf({ l1Block, logIndex }: StateUpdateLog): number {
  return l1Block * 100 + logIndex;
}
