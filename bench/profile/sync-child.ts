/** The process that is profiled: one node from an empty folder to the tip of a served devnet. Told by its argument. */
import { setTimeout } from 'node:timers/promises';
import { type NetworkParams, starknet } from '../../src/chains/starknet/index.ts';
import { createNode } from '../../src/node/index.ts';
import type { ServedDevnet } from '../rows/devnet-process.ts';

/** One sync in three stretches. Milliseconds. */
export interface SyncRun {
  /** Until the applier gets its first block: loading, tables of the hash kernels, the first fetches. */
  readonly startMs: number;
  /** From there to the tip. */
  readonly blocksMs: number;
  /** From the tip until the last class that the blocks name is stored. */
  readonly lateMs: number;
  /** Of `blocksMs`: what the applier was at work. */
  readonly applierBusyMs: number;
}

const POLL_MS = 5;

const { served, dataDir } = JSON.parse(process.argv[2] ?? '{}') as { served: ServedDevnet; dataDir: string };
const startedMs = performance.now();
const node = await createNode({
  chain: starknet({ network: served.network as Partial<NetworkParams> }), // the devnet's own parameters
  sources: [served.url],
  dataDir,
  until: served.head.height,
});
const first = await firstWork();
const tip = await reachedTip();
const end = await node.ended;
const endedMs = performance.now();
await node.close();
if (end.type !== 'reached') throw new Error(`the node ended elsewhere: ${JSON.stringify(end)}`);
const run: SyncRun = {
  startMs: first - startedMs,
  blocksMs: tip.atMs - first,
  lateMs: endedMs - tip.atMs,
  applierBusyMs: tip.applierBusyMs,
};
process.send?.(run);
process.disconnect();

/** When the applier got its first block: it has been busy since. */
async function firstWork(): Promise<number> {
  for (;;) {
    const { applierBusyMs } = node.report().pipeline;
    if (applierBusyMs > 0) return performance.now() - applierBusyMs;
    await setTimeout(POLL_MS);
  }
}

async function reachedTip(): Promise<{ readonly atMs: number; readonly applierBusyMs: number }> {
  for (;;) {
    const { confirmed, pipeline } = node.report();
    if (confirmed?.height === served.head.height) {
      return { atMs: performance.now(), applierBusyMs: pipeline.applierBusyMs };
    }
    await setTimeout(POLL_MS);
  }
}
