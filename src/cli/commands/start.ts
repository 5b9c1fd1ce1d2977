import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { dataDirOf, openChain } from '../chains.ts';
import { usageInvalid } from '../config/index.ts';
import type { CliContext } from '../context.ts';
import { runNode } from '../run-node.ts';
import { configure } from './configure.ts';

/** `syncline start`. @returns The exit code. */
export async function start(context: CliContext, command: Command): Promise<number> {
  const { config } = await configure(context, command);
  const chain = await openChain(config, context.cwd);
  for (const source of config.source) requireFolder(source);
  return runNode(context, {
    chain,
    config,
    dataDir: dataDirOf(config, chain.network),
    sources: config.source.length === 0 ? null : config.source,
    http: config.http ? config['http.addr'] : null,
  });
}

/** A folder that is missing is a slip of the pen, while a gateway that is away may come back: only the first is told. */
function requireFolder(source: string): void {
  if (!source.startsWith('file:')) return;
  let path: string;
  try {
    path = fileURLToPath(source);
  } catch {
    throw usageInvalid(`the source ${source} names no local folder`, 'write file:///absolute/path, or ./a/path');
  }
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw usageInvalid(`the source folder ${path} does not exist`, 'check the path that --source names');
  }
}
