import { type SierraCompiler, starknet } from '../../src/chains/starknet/index.ts';
import {
  type ServeStarknetDevnetOptions,
  type StarknetDevnet,
  serveStarknetDevnet,
} from '../../src/devnet/starknet/index.ts';
import type { Notice, ReadStore } from '../../src/engine/index.ts';
import { createNode, type Node, type NodeStatus } from '../../src/node/index.ts';
import { runCli } from './cli-run.ts';
import { temporaryFolder } from './folders.ts';

/** What sets a gateway apart from others of the same chain. */
export type Gateway = Pick<ServeStarknetDevnetOptions, 'faults' | 'faultServings' | 'classAnswers'>;

export interface Run extends AsyncDisposable {
  readonly node: Node;
  readonly dataDir: string;
  readonly notices: readonly Notice[];
  /** Ids of the gateways, in their order. */
  readonly ids: readonly string[];
  quarantined(): readonly (Notice & { readonly type: 'quarantine' })[];
  until(isReached: () => boolean): Promise<void>;
  /** Resolves at the tip, when all classes are stored or quarantined. */
  settled(): Promise<void>;
  close(): Promise<NodeStatus>;
}

/** A node with a data folder, and the gateways that it syncs from. */
export async function start(
  devnet: StarknetDevnet,
  gateways: readonly Gateway[],
  compiler?: SierraCompiler,
  { requestTimeoutMs }: { readonly requestTimeoutMs?: number } = {},
): Promise<Run> {
  const servers = await Promise.all(gateways.map((options) => serveStarknetDevnet({ devnet, ...options })));
  const dataDir = temporaryFolder('class-faults');
  const notices: Notice[] = [];
  const chain = starknet({
    network: devnet.network,
    ...(compiler === undefined ? {} : { sierraCompiler: compiler }),
  });
  const node = await createNode({
    chain,
    sources: servers.map(({ url }) => url),
    dataDir,
    onNotice: (notice) => notices.push(notice),
    // Quick to forgive and to ask again, so that a test is short.
    policy: {
      late: { retryBaseMs: 200 },
      range: { strikeBaseMs: 200, ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }) },
      pipeline: { pollMs: 100 },
    },
  });
  let closing: Promise<NodeStatus> | null = null;
  const close = async () => {
    const status = node.status();
    await node.close();
    await Promise.all(servers.map((server) => server.close()));
    return status;
  };
  const until = async (isReached: () => boolean) => {
    const deadlineMs = Date.now() + 45_000;
    while (!isReached()) {
      if (Date.now() > deadlineMs) throw new Error(`not reached: ${JSON.stringify(node.status())}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return {
    node,
    dataDir,
    notices,
    ids: servers.map(({ url }) => `gateway:${url.host}${url.pathname}`),
    quarantined: () => notices.filter((notice) => notice.type === 'quarantine'),
    until,
    settled: () =>
      until(() => node.status().confirmed?.height === devnet.head.height && allWantedAreQuarantined(node.store)),
    close: () => {
      closing ??= close();
      return closing;
    },
    async [Symbol.asyncDispose]() {
      closing ??= close();
      await closing;
    },
  };
}

function allWantedAreQuarantined(store: ReadStore): boolean {
  using view = store.view();
  for (const [key] of view.range('wanted', {})) if (view.get('quarantine', key) === undefined) return false;
  return true;
}

type Fact = readonly [name: string, text: string];

export interface Explained {
  readonly block: { readonly height: number } | null;
  readonly orphan: { readonly height: number } | null;
  readonly content: {
    readonly stored: { readonly kind: string; readonly height: number; readonly facts: readonly Fact[] } | null;
  } | null;
  readonly rejections: readonly { readonly check: string; readonly got: string; readonly evidence: string | null }[];
  readonly quarantined: readonly {
    readonly what: string;
    readonly refused: { readonly got: string; readonly evidence: string | null } | null;
  }[];
}

/** What `syncline explain` tells of a closed folder. */
export async function explained({ dataDir }: Pick<Run, 'dataDir'>, query: string): Promise<Explained> {
  const { code, stdout, stderr } = await runCli(['explain', query, '--data-dir', dataDir, '--json']);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Explained;
}
