import { concatBytes } from '../../../lib/index.ts';
import { ARCHIVE_MEMOS_MAX, MEMO_BYTES_MAX } from '../params.ts';
import { ByteReader, malformed } from './byte-reader.ts';

/**
 * Part `memo` is the document itself, any bytes up to the limit.
 * @throws {SynclineError} `LEDGER_MALFORMED` (fault `peer`).
 */
export function decodeMemo(bytes: Uint8Array): Uint8Array {
  if (bytes.length > MEMO_BYTES_MAX) {
    throw malformed('memo', 'length', `at most ${MEMO_BYTES_MAX} bytes`, `${bytes.length} bytes`);
  }
  return new Uint8Array(bytes);
}

/** Part `archivedMemo`, a pack as archives keep them: count u16, then for each memo length u16 | bytes. */
export function encodeArchivedMemos(memos: readonly Uint8Array[]): Uint8Array {
  return concatBytes(u16be(memos.length), ...memos.flatMap((memo) => [u16be(memo.length), memo]));
}

/** Decodes part `archivedMemo`. @throws {SynclineError} `LEDGER_MALFORMED` (fault `peer`). */
export function decodeArchivedMemos(bytes: Uint8Array): readonly Uint8Array[] {
  const reader = new ByteReader('archivedMemo', bytes);
  const count = reader.u16('count', ARCHIVE_MEMOS_MAX);
  const memos: Uint8Array[] = [];
  for (let i = 0; i < count; i++) memos.push(reader.bytes('memo', reader.u16('length', MEMO_BYTES_MAX)));
  reader.end();
  return memos;
}

function u16be(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value & 0xff);
}
