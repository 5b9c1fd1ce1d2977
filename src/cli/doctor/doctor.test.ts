import { describe, expect, it } from 'vitest';
import { paintNothing } from '../terminal.ts';
import { bad, type DoctorCheck, doubtful, good, outside } from './check.ts';
import { judgeClock } from './clock-check.ts';
import { checkSpace, judgeSpeed } from './disk-checks.ts';
import { checkKernel, checkLimits, checkMemory, checkNode } from './process-checks.ts';
import { renderDoctorReport } from './render-report.ts';
import { exitCodeOfReport } from './run-doctor.ts';

const report = (...checks: DoctorCheck[]) =>
  ({ type: 'doctor', ok: true, network: null, dataDir: null, checks }) as const;

describe('verdicts', () => {
  it.each([
    ['18.20.4', false],
    ['20.18.9', false],
    ['20.19.0', true],
    ['22.1.0', true],
  ])('Node %s: %s', (version, ok) => {
    expect(checkNode(version).ok).toBe(ok);
  });

  it('warn of hashing without WebAssembly, and only of that', () => {
    expect(['wasm-5x51', 'wasm-9x29', 'typescript'].map((variant) => checkKernel(variant).ok)).toEqual([
      true,
      true,
      null,
    ]);
  });

  it('warn of little memory', () => {
    const totalBytes = 4 * 2 ** 30;
    expect(checkMemory({ totalBytes, availableBytes: 2 ** 30 }).ok).toBe(true);
    expect(checkMemory({ totalBytes, availableBytes: 2 ** 28 })).toMatchObject({ ok: null, fix: expect.any(String) });
  });

  it('refuse limits that cut the database short, and warn of few files', () => {
    const limits = (files: string, space: string, size: string) =>
      [
        'Limit                     Soft Limit           Hard Limit           Units     ',
        `Max file size             ${size.padEnd(20)} unlimited            bytes     `,
        `Max open files            ${files.padEnd(20)} 1048576              files     `,
        `Max address space         ${space.padEnd(20)} unlimited            bytes     `,
      ].join('\n');
    const verdicts = (...texts: [string, string, string]) => checkLimits(limits(...texts)).map(({ ok }) => ok);
    expect(verdicts('1024', 'unlimited', 'unlimited')).toEqual([true]);
    expect(verdicts('256', 'unlimited', 'unlimited')).toEqual([null]);
    expect(verdicts('1024', '4294967296', 'unlimited')).toEqual([false]);
    expect(verdicts('256', '4294967296', '1048576')).toEqual([null, false, false]);
    expect(checkLimits(null).map(({ ok }) => ok)).toEqual([null]);
  });

  it('go by the free space, and are open where nobody counts it', () => {
    expect([2 ** 20, 5 * 2 ** 30, 2 ** 40, null].map((bytes) => checkSpace(bytes).ok)).toEqual([
      false,
      null,
      true,
      null,
    ]);
  });

  it('warn of a slow disk', () => {
    expect(judgeSpeed({ writeBytesPerS: 2 ** 28, flushMs: 3 }).ok).toBe(true);
    expect(judgeSpeed({ writeBytesPerS: 2 ** 28, flushMs: 300 }).ok).toBe(null);
    expect(judgeSpeed({ writeBytesPerS: 2 ** 20, flushMs: 3 }).ok).toBe(null);
  });

  it('trust the clock when one server agrees, allow for slow answers, and are open without any', () => {
    const reading = (offsetMs: number, uncertaintyMs = 500) => ({ host: 'a', offsetMs, uncertaintyMs });
    expect(judgeClock([reading(-3_000)]).ok).toBe(true);
    expect(judgeClock([reading(9_000)])).toMatchObject({ ok: false, message: '9.0 s ahead of a' });
    expect(judgeClock([reading(-9_000)])).toMatchObject({ ok: false, message: '9.0 s behind a' });
    expect(judgeClock([reading(9_000, 6_000)]).ok).toBe(true);
    expect(judgeClock([reading(9_000), reading(100)]).ok).toBe(true);
    expect(judgeClock([]).ok).toBe(null);
  });
});

describe('the exit code', () => {
  it('is 0 with warnings at most, 4 for what is wrong here, 5 for what is wrong only elsewhere', () => {
    const here = bad('a', 'm', 'f');
    const there = outside(bad('b', 'm', 'f'));
    expect(exitCodeOfReport(report(good('a', 'm'), doubtful('b', 'm', 'f')))).toBe(0);
    expect(exitCodeOfReport(report(here))).toBe(4);
    expect(exitCodeOfReport(report(there))).toBe(5);
    expect(exitCodeOfReport(report(there, here))).toBe(4);
  });
});

describe('a report for people', () => {
  it('has a mark for each check, and what to do below it', () => {
    const lines = renderDoctorReport(
      report(good('node', 'fine'), doubtful('config', 'odd', 'look'), bad('folder', 'gone', 'make one')),
      paintNothing,
    );
    expect(lines).toEqual([
      '✓ node    fine',
      '! config  odd',
      '          fix  look',
      '✗ folder  gone',
      '          fix  make one',
      '',
      '1 problem to mend, 1 warning',
    ]);
    expect(renderDoctorReport(report(good('node', 'fine')), paintNothing).at(-1)).toBe('all is well');
  });
});
