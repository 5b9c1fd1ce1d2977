import { describe, expect, it } from 'vitest';
import type { VerifyReport } from '../../node/index.ts';
import { paintNothing } from '../terminal.ts';
import { renderVerifyReport } from './render-report.ts';
import { renderProgress } from './verify-view.ts';

const report: VerifyReport = {
  type: 'verify',
  ok: true,
  family: 'starknet',
  network: 'starknet-mainnet',
  from: 0,
  to: { height: 1_999, hash: '0x1' },
  blocks: 2_000,
  deep: false,
  resumedAt: null,
  difference: null,
  checks: {
    'block-hash': { passed: 2_000, undecided: 0, reasons: [] },
    signature: { passed: 10, undecided: 1_990, reasons: ['no signature was given'] },
  },
  tookMs: 61_000,
};

describe('the report of an audit', () => {
  it('says what holds, and what could not be checked and why', () => {
    expect(renderVerifyReport(report, paintNothing)).toEqual([
      '✓ Verified blocks 0 to 1,999 of starknet-mainnet in 1m1s: all that can be recomputed holds.',
      '  The tries were compared by their root alone; --deep builds them again.',
      '',
      '  ✓ block-hash  2,000',
      '  – signature   10, 1,990 not made: no signature was given',
    ]);
  });

  it('says what differs, expected and got', () => {
    const difference = {
      height: 7,
      check: 'block-hash',
      expected: '0xaa',
      got: '0xbb',
      table: 'part',
      key: null,
      reason: null,
    } as const;
    expect(renderVerifyReport({ ...report, ok: false, difference }, paintNothing).slice(0, 4)).toEqual([
      '✗ Block 7 of starknet-mainnet fails the check block-hash.',
      '  record    table part',
      '  expected  0xaa',
      '  got       0xbb',
    ]);
  });
});

describe('the progress of an audit', () => {
  const progress = { phase: 'blocks', done: 500, total: 2_000, share: 0.25, rate: 123.4, etaS: 12 } as const;

  it('has a bar, a rate and the time left, within the width of the terminal', () => {
    const lines = renderProgress({ network: 'starknet-mainnet', upS: 4, progress }, 60, paintNothing);
    expect(lines.slice(2)).toEqual([
      ' blocks  500 of 2,000 blocks',
      ' █████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  25.0%',
      ' 123 blocks/s  12s left  in this part',
      ' Ctrl-C stops; the next run goes on from there',
    ]);
    for (const width of [20, 40, 79]) {
      for (const line of renderProgress({ network: 'starknet-mainnet', upS: 4, progress }, width, paintNothing)) {
        expect([...line].length).toBeLessThanOrEqual(width);
      }
    }
  });

  it('says what it does not know', () => {
    const unknown = { ...progress, phase: 'orphan', total: null, share: null, etaS: null } as const;
    const lines = renderProgress({ network: 'x', upS: 4, progress: unknown }, 60, paintNothing);
    expect(lines[2]).toBe(' blocks rolled back  500 records');
    expect(lines[3]).toBe(' 123 records/s  time left unknown  in this part');
  });
});
