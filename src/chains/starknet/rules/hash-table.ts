import type { FeltHasher } from '../../../crypto/index.ts';
import { FELT_ZERO } from '../felt.ts';
import type { Block, Felt } from '../types.ts';
import { type HashedContents, recomputedBlockHash } from './block-hash.ts';
import { type CheckResult, compareFelts } from './check-result.ts';
import { eventCommitment, eventCount, receiptCommitment, transactionCommitment } from './commitments.ts';
import type { DiffDigest } from './state-diff-checks.ts';

/** The table's hash for a height, null beyond its end. The table is 32-byte hashes by block number, from block 0. */
export function tableEntry(table: Uint8Array, height: number): Felt | null {
  const start = height * 32;
  return start + 32 <= table.length ? (table.subarray(start, start + 32) as Felt) : null; // published hashes are felts
}

/**
 * Compares a block below 0.13.2, recomputed as if it were of 0.13.2, with the published hash: that proves what the
 * block's own hash leaves out, namely receipts, state diff, gas prices, version, and which transaction emitted what.
 *
 * @param sequencer The address that the block's own hash covers, null to take the header's.
 */
export function checkAgainstTable(
  hasher: FeltHasher,
  block: Block,
  digest: DiffDigest,
  sequencer: Felt | null,
  published: Felt,
): CheckResult {
  const { header } = block;
  const contents = recomputedContents(hasher, block, digest);
  const hashed = sequencer ?? header.sequencerAddress ?? FELT_ZERO;
  const got = recomputedBlockHash(hasher, header, contents, hashed);
  const result = compareFelts('receipt-commitment', { expected: published, got });
  return { ...result, form: 'C', reason: result.ok === true ? PROVEN : DISPROVEN };
}

const PROVEN = 'the block hash recomputed in the 0.13.2 form equals the published table';
const DISPROVEN =
  'the block hash recomputed in the 0.13.2 form differs from the published table: ' +
  'receipts, state diff, gas prices or version are not the original ones';

/** What the 0.13.2 form hashes, whatever the block's own version. */
export function recomputedContents(hasher: FeltHasher, block: Block, digest: DiffDigest): HashedContents {
  const { transactions, receipts } = block;
  const era = 'poseidon-padded';
  return {
    transactionCount: transactions.length,
    eventCount: eventCount(receipts),
    transactionCommitment: transactionCommitment(hasher, era, transactions),
    eventCommitment: eventCommitment(hasher, era, receipts),
    receiptCommitment: receiptCommitment(hasher, receipts),
    stateDiffCommitment: digest.commitment,
    stateDiffLength: digest.length,
  };
}
