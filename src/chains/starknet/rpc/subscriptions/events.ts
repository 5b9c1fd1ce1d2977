import type { RpcSubscription } from '../../../../engine/index.ts';
import { feltToHex } from '../../felt.ts';
import { isAbsent, parseWordArgument } from '../arguments.ts';
import type { MethodContext } from '../context.ts';
import {
  createEventMatcher,
  type EventMatcher,
  parseEmitters,
  parseKeys,
  renderEmittedEvent,
} from '../events/index.ts';
import type { OpenBlock } from '../open-block.ts';
import { createBlockFeed, type FeedItem } from './block-feed.ts';
import { startAt } from './start.ts';

/** @see Starknet JSON-RPC specification, `starknet_subscribeEvents` */
export function events(context: MethodContext): RpcSubscription {
  const { environment, version } = context;
  return {
    params: ['from_address?', 'keys?', 'block_id?', ...(version < 9 ? [] : ['finality_status?'])],
    open(params) {
      const find = createEventMatcher({
        emitters: parseEmitters(params.from_address, version, 'from_address'),
        keys: parseKeys(params.keys, 'keys'),
      });
      const items = (block: OpenBlock) => wantedEvents(block, find, version);
      const isEarly = version >= 9 && parseFinality(params.finality_status) === 'PRE_CONFIRMED';
      return createBlockFeed({
        context,
        from: startAt(environment, version, params),
        method: 'starknet_subscriptionEvents',
        confirmed: items,
        ...(isEarly ? { provisional: items } : {}),
      });
    },
  };
}

function parseFinality(value: unknown): 'PRE_CONFIRMED' | 'ACCEPTED_ON_L2' {
  if (isAbsent(value)) return 'ACCEPTED_ON_L2';
  return parseWordArgument(value, 'finality_status', ['PRE_CONFIRMED', 'ACCEPTED_ON_L2']);
}

/** From 0.9 on each says how certain it is. @see Starknet JSON-RPC specification, `starknet_subscriptionEvents` */
function wantedEvents(block: OpenBlock, find: EventMatcher, version: MethodContext['version']): readonly FeedItem[] {
  if (block.counts().events === 0) return [];
  return Array.from(find(block.receipts()), (found) => ({
    key: `${feltToHex(found.transactionHash)} ${found.eventIndex}`,
    render: () => ({
      ...renderEmittedEvent(found, block, version),
      ...(version < 9 ? {} : { finality_status: block.finality }),
    }),
  }));
}
