import type { Candidate, Hash32, Height, LatePart, Need, StateView, Verified } from '../../../engine/index.ts';
import { equalBytes, fromHex, SynclineError, toHex } from '../../../lib/index.ts';
import { decodeArchivedMemos, decodeMemo } from '../wire/memo-codec.ts';
import type { EncodedTransfer } from '../wire/transactions-codec.ts';
import { sha256 } from './hashes.ts';

/** Sub-table of `content`: memo hash 32 → the document. */
const MEMO_PREFIX = 0x01;

/** The documents that a block's transfers name, each once: `memo`, else an archive's pack that holds it. */
export function memoNeeds(height: Height, transfers: readonly EncodedTransfer[]): readonly Need[] {
  const ids = new Set<string>();
  for (const { transfer } of transfers) if (transfer.memo !== null) ids.add(toHex(transfer.memo));
  return [...ids].map((id) => ({
    height,
    part: 'memo',
    id,
    weight: 'wanted',
    fallbacks: [{ height, part: 'archivedMemo', id, weight: 'wanted' }],
  }));
}

export function hasMemo(view: StateView, need: Need): boolean {
  return view.get('content', memoKey(memoHash(need))) !== undefined;
}

/** Where a document is stored in table `content`. */
export function memoKey(hash: Uint8Array): Uint8Array {
  const key = new Uint8Array(1 + hash.length);
  key[0] = MEMO_PREFIX;
  key.set(hash, 1);
  return key;
}

/**
 * Verifies a document against the hash it was asked for by. Of a pack only the document asked for is kept.
 * @throws {SynclineError} `LEDGER_MALFORMED`, `MEMO_REJECTED` (both fault `peer`).
 */
export function verifyMemo(need: Need, candidate: Candidate): Verified<LatePart> {
  const wanted = memoHash(need);
  const memos =
    candidate.part === 'archivedMemo' ? decodeArchivedMemos(candidate.bytes) : [decodeMemo(candidate.bytes)];
  const hashes = memos.map(sha256);
  const at = hashes.findIndex((hash) => equalBytes(hash, wanted));
  const memo = memos[at];
  if (memo === undefined) throw mismatch(need, candidate, wanted, hashes);
  const part: LatePart = {
    writes: [{ table: 'content', key: memoKey(wanted), value: memo }],
    counts: { memos: 1 },
  };
  return part as Verified<LatePart>; // its hash was just computed
}

function memoHash(need: Need): Uint8Array {
  return fromHex(need.id ?? '');
}

function mismatch(need: Need, candidate: Candidate, wanted: Uint8Array, got: readonly Hash32[]): SynclineError {
  return new SynclineError('MEMO_REJECTED', 'peer', 'a memo does not have the hash it was asked for by', {
    data: {
      check: 'memo-hash',
      expected: toHex(wanted),
      got: got.map(toHex).join(' '),
      height: need.height,
      hash: null,
      parts: [candidate.part],
    },
  });
}
