import type { BlockRef, Chain, ChainEvent, Notice, SyncEnd, Tips } from '../../engine/index.ts';
import { type Logger, toHex } from '../../lib/index.ts';
import type { Node, TipStatus } from '../../node/index.ts';
import type { FullStatus } from '../full-status.ts';

/** What there is to say about a run before it begins. */
export interface RunFacts {
  readonly chain: Chain;
  readonly node: Node;
  /** Null when nothing is served. */
  readonly httpUrl: string | null;
  /** As the user would write it. */
  readonly dataDir: string;
  readonly limits: { readonly windowBlocks: number; readonly windowBytes: number; readonly channelBlocks: number };
}

/** Tells somebody about a run: a program, a log, or a person at a terminal. */
export interface RunObserver {
  readonly log: Logger;
  started(facts: RunFacts): void;
  notice(notice: Notice): void;
  event(event: ChainEvent): void;
  /** An orderly stop was asked for. */
  stopping(): void;
  /** After the node has closed, before anything else is written. `end` is null when the sync failed. */
  ended(outcome: { readonly status: FullStatus; readonly end: SyncEnd | null }): void;
  /** Puts the terminal back in order; harmless when repeated. */
  close(): void;
}

type Format = Pick<Chain, 'formatHash'>;

/** A block as JSON: its hash as the chain's users write it. */
export function plainRef({ height, hash }: BlockRef, chain: Format): { height: number; hash: string } {
  return { height, hash: chain.formatHash?.(hash) ?? toHex(hash) };
}

export function plainTips(tips: Tips, chain: Format): Readonly<Record<string, TipStatus | null>> {
  return Object.fromEntries(
    Object.entries(tips).map(([name, tip]) => {
      if (tip === null) return [name, null];
      const hash = tip.hash === null ? null : (chain.formatHash?.(tip.hash) ?? toHex(tip.hash));
      return [name, { height: tip.height, hash }];
    }),
  );
}
