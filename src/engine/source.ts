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
  /** Requests under way at once, for blocks and late parts together; questions about heads and hashes come on top. */
  readonly concurrencyMax: number;
  /** Requests a second, as a token bucket; absent: unlimited. */
  readonly ratePerS?: number;
  /** How long one request may take, where that is known better than by the engine's own limit for all. */
  readonly requestTimeoutMs?: number;
}

/** A source's word about what is final: every block up to `height` is. */
export interface FinalClaim {
  readonly height: Height;
  readonly hash: Hash32 | null;
  readonly stateRoot: Hash32 | null;
  /** Where it stands, for evidence, e.g. the layer 1 block and log. */
  readonly reference: string;
}

/**
 * A block being built above the confirmed tip. Nothing proves it: it is kept in memory, shown as provisional, and gone
 * with the next confirmed block.
 */
export interface ProvisionalBlock {
  readonly height: Height;
  /** The confirmed block that it (or the provisional block below it) stands on. */
  readonly on: BlockRef;
  /** How far it has grown, in the chain's measure (transactions). Only growth is news. */
  readonly size: number;
  readonly timestampS: number;
  readonly protocolVersion: string;
  /** Part name → bytes in the chain's storage encoding. */
  readonly parts: Readonly<Record<string, Uint8Array>>;
  readonly from: string;
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
  /** It has no blocks, only content that blocks name, such as what it makes of stored content: never surveyed. */
  readonly contentOnly?: true;
  survey(options: { readonly signal: AbortSignal }): Promise<Survey>;
  fetch(request: FetchRequest, options: { readonly signal: AbortSignal }): AsyncIterable<Delivery>;
  /** The hash it has at a height, `null` if it has no such block: how forks are found. */
  hashAt(height: Height, options: { readonly signal: AbortSignal }): Promise<Hash32 | null>;
  /**
   * Reports what is final, as it learns of it; reconnects by itself and ends only with the signal. A claim may repeat,
   * and a later one may be lower than an earlier one: what it means is the engine's business.
   */
  watchFinal?(options: { readonly signal: AbortSignal }): AsyncIterable<FinalClaim>;
  /** The blocks being built right above `on`, ascending; empty when there are none or the source is elsewhere. */
  provisional?(on: BlockRef, options: { readonly signal: AbortSignal }): Promise<readonly ProvisionalBlock[]>;
}
