import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type NetworkParams, starknet } from '../../src/chains/starknet/index.ts';
import type { StarknetDevnetOptions } from '../../src/devnet/index.ts';
import { toHex } from '../../src/lib/index.ts';
import { createNode } from '../../src/node/index.ts';
import type { Bench } from '../harness/bench.ts';
import { figuresOf, measure, type RoundSamples } from '../harness/compete.ts';
import { progress } from '../harness/progress.ts';
import { median } from '../harness/statistics.ts';
import { followSync, type SyncRun } from '../harness/sync-run.ts';
import { createTempFolder } from '../harness/temp-folder.ts';
import type { ServedDevnet } from './devnet-process.ts';

const BENCH = 'sync-devnet';
const WARM_UP_ROUNDS = 1;

/** A node from an empty folder to the tip of a devnet that another process serves over HTTP. */
export const syncDevnet: Bench = {
  rows: [BENCH],
  async *run({ rounds, quick }) {
    const size = { blocks: quick ? 150 : 2_000, transactionsPerBlock: 5, storageUpdatesPerBlock: 12 };
    progress(`making ${size.blocks} blocks`);
    await using devnet = await serveDevnet({ seed: 1, ...size, contracts: 24 });
    const samples: RoundSamples[] = [];
    const runs: SyncRun[] = [];
    for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
      progress(`round ${round + 1} of ${rounds}`);
      let run: SyncRun | null = null;
      const sample = await measure(async () => {
        run = await syncOnce(devnet.served);
        return devnet.served.head.height + 1;
      });
      if (round < 0 || run === null) continue;
      samples.push({ ours: sample, baseline: null });
      runs.push(run);
    }
    const figures = figuresOf(samples, { by: 'wall', figure: 'rate' });
    const cpuMs = figures.cpu.ours;
    yield {
      bench: BENCH,
      workload:
        `${size.blocks} devnet blocks of ${size.transactionsPerBlock} transactions and ${size.storageUpdatesPerBlock} ` +
        'storage updates over HTTP from another process, from the start of the node to its end, classes included; by the clock',
      unit: 'blocks/s',
      baselineName: null,
      checked: true,
      figures,
      detail: {
        blocksPerSToTip: median(runs.map(({ blocksMs }) => (1000 * size.blocks) / blocksMs)),
        applierBusyShareToTip: median(runs.map(({ applierBusyMs, blocksMs }) => applierBusyMs / blocksMs)),
        startMs: median(runs.map(({ startMs }) => startMs)),
        lateMs: median(runs.map(({ lateMs }) => lateMs)),
        cpuMsPerBlock: cpuMs === null ? null : cpuMs / size.blocks,
        cpuShareOfOneCore: cpuMs === null ? null : cpuMs / (figures.wall.ours ?? cpuMs),
      },
      warmUpRounds: WARM_UP_ROUNDS,
    };
  },
};

async function syncOnce({ url, network, head }: ServedDevnet): Promise<SyncRun> {
  const startedMs = performance.now();
  await using folder = await createTempFolder();
  await using node = await createNode({
    chain: starknet({ network: network as Partial<NetworkParams> }), // the devnet's own parameters
    sources: [url],
    dataDir: join(folder.path, 'data'),
    until: head.height,
  });
  const run = await followSync(node, startedMs, head.height);
  const hash = toHex(node.report().confirmed?.hash ?? new Uint8Array(0));
  if (hash !== head.hash) throw new Error(`the node ended at ${hash}, expected ${head.hash}`);
  return run;
}

interface DevnetProcess extends AsyncDisposable {
  readonly served: ServedDevnet;
}

async function serveDevnet(options: StarknetDevnetOptions): Promise<DevnetProcess> {
  const program = fileURLToPath(new URL('./devnet-process.js', import.meta.url));
  const child: ChildProcess = fork(program, [JSON.stringify(options)], {
    stdio: ['ignore', 2, 2, 'ipc'],
    execArgv: [],
  });
  const [served] = (await once(child, 'message')) as [ServedDevnet];
  return {
    served,
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}
