import type { BlockRef, Height, ProvisionalBlock } from '../../../../engine/index.ts';
import { equalBytes } from '../../../../lib/index.ts';
import { FELT_ZERO } from '../../felt.ts';
import { encodeHeader, encodeReceipts, encodeStateDiff, encodeTransactions } from '../../stored/index.ts';
import type { Felt } from '../../types.ts';
import { type ParsedProvisional, parseJsonBytes, parsePending, parsePreConfirmed } from '../../wire/index.ts';
import type { GatewayAnswer } from './gateway-answer.ts';

export type AskGateway = (path: string, query: Record<string, string>, signal: AbortSignal) => Promise<GatewayAnswer>;

/**
 * Asks one gateway what is being built above a block: from 0.14.0 on the block that consensus has closed (pre-latest),
 * if there is one, and the pre-confirmed block above it; before, the pending block.
 *
 * @param id Of the source.
 * @returns Ascending, at most two; none where the gateway stands on another block or knows nothing.
 * @throws {SynclineError} What the client and the parsers throw.
 * @see The Starknet feeder gateway, `get_state_update?blockNumber=pending`, `get_preconfirmed_block`.
 */
export async function readProvisional(
  ask: AskGateway,
  { id, on, signal }: { readonly id: string; readonly on: BlockRef; readonly signal: AbortSignal },
): Promise<readonly ProvisionalBlock[]> {
  const next = (on.height + 1) as Height; // one above a height
  const closed = await ask('get_state_update', { blockNumber: 'pending', includeBlock: 'true' }, signal);
  const pending =
    closed.type === 'object' ? parsePending(parseJsonBytes(closed.bytes, `the pending block from ${id}`), next) : null;
  const below: ProvisionalBlock[] = [];
  // Whose parent is another block is of another branch, or the gateway is ahead of us: the chain comes first.
  if (pending !== null && equalBytes(pending.parentHash, on.hash))
    below.push(blockOf(pending, { height: next, on, from: id }));
  const height = (next + below.length) as Height;
  const open = await ask('get_preconfirmed_block', { blockNumber: String(height) }, signal);
  if (open.type !== 'object') return below;
  const parentHash = below.length === 0 ? (on.hash as Uint8Array as Felt) : FELT_ZERO; // a felt is 32 bytes
  const parsed = parsePreConfirmed(parseJsonBytes(open.bytes, `pre-confirmed block ${height} from ${id}`), {
    height,
    parentHash,
  });
  return [...below, blockOf(parsed, { height, on, from: id })];
}

function blockOf(
  { header, transactions, receipts, stateDiff }: ParsedProvisional,
  where: { readonly height: Height; readonly on: BlockRef; readonly from: string },
): ProvisionalBlock {
  return {
    ...where,
    size: transactions.length + receipts.length, // a candidate that was executed is growth too
    timestampS: header.timestampS,
    protocolVersion: header.version,
    parts: {
      header: encodeHeader(header),
      transactions: encodeTransactions(transactions),
      receipts: encodeReceipts(receipts),
      stateDiff: encodeStateDiff(stateDiff),
    },
  };
}
