import type { ChainEvent } from './events.ts';
import type { ProvisionalBlock, Source } from './source.ts';
import type { ReadStore } from './store.ts';
import type { EventsFrom } from './sync/chain-events.ts';
import type { BlockRef, Hash32 } from './types.ts';

/**
 * What a chain offers over JSON-RPC. The contract stands here because chains implement it and `serve` runs it;
 * transports, batches, limits and subscription ids are `serve`'s business.
 */
export interface RpcService {
  /** Where it is served, e.g. `/rpc/v0_10`. The first service of a chain is also served at `/rpc`. */
  readonly path: string;
  readonly methods: Readonly<Record<string, RpcMethod>>;
  /** Over WebSocket only. */
  readonly subscriptions?: Readonly<Record<string, RpcSubscription>>;
  /** The method that ends a subscription by its id; it answers `true`. */
  readonly unsubscribe?: { readonly method: string; readonly param: string; readonly unknown: RpcFaultBody };
  /** Methods that the chain knows and this node does not serve by itself: they go to the upstream, if there is one. */
  readonly foreign?: readonly string[];
  /** Foreign methods that lack something else than an execution engine: what, and how to go on, as callers are told. */
  readonly foreignReasons?: Readonly<Record<string, string>>;
}

export interface RpcMethod {
  /**
   * Names in order, so that positional calls become named ones. A trailing `?` marks what may be left out, or be null:
   * then the method does not see it.
   */
  readonly params: readonly string[];
  /** @throws {RpcFault} for what the caller should see; anything else becomes an internal error. */
  call(params: RpcParams, context: RpcContext): unknown;
}

export type RpcParams = Readonly<Record<string, unknown>>;

export interface RpcContext {
  /** Aborts when the client left or the time for this call is over. */
  readonly signal: AbortSignal;
}

export interface RpcSubscription {
  readonly params: readonly string[];
  /**
   * Checks the parameters and what must be there. What it returns is run once the client has its subscription id, and
   * until the signal aborts.
   * @throws {RpcFault}
   */
  open(params: RpcParams, context: RpcContext): RpcFeed | Promise<RpcFeed>;
}

/** Sends one notification to the subscriber. Resolves when there is room for the next: a slow client slows only itself. */
export type RpcNotify = (method: string, result: unknown) => Promise<void>;

export type RpcFeed = (notify: RpcNotify, signal: AbortSignal) => Promise<void>;

export interface RpcFaultBody {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** An error that the caller of a method is meant to see, with the code of the chain's API. */
export class RpcFault extends Error {
  readonly body: RpcFaultBody;

  constructor(body: RpcFaultBody) {
    super(body.message);
    this.name = 'RpcFault';
    this.body = body;
  }
}

/** What a chain's methods may look at. */
export interface RpcEnvironment {
  readonly store: ReadStore;
  /** Blocks being built above the confirmed tip, ascending: none, one or two. */
  provisional(): readonly ProvisionalBlock[];
  /**
   * Where the sync stands. `first`: the confirmed tip when the node opened, or the first block that an empty store got.
   * `target`: the highest height that the sources offer.
   */
  progress(): {
    readonly first: BlockRef | null;
    readonly confirmed: BlockRef | null;
    readonly target: number | null;
    /** Null where no source has named it. */
    readonly targetHash: Hash32 | null;
  };
  events(options: { readonly from?: EventsFrom; readonly signal: AbortSignal }): AsyncIterable<ChainEvent>;
  /** The node's open sources, where a method has something to ask them that is in no block; the node closes them. */
  readonly sources?: readonly Source[];
  /** Rings when the provisional blocks changed. */
  onProvisional(listener: () => void): Disposable;
}
