import { setTimeout } from 'node:timers/promises';
import type { Node } from '../../src/node/index.ts';

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

/**
 * Follows a sync to its end.
 *
 * @param startedMs When the node was asked for, of `performance.now()`.
 * @param head Height of the tip.
 */
export async function followSync(node: Node, startedMs: number, head: number): Promise<SyncRun> {
  const busyMs = () => node.report().pipeline.applierBusyMs;
  let ended = false;
  const end = node.ended.finally(() => {
    ended = true;
  });
  const until = async (condition: () => boolean) => {
    while (!condition() && !ended) await setTimeout(POLL_MS);
  };
  await until(() => busyMs() > 0);
  const firstMs = performance.now() - busyMs(); // it has been busy since it got its first block
  await until(() => node.report().confirmed?.height === head);
  const [tipMs, applierBusyMs] = [performance.now(), busyMs()];
  const reached = await end;
  if (reached.type !== 'reached') throw new Error(`the node ended elsewhere: ${JSON.stringify(reached)}`);
  return {
    startMs: firstMs - startedMs,
    blocksMs: tipMs - firstMs,
    lateMs: performance.now() - tipMs,
    applierBusyMs,
  };
}

const POLL_MS = 5;
