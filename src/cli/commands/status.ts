import type { Command } from 'commander';
import * as v from 'valibot';
import { SynclineError } from '../../lib/index.ts';
import { buildStatus } from '../../node/index.ts';
import { type CliContext, writeJson, writeLine } from '../context.ts';
import { completeStatus, type FullStatus } from '../full-status.ts';
import { renderStatus } from '../render-status.ts';
import { createPaint, usesColour } from '../terminal.ts';
import { askNode, DEFAULT_URL } from './ask-node.ts';
import { configure } from './configure.ts';
import { folderOf, openForReading } from './read-store.ts';

/** `syncline status`: of a running node, or of a folder when one is named. @returns The exit code. */
export async function status(context: CliContext, command: Command): Promise<number> {
  const { config } = await configure(context, command);
  const { url } = command.opts<{ url?: string }>();
  const isFolder = url === undefined && (config['data-dir'] !== null || config.network !== null);
  const found = isFolder
    ? await statusOfFolder(await folderOf(config, context.cwd))
    : await statusOfNode(url ?? DEFAULT_URL);
  if (config.json) writeJson(context.stdout, found);
  else
    for (const line of renderStatus(found, createPaint(usesColour(context.env, context.stdout))))
      writeLine(context.stdout, line);
  return 0;
}

async function statusOfFolder(path: string): Promise<FullStatus> {
  await using opened = await openForReading(path);
  const { chain, store, folder } = opened;
  const status = buildStatus({ chain, report: null, store });
  const { writerPid } = folder;
  const running = { mode: 'unknown', reason: `process ${writerPid} writes here; ask it with --url` };
  return completeStatus(writerPid === null ? status : { ...status, ...running }, {
    chain,
    store,
    dataDir: folder.path,
  });
}

async function statusOfNode(url: string): Promise<FullStatus> {
  const answer = v.safeParse(StatusBody, await askNode(url, '/status'));
  if (answer.success) return answer.output as unknown as FullStatus; // its shape was just checked as far as we show it
  throw new SynclineError('NODE_ANSWER', 'source', 'what answers there is no syncline node', {
    data: { url, exitCode: 5, fix: 'check that --url names a syncline node that is running' },
  });
}

const Tip = v.nullable(v.object({ height: v.number(), hash: v.nullable(v.string()) }));

/** What `renderStatus` relies on; everything else passes through. */
const StatusBody = v.looseObject({
  type: v.literal('status'),
  family: v.string(),
  network: v.string(),
  version: v.string(),
  mode: v.string(),
  reason: v.string(),
  tips: v.record(v.string(), Tip),
  stateRoot: v.nullable(v.string()),
  state: v.object({ level: v.picklist(['state-root', 'pending']), proven: v.number() }),
  target: v.nullable(v.number()),
  rate: v.number(),
  etaS: v.nullable(v.number()),
  etaBasis: v.string(),
  counts: v.record(v.string(), v.number()),
  unverified: v.record(v.string(), v.number()),
  rejected: v.number(),
  quarantined: v.number(),
  lastRejection: v.nullable(v.looseObject({ height: v.number(), check: v.string(), source: v.string() })),
  dataDir: v.nullable(v.string()),
  diskFreeBytes: v.nullable(v.number()),
  sources: v.array(
    v.looseObject({
      id: v.string(),
      state: v.string(),
      ok: v.number(),
      fail: v.number(),
      head: v.nullable(v.number()),
    }),
  ),
});
