import { relative, resolve } from 'node:path';
import { type Chain, defaultPipelinePolicy, type Notice, type SyncEnd } from '../engine/index.ts';
import { createNode, type Node, type NodeOptions, type NodeServer, serveNode } from '../node/index.ts';
import type { Config, ListenAddress } from './config/index.ts';
import { type CliContext, writeLine } from './context.ts';
import { createObserver } from './create-observer.ts';
import { exitCodeOfEnd, exitCodeOfSignal } from './exit-codes.ts';
import { explain } from './explain/index.ts';
import { followRun } from './follow-run.ts';
import { completeStatus, type FullStatus, freeBytes } from './full-status.ts';
import type { RunObserver } from './output/index.ts';
import { type StopWatch, watchStopSignals } from './signals.ts';
import { readVersion } from './version.ts';

export interface RunPlan {
  readonly chain: Chain;
  readonly config: Config;
  /** Folder for the data, as the user would write it. */
  readonly dataDir: string;
  /** The folder goes away afterwards, so that nobody should be sent there. */
  readonly isTemporary?: boolean;
  readonly sources: NodeOptions['sources'] | null;
  /** Null serves nothing. */
  readonly http: ListenAddress | null;
}

/**
 * Runs a node until its sync ends or somebody stops it, and tells an observer.
 *
 * @returns The exit code. @throws What opening or syncing throws, once everything is closed.
 */
export async function runNode(context: CliContext, plan: RunPlan): Promise<number> {
  const { config, chain } = plan;
  const observer = createObserver(context, config, chain.network);
  const watch = watchStopSignals({
    timeoutMs: config['shutdown.timeout'],
    withTerminal: context.stdout.isTTY === true,
    onForced(reason) {
      observer.close();
      writeLine(context.stderr, reason);
    },
  });
  watch.signal.addEventListener('abort', () => observer.stopping(), { once: true });
  const onPipe = stopWithReader(context, watch);
  try {
    const end = await runObserved(context, plan, { observer, watch });
    return watch.cause === 'SIGHUP' ? exitCodeOfSignal('SIGHUP') : exitCodeOfEnd(end);
  } finally {
    observer.close();
    watch.dispose();
    context.stdout.off('error', onPipe);
  }
}

/** `syncline start --json | head` is no error: when nobody reads any more, the node stops. */
function stopWithReader({ stdout }: CliContext, watch: StopWatch): (error: NodeJS.ErrnoException) => void {
  const onError = (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') watch.stop(); // anything else is thrown by the process's own listener
  };
  stdout.on('error', onError);
  return onError;
}

async function runObserved(
  context: CliContext,
  plan: RunPlan,
  { observer, watch }: { readonly observer: RunObserver; readonly watch: StopWatch },
): Promise<SyncEnd> {
  const { chain, config } = plan;
  const path = resolve(context.cwd, plan.dataDir);
  const statusOf = (node: Node): FullStatus =>
    completeStatus(node.status(), { chain, store: node.store, dataDir: plan.isTemporary ? null : path });
  // The server comes first: a taken port is found out before the store is touched, and `/live` answers meanwhile.
  const server = await openServer(plan, { path, statusOf, log: observer.log });
  try {
    const notice = (one: Notice) => {
      observer.notice(one);
      server?.notice(one);
    };
    const node = await createNode(nodeOptions(plan, path, { observer, notice, signal: watch.signal }));
    try {
      const follower = followRun(node, chain.tips.confirmed, observer);
      server?.attach(node);
      observer.started({
        chain,
        node,
        httpUrl: server?.url ?? null,
        dataDir: plan.isTemporary ? `${path} (temporary)` : shortest(context.cwd, path),
        limits: {
          windowBlocks: config['sync.window-blocks'],
          windowBytes: config['sync.window-bytes'],
          channelBlocks: defaultPipelinePolicy.channelBlocks,
        },
      });
      return await untilEnd(node, { follower, observer, statusOf, server });
    } finally {
      await server?.detach();
      await node.close();
    }
  } finally {
    await server?.close();
  }
}

function openServer(
  { chain, config, http }: RunPlan,
  run: {
    readonly path: string;
    readonly statusOf: (node: Node) => FullStatus;
    readonly log: RunObserver['log'];
  },
): Promise<NodeServer | null> {
  if (http === null) return Promise.resolve(null);
  const upstream = config['rpc.upstream'];
  return serveNode({
    addr: http,
    chain,
    status: run.statusOf,
    explain: (node, query) => explain({ store: node.store, chain, query }),
    rpc: {
      ...(upstream === null ? {} : { upstream }),
      limits: {
        batchMax: config['rpc.batch-max'],
        bodyBytesMax: config['rpc.body-max'],
        ratePerS: config['rpc.rate'],
        socketsMax: config['rpc.ws-connections'],
      },
    },
    cors: config['http.cors'],
    build: readVersion(),
    diskFreeBytes: () => freeBytes(run.path),
    log: run.log,
  });
}

/** Waits for the end of the sync; whatever it was, the observer hears every event and then the last status. */
async function untilEnd(
  node: Node,
  run: {
    readonly follower: ReturnType<typeof followRun>;
    readonly observer: RunObserver;
    readonly statusOf: (node: Node) => FullStatus;
    readonly server: NodeServer | null;
  },
): Promise<SyncEnd> {
  const finish = async (end: SyncEnd | null) => {
    await run.follower.finish();
    const status = run.statusOf(node);
    await run.server?.detach();
    await node.close();
    run.observer.ended({ status, end });
  };
  let end: SyncEnd;
  try {
    end = await node.ended;
  } catch (error) {
    await finish(null).catch(() => {}); // why the sync failed matters more
    throw error;
  }
  await finish(end);
  return end;
}

function nodeOptions(
  plan: RunPlan,
  dataDir: string,
  run: { readonly observer: RunObserver; readonly notice: (notice: Notice) => void; readonly signal: AbortSignal },
): NodeOptions {
  const { chain, config, sources } = plan;
  return {
    chain,
    dataDir,
    signal: run.signal,
    log: run.observer.log,
    onNotice: run.notice,
    ...(sources === null || sources === undefined ? {} : { sources }),
    ...(config.until === null ? {} : { until: config.until }),
    policy: {
      range: { windowBlocks: config['sync.window-blocks'], windowBytes: config['sync.window-bytes'] },
      state: { mode: config['sync.state'] },
      pipeline: {
        batchBlocksMax: config['sync.batch-blocks'],
        pollMs: config['sync.poll-interval'],
        pollBehindMs: config['sync.poll-interval-behind'],
      },
    },
  };
}

/** The path as it is shortest to write from here. */
function shortest(cwd: string, path: string): string {
  const near = relative(cwd, path);
  const shown = near.startsWith('..') ? path : `./${near}`;
  return shown.length < path.length ? shown : path;
}
