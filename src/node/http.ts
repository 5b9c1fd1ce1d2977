import type { Logger } from '../lib/index.ts';
import {
  createHealthMemory,
  createHttpServer,
  errorAnswer,
  type HealthCheck,
  type HttpRoute,
  type HttpServer,
  healthRoutes,
  indexRoute,
} from '../serve/index.ts';
import type { Node } from './node.ts';

export interface ServeNodeOptions {
  readonly addr: { readonly host: string; readonly port: number };
  /** The node, null while it opens: the server is there before it, and says so. */
  readonly node: () => Node | null;
  /** What `/status` answers. Default: the node's own status. */
  readonly status?: (node: Node) => unknown;
  /** What `/explain/…` answers about a height or hash, null where nothing is known. Without it the path is missing. */
  readonly explain?: (node: Node, query: string) => unknown;
  readonly log: Logger;
  /** Default: the system's clock. */
  readonly nowMs?: () => number;
}

/**
 * Health and status of a node over HTTP.
 * @throws {SynclineError} `HTTP_ADDR_IN_USE`, `HTTP_ADDR_UNUSABLE` (fault `local`).
 */
export function serveNode(options: ServeNodeOptions): Promise<HttpServer> {
  const routes = [...healthRoutes(createNodeHealth(options)), ...dataRoutes(options)];
  return createHttpServer({
    addr: options.addr,
    routes: [...routes, indexRoute('Syncline', routes)],
    log: options.log,
  });
}

function dataRoutes({ node, status, explain }: ServeNodeOptions): readonly HttpRoute[] {
  const opening = () =>
    errorAnswer(503, { code: 'STARTING', message: 'the node is opening its store' }, { 'retry-after': '1' });
  const routes: HttpRoute[] = [
    {
      paths: ['/status'],
      doc: 'mode, tips, target, rate, sources',
      answer() {
        const running = node();
        if (running === null) return opening();
        return { status: 200, json: status?.(running) ?? running.status() };
      },
    },
  ];
  if (explain === undefined) return routes;
  routes.push({
    paths: ['/explain/*'],
    doc: 'what is known of a block, by height or hash',
    answer({ rest }) {
      const running = node();
      if (running === null) return opening();
      const found = explain(running, rest);
      if (found !== null) return { status: 200, json: found };
      return errorAnswer(404, { code: 'NOTHING_KNOWN', message: 'nothing is known of that height or hash' });
    },
  });
  return routes;
}

/** Maps what the engine reports to named checks. */
export function createNodeHealth({ node, nowMs = Date.now }: Pick<ServeNodeOptions, 'node' | 'nowMs'>) {
  const remember = createHealthMemory(nowMs);
  const startedMs = nowMs();

  /** The engine says each second that it is alive; before its first word it has some seconds to open its store. */
  function pulse(): HealthCheck {
    const tickedAtMs = Math.max(node()?.report().tickedAtMs ?? 0, startedMs + STARTING_MS - STUCK_MS);
    const silentMs = Math.max(0, nowMs() - tickedAtMs);
    const ok = silentMs <= STUCK_MS;
    return remember({
      name: 'engine',
      ok,
      message: ok ? 'the engine is alive' : `the engine has been silent for ${Math.round(silentMs / 1000)} s`,
      fix: ok ? null : 'restart the process and keep its log',
    });
  }

  function store(): HealthCheck {
    const ok = node() !== null;
    return remember({ name: 'store', ok, message: ok ? 'the store is open' : 'the store is being opened', fix: null });
  }

  function halted(): HealthCheck {
    const report = node()?.report();
    const isHalted = report?.mode === 'halted';
    return remember({
      name: 'not-halted',
      ok: !isHalted,
      message: isHalted ? `halted: ${report.reason}` : 'nothing contradicts what is stored',
      fix: isHalted ? 'look at the last rejection with `syncline explain`' : null,
    });
  }

  function serving(): HealthCheck {
    const ok = node()?.report().serving ?? false;
    const message = ok ? 'blocks are stored and can be read' : 'no block is stored yet';
    return remember({ name: 'serving', ok, message, fix: ok ? null : 'wait, or look at the sources in /status' });
  }

  function near(lag: number): HealthCheck {
    const report = node()?.report();
    const name = 'lag';
    const target = report?.target ?? null;
    if (target === null) {
      const fix = 'see whether the sources can be reached: /status';
      return remember(
        { name, ok: false, message: 'the tip is unknown: no source has answered yet', fix },
        `lag ${lag}`,
      );
    }
    const behind = Math.max(0, target - (report?.confirmed?.height ?? -1));
    const message = `${behind} blocks behind ${target}, at most ${lag} allowed`;
    const fix = behind <= lag ? null : 'wait; /status has the rate';
    return remember({ name, ok: behind <= lag, message, fix }, `lag ${lag}`);
  }

  const ready = () => [store(), halted(), serving()];
  return { live: () => [pulse()], ready, synced: (lag: number) => [...ready(), near(lag)] };
}

/** The engine counts as stuck after this long without a tick. */
const STUCK_MS = 5_000;
/** Opening a store, with the recovery of an interrupted roll-back, may take this long before `/live` turns false. */
const STARTING_MS = 60_000;
