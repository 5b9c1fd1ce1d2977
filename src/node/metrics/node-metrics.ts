import { Registry } from 'prom-client';
import type { Chain, Notice } from '../../engine/index.ts';
import { isAbort, type Logger } from '../../lib/index.ts';
import type { RpcObserver, RpcServerReport } from '../../serve/jsonrpc/index.ts';
import type { Node } from '../node.ts';
import { createChainMetrics } from './chain-metrics.ts';
import { type BuildFacts, createProcessMetrics } from './process-metrics.ts';
import { createRpcMetrics } from './rpc-metrics.ts';

export interface NodeMetricsOptions {
  readonly chain: Pick<Chain, 'network' | 'tips'>;
  readonly build: BuildFacts;
  /** Free space where the data is; null where that cannot be told. */
  readonly diskFreeBytes: () => number | null;
  /** What is busy with clients, at the moment of a scrape. */
  readonly serving: () => { readonly rpc: RpcServerReport | null; readonly eventStreams: number };
  readonly nowMs: () => number;
  readonly log: Logger;
}

/** All metrics of a node, with a registry of their own. */
export interface NodeMetrics {
  readonly rpc: RpcObserver;
  /** Follows a node from its present tip. */
  attach(node: Node): void;
  /** Reads nothing of the node from now on; resolves when nothing is being read. */
  detach(): Promise<void>;
  notice(notice: Notice): void;
  /** The text exposition format, drawn now. */
  scrape(): Promise<{ readonly text: string; readonly type: string }>;
  close(): Promise<void>;
}

export function createNodeMetrics(options: NodeMetricsOptions): NodeMetrics {
  const { chain, build, nowMs, log } = options;
  const registry = new Registry();
  const chainMetrics = createChainMetrics([registry], chain);
  const rpcMetrics = createRpcMetrics([registry]);
  const processMetrics = createProcessMetrics([registry], build);
  let attached: { readonly node: Node; readonly stop: AbortController; readonly following: Promise<void> } | null =
    null;

  async function follow(node: Node, signal: AbortSignal): Promise<void> {
    try {
      for await (const event of node.events({ signal })) chainMetrics.event(event);
    } catch (error) {
      if (!isAbort(error, signal)) log.error('metrics follow the chain no more', { message: String(error) });
    }
  }

  async function detach(): Promise<void> {
    const before = attached;
    attached = null;
    before?.stop.abort();
    await before?.following;
  }

  return {
    rpc: rpcMetrics,
    attach(node) {
      const stop = new AbortController();
      chainMetrics.learnSources(node.report());
      attached = { node, stop, following: follow(node, stop.signal) };
    },
    detach,
    notice: (notice) => chainMetrics.notice(notice),
    async scrape() {
      const { rpc, eventStreams } = options.serving();
      chainMetrics.refresh(attached?.node ?? null, nowMs());
      rpcMetrics.refresh(rpc, eventStreams);
      processMetrics.refresh({ chain: chain.network, diskFreeBytes: options.diskFreeBytes() });
      return { text: await registry.metrics(), type: registry.contentType };
    },
    async close() {
      await detach();
      processMetrics[Symbol.dispose]();
    },
  };
}
