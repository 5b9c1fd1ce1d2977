import { describe, expect, it } from 'vitest';
import { SynclineError } from '../lib/index.ts';
import { exitCodeOf, exitCodeOfEnd, exitCodeOfSignal } from './exit-codes.ts';

describe('the exit code', () => {
  it.each([
    ['caller', 2],
    ['local', 4],
    ['source', 5],
    ['peer', 5],
    ['bug', 1],
  ] as const)('of an error that is the fault of %s is %i', (fault, code) => {
    expect(exitCodeOf(new SynclineError('X', fault, 'x'))).toBe(code);
  });

  it('is what the error itself says, where it says one', () => {
    expect(exitCodeOf(new SynclineError('FOLDER_LOCKED', 'caller', 'x', { data: { exitCode: 6 } }))).toBe(6);
  });

  it('of a run is 0 unless it halted', () => {
    expect(exitCodeOfEnd({ type: 'stopped' })).toBe(0);
    expect(exitCodeOfEnd({ type: 'halted', reason: 'x' })).toBe(7);
  });

  it('of a stop that was cut short names the signal', () => {
    expect([exitCodeOfSignal('SIGINT'), exitCodeOfSignal('SIGTERM')]).toEqual([130, 143]);
  });
});
