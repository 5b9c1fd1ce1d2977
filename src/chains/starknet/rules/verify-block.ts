import type { FeltHasher } from '../../../crypto/index.ts';
import type { Proofs } from '../../../engine/index.ts';
import { equalBytes } from '../../../lib/index.ts';
import type { NetworkParams } from '../params.ts';
import type { Block, BlockSignature, StateUpdate } from '../types.ts';
import {
  type BlockHashCheck,
  type ComputedCommitments,
  checkBlockHash,
  checkCommitments,
  checkTransactionHashes,
  commitsToAll,
  computeCommitments,
  hashedContents,
} from './block-checks.ts';
import { blockHashForms } from './block-hash.ts';
import { advisory, type CheckName, type CheckResult, undecided } from './check-result.ts';
import { checkAgainstTable, tableEntry } from './hash-table.ts';
import { type ProofInputs, proofsOf } from './proofs.ts';
import { checkSignature, type SignatureVerifier } from './signature.ts';
import { checkStateDiff, type DiffDigest, digestDiff, missingStateDiff } from './state-diff-checks.ts';
import type { TransactionHash } from './transaction-hash.ts';
import { findHashedCounts } from './truncation.ts';

/** `warn`: a block signature that does not verify decides nothing. `fail`: it is a failed check. */
export type SignaturePolicy = 'warn' | 'fail';

export interface VerifyBlockInput {
  readonly hasher: FeltHasher;
  readonly network: NetworkParams;
  readonly block: Block;
  readonly stateUpdate: StateUpdate | null;
  readonly signature: BlockSignature | null;
  /** Published 0.13.2-form hashes of older blocks, 32 bytes each, by block number from 0; null without. */
  readonly hashTable: Uint8Array | null;
  readonly signaturePolicy: SignaturePolicy;
  /**
   * What to make of a capture whose lists are shorter than its header says: `unknown` leaves undecided what the rest
   * would be needed for, `fail` fails it. Default `unknown`; whoever stores the block wants `fail`.
   */
  readonly truncated?: 'unknown' | 'fail';
  /** The network's prepared key, for callers with many blocks; prepared anew when left out. */
  readonly signatureVerifier?: SignatureVerifier | null;
  /** Of the block's transactions, for callers that hash those of many blocks together. Default: recomputed. */
  readonly transactionHashes?: readonly TransactionHash[];
}

export interface BlockVerdict {
  /** All eight checks, in the order of `CheckName`. */
  readonly checks: readonly CheckResult[];
  readonly proofs: Proofs;
}

/**
 * Recomputes everything a block commits to. Nothing is thrown for a false block: the verdict names each check with
 * what was expected and what came out.
 *
 * @throws {SynclineError} `VERSION_MALFORMED` (fault `peer`).
 * @see https://docs.starknet.io/learn/protocol/blocks
 */
export function verifyBlock(input: VerifyBlockInput): BlockVerdict {
  const { hasher, network, block, stateUpdate, signature } = input;
  const computed = computeCommitments(hasher, block);
  const digest = stateUpdate === null ? null : digestDiff(hasher, stateUpdate.stateDiff);
  const hash = checkBlockHash(hasher, network, block, computed, digest);
  const signatureCheck = signatureVerdict(input);
  const checks = [
    checkTransactionHashes(hasher, network, block, input.transactionHashes),
    ...checkCommitments(block, computed),
    ...(stateUpdate === null || digest === null
      ? missingStateDiff()
      : checkStateDiff(hasher, stateUpdate, digest, { header: block.header, signature })),
    hash.check,
    signatureCheck,
  ];
  const table = tableVerdict(input, hash, digest);
  const withTable = table === null ? checks : applyTable(checks, table);
  const settled = input.truncated === 'fail' ? withTable : excuseTruncation(input, withTable, computed, digest);
  return { checks: settled, proofs: proofsOf(proofInputs(input, settled, hash, table)) };
}

/** The verdict on one check. */
export function findCheck(checks: readonly CheckResult[], name: CheckName): CheckResult {
  return checks.find((check) => check.name === name) ?? undecided(name, 'it was not made');
}

function signatureVerdict(input: VerifyBlockInput): CheckResult {
  const { hasher, network, block, signature, signaturePolicy, signatureVerifier } = input;
  if (signature === null) return undecided('signature', 'no signature was given');
  const check = checkSignature(hasher, network, signature, block.header, signatureVerifier);
  if (signaturePolicy === 'fail') return check;
  return advisory(check, `${check.reason ?? 'the signature does not verify'}; the policy is to warn`);
}

/** Only for blocks whose own hash leaves the content out, and only with the diff that the table's hash covers. */
function tableVerdict(input: VerifyBlockInput, hash: BlockHashCheck, digest: DiffDigest | null): CheckResult | null {
  const { hasher, block, stateUpdate, hashTable } = input;
  if (hashTable === null || hash.result === null || commitsToAll(hash.result.form)) return null;
  const published = tableEntry(hashTable, block.header.number);
  if (published === null) return null;
  if (digest === null || stateUpdate === null || !equalBytes(stateUpdate.blockHash, block.header.hash)) {
    return undecided('receipt-commitment', 'the published table proves receipts only together with the state update');
  }
  return checkAgainstTable(hasher, block, digest, hash.result.sequencer, published);
}

/** The table speaks for receipts, and for a state diff that nothing else proves. */
function applyTable(checks: readonly CheckResult[], table: CheckResult): readonly CheckResult[] {
  return checks.map((check) => {
    if (check.name === 'receipt-commitment') return table;
    const isOpen = check.name === 'state-diff-commitment' && check.ok === null;
    return isOpen && table.ok !== null ? { ...table, name: check.name } : check;
  });
}

function excuseTruncation(
  { hasher, network, block }: VerifyBlockInput,
  checks: readonly CheckResult[],
  computed: ComputedCommitments,
  digest: DiffDigest | null,
): readonly CheckResult[] {
  const lists: readonly CheckName[] = ['transaction-commitment', 'receipt-commitment', 'block-hash'];
  if (lists.some((name) => findCheck(checks, name).ok !== false)) return checks;
  const form = blockHashForms(network, block.header)[0];
  if (form === undefined) return checks;
  const contents = hashedContents(block, computed, digest);
  const counts = findHashedCounts(hasher, form, block.header, contents);
  if (counts === null || counts.transactions === contents.transactionCount) return checks;
  const reason =
    `the capture holds ${contents.transactionCount} of ${counts.transactions} transactions and ` +
    `${contents.eventCount} of ${counts.events} events, with which the header alone verifies`;
  return checks.map((check) =>
    check.ok === false && (lists.includes(check.name) || check.name === 'event-commitment')
      ? advisory(check, reason)
      : check,
  );
}

function proofInputs(
  { block, signature, stateUpdate }: VerifyBlockInput,
  checks: readonly CheckResult[],
  { check, result }: BlockHashCheck,
  table: CheckResult | null,
): ProofInputs {
  const verdict = (name: CheckName) => findCheck(checks, name).ok;
  const isSigned = verdict('signature') === true && signature !== null;
  const hasStateDiff = stateUpdate !== null;
  const diffVerdict = verdict('state-diff-commitment');
  const isFalse = diffVerdict === false || check.ok === false;
  return {
    block,
    hash: result?.matches === true ? result : { unverified: check.reason ?? 'the block hash is false' },
    transactionHashesHold: verdict('transaction-hashes') === true,
    // What a header does not state, or states without being bound to it, was hashed as computed.
    listsHold: verdict('transaction-commitment') !== false && verdict('event-commitment') !== false,
    receiptsHold: verdict('receipt-commitment') !== false,
    stateDiff: !hasStateDiff ? 'missing' : isFalse ? 'fails' : diffVerdict === null ? 'unknown' : 'holds',
    isInTable: table?.ok === true,
    signature: !isSigned ? 'none' : signature.form === 'block-hash' ? 'overHash' : 'overDiff',
  };
}
