/**
 * `npm run bench:profile -- [--blocks N] [--json]`: syncs a devnet under V8's sampling profiler and prints where each
 * thread's time went.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { SyncRun } from '../harness/sync-run.ts';
import { createTempFolder } from '../harness/temp-folder.ts';
import type { ServedDevnet } from '../rows/devnet-process.ts';
import { type CpuProfile, sharesOf, type ThreadShares } from './stages.ts';

const { values } = parseArgs({
  options: { blocks: { type: 'string', default: '2000' }, json: { type: 'boolean', default: false } },
});
const blocks = Number(values.blocks);
if (!Number.isSafeInteger(blocks) || blocks < 2) throw new Error('--blocks takes an integer from 2');

await using folder = await createTempFolder();
const profiles = join(folder.path, 'profiles');
await mkdir(profiles);
const options = { seed: 1, blocks, transactionsPerBlock: 5, storageUpdatesPerBlock: 12, contracts: 24 };
const devnet = fork(programOf('../rows/devnet-process.js'), [JSON.stringify(options)], {
  stdio: ['ignore', 2, 2, 'ipc'],
});
const [served] = (await once(devnet, 'message')) as [ServedDevnet];
const task = JSON.stringify({ served, dataDir: join(folder.path, 'data') });
const child = fork(programOf('./sync-child.js'), [task], {
  stdio: ['ignore', 2, 2, 'ipc'],
  execArgv: ['--cpu-prof', `--cpu-prof-dir=${profiles}`],
});
const [run] = (await once(child, 'message')) as [SyncRun];
await once(child, 'exit');
devnet.disconnect();
const threads: ThreadShares[] = [];
for (const name of await readdir(profiles)) {
  threads.push(sharesOf(JSON.parse(await readFile(join(profiles, name), 'utf8')) as CpuProfile));
}
threads.sort((a, b) => b.busyMs - a.busyMs);
process.stdout.write(values.json ? `${JSON.stringify(summary(), null, 2)}\n` : table());

function summary() {
  const { startMs, blocksMs, lateMs, applierBusyMs } = run;
  return {
    blocks,
    startMs,
    blocksMs,
    lateMs,
    blocksPerS: (1000 * blocks) / blocksMs,
    applierBusyShare: applierBusyMs / blocksMs,
    threads: threads.map(({ thread, busyMs, stages }) => ({ thread, busyMs, stages: Object.fromEntries(stages) })),
  };
}

function table(): string {
  const { startMs, blocksMs, lateMs, blocksPerS, applierBusyShare } = summary();
  const wallMs = startMs + blocksMs + lateMs;
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const lines = [
    `${blocks} blocks in ${seconds(blocksMs)}, ${blocksPerS.toFixed(0)} blocks/s under the profiler, after ` +
      `${seconds(startMs)} to start; then ${seconds(lateMs)} for the last classes`,
    `the applier was busy ${(100 * applierBusyShare).toFixed(0)} % of the time between the first block and the tip`,
  ];
  for (const { thread, busyMs, stages } of threads) {
    lines.push('', `${thread}: busy ${(100 * busyMs) / wallMs < 100 ? ((100 * busyMs) / wallMs).toFixed(0) : 100} %`);
    const sorted = [...stages].sort(([, a], [, b]) => b - a).filter(([, ms]) => ms / busyMs >= 0.005);
    for (const [stage, ms] of sorted) {
      const share = `${((100 * ms) / busyMs).toFixed(1)} %`.padStart(7);
      lines.push(`  ${stage.padEnd(28)}${share}  ${((1000 * ms) / blocks).toFixed(0).padStart(6)} µs a block`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function programOf(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
