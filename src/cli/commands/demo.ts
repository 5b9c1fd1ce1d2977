import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { starknet } from '../../chains/starknet/index.ts';
import { createStarknetDevnet, parseFault, serveStarknetDevnet } from '../../devnet/starknet/index.ts';
import { createScope, isSynclineError, silentLogger } from '../../lib/index.ts';
import { createHttpServer } from '../../serve/index.ts';
import { type Config, formatListenAddress, type ListenAddress, type ResolvedConfig } from '../config/index.ts';
import { type CliContext, writeLine } from '../context.ts';
import { runNode } from '../run-node.ts';
import { configure } from './configure.ts';
import { devnetOptions, produceBlocks, readDevnetFlags } from './devnet-options.ts';
import { listFaults } from './list-faults.ts';

/**
 * `syncline demo`: a devnet gateway and a node that syncs from it, in this one process. The chain begins small and grows
 * to its first length while the node already syncs, so that there is something to see at once. The node's data lies in
 * a temporary folder that goes away with it.
 *
 * @returns The exit code.
 */
export async function demo(context: CliContext, command: Command): Promise<number> {
  const resolved = await configure(context, command);
  const flags = readDevnetFlags(command);
  if (flags.faults.includes('list')) return listFaults(context, resolved.config.json);
  for (const fault of flags.faults) parseFault(fault); // a wrong one is told before anything is made
  const devnet = createStarknetDevnet(devnetOptions(flags, Math.min(flags.blocks, FIRST_BLOCKS)));
  const dataDir = mkdtempSync(join(tmpdir(), 'syncline-demo-'));
  const remove = () => rmSync(dataDir, { recursive: true, force: true });
  process.on('exit', remove); // also when a second Ctrl-C ends the process at once
  try {
    await using server = await serveStarknetDevnet({
      devnet,
      blockTimeMs: flags.blockTimeMs,
      faults: flags.faults,
      preConfirmed: flags.blockTimeMs > 0,
    });
    const http = await chooseHttp(context, resolved);
    await using scope = createScope();
    scope.spawn((signal) => produceBlocks(devnet, { count: flags.blocks - FIRST_BLOCKS, rest: 3, signal }));
    return await runNode(context, {
      chain: starknet({ network: devnet.network }),
      config: resolved.config,
      dataDir,
      isTemporary: true,
      sources: [server.url],
      http,
    });
  } finally {
    remove();
    process.off('exit', remove);
  }
}

/** The default address may be taken by another node: a demo steps aside and says so. An address of one's own may not. */
async function chooseHttp(context: CliContext, { config, origins }: ResolvedConfig): Promise<ListenAddress | null> {
  if (!config.http) return null;
  const addr = config['http.addr'];
  if (origins['http.addr'].level !== 'default' || (await isFree(addr))) return addr;
  if (!isSilent(config)) {
    writeLine(
      context.stderr,
      `${formatListenAddress(addr)} is taken by another program: serving on a free port instead`,
    );
  }
  return { ...addr, port: 0 };
}

async function isFree(addr: ListenAddress): Promise<boolean> {
  try {
    await (await createHttpServer({ addr, routes: [], log: silentLogger })).close();
    return true;
  } catch (error) {
    if (isSynclineError(error) && error.code === 'HTTP_ADDR_IN_USE') return false;
    throw error;
  }
}

/** Programs read the address from the log line `started`. */
function isSilent(config: Config): boolean {
  return config.quiet || config.json;
}

/** Made before the node starts; takes some tenths of a second. */
const FIRST_BLOCKS = 24;
