import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outlineOf } from './outline.ts';

const limits = { depthMax: 8, batchMax: 5 };
const look = (text: string) => outlineOf(Buffer.from(text), limits);

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe('the outline of a message', () => {
  it('agrees with the parsed value about depth and length, whatever stands in texts', () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^[[\]{},"\\]{0,8}$/));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 10, withCrossShrink: true },
        texts,
        fc.integer(),
        fc.constant(null),
        fc.array(tie('tree'), { maxLength: 7 }),
        fc.dictionary(texts, tie('tree'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(tree, fc.constantFrom(undefined, 1), (value, space) => {
        const refused = look(JSON.stringify(value, null, space));
        const isWide = Array.isArray(value) && value.length > limits.batchMax;
        expect(refused !== null).toBe(depthOf(value) > limits.depthMax || isWide);
      }),
      { numRuns: 2_000 },
    );
  });

  it('counts the calls of a batch, not the parameters of one call', () => {
    expect(look('[1,2,3,4,5]')).toBeNull();
    expect(look('[1,2,3,4,5,6]')).toMatch(/more than 5 calls/);
    expect(look('{"params":[1,2,3,4,5,6,7]}')).toBeNull();
    expect(look('[[1,2,3,4,5,6,7]]')).toBeNull();
  });

  it('is read once and in no time, however the text tries', () => {
    for (const piece of ['[', '{"":', '"', '\\', '[[]', ',']) {
      const text = Buffer.from(piece.repeat(Math.floor(1_000_000 / piece.length)));
      const startedMs = performance.now();
      outlineOf(text, limits);
      expect(performance.now() - startedMs).toBeLessThan(200);
    }
  });
});
