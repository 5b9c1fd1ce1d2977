import {
  type BlockRef,
  type Hash32,
  type Height,
  type RpcEnvironment,
  readBlock,
  readTips,
  type StateView,
  type TipNames,
} from '../engine/index.ts';
import { readU64be } from '../lib/index.ts';
import type { Node } from './node.ts';

/** What a chain's RPC methods see of a node. Make it when the node has just opened: its tip is where this sync began. */
export function createRpcEnvironment(node: Node, tips: TipNames): RpcEnvironment {
  let first: BlockRef | null;
  {
    using view = node.store.view();
    first = confirmedTip(view, tips);
  }
  return {
    store: node.store,
    sources: node.sources,
    provisional: () => node.provisional(),
    onProvisional: (listener) => node.onProvisional(listener),
    progress() {
      const { confirmed, target, targetHash } = node.report();
      if (first === null && confirmed !== null) {
        using view = node.store.view();
        first = lowestBlock(view);
      }
      return { first, confirmed, target, targetHash };
    },
    events: (options) => node.events(options),
  };
}

function confirmedTip(view: StateView, { confirmed }: TipNames): BlockRef | null {
  const tip = readTips(view)[confirmed] ?? null;
  return tip === null ? null : { height: tip.height, hash: tip.hash as Hash32 }; // confirmed blocks have a hash
}

function lowestBlock(view: StateView): BlockRef | null {
  for (const [key] of view.range('block', { limit: 1 })) {
    return readBlock(view, readU64be(key) as Height)?.ref ?? null;
  }
  return null;
}
