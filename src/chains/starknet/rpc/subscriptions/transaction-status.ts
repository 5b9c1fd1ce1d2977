import {
  type Height,
  type RpcFeed,
  type RpcSubscription,
  readBlock,
  type StateView,
} from '../../../../engine/index.ts';
import { equalBytes } from '../../../../lib/index.ts';
import { feltToHex } from '../../felt.ts';
import type { Felt } from '../../types.ts';
import { feltArgument } from '../arguments.ts';
import type { MethodContext } from '../context.ts';
import { type FoundTransaction, findTransaction } from '../find-transaction.ts';
import { openConfirmed } from '../open-block.ts';
import type { RenderedObject } from '../render/felts.ts';
import { renderStatus } from '../render/status.ts';
import { REORG_METHOD } from './block-feed.ts';
import { followChain } from './follow-chain.ts';
import { startAfterTip } from './start.ts';

/**
 * The status that is known now, then every other one. Nothing is told while the transaction is unknown.
 * @see Starknet JSON-RPC specification, `starknet_subscribeTransactionStatus`
 */
export function transactionStatus(context: MethodContext): RpcSubscription {
  return {
    params: ['transaction_hash'],
    open(params) {
      const hash = feltArgument(params, 'transaction_hash');
      return createStatusFeed(context, hash);
    },
  };
}

function createStatusFeed(context: MethodContext, hash: Felt): RpcFeed {
  const from = startAfterTip(context.environment);
  return async (notify, signal) => {
    const watch = new StatusWatch(context, hash);
    for await (const news of followChain(context.environment, { from, signal })) {
      if (news.type === 'reorg') {
        watch.forget();
        await notify(REORG_METHOD, news.result);
      }
      const status = watch.look();
      if (status === null) continue;
      await notify('starknet_subscriptionTransactionStatus', { transaction_hash: feltToHex(hash), status });
    }
  };
}

/** Looks up one transaction again and again. What was found in a confirmed block is not decoded a second time. */
class StatusWatch {
  readonly #context: MethodContext;
  readonly #hash: Felt;
  #told = '';
  #confirmed: { readonly height: Height; readonly hash: Felt; readonly status: RenderedObject } | null = null;

  constructor(context: MethodContext, hash: Felt) {
    this.#context = context;
    this.#hash = hash;
  }

  /** A status that differs from the last one that was told. */
  look(): RenderedObject | null {
    using view = this.#context.environment.store.view();
    const status = this.#confirmedStatus(view) ?? this.#find(findTransaction(view, this.#context, this.#hash));
    const text = JSON.stringify(status);
    if (status === null || text === this.#told) return null;
    this.#told = text;
    return status;
  }

  /** After a reorg whatever is known is news again. */
  forget(): void {
    this.#told = '';
  }

  #find(found: FoundTransaction | null): RenderedObject | null {
    if (found === null) return null;
    const status = renderStatus(found);
    const { height, hash } = found.block;
    if (hash !== null) this.#confirmed = { height, hash, status };
    return status;
  }

  /** As long as the block that it was found in is still there, only its finality can be another. */
  #confirmedStatus(view: StateView): RenderedObject | null {
    if (this.#confirmed === null) return null;
    const { height, hash, status } = this.#confirmed;
    const record = readBlock(view, height);
    if (record !== null && equalBytes(record.ref.hash, hash)) {
      return { ...status, finality_status: openConfirmed(view, record.ref).finality };
    }
    this.#confirmed = null;
    return null;
  }
}
