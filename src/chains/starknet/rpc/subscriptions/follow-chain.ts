import {
  type BlockRef,
  type ChainEvent,
  type EventsFrom,
  type RpcEnvironment,
  readOrphan,
  type StateView,
} from '../../../../engine/index.ts';
import { createBell } from '../../../../lib/index.ts';
import { feltToHex } from '../../felt.ts';
import type { RenderedObject } from '../render/felts.ts';

/** What a subscription hears of the chain, one after another. */
export type ChainNews =
  /** Confirmed, ascending. */
  | { readonly type: 'blocks'; readonly refs: readonly BlockRef[] }
  /** Blocks that were told of are gone: `REORG_DATA`. */
  | { readonly type: 'reorg'; readonly from: BlockRef; readonly to: BlockRef | null; readonly result: RenderedObject }
  /** A tip moved, or the blocks being built grew: look again. */
  | { readonly type: 'changed' };

/**
 * Follows the chain behind `from`. Begins with `changed` once it is listening, so that nothing falls between a look and
 * the first news. A slow reader sees fewer and larger pieces; it misses nothing but states of blocks being built.
 *
 * Ends quietly when the signal aborts.
 * @throws what `environment.events` throws.
 */
export async function* followChain(
  environment: RpcEnvironment,
  { from, signal }: { readonly from: EventsFrom; readonly signal: AbortSignal },
): AsyncGenerator<ChainNews> {
  const own = new AbortController();
  const both = AbortSignal.any([signal, own.signal]);
  const bell = createBell();
  const state = { hasGrown: true, event: null as ChainEvent | null, hasEnded: false, failure: null as unknown };
  using _listening = environment.onProvisional(() => {
    state.hasGrown = true;
    bell.ring();
  });
  const pump = pumpEvents(environment.events({ from, signal: both }), state, { bell, signal: both });
  try {
    while (!signal.aborted) {
      if (state.hasGrown) {
        state.hasGrown = false;
        yield { type: 'changed' };
      }
      if (state.event !== null) {
        const { event } = state;
        state.event = null;
        bell.ring();
        yield newsOf(environment, event);
      } else if (state.hasEnded) {
        break;
      } else if (!state.hasGrown) {
        await bell.wait(both).catch(() => {}); // fails only when the signal aborts, which ends the loop
      }
    }
    if (state.failure !== null) throw state.failure;
  } finally {
    own.abort();
    await pump;
  }
}

/** Holds one event at a time, and asks for the next when it was taken. */
async function pumpEvents(
  events: AsyncIterable<ChainEvent>,
  state: { event: ChainEvent | null; hasEnded: boolean; failure: unknown },
  { bell, signal }: { readonly bell: ReturnType<typeof createBell>; readonly signal: AbortSignal },
): Promise<void> {
  try {
    for await (const event of events) {
      state.event = event;
      bell.ring();
      while (state.event !== null) await bell.wait(signal);
    }
  } catch (error) {
    if (!signal.aborted) state.failure = error;
  } finally {
    state.hasEnded = true;
    bell.ring();
  }
}

function newsOf(environment: RpcEnvironment, event: ChainEvent): ChainNews {
  switch (event.type) {
    case 'extend':
      return { type: 'blocks', refs: event.blocks };
    case 'unwind': {
      using view = environment.store.view();
      return { type: 'reorg', from: event.from, to: event.to, result: renderReorg(view, event) };
    }
    case 'advance':
      return { type: 'changed' };
    default:
      return event satisfies never;
  }
}

/** @see Starknet JSON-RPC specification, `REORG_DATA` */
function renderReorg(
  view: StateView,
  { from, to }: { readonly from: BlockRef; readonly to: BlockRef | null },
): RenderedObject {
  const first = firstOrphan(view, from, to);
  return {
    starting_block_hash: feltToHex(first.hash),
    starting_block_number: first.height,
    ending_block_hash: feltToHex(from.hash),
    ending_block_number: from.height,
  };
}

/** The lowest block that went with `from`: the one right above `to`. */
function firstOrphan(view: StateView, from: BlockRef, to: BlockRef | null): BlockRef {
  let lowest = from;
  while (lowest.height > (to?.height ?? -1) + 1) {
    const orphan = readOrphan(view, lowest.hash);
    if (orphan === null) break; // it came back since: what is known is still gone
    lowest = { height: (lowest.height - 1) as BlockRef['height'], hash: orphan.parent }; // above `to`, so from 0
  }
  return lowest;
}
