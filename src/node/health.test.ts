import { describe, expect, it } from 'vitest';
import type { SyncReport } from '../engine/index.ts';
import { createNodeHealth } from './health.ts';
import type { Node } from './node.ts';

const healthy = {
  mode: 'follow',
  reason: 'at the tip',
  serving: true,
  confirmed: { height: 95 },
  target: 100,
  tickedAtMs: 0,
} as unknown as SyncReport; // the fields that health looks at

function nodeWith(report: Partial<SyncReport>): Node {
  return { report: () => ({ ...healthy, ...report }), status: () => ({ type: 'status' }) } as unknown as Node; // as above
}

describe('the health of a node', () => {
  it('is alive while the engine ticks, and some time before its first tick', () => {
    let nowMs = 1_000_000;
    let node: Node | null = null;
    const health = createNodeHealth({ node: () => node, nowMs: () => nowMs });
    const alive = () => health.live().every(({ ok }) => ok);
    expect(alive()).toBe(true);
    nowMs += 59_000;
    expect(alive()).toBe(true);
    nowMs += 10_000;
    expect(alive()).toBe(false);
    node = nodeWith({ tickedAtMs: nowMs });
    expect(alive()).toBe(true);
    nowMs += 5_001;
    expect(alive()).toBe(false);
    expect(health.live()[0]).toMatchObject({ message: 'the engine has been silent for 5 s', fix: expect.any(String) });
  });

  it.each([
    ['opening', null, ['store', 'serving']],
    ['empty', { serving: false }, ['serving']],
    ['halted', { mode: 'halted' as const, reason: 'L1 disagrees' }, ['not-halted']],
    ['well', {}, []],
  ])('that is %s is ready but for what fails', (_state, report, failing) => {
    const health = createNodeHealth({ node: () => (report === null ? null : nodeWith(report)), nowMs: () => 0 });
    const failed = health.ready().filter(({ ok }) => !ok);
    expect(failed.map(({ name }) => name)).toEqual(failing);
  });

  it.each([
    ['none', []],
    ['loading', ['rpc']],
    ['loaded', []],
    ['failed', ['rpc']],
  ] as const)('is ready when JSON-RPC, if it has it, is answered (%s)', (state, failing) => {
    const health = createNodeHealth({ node: () => nodeWith({}), rpc: () => state, nowMs: () => 0 });
    const failed = health.ready().filter(({ ok }) => !ok);
    expect(failed.map(({ name }) => name)).toEqual(failing);
    expect(health.ready().some(({ name }) => name === 'rpc')).toBe(state !== 'none');
  });

  it('is near the tip within the lag that was asked for, and an unknown tip is never near', () => {
    const lagOk = (report: Partial<SyncReport>, lag: number) =>
      createNodeHealth({ node: () => nodeWith(report), nowMs: () => 0 })
        .synced(lag)
        .at(-1)?.ok;
    expect(lagOk({}, 5)).toBe(true);
    expect(lagOk({}, 4)).toBe(false);
    expect(lagOk({ target: null }, 1_000_000)).toBe(false);
    expect(lagOk({ confirmed: null }, 100)).toBe(false);
  });
});
