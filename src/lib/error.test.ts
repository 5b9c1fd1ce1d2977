import { describe, expect, it } from 'vitest';
import { fromPlainError, isSynclineError, SynclineError, toPlainError, toSynclineError } from './error.ts';

const mismatch = new SynclineError('ROOT_MISMATCH', 'peer', 'roots differ', {
  data: { expected: '0x01', got: '0x02', height: 7, parts: ['header'] },
});

describe('an error that crosses a thread', () => {
  it('arrives with its code, fault, message and data', () => {
    const arrived = fromPlainError(structuredClone(toPlainError(mismatch)));
    expect(arrived).toMatchObject({
      code: 'ROOT_MISMATCH',
      fault: 'peer',
      message: 'roots differ',
      data: { expected: '0x01', got: '0x02', height: 7, parts: ['header'] },
    });
    expect(isSynclineError(arrived)).toBe(true);
  });

  it('is the same after a second crossing', () => {
    const once = toPlainError(new SynclineError('BROKEN', 'bug', 'an invariant is broken'));
    expect(toPlainError(fromPlainError(once))).toEqual(once);
  });

  it('brings the place of a bug along, that of what caused it if there is one', () => {
    const cause = new TypeError('x is undefined');
    expect(toPlainError(toSynclineError(cause)).stack).toBe(cause.stack);
  });

  it('brings no stack along when it is no bug', () => {
    expect(toPlainError(mismatch)).not.toHaveProperty('stack');
  });
});

describe('anything thrown', () => {
  it('is a bug unless it is one of ours', () => {
    expect(toSynclineError(new TypeError('oops'))).toMatchObject({ code: 'UNEXPECTED', fault: 'bug', message: 'oops' });
    expect(toSynclineError('text')).toMatchObject({ code: 'UNEXPECTED', fault: 'bug', message: 'text' });
    expect(toSynclineError(undefined)).toMatchObject({ fault: 'bug' });
  });

  it('is left as it is when it is one of ours', () => {
    expect(toSynclineError(mismatch)).toBe(mismatch);
  });

  it('is not taken for ours by a code alone', () => {
    const systemError = Object.assign(new Error('no such file'), { code: 'ENOENT' });
    expect(isSynclineError(systemError)).toBe(false);
  });

  it('is known by its shape, since two copies of the package may be loaded', () => {
    const foreign = Object.assign(new Error('from the other copy'), { code: 'OTHER', fault: 'peer', data: {} });
    expect(isSynclineError(foreign)).toBe(true);
  });
});
