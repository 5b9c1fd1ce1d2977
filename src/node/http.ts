import { type Logger, toHex } from '../lib/index.ts';
import { createEventStreams, type EventStreams } from '../serve/events/index.ts';
import {
  createHttpServer,
  defaultHttpLimits,
  defaultRpcLimits,
  endWithAnswer,
  errorAnswer,
  type HttpEndpoint,
  type HttpRoute,
  healthRoutes,
  indexRoute,
  sendAnswer,
} from '../serve/index.ts';
import { createRpcServer, type RpcServer, requireUpstreamUrl } from '../serve/jsonrpc/index.ts';
import { createNodeHealth, type RpcState } from './health.ts';
import { createNodeMetrics, type NodeMetrics } from './metrics/index.ts';
import type { Node } from './node.ts';
import { createRpcEnvironment } from './rpc-environment.ts';
import type { NodeServer, ServeNodeOptions } from './serve-node.ts';

type NodeServerOptions = ServeNodeOptions & { readonly log: Logger };

/** See `serveNode`. */
export async function createNodeServer(options: NodeServerOptions): Promise<NodeServer> {
  const { addr, log, rpc = {}, cors = [], nowMs = Date.now } = options;
  if (rpc.upstream !== undefined) requireUpstreamUrl(rpc.upstream);
  const served = new ServedNode(options);
  const routes = [
    ...healthRoutes(createNodeHealth({ node: () => served.node, rpc: () => served.rpcState, nowMs })),
    ...dataRoutes(options, served),
  ];
  const endpoints = [eventsEndpoint(served), rpcEndpoint(served)];
  const sockets = rpc.limits?.socketsMax ?? defaultRpcLimits.socketsMax;
  const server = await createHttpServer({
    addr,
    routes: [...routes, indexRoute('Syncline', [...routes, ...endpoints])],
    endpoints,
    cors,
    log,
    // WebSockets must not leave too little for everything else.
    limits: { connectionsMax: defaultHttpLimits.connectionsMax + sockets },
  });
  const close = async () => {
    await server.close();
    await served.close();
  };
  return {
    url: server.url,
    close,
    [Symbol.asyncDispose]: close,
    attach: (node) => served.attach(node),
    detach: () => served.detach(),
    notice: (notice) => served.metrics.notice(notice),
  };
}

/** The node behind the server, while there is one, with all that reads it for clients. */
class ServedNode {
  readonly metrics: NodeMetrics;
  readonly hasRpc: boolean;
  node: Node | null = null;
  events: EventStreams | null = null;
  rpc: RpcServer | null = null;
  rpcState: RpcState;
  private readonly options: NodeServerOptions;
  private loading: Promise<void> = Promise.resolve();

  constructor(options: NodeServerOptions) {
    const { chain, log, nowMs = Date.now, build = UNKNOWN_BUILD, diskFreeBytes = () => null } = options;
    this.options = options;
    this.hasRpc = chain.rpc !== undefined;
    this.rpcState = this.hasRpc ? 'loading' : 'none';
    const serving = () => ({ rpc: this.rpc?.report() ?? null, eventStreams: this.events?.open ?? 0 });
    this.metrics = createNodeMetrics({ chain, build, diskFreeBytes, serving, nowMs, log });
  }

  attach(node: Node): void {
    const { chain, log } = this.options;
    const formatHash: NonNullable<typeof chain.formatHash> = (hash) => chain.formatHash?.(hash) ?? toHex(hash);
    const feed = { tips: chain.tips, formatHash, events: (from: Parameters<Node['events']>[0]) => node.events(from) };
    this.events = createEventStreams({ feed, log });
    this.metrics.attach(node);
    this.node = node;
    this.loading = this.loadServices(node);
  }

  async detach(): Promise<void> {
    const { rpc, events } = this;
    this.node = null;
    this.rpc = null;
    this.rpcState = this.hasRpc ? 'loading' : 'none';
    this.events = null;
    await Promise.all([rpc?.close(), events?.close(), this.metrics.detach(), this.loading]);
  }

  async close(): Promise<void> {
    await this.detach();
    await this.metrics.close();
  }

  private async loadServices(node: Node): Promise<void> {
    const { chain, log, rpc = {} } = this.options;
    try {
      const services = (await chain.rpc?.(createRpcEnvironment(node, chain.tips))) ?? [];
      if (this.node !== node) return;
      if (services.length > 0) this.rpc = createRpcServer({ services, ...rpc, observer: this.metrics.rpc, log });
      this.rpcState = services.length > 0 ? 'loaded' : 'none';
    } catch (error) {
      if (this.node === node) this.rpcState = 'failed';
      log.error('the RPC services could not be loaded', { message: String(error) });
    }
  }
}

function dataRoutes({ status, explain }: ServeNodeOptions, served: ServedNode): readonly HttpRoute[] {
  const routes: HttpRoute[] = [
    {
      paths: ['/status'],
      doc: 'mode, tips, target, rate, sources',
      answer() {
        const { node } = served;
        return node === null ? STARTING : { status: 200, json: status?.(node) ?? node.status() };
      },
    },
    {
      paths: ['/metrics'],
      doc: 'metrics for Prometheus',
      async answer() {
        const { text, type } = await served.metrics.scrape();
        return { status: 200, text, type };
      },
    },
  ];
  if (explain === undefined) return routes;
  routes.push({
    paths: ['/explain/*'],
    doc: 'what is known of a block, by height or hash',
    answer({ rest }) {
      const { node } = served;
      if (node === null) return STARTING;
      const found = explain(node, rest);
      if (found !== null) return { status: 200, json: found };
      return errorAnswer(404, { code: 'NOTHING_KNOWN', message: 'nothing is known of that height or hash' });
    },
  });
  return routes;
}

function eventsEndpoint(served: ServedNode): HttpEndpoint {
  return {
    paths: ['/events'],
    doc: 'chain events as they happen; ?from=genesis, or ?from=height:hash of a block you have',
    methods: ['GET', 'HEAD'],
    async answer(exchange) {
      if (served.events === null) sendAnswer(exchange, STARTING);
      else await served.events.answer(exchange);
    },
    close: () => served.detach(),
  };
}

function rpcEndpoint(served: ServedNode): HttpEndpoint {
  return {
    get paths() {
      return served.rpc?.paths ?? (served.hasRpc ? PATHS_UNTIL_KNOWN : []);
    },
    doc: 'JSON-RPC 2.0 by POST or WebSocket',
    methods: ['GET', 'HEAD', 'POST'],
    async answer(exchange) {
      if (served.rpc === null) sendAnswer(exchange, STARTING);
      else await served.rpc.answer(exchange);
    },
    upgrade(handshake) {
      if (served.rpc === null) endWithAnswer(handshake.socket, STARTING);
      else served.rpc.upgrade(handshake);
    },
  };
}

const STARTING = errorAnswer(
  503,
  { code: 'STARTING', message: 'the node is opening its store, or closing it' },
  { 'retry-after': '1' },
);
/** Where services usually are, until they have said so themselves. */
const PATHS_UNTIL_KNOWN = ['/rpc', '/rpc/*'];
const UNKNOWN_BUILD = { version: 'unknown', commit: null };
