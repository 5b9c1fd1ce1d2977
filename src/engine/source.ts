import type { BlockRef, Hash32, Height, Span } from './types.ts';

/** What a source says it has. Claims, not facts. */
export interface Survey {
  /** Spans it can deliver, ascending, with its holes visible. */
  readonly spans: readonly Span[];
  /** Its newest block, `null` if it has none. */
  readonly head: BlockRef | null;
}

export interface FetchRequest {
  readonly height: Height;
  /** Parts wanted; a source delivers those it has and marks the others absent. */
  readonly parts: readonly string[];
  /** For content-addressed needs. */
  readonly id?: string;
}

/** One answer of a fetch. A single delivery may hold several parts under one name (a bundle). */
export type Delivery =
  | { readonly type: 'bytes'; readonly part: string; readonly bytes: Uint8Array }
  /** The source is sure that it does not have this. */
  | { readonly type: 'absent'; readonly part: string };

export interface SourceLimits {
  /** Requests under way at once. */
  readonly concurrencyMax: number;
  /** Requests a second, as a token bucket; absent: unlimited. */
  readonly ratePerS?: number;
}

/**
 * Where bytes come from. One folder each. Throws `source` faults for what may pass (unreachable, slow, busy: with
 * `data.retryAfterMs` where the remote said so) and `peer` faults for broken protocol. A source does not retry by
 * itself beyond its transport's needs: patience, fail-over and blame belong to the engine.
 */
export interface Source extends AsyncDisposable {
  readonly id: string;
  readonly standing: 'anchor' | 'carrier' | 'proposer';
  /** Names of the parts it can serve. */
  readonly parts: readonly string[];
  readonly limits: SourceLimits;
  survey(options: { readonly signal: AbortSignal }): Promise<Survey>;
  fetch(request: FetchRequest, options: { readonly signal: AbortSignal }): AsyncIterable<Delivery>;
  /** The hash it has at a height, `null` if it has no such block: how forks are found. */
  hashAt(height: Height, options: { readonly signal: AbortSignal }): Promise<Hash32 | null>;
}
