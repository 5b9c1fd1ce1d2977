import type { RpcSubscription } from '../../../../engine/index.ts';
import type { MethodContext } from '../context.ts';
import { renderHeader } from '../render/header.ts';
import { createBlockFeed } from './block-feed.ts';
import { startAt } from './start.ts';

/** @see Starknet JSON-RPC specification, `starknet_subscribeNewHeads` */
export function newHeads(context: MethodContext): RpcSubscription {
  const { environment, version } = context;
  return {
    params: ['block_id?'],
    open: (params) =>
      createBlockFeed({
        context,
        from: startAt(environment, version, params),
        method: 'starknet_subscriptionNewHeads',
        confirmed: (block) => [{ key: 'header', render: () => renderHeader(block, version) }],
      }),
  };
}
