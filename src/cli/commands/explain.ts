import type { Command } from 'commander';
import { SynclineError } from '../../lib/index.ts';
import { type CliContext, writeJson, writeLine } from '../context.ts';
import { type Explanation, explain, renderExplanation } from '../explain/index.ts';
import { createPaint, usesColour } from '../terminal.ts';
import { askNode } from './ask-node.ts';
import { configure } from './configure.ts';
import { folderOf, openForReading } from './read-store.ts';

/** `syncline explain <height|hash>`. @returns The exit code. */
export async function explainCommand(context: CliContext, query: string, command: Command): Promise<number> {
  const { config } = await configure(context, command);
  const { url } = command.opts<{ url?: string }>();
  const found =
    url === undefined
      ? await explainFromFolder(await folderOf(config, context.cwd), query)
      : ((await askNode(url, `/explain/${encodeURIComponent(query)}`)) as unknown as Explanation | null); // made by `explain` over there
  if (found === null) {
    throw new SynclineError('NOTHING_KNOWN', 'caller', `nothing is known of ${query}`, {
      data: { exitCode: 2, fix: 'see `syncline status` for the heights that are stored' },
    });
  }
  const paint = createPaint(usesColour(context.env, context.stdout));
  if (config.json) writeJson(context.stdout, found);
  else for (const line of renderExplanation(found, paint)) writeLine(context.stdout, line);
  return 0;
}

async function explainFromFolder(path: string, query: string): Promise<Explanation | null> {
  await using opened = await openForReading(path);
  return explain({ store: opened.store, chain: opened.chain, query });
}
