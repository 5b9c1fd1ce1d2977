import type { RpcMethod, RpcParams } from '../../../../engine/index.ts';
import { FELT_ZERO, feltToHex } from '../../felt.ts';
import type { Felt } from '../../types.ts';
import { listArgument, parseFeltArgument } from '../arguments.ts';
import { type MethodContext, withBlock } from '../context.ts';
import { fault, invalidParams } from '../faults.ts';
import type { OpenBlock } from '../open-block.ts';
import type { RenderedObject } from '../render/felts.ts';
import { renderHeader, renderProvisionalHeader } from '../render/header.ts';
import { renderReceipt } from '../render/receipt.ts';
import { renderStateDiff } from '../render/state-update.ts';
import { renderTransaction } from '../render/transaction.ts';
import { PROOF_FACTS, proofFactsWanted } from '../response-flags.ts';

/** Blocks, with more or less of what is in them. @see Starknet JSON-RPC specification, the methods of these names. */
export function blockMethods(context: MethodContext): Readonly<Record<string, RpcMethod>> {
  const { version } = context;
  const flags = version < 10 ? [] : [PROOF_FACTS.param];
  /** A header and the transactions as one method shows them. */
  const block = (transactionsOf: (block: OpenBlock, proofFacts: boolean) => readonly unknown[]): RpcMethod['call'] => {
    return (params) => {
      const proofFacts = proofFactsWanted(params, version);
      return withBlock(context, params.block_id, (_view, open) => ({
        ...renderBlockHeader(open, context),
        transactions: transactionsOf(open, proofFacts),
      }));
    };
  };
  return {
    starknet_getBlockWithTxHashes: {
      params: ['block_id'],
      call: block((open) => open.transactions().map(({ hash }) => feltToHex(hash))),
    },
    starknet_getBlockWithTxs: {
      params: ['block_id', ...flags],
      call: block((open, proofFacts) =>
        open.transactions().map((tx) => renderTransaction(tx, { hash: true, proofFacts })),
      ),
    },
    starknet_getBlockWithReceipts: { params: ['block_id', ...flags], call: block(renderWithReceipts) },
    starknet_getBlockTransactionCount: {
      params: ['block_id'],
      call: ({ block_id }) => withBlock(context, block_id, (_view, open) => open.counts().transactions),
    },
    starknet_getStateUpdate: {
      params: version < 10 ? ['block_id'] : ['block_id', 'contract_addresses?'],
      call: (params) => stateUpdate(context, params),
    },
  };
}

function renderBlockHeader(block: OpenBlock, { version }: MethodContext): RenderedObject {
  if (block.finality === 'PRE_CONFIRMED') return renderProvisionalHeader(block, version);
  return { status: block.finality, ...renderHeader(block, version) };
}

function renderWithReceipts(block: OpenBlock, proofFacts: boolean): readonly unknown[] {
  const receipts = block.receipts();
  return block.transactions().flatMap((tx, index) => {
    const receipt = receipts[index];
    if (receipt === undefined) return []; // there are as many
    const transaction = renderTransaction(tx, { hash: false, proofFacts });
    return [{ transaction, receipt: renderReceipt(tx, receipt, block.finality) }];
  });
}

/** Of a block being built without roots after it; the root before it may be left out from 0.10 on. */
function stateUpdate(context: MethodContext, params: RpcParams): unknown {
  const { version } = context;
  const of = version < 10 ? null : contractFilter(params);
  return withBlock(context, params.block_id, (_view, block) => {
    const oldRoot = block.oldRoot();
    const diff = renderStateDiff(block.stateDiff(), { of, version });
    if (block.hash === null) {
      if (version >= 10) return { ...(oldRoot === null ? {} : { old_root: feltToHex(oldRoot) }), state_diff: diff };
      return { old_root: feltToHex(oldRoot ?? FELT_ZERO), state_diff: diff };
    }
    if (oldRoot === null) throw fault('blockNotFound', { missing: 'the block before it' });
    return {
      block_hash: feltToHex(block.hash),
      old_root: feltToHex(oldRoot),
      new_root: feltToHex(block.header().stateRoot),
      state_diff: diff,
    };
  });
}

/** Absent and empty lists mean all contracts, as with Pathfinder. */
function contractFilter(params: RpcParams): readonly Felt[] | null {
  const name = 'contract_addresses';
  const given = params[name];
  if (Array.isArray(given) && given.length > CONTRACTS_MAX) throw invalidParams(name, `at most ${CONTRACTS_MAX}`);
  const addresses = listArgument(params, name, parseFeltArgument);
  return addresses === null || addresses.length === 0 ? null : addresses;
}

/** Contracts to filter a state update by. Chosen: more than anyone lists by hand. */
const CONTRACTS_MAX = 1024;
