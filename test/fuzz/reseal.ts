import type { Felt, StateUpdate } from '../../src/chains/starknet/index.ts';
import {
  commitmentEra,
  computeTransactionHashes,
  eventCommitment,
  receiptCommitment,
  stateDiffCommitment,
  stateDiffLength,
  transactionCommitment,
} from '../../src/chains/starknet/rules/index.ts';
import {
  type Bundle,
  parseBundle,
  parseJsonBytes,
  renderBareSignature,
  renderBlock,
  renderStateUpdate,
} from '../../src/chains/starknet/wire/index.ts';
import { createFeltHasher } from '../../src/crypto/index.ts';
import type { DevnetBlock, StarknetDevnet } from '../../src/devnet/starknet/index.ts';
import { isSynclineError } from '../../src/lib/index.ts';

/**
 * Makes a changed block true to itself: transaction hashes, commitments, block hash and signature follow from what it
 * says now, as if the sequencer lied. Only the state can tell.
 *
 * @returns Null where the text is no block any more.
 */
export function reseal(devnet: StarknetDevnet, text: string, stateRoot: Felt | null = null): string | null {
  let bundle: Bundle;
  try {
    bundle = parseBundle(parseJsonBytes(Buffer.from(text), 'changed'));
    commitmentEra(bundle.block.header.version);
  } catch (error) {
    if (isSynclineError(error)) return null;
    throw error;
  }
  return textOf(devnet.forgeRoot(withCommitments(devnet, bundle), stateRoot ?? bundle.block.header.stateRoot));
}

function withCommitments(devnet: StarknetDevnet, { block, stateUpdate }: Bundle): DevnetBlock {
  const { header, receipts } = block;
  const era = commitmentEra(header.version);
  const hashes = computeTransactionHashes(hasher, block.transactions, receipts, devnet.network.chainIds);
  const transactions = block.transactions.map((tx, i) => ({ ...tx, hash: hashes[i]?.computed ?? tx.hash }));
  const paired = receipts.map((receipt, i) => ({
    ...receipt,
    transactionHash: transactions[i]?.hash ?? receipt.transactionHash,
  }));
  const isPoseidon = era === 'poseidon' || era === 'poseidon-padded';
  return {
    block: {
      header: {
        ...header,
        transactionCommitment: transactionCommitment(hasher, era, transactions),
        eventCommitment: eventCommitment(hasher, era, paired),
        ...(isPoseidon
          ? {
              receiptCommitment: receiptCommitment(hasher, paired),
              stateDiffCommitment: stateDiffCommitment(hasher, stateUpdate.stateDiff),
              stateDiffLength: stateDiffLength(stateUpdate.stateDiff),
            }
          : {}),
      },
      transactions,
      receipts: paired,
    },
    stateUpdate,
    signature: devnet.blockAt(0)?.signature as DevnetBlock['signature'], // made anew by whoever forges
  };
}

function textOf({ block, stateUpdate, signature }: DevnetBlock): string {
  return JSON.stringify({
    block: renderBlock(block),
    state_update: renderStateUpdate(stateUpdate satisfies StateUpdate),
    signature: renderBareSignature(signature),
  });
}

const hasher = createFeltHasher();
