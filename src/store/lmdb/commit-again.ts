/**
 * Runs a transaction, and once more when LMDB's own bookkeeping made it refuse to commit: lmdb-js 3.5.6 reads a value
 * that it has not set where its list of free pages has become empty (`mdb_freelist_save` in its `mdb.c`), and calls the
 * transaction bad when chance makes that value zero. What is refused so was undone, and the same writes go through
 * the next time.
 *
 * @throws what `transaction` throws: at once if it is anything else, else after `ATTEMPTS_MAX` refusals.
 */
export function commitAgain(transaction: () => unknown): void {
  for (let attempt = 1; ; attempt++) {
    try {
      transaction();
      return;
    } catch (error) {
      if (attempt >= ATTEMPTS_MAX || (error as { code?: unknown }).code !== MDB_BAD_TXN) throw error;
    }
  }
}

/** Chosen: the second one is known to do; the third is for the unknown. */
export const ATTEMPTS_MAX = 3;

/** `MDB_BAD_TXN` of `lmdb.h`. */
export const MDB_BAD_TXN = -30_782;
