import { type BlockRef, type EventsFrom, type RpcFeed, type RpcNotify, readBlock } from '../../../../engine/index.ts';
import { equalBytes } from '../../../../lib/index.ts';
import { provisionalOn, readTip } from '../block-id.ts';
import type { MethodContext } from '../context.ts';
import { type OpenBlock, openConfirmed, openProvisional } from '../open-block.ts';
import { followChain } from './follow-chain.ts';

/** One thing to tell of a block. Of a block being built it is told once, whatever it says then. */
export interface FeedItem {
  readonly key: string;
  render(): unknown;
}

export interface BlockFeedOptions {
  readonly context: MethodContext;
  readonly from: EventsFrom;
  /** The method that notifications are sent with. */
  readonly method: string;
  /** What there is to tell of a confirmed block, in order. */
  confirmed(block: OpenBlock): readonly FeedItem[];
  /** What there is to tell of a block being built; asked again whenever it has grown. Absent: nothing. */
  readonly provisional?: (block: OpenBlock) => readonly FeedItem[];
}

/** Tells of blocks one by one, of reorgs in between, and where wanted of the blocks being built. */
export function createBlockFeed(options: BlockFeedOptions): RpcFeed {
  const { context, from, method } = options;
  return async (notify, signal) => {
    const told = new ToldItems();
    for await (const news of followChain(context.environment, { from, signal })) {
      if (news.type === 'reorg') {
        told.forgetFrom((news.to?.height ?? -1) + 1);
        await notify(REORG_METHOD, news.result);
        continue;
      }
      if (news.type === 'blocks') await tellBlocks(options, news.refs, { notify, signal, told });
      for (const result of freshItems(options, told)) await notify(method, result);
    }
  };
}

/** The notification that blocks told of before are gone. */
export const REORG_METHOD = 'starknet_subscriptionReorg';

async function tellBlocks(
  options: BlockFeedOptions,
  refs: readonly BlockRef[],
  to: { readonly notify: RpcNotify; readonly signal: AbortSignal; readonly told: ToldItems },
): Promise<void> {
  for (const ref of refs) {
    if (to.signal.aborted) return;
    for (const result of confirmedItems(options, ref)) await to.notify(options.method, result);
    to.told.forgetUpTo(ref.height);
    // Nothing may have been sent, and then nothing has let others run.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Empty when the block is gone by now: the reorg is the next news. */
function confirmedItems({ context, confirmed }: BlockFeedOptions, ref: BlockRef): readonly unknown[] {
  using view = context.environment.store.view();
  const record = readBlock(view, ref.height);
  if (record === null || !equalBytes(record.ref.hash, ref.hash)) return [];
  return confirmed(openConfirmed(view, ref, context.decoded)).map((item) => item.render());
}

function freshItems({ context, provisional }: BlockFeedOptions, told: ToldItems): readonly unknown[] {
  if (provisional === undefined) return [];
  const { environment, decoded } = context;
  using view = environment.store.view();
  const tip = readTip(view);
  if (tip === null) return [];
  const blocks = provisionalOn(view, environment, tip);
  return blocks.flatMap((block) =>
    provisional(openProvisional(view, { tip, blocks, block }, decoded))
      .filter(({ key }) => told.isNew(block.height, key))
      .map((item) => item.render()),
  );
}

/** What was told of the one or two blocks being built: no more than is in them. */
class ToldItems {
  readonly #byHeight = new Map<number, Set<string>>();

  /** True the first time. */
  isNew(height: number, key: string): boolean {
    const keys = this.#byHeight.get(height) ?? new Set<string>();
    this.#byHeight.set(height, keys);
    if (keys.has(key)) return false;
    keys.add(key);
    return true;
  }

  forgetUpTo(height: number): void {
    this.#forget((other) => other <= height);
  }

  forgetFrom(height: number): void {
    this.#forget((other) => other >= height);
  }

  #forget(isGone: (height: number) => boolean): void {
    for (const height of [...this.#byHeight.keys()]) if (isGone(height)) this.#byHeight.delete(height);
  }
}
