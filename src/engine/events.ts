import type { BlockRef, Span, Tips } from './types.ts';

/** Why blocks were removed. */
export type UnwindReason = 'reorg' | 'prune' | 'invalid';

/** All that happens to a chain, in order. */
export type ChainEvent =
  /** Blocks were confirmed: `blocks` ascending, without holes. */
  | { readonly type: 'extend'; readonly blocks: readonly BlockRef[]; readonly tips: Tips }
  /** Blocks from `from` (the old tip) down to above `to` were removed; `to` is the new tip, null when none is left. */
  | {
      readonly type: 'unwind';
      readonly from: BlockRef;
      readonly to: BlockRef | null;
      readonly reason: UnwindReason;
      readonly tips: Tips;
    }
  /** A tip moved and no block came or went. */
  | { readonly type: 'advance'; readonly tips: Tips };

/** A rejected block or part: which check, expected, got, from whom. Kept in the store for `explain`. */
export interface Rejection {
  readonly timeMs: number;
  readonly height: number;
  readonly check: string;
  readonly expected: string | null;
  readonly got: string | null;
  readonly source: string;
  readonly message: string;
  /** The block hash the candidate stated, where it was readable. */
  readonly hash: string | null;
  /** Where the raw bytes were kept, null if nowhere. */
  readonly evidence: string | null;
  /** Of a late part addressed by content: the id that it was asked for by. */
  readonly id?: string;
}

/** What an operator wants to hear that is not a chain event. */
export type Notice =
  | { readonly type: 'mode'; readonly mode: string; readonly reason: string }
  | {
      readonly type: 'progress';
      readonly phase: string;
      readonly done: number;
      readonly total: number;
      readonly rate: number;
      readonly etaS: number | null;
    }
  | ({ readonly type: 'reject' } & Rejection)
  | { readonly type: 'quarantine'; readonly what: string; readonly id: string; readonly reason: string }
  | { readonly type: 'source'; readonly id: string; readonly state: string; readonly reason: string }
  | { readonly type: 'stalled'; readonly span: Span; readonly reason: string };
