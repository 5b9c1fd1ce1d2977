import { describe, expect, it } from 'vitest';
import { ATTEMPTS_MAX, commitAgain, MDB_BAD_TXN } from './commit-again.ts';

/** A transaction that is refused with these codes, one after the other, and then goes through. */
function refusedBy(...codes: readonly (number | string)[]) {
  const seen = { runs: 0 };
  const transaction = () => {
    const code = codes[seen.runs++];
    if (code !== undefined) throw Object.assign(new Error(`refused ${seen.runs}`), { code });
  };
  return { seen, transaction };
}

describe('a transaction that LMDB refuses', () => {
  it('runs once when it is not refused', () => {
    const { seen, transaction } = refusedBy();
    commitAgain(transaction);
    expect(seen.runs).toBe(1);
  });

  it('runs again for a bad transaction', () => {
    const { seen, transaction } = refusedBy(MDB_BAD_TXN);
    commitAgain(transaction);
    expect(seen.runs).toBe(2);
  });

  it('is given up with the last reason', () => {
    const { seen, transaction } = refusedBy(...Array.from({ length: ATTEMPTS_MAX }, () => MDB_BAD_TXN));
    expect(() => commitAgain(transaction)).toThrow(`refused ${ATTEMPTS_MAX}`);
    expect(seen.runs).toBe(ATTEMPTS_MAX);
  });

  it.each([-30_792, 28, 'ENOSPC'])('does not run again for the code %s', (code) => {
    const { seen, transaction } = refusedBy(code);
    expect(() => commitAgain(transaction)).toThrow('refused 1');
    expect(seen.runs).toBe(1);
  });
});
