import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sourceError } from '../source-error.ts';
import type { L1Range } from './core-contract.ts';
import { createLogWindows, WINDOW_BLOCKS, WINDOW_BLOCKS_MAX } from './log-windows.ts';

describe('windows of logs', () => {
  it('cover every range once and in order, whatever the node allows', async () => {
    const range = fc.record({ from: fc.nat(50_000), blocks: fc.integer({ min: 0, max: 30_000 }) });
    await fc.assert(
      fc.asyncProperty(range, fc.integer({ min: 1, max: 20_000 }), async ({ from, blocks }, allowed) => {
        const { seen, read } = node(Math.max(allowed, 40)); // a smaller one only takes longer
        await createLogWindows().forEach({ from, to: from + blocks - 1 }, read);
        let next = from;
        for (const window of seen) {
          expect(window.from).toBe(next);
          expect(window.to - window.from + 1).toBeLessThanOrEqual(WINDOW_BLOCKS_MAX);
          next = window.to + 1;
        }
        expect(next).toBe(from + blocks);
      }),
      { numRuns: 50 },
    );
  });

  it('shrink to what is allowed, down to single blocks, and grow again', async () => {
    const windows = createLogWindows();
    const strict = node(1);
    await windows.forEach({ from: 0, to: 9 }, strict.read);
    expect(strict.seen.length).toBe(10);
    const lenient = node(Number.POSITIVE_INFINITY);
    await windows.forEach({ from: 0, to: 100_000 }, lenient.read);
    const lengths = lenient.seen.map(({ from, to }) => to - from + 1);
    expect(lengths[0]).toBeLessThan(10);
    expect(Math.max(...lengths)).toBe(WINDOW_BLOCKS_MAX);
  });

  it('are at first as most providers allow', async () => {
    const { seen, read } = node(Number.POSITIVE_INFINITY);
    await createLogWindows().forEach({ from: 0, to: 100_000 }, read);
    expect(seen[0]).toEqual({ from: 0, to: WINDOW_BLOCKS - 1 });
  });

  it('hand on any other failure, and one of a single block', async () => {
    const away = sourceError('SOURCE_UNAVAILABLE', 'connection failed', {});
    const windows = createLogWindows();
    let asked = 0;
    const failing = windows.forEach({ from: 0, to: 9 }, async () => {
      asked++;
      throw away;
    });
    await expect(failing).rejects.toBe(away);
    expect(asked).toBe(1);
    await expect(windows.forEach({ from: 0, to: 9 }, node(0).read)).rejects.toMatchObject({ code: 'SOURCE_REFUSED' });
  });

  it.each([
    ['query returned more than 10000 results', -32_005],
    ['Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range', -32_602],
    ['block range is too wide', -32_000],
    ['exceed maximum block range: 5000', -32_000],
    ['query timeout exceeded', -32_000],
  ])('shrink when the node says %j', async (remoteMessage, rpcCode) => {
    let isFirst = true;
    const seen: L1Range[] = [];
    await createLogWindows().forEach({ from: 0, to: 9 }, async (window) => {
      if (isFirst) {
        isFirst = false;
        throw sourceError('SOURCE_REFUSED', 'refused', { rpcCode, remoteMessage });
      }
      seen.push(window);
    });
    expect(seen[0]).toEqual({ from: 0, to: 4 });
  });
});

/** A node that answers windows up to a size. */
function node(allowed: number) {
  const seen: L1Range[] = [];
  return {
    seen,
    async read(window: L1Range) {
      const blocks = window.to - window.from + 1;
      if (blocks > allowed) {
        throw sourceError('SOURCE_REFUSED', 'refused', { rpcCode: -32_005, remoteMessage: 'range too large' });
      }
      seen.push(window);
    },
  };
}
