import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Height } from '../../../../engine/index.ts';
import { createMemoryStore } from '../../../../store/index.ts';
import { eventIndexWrites, firstKeyBit } from '../../rules/index.ts';
import { CandidateBlocks } from './candidate-blocks.ts';
import { type DraftEvent, feltOf, receiptsOf } from './testing.ts';
import { Work } from './work.ts';

const KEYS = ['Transfer', 'Approval', 'alice', 'bob'] as const;
const EMITTERS = ['token', 'market', 'account'] as const;

interface NamedFilter {
  readonly emitters: readonly string[];
  readonly keys: readonly (readonly string[])[];
}

/** Around the ends of eras, with one era between them that has nothing. */
const anyHeight = fc.oneof(
  fc.integer({ min: 0, max: 6 }),
  fc.integer({ min: 65_530, max: 65_545 }),
  fc.integer({ min: 131_068, max: 131_075 }),
  fc.integer({ min: 262_140, max: 262_150 }),
);
const anyEvents = fc.array(
  fc.record({ from: fc.constantFrom(...EMITTERS), keys: fc.array(fc.constantFrom(...KEYS), { maxLength: 3 }) }),
  { maxLength: 4 },
);
const anyFilter: fc.Arbitrary<NamedFilter> = fc
  .record({
    emitters: fc.uniqueArray(fc.constantFrom(...EMITTERS, 'nobody'), { maxLength: 2 }),
    keys: fc.array(fc.uniqueArray(fc.constantFrom(...KEYS, 'never'), { maxLength: 2 }), { maxLength: 3 }),
  })
  .filter(({ emitters, keys }) => emitters.length > 0 || keys.some((wanted) => wanted.length > 0));

/** Whether the index may take a block for one with wanted events. */
function mayHave(events: readonly DraftEvent[], { emitters, keys }: NamedFilter): boolean {
  const bit = (key: string | undefined) => (key === undefined ? 0 : firstKeyBit(feltOf(key)));
  const bits = (keys[0] ?? []).reduce((sum, key) => sum | bit(key), 0);
  const isEmitted =
    emitters.length === 0 ||
    events.some((event) => emitters.includes(event.from) && (bits === 0 || (bits & bit(event.keys[0])) !== 0));
  return (
    isEmitted &&
    keys.every((wanted, at) => wanted.length === 0 || events.some((event) => wanted.includes(event.keys[at] ?? '')))
  );
}

test('candidates are the blocks that are listed for all that is wanted, whatever the share of work', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(anyHeight, anyEvents), { selector: ([height]) => height, minLength: 1, maxLength: 30 }),
      anyFilter,
      anyHeight,
      anyHeight,
      fc.constantFrom(1, 40, 1_000_000),
      async (blocks, filter, from, to, max) => {
        const store = createMemoryStore();
        for (const [height, events] of blocks) {
          store.commit(eventIndexWrites(height as Height, receiptsOf([events], `${height}`)));
        }
        const felts = { emitters: filter.emitters.map(feltOf), keys: filter.keys.map((wanted) => wanted.map(feltOf)) };
        using view = store.view();
        const found: number[] = [];
        for (let height = from, calls = 0; ; calls++) {
          expect(calls).toBeLessThan(200);
          const work = new Work({ max, signal: new AbortController().signal });
          const candidates = new CandidateBlocks({ view, filter: felts, from: height, to, work });
          let step = await candidates.next(height);
          for (; step.type === 'block'; step = await candidates.next(step.height + 1)) found.push(step.height);
          if (step.type === 'end') break;
          expect(step.height).toBeGreaterThan(height);
          height = step.height;
        }
        const expected = blocks.filter(([height, events]) => height >= from && height <= to && mayHave(events, filter));
        expect(found).toEqual(expected.map(([height]) => height).sort((a, b) => a - b));
      },
    ),
    { numRuns: 500 },
  );
});

test('without a filter every block is one', async () => {
  using view = createMemoryStore().view();
  const work = new Work({ max: 1_000, signal: new AbortController().signal });
  const candidates = new CandidateBlocks({ view, filter: { emitters: [], keys: [[]] }, from: 7, to: 9, work });
  expect(await Promise.all([7, 8, 9, 10].map((height) => candidates.next(height)))).toEqual([
    { type: 'block', height: 7 },
    { type: 'block', height: 8 },
    { type: 'block', height: 9 },
    { type: 'end' },
  ]);
});
