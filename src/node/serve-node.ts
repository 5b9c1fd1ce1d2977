import type { Chain, Notice } from '../engine/index.ts';
import { type Logger, silentLogger } from '../lib/index.ts';
import type { HttpServer, RpcLimits } from '../serve/index.ts';
import type { BuildFacts } from './metrics/index.ts';
import type { Node } from './node.ts';

export interface ServeNodeOptions {
  readonly addr: { readonly host: string; readonly port: number };
  readonly chain: Pick<Chain, 'network' | 'tips' | 'formatHash' | 'rpc'>;
  /** What `/status` answers. Default: the node's own status. */
  readonly status?: (node: Node) => unknown;
  /** What `/explain/…` answers about a height or hash, null where nothing is known. Without it the path is missing. */
  readonly explain?: (node: Node, query: string) => unknown;
  readonly rpc?: {
    /** URL of a node that answers the methods which this one cannot. It may hold a secret and is shown nowhere. */
    readonly upstream?: string;
    readonly limits?: Partial<RpcLimits>;
  };
  /** Origins whose pages may read answers and open WebSockets, or `*`. Default: none. */
  readonly cors?: readonly string[];
  /** Which build this is, for `/metrics`. */
  readonly build?: BuildFacts;
  /** Free space where the data is, for `/metrics`; null where that cannot be told. */
  readonly diskFreeBytes?: () => number | null;
  /** Default: nothing is logged. */
  readonly log?: Logger;
  /** Default: the system's clock. */
  readonly nowMs?: () => number;
}

/** The HTTP server of a node. It is there before the node and says so until there is one. */
export interface NodeServer extends HttpServer {
  /** Serves this node from now on. To be called once, when it has just opened. */
  attach(node: Node): void;
  /**
   * Lets go of the node: ends its streams and subscriptions, and answers as if it had not opened. Resolves when nothing
   * reads its store any more, so that it can be closed.
   */
  detach(): Promise<void>;
  /** Counts what the node tells. */
  notice(notice: Notice): void;
}

/**
 * Health, status, metrics, chain events and JSON-RPC of a node over HTTP. What all of it needs is loaded here and not
 * before: a program that serves nothing does not pay for it.
 *
 * @throws {SynclineError} `HTTP_ADDR_IN_USE`, `HTTP_ADDR_UNUSABLE` (fault `local`), `RPC_UPSTREAM` (fault `caller`).
 */
export async function serveNode(options: ServeNodeOptions): Promise<NodeServer> {
  const { createNodeServer } = await import('./http.ts');
  return createNodeServer({ log: silentLogger, ...options });
}
