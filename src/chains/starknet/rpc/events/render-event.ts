import type { Height } from '../../../../engine/index.ts';
import { feltToHex } from '../../felt.ts';
import type { Felt } from '../../types.ts';
import type { ApiVersion } from '../api-version.ts';
import type { RenderedObject } from '../render/felts.ts';
import { renderEvent } from '../render/receipt.ts';
import type { FoundEvent } from './event-filter.ts';

/**
 * `EMITTED_EVENT`: without a hash while the block is being built, and from 0.10 on with the event's position.
 * @see Starknet JSON-RPC specification, `EMITTED_EVENT`
 */
export function renderEmittedEvent(
  { event, transactionHash, transactionIndex, eventIndex }: FoundEvent,
  block: { readonly height: Height; readonly hash: Felt | null },
  version: ApiVersion,
): RenderedObject {
  return {
    ...renderEvent(event),
    ...(block.hash === null ? {} : { block_hash: feltToHex(block.hash) }),
    block_number: block.height,
    transaction_hash: feltToHex(transactionHash),
    ...(version < 10 ? {} : { transaction_index: transactionIndex, event_index: eventIndex }),
  };
}
