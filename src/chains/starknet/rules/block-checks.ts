import type { FeltHasher } from '../../../crypto/index.ts';
import { equalBytes } from '../../../lib/index.ts';
import { FELT_ZERO, feltToHex } from '../felt.ts';
import { isUnverifiable, type NetworkParams } from '../params.ts';
import type { Block, Felt } from '../types.ts';
import {
  type BlockHashForm,
  type BlockHashResult,
  blockHashForms,
  computeBlockHash,
  type HashedContents,
  missingFields,
} from './block-hash.ts';
import { advisory, type CheckName, type CheckResult, compareFelts, undecided } from './check-result.ts';
import { commitmentEra, eventCommitment, eventCount, receiptCommitment, transactionCommitment } from './commitments.ts';
import type { DiffDigest } from './state-diff-checks.ts';
import { computeTransactionHashes } from './transaction-hash.ts';

/** The commitments recomputed from a block's content. */
export interface ComputedCommitments {
  readonly transactions: Felt;
  readonly events: Felt;
  /** From 0.13.2 on; null before, when no header committed to them. */
  readonly receipts: Felt | null;
}

/** Whether headers of this form are hashed with Poseidon and commit to everything (0.13.2 and later). */
export function commitsToAll(form: BlockHashForm): boolean {
  return form === 'C' || form === 'D';
}

export function computeCommitments(hasher: FeltHasher, block: Block): ComputedCommitments {
  const era = commitmentEra(block.header.version);
  const hasReceipts = era === 'poseidon' || era === 'poseidon-padded';
  return {
    transactions: transactionCommitment(hasher, era, block.transactions),
    events: eventCommitment(hasher, era, block.receipts),
    receipts: hasReceipts ? receiptCommitment(hasher, block.receipts) : null,
  };
}

/** @param hashes Recomputed before, if they were. */
export function checkTransactionHashes(
  hasher: FeltHasher,
  network: NetworkParams,
  block: Block,
  hashes = computeTransactionHashes(hasher, block.transactions, block.receipts, network.chainIds),
): CheckResult {
  const name = 'transaction-hashes';
  const wrong = hashes.flatMap(({ matches }, index) => (matches ? [] : [index]));
  const first = wrong[0] === undefined ? undefined : hashes[wrong[0]];
  if (first === undefined) return { name, ok: true };
  const listed = wrong.slice(0, INDEXES_LISTED_MAX).join(', ') + (wrong.length > INDEXES_LISTED_MAX ? ', …' : '');
  return {
    name,
    ok: false,
    expected: feltToHex(first.stated),
    got: feltToHex(first.computed),
    reason:
      `${wrong.length} of ${hashes.length} transactions do not match their hash: index ${listed}` +
      (first.addressHolds ? '' : '; the address of the first does not follow from its class hash and salt'),
  };
}

const INDEXES_LISTED_MAX = 20;

/**
 * The three commitments to lists. Below 0.13.2 the header's values are not what is hashed, and some captures carry
 * values that no formula gives, so a difference there decides nothing.
 */
export function checkCommitments(block: Block, computed: ComputedCommitments): readonly CheckResult[] {
  const { header } = block;
  const isBinding = computed.receipts !== null;
  const check = (name: CheckName, stated: Felt | null, got: Felt): CheckResult => {
    if (stated === null) return undecided(name, 'the header does not state it', got);
    const result = compareFelts(name, { expected: stated, got });
    return isBinding ? result : advisory(result, 'before 0.13.2 the value in the header is not what is hashed');
  };
  return [
    check('transaction-commitment', header.transactionCommitment, computed.transactions),
    check('event-commitment', header.eventCommitment, computed.events),
    computed.receipts === null
      ? undecided('receipt-commitment', 'blocks before 0.13.2 do not commit to receipts')
      : check('receipt-commitment', header.receiptCommitment, computed.receipts),
  ];
}

export interface BlockHashCheck {
  readonly check: CheckResult;
  /** Null when a field that is hashed is missing. */
  readonly result: BlockHashResult | null;
}

/**
 * The block hash over the stated transaction hashes. From 0.13.2 on it is computed over the header's own
 * commitments, so that it tells a false header from false content, which fails the check of its own commitment.
 */
export function checkBlockHash(
  hasher: FeltHasher,
  network: NetworkParams,
  block: Block,
  computed: ComputedCommitments,
  diff: DiffDigest | null,
): BlockHashCheck {
  const name = 'block-hash';
  const { header } = block;
  const form = blockHashForms(network, header)[0] as BlockHashForm; // there is always one
  const contents = hashedContents(block, computed, diff);
  const missing = [...missingFields(form, header), ...missingContents(form, contents)];
  if (missing.length > 0) {
    const reason = `the header lacks what is hashed: ${missing.join(', ')}`;
    return { check: { ...undecided(name, reason), expected: feltToHex(header.hash), form }, result: null };
  }
  const result = computeBlockHash(hasher, network, header, contents);
  const compared = { ...compareFelts(name, { expected: header.hash, got: result.computed }), form: result.form };
  if (result.matches) {
    const isOther = result.sequencer !== null && !equalBytes(result.sequencer, header.sequencerAddress ?? FELT_ZERO);
    return { check: isOther ? { ...compared, reason: OTHER_SEQUENCER } : compared, result };
  }
  const isExcused = isUnverifiable(network, header.number);
  return { check: isExcused ? advisory(compared, UNVERIFIABLE_RANGE) : compared, result };
}

const OTHER_SEQUENCER = "it verifies with the network's fallback sequencer address, which the header does not state";
const UNVERIFIABLE_RANGE = 'blocks of this range were hashed with a sequencer address that nobody published';

/** What the block hash covers: the header's own commitments where it states them, else the computed ones. */
export function hashedContents(
  { header, transactions, receipts }: Block,
  computed: ComputedCommitments,
  diff: DiffDigest | null,
): HashedContents {
  const counts = { transactionCount: transactions.length, eventCount: eventCount(receipts) };
  if (computed.receipts === null) {
    const { transactions: transactionCommitment, events } = computed;
    const nothing = { receiptCommitment: null, stateDiffCommitment: null, stateDiffLength: null };
    return { ...counts, transactionCommitment, eventCommitment: events, ...nothing };
  }
  return {
    ...counts,
    transactionCommitment: header.transactionCommitment ?? computed.transactions,
    eventCommitment: header.eventCommitment ?? computed.events,
    receiptCommitment: header.receiptCommitment ?? computed.receipts,
    stateDiffCommitment: header.stateDiffCommitment ?? diff?.commitment ?? null,
    stateDiffLength: header.stateDiffLength ?? diff?.length ?? null,
  };
}

function missingContents(form: BlockHashForm, contents: HashedContents): readonly string[] {
  if (!commitsToAll(form)) return [];
  const missing: string[] = [];
  if (contents.stateDiffCommitment === null) missing.push('state_diff_commitment');
  if (contents.stateDiffLength === null) missing.push('state_diff_length');
  return missing;
}
