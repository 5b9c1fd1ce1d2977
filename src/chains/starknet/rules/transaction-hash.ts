import type { FeltHasher } from '../../../crypto/index.ts';
import { equalBytes } from '../../../lib/index.ts';
import { feltFromAscii } from '../felt.ts';
import type { Felt, Felts, Receipt, Transaction } from '../types.ts';
import { pedersenArrays, poseidonArrays } from './hashing.ts';
import { attemptsFor, type HashAttempt, outerList } from './transaction-forms.ts';
import { hashTransactionInputs, type TransactionInputs } from './transaction-inputs.ts';

/** What came of recomputing one transaction's hash. */
export interface TransactionHash {
  readonly matches: boolean;
  /** The hash the block states. */
  readonly stated: Felt;
  /** The hash that matches, else the one of the likeliest form with the network's own chain id. */
  readonly computed: Felt;
  /** Whether a DEPLOY's address follows from its class hash and salt, which its hash does not cover by itself. */
  readonly addressHolds: boolean;
}

/**
 * Recomputes the hashes of a block's transactions, all side by side.
 *
 * Which form a transaction of the first two years was hashed with cannot be told from its block, so the current
 * form is tried first and the older ones only for what differs. A DEPLOY hash covers class hash and salt only
 * through the contract address, hence the address is derived and compared too.
 *
 * @param receipts Aligned with the transactions: some L1 handlers have their nonce only there. May be empty.
 * @param chainIds Chain id texts in the order to try; at least one.
 * @returns One result per transaction, in order.
 * @see https://docs.starknet.io/learn/cheatsheets/transactions-reference
 * @see sequencer, `crates/starknet_api/src/transaction_hash.rs`
 */
export function computeTransactionHashes(
  hasher: FeltHasher,
  transactions: readonly Transaction[],
  receipts: readonly Receipt[],
  chainIds: readonly string[],
): readonly TransactionHash[] {
  const inputs = hashTransactionInputs(hasher, transactions);
  const chains = chainIds.map(feltFromAscii);
  const jobs = transactions.map((transaction, i): Job => {
    const nonce = receipts[i]?.consumedMessage?.nonce ?? null;
    const ready = inputs[i] as TransactionInputs; // aligned with the transactions
    const attempts = attemptsFor(transaction, nonce, chains);
    return { transaction, inputs: ready, attempts, matches: false, computed: null };
  });
  for (let round = 0; ; round++) {
    const waiting = jobs.filter((job) => !job.matches && round < job.attempts.length);
    if (waiting.length === 0) break;
    hashRound(hasher, waiting, round);
  }
  return jobs.map(({ transaction, inputs: { addressHolds }, matches, computed }) => ({
    matches: matches && addressHolds,
    stated: transaction.hash,
    computed: computed as Felt, // every transaction has at least one attempt
    addressHolds,
  }));
}

interface Job {
  readonly transaction: Transaction;
  readonly inputs: TransactionInputs;
  readonly attempts: readonly HashAttempt[];
  matches: boolean;
  computed: Felt | null;
}

/** Hashes attempt `round` of all jobs: Pedersen forms in one batch, Poseidon forms in another. */
function hashRound(hasher: FeltHasher, jobs: readonly Job[], round: number): void {
  const listOf = (job: Job): Felts => outerList(job.transaction, job.inputs, attemptOf(job, round));
  const isV3 = (job: Job) => attemptOf(job, round).form === 'v3';
  const pedersen = jobs.filter((job) => !isV3(job));
  const poseidon = jobs.filter(isV3);
  settle(pedersen, pedersenArrays(hasher, pedersen.map(listOf)));
  settle(poseidon, poseidonArrays(hasher, poseidon.map(listOf)));
}

function attemptOf(job: Job, round: number): HashAttempt {
  return job.attempts[round] as HashAttempt; // only jobs that have this round get here
}

function settle(jobs: readonly Job[], hashes: readonly Felt[]): void {
  jobs.forEach((job, i) => {
    const computed = hashes[i] as Felt; // one hash per job
    job.matches = equalBytes(computed, job.transaction.hash);
    if (job.matches || job.computed === null) job.computed = computed;
  });
}
