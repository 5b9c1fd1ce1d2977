import type { Proof, Proofs } from '../../../engine/index.ts';
import { equalBytes } from '../../../lib/index.ts';
import type { Block } from '../types.ts';
import type { BlockHashResult } from './block-hash.ts';
import { commitmentEra } from './commitments.ts';

/** What the checks of a block came to. */
export interface ProofInputs {
  readonly block: Block;
  /** The matching block hash, or why there is none. */
  readonly hash: BlockHashResult | { readonly unverified: string };
  readonly transactionHashesHold: boolean;
  /** Whether the content is what the header commits to, where it commits to it; else true. */
  readonly listsHold: boolean;
  readonly receiptsHold: boolean;
  /** `unknown`: nothing states a commitment to it, and the state root has to prove it. */
  readonly stateDiff: 'missing' | 'holds' | 'fails' | 'unknown';
  /** The block equals the published table of recomputed hashes. */
  readonly isInTable: boolean;
  /** The sequencer's signature verifies; with `overDiff` it covers the state diff too. */
  readonly signature: 'none' | 'overHash' | 'overDiff';
}

/**
 * How each group of fields is known to be true. Nothing is called proven that a block of its time did not commit to:
 * the early forms leave out much of what a gateway shows of a block.
 */
export function proofsOf(inputs: ProofInputs): Proofs {
  const { block, hash, isInTable, transactionHashesHold, listsHold, receiptsHold } = inputs;
  const blockHash: Proof = inputs.signature === 'none' ? { unverified: NOT_SIGNED } : 'signature';
  if ('unverified' in hash) {
    const groups = Object.fromEntries(GROUPS.map((group) => [group, { unverified: hash.unverified }]));
    return { ...groups, blockHash, stateDiff: stateDiffProof(inputs, false) };
  }
  const { form } = hash;
  const isPoseidon = form === 'C' || form === 'D';
  /** By the hash where it covers the group, else by the table, else not at all. */
  const level = (isCovered: boolean, holds: boolean, reason: string): Proof => {
    if (isCovered && holds) return 'hash';
    return isInTable ? 'table' : { unverified: isCovered ? CONTENT_DIFFERS : reason };
  };
  return {
    blockHash,
    parentHash: 'hash',
    stateRoot: 'hash',
    transactions: level(true, transactionHashesHold && listsHold, ''),
    signatures: level(coversSignatures(block), listsHold, SIGNATURES_LEFT_OUT),
    events: level(form !== 'A', listsHold, EVENTS_LEFT_OUT),
    eventOrigins: level(isPoseidon, listsHold, leftOut('which transaction emitted an event')),
    receipts: level(isPoseidon, receiptsHold, leftOut('receipts')),
    stateDiff: stateDiffProof(inputs, isPoseidon),
    timestamp: level(form !== 'A', true, TIMESTAMP_LEFT_OUT),
    sequencerAddress: sequencerProof(inputs, hash),
    protocolVersion: level(isPoseidon, true, leftOut('the version')),
    l1DaMode: level(isPoseidon, true, leftOut('the data availability mode')),
    gasPrices: level(isPoseidon, true, leftOut('gas prices')),
    l2GasPrice: form === 'D' ? 'hash' : { unverified: L2_PRICE_LEFT_OUT },
  };
}

const GROUPS = [
  'parentHash',
  'stateRoot',
  'transactions',
  'signatures',
  'events',
  'eventOrigins',
  'receipts',
  'timestamp',
  'sequencerAddress',
  'protocolVersion',
  'l1DaMode',
  'gasPrices',
  'l2GasPrice',
] as const;

function stateDiffProof({ stateDiff, isInTable, signature }: ProofInputs, isInHash: boolean): Proof {
  if (stateDiff === 'missing') return { unverified: 'no state update was given' };
  if (stateDiff === 'fails') return { unverified: CONTENT_DIFFERS };
  if (stateDiff === 'holds' && isInHash) return 'hash';
  if (isInTable) return 'table';
  return stateDiff === 'holds' && signature === 'overDiff' ? 'signature' : 'state-root';
}

function sequencerProof({ block, isInTable }: ProofInputs, hash: BlockHashResult): Proof {
  const stated = block.header.sequencerAddress;
  if (stated === null) return { unverified: 'the header does not state it' };
  if (hash.sequencer !== null && equalBytes(stated, hash.sequencer)) return 'hash';
  if (hash.sequencer === null && isInTable) return 'table';
  return { unverified: 'the block hash covers another address or none' };
}

/** Before 0.11.1 only the signatures of invokes are hashed. */
function coversSignatures({ header, transactions }: Block): boolean {
  if (commitmentEra(header.version) !== 'pedersen-invokes') return true;
  return transactions.every(({ type, signature }) => type.startsWith('INVOKE_') || signature.length === 0);
}

function leftOut(what: string): string {
  return `the block hash before 0.13.2 does not cover ${what}`;
}

const NOT_SIGNED = 'no signature of the sequencer was verified';
const CONTENT_DIFFERS = 'the content differs from what the block commits to';
const SIGNATURES_LEFT_OUT = 'the block hash before 0.11.1 covers the signatures of invokes only';
const EVENTS_LEFT_OUT = 'the block hash before 0.7 does not cover events';
const TIMESTAMP_LEFT_OUT = 'the block hash before 0.7 does not cover the timestamp';
const L2_PRICE_LEFT_OUT = 'the block hash before 0.13.4 does not cover the L2 gas price';
