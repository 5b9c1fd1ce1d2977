import { type BlockRef, type ChainEvent, nextEvent, readTips } from '../engine/index.ts';
import type { Node } from '../node/index.ts';
import type { RunObserver } from './output/index.ts';

/** Brings chain events to an observer; after `finish` it has seen all that the store holds. */
export interface RunFollower {
  /** Call it when the sync has ended: delivers what the observer has not seen yet. */
  finish(): Promise<void>;
}

/**
 * Follows a node from the block that is its tip now. Call it right after `createNode`, before anything can have been
 * committed.
 */
export function followRun(node: Node, tip: string, observer: RunObserver): RunFollower {
  const stop = new AbortController();
  let cursor = readTip(node, tip);
  const deliver = (event: ChainEvent) => {
    if (event.type === 'extend') cursor = event.blocks.at(-1) ?? cursor;
    if (event.type === 'unwind') cursor = event.to;
    observer.event(event);
  };
  const following = (async () => {
    for await (const event of node.events({ from: cursor ?? 'genesis', signal: stop.signal })) deliver(event);
  })();
  following.catch(() => {}); // `finish` awaits it

  return {
    async finish() {
      stop.abort();
      await following;
      for (;;) {
        using view = node.store.view();
        const event = nextEvent(node.store, { confirmed: tip }, cursor, readTips(view));
        if (event === null) return;
        deliver(event);
      }
    },
  };
}

function readTip({ store }: Node, name: string): BlockRef | null {
  using view = store.view();
  const tip = readTips(view)[name] ?? null;
  // Confirmed blocks always have a hash; only provisional tips may lack one.
  return tip === null || tip.hash === null ? null : { height: tip.height, hash: tip.hash };
}
