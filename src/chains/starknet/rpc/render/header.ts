import { FELT_ZERO, feltToHex } from '../../felt.ts';
import { stateDiffLength } from '../../rules/index.ts';
import type { Felt, Header, ResourcePrice } from '../../types.ts';
import type { ApiVersion } from '../api-version.ts';
import type { OpenBlock } from '../open-block.ts';
import type { RenderedObject } from './felts.ts';

/**
 * `BLOCK_HEADER` of a confirmed block. What its protocol version did not have yet is zero, as the specification asks
 * for commitments and as other clients do for prices and the sequencer.
 * @see Starknet JSON-RPC specification, `BLOCK_HEADER`
 */
export function renderHeader(block: OpenBlock, version: ApiVersion): RenderedObject {
  const header = block.header();
  const common = {
    block_hash: feltToHex(header.hash),
    parent_hash: feltToHex(header.parentHash),
    block_number: header.number,
    new_root: feltToHex(header.stateRoot),
    ...renderCommon(header),
  };
  if (version < 10) return common;
  const counts = block.counts();
  return {
    ...common,
    event_commitment: hexOrZero(header.eventCommitment),
    transaction_commitment: hexOrZero(header.transactionCommitment),
    receipt_commitment: hexOrZero(header.receiptCommitment),
    state_diff_commitment: hexOrZero(header.stateDiffCommitment),
    event_count: counts.events,
    transaction_count: counts.transactions,
    state_diff_length: header.stateDiffLength ?? stateDiffLength(block.stateDiff()),
  };
}

/**
 * The header of a block being built: with the parent's hash in 0.8, with its number from 0.9 on.
 * @see Starknet JSON-RPC specification, `PENDING_BLOCK_HEADER` (0.8), `PRE_CONFIRMED_BLOCK_HEADER`
 */
export function renderProvisionalHeader(block: OpenBlock, version: ApiVersion): RenderedObject {
  const header = block.header();
  const place = version < 9 ? { parent_hash: feltToHex(header.parentHash) } : { block_number: block.height };
  return { ...place, ...renderCommon(header) };
}

function renderCommon(header: Header): RenderedObject {
  return {
    timestamp: header.timestampS,
    sequencer_address: hexOrZero(header.sequencerAddress),
    l1_gas_price: renderPrice(header.l1GasPrice),
    l2_gas_price: renderPrice(header.l2GasPrice),
    l1_data_gas_price: renderPrice(header.l1DataGasPrice),
    l1_da_mode: header.l1DaMode ?? 'CALLDATA', // before there were blobs
    starknet_version: header.version,
  };
}

function renderPrice(price: ResourcePrice): RenderedObject {
  return { price_in_fri: hexOrZero(price.fri), price_in_wei: hexOrZero(price.wei) };
}

function hexOrZero(felt: Felt | null): string {
  return feltToHex(felt ?? FELT_ZERO);
}
