import {
  type Block,
  type BlockSignature,
  compareVersions,
  FELT_ZERO,
  type Felt,
  type Header,
  type NetworkParams,
  type Receipt,
  type StateUpdate,
  type Transaction,
} from '../../chains/starknet/index.ts';
import {
  commitmentEra,
  computeBlockHash,
  computeTransactionHashes,
  eventCommitment,
  eventCount,
  receiptCommitment,
  stateDiffCommitment,
  stateDiffLength,
  transactionCommitment,
} from '../../chains/starknet/rules/index.ts';
import type { FeltHasher } from '../../crypto/index.ts';
import type { BlockDraft, GasPrices } from './draft.ts';
import type { SigningKey } from './signing-key.ts';

/** One block of the devnet with everything a gateway serves of it. */
export interface DevnetBlock {
  readonly block: Block;
  readonly stateUpdate: StateUpdate;
  readonly signature: BlockSignature;
}

export interface SealOptions {
  readonly hasher: FeltHasher;
  readonly network: NetworkParams;
  readonly key: SigningKey;
  readonly sequencerAddress: Felt;
}

/** What a block builds on and where. */
export interface SealSite {
  readonly height: number;
  /** Protocol version. */
  readonly version: string;
  readonly parentHash: Felt;
  readonly parentRoot: Felt;
  readonly stateRoot: Felt;
  readonly timestampS: number;
  readonly prices: GasPrices;
}

/** Gives a draft its transaction hashes, commitments, block hash and signature, all in the form of its version. */
export function sealBlock(options: SealOptions, site: SealSite, draft: BlockDraft): DevnetBlock {
  const { hasher, network, sequencerAddress } = options;
  const { version } = site;
  const transactions = hashTransactions(hasher, network, draft.transactions);
  const receipts = draft.receipts.map((receipt, i) => withHash(receipt, transactions[i]?.hash ?? FELT_ZERO));
  const era = commitmentEra(version);
  const header: Header = {
    number: site.height,
    hash: FELT_ZERO,
    parentHash: site.parentHash,
    stateRoot: site.stateRoot,
    timestampS: site.timestampS,
    sequencerAddress,
    version,
    transactionCommitment: transactionCommitment(hasher, era, transactions),
    eventCommitment: eventCommitment(hasher, era, receipts),
    ...(compareVersions(version, '0.13.2') >= 0
      ? {
          receiptCommitment: receiptCommitment(hasher, receipts),
          stateDiffCommitment: stateDiffCommitment(hasher, draft.stateDiff),
          stateDiffLength: stateDiffLength(draft.stateDiff),
        }
      : { receiptCommitment: null, stateDiffCommitment: null, stateDiffLength: null }),
    ...site.prices.header,
    l1DaMode: 'BLOB',
    status: 'ACCEPTED_ON_L2',
  };
  return signedBlock(options, {
    block: { header, transactions, receipts },
    oldRoot: site.parentRoot,
    stateDiff: draft.stateDiff,
  });
}

/**
 * Hashes a block's header as it stands and signs the result: also that of a block which is false in some other way.
 */
export function signedBlock(
  { hasher, network, key }: Pick<SealOptions, 'hasher' | 'network' | 'key'>,
  { block, oldRoot, stateDiff }: { readonly block: Block } & Pick<StateUpdate, 'oldRoot' | 'stateDiff'>,
): DevnetBlock {
  const { header, transactions, receipts } = block;
  const hash = computeBlockHash(hasher, network, header, {
    transactionCount: transactions.length,
    eventCount: eventCount(receipts),
    transactionCommitment: header.transactionCommitment ?? FELT_ZERO,
    eventCommitment: header.eventCommitment ?? FELT_ZERO,
    receiptCommitment: header.receiptCommitment,
    stateDiffCommitment: header.stateDiffCommitment,
    stateDiffLength: header.stateDiffLength,
  }).computed;
  return {
    block: { header: { ...header, hash }, transactions, receipts },
    stateUpdate: { blockHash: hash, newRoot: header.stateRoot, oldRoot, stateDiff },
    signature: key.sign(hash),
  };
}

function hashTransactions(
  hasher: FeltHasher,
  network: NetworkParams,
  transactions: readonly Transaction[],
): readonly Transaction[] {
  // Nothing is stated yet, so nothing matches, and what comes back is the hash of the current form.
  const hashes = computeTransactionHashes(hasher, transactions, [], network.chainIds);
  return transactions.map((transaction, i) => ({ ...transaction, hash: hashes[i]?.computed ?? FELT_ZERO }));
}

function withHash(receipt: Receipt, transactionHash: Felt): Receipt {
  return { ...receipt, transactionHash };
}
