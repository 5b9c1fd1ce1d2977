import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import {
  createStarknetDevnet,
  type InjectedFault,
  parseFault,
  type StarknetDevnet,
  serveStarknetDevnet,
  writeFolder,
} from '../../devnet/starknet/index.ts';
import type { PlainData } from '../../engine/index.ts';
import { isSynclineError, SynclineError } from '../../lib/index.ts';
import { didYouMean, usageInvalid } from '../config/index.ts';
import { type CliContext, writeJson, writeLine } from '../context.ts';
import { formatCount } from '../format.ts';
import { watchStopSignals } from '../signals.ts';
import { configure } from './configure.ts';
import { type DevnetFlags, devnetOptions, produceBlocks, readDevnetFlags } from './devnet-options.ts';
import { listFaults } from './list-faults.ts';

/** `syncline devnet <family>`. @returns The exit code. */
export async function devnet(context: CliContext, family: string, command: Command): Promise<number> {
  const { config } = await configure(context, command);
  if (family !== 'starknet') {
    throw usageInvalid(`no devnet of family ${family}${didYouMean(family, ['starknet'])}`, 'syncline devnet starknet');
  }
  const flags = readDevnetFlags(command);
  const {
    port,
    write,
    networkFile,
    preConfirmed = false,
  } = command.opts<{
    port: string;
    write?: string;
    networkFile?: string;
    preConfirmed?: boolean;
  }>();
  if (flags.faults.includes('list')) return listFaults(context, config.json);
  for (const fault of flags.faults) parseFault(fault); // a wrong one is told before anything is made
  if (flags.blocks > NOTABLE_BLOCKS && !config.json) {
    writeLine(context.stderr, `Making a chain of ${formatCount(flags.blocks)} blocks …`);
  }
  const watch = watchStopSignals({ timeoutMs: STOP_MS, onForced: (reason) => writeLine(context.stderr, reason) });
  try {
    const chain = createStarknetDevnet(devnetOptions(flags, 1));
    await produceBlocks(chain, { count: flags.blocks - 1, rest: 0, signal: watch.signal });
    if (networkFile !== undefined) writeNetwork(chain, resolve(context.cwd, networkFile));
    if (watch.signal.aborted) return 0;
    if (write !== undefined) return await writeChain(context, chain, { folder: write, json: config.json });
    return await serveChain(context, chain, {
      ...{ flags, preConfirmed, port: parsePort(port), json: config.json },
      watch: watch.signal,
    });
  } finally {
    watch.dispose();
  }
}

async function serveChain(
  context: CliContext,
  chain: StarknetDevnet,
  options: {
    readonly flags: DevnetFlags;
    readonly preConfirmed: boolean;
    readonly port: number;
    readonly json: boolean;
    readonly watch: AbortSignal;
  },
): Promise<number> {
  const { flags, preConfirmed, port, json, watch } = options;
  const onFault = (fault: InjectedFault) => {
    if (json) writeJson(context.stdout, { type: 'fault', timeMs: Date.now(), ...fault });
    else writeLine(context.stdout, faultLine(fault));
  };
  await using server = await listen({
    devnet: chain,
    port,
    blockTimeMs: flags.blockTimeMs,
    faults: flags.faults,
    preConfirmed,
    onFault,
  });
  const url = server.url.href;
  if (json) {
    const { network, publicKey, head } = chain;
    writeJson(context.stdout, { type: 'devnet', timeMs: Date.now(), url, blocks: head.height + 1, publicKey, network });
  } else {
    for (const line of serving(chain, url, flags)) writeLine(context.stdout, line);
  }
  if (!watch.aborted) await new Promise((resolve) => watch.addEventListener('abort', resolve, { once: true }));
  return 0;
}

function serving(chain: StarknetDevnet, url: string, { blockTimeMs }: DevnetFlags): readonly string[] {
  const pace = blockTimeMs === 0 ? 'no new ones' : `a new one every ${blockTimeMs / 1000} s`;
  return [
    `Serving ${formatCount(chain.head.height + 1)} blocks of ${chain.network.name} (${pace}) at`,
    `  ${url}`,
    'Sync from it with',
    `  syncline start --network starknet-devnet --source ${url}`,
    'Its signatures can be verified too by a node that knows its key: see --network-file. Ctrl-C stops.',
  ];
}

function faultLine({ fault, height, detail }: InjectedFault): string {
  return `Fault ${fault}${height === null ? '' : ` at block ${height}`}: ${detail}`;
}

async function writeChain(
  context: CliContext,
  chain: StarknetDevnet,
  { folder, json }: { readonly folder: string; readonly json: boolean },
): Promise<number> {
  const path = resolve(context.cwd, folder);
  await writeFolder({ devnet: chain, path });
  const networkFile = join(path, 'network.json');
  writeNetwork(chain, networkFile);
  const blocks = chain.head.height + 1;
  if (json) {
    writeJson(context.stdout, { type: 'written', timeMs: Date.now(), folder: path, blocks, networkFile });
    return 0;
  }
  writeLine(context.stdout, `Wrote ${formatCount(blocks)} blocks to ${path}`);
  writeLine(context.stdout, 'Sync from it with');
  writeLine(context.stdout, `  syncline start --network ${networkFile} --source file://${path}`);
  return 0;
}

/** What `--network FILE` reads: the chain's id, its key, and the hash of its first block. */
function writeNetwork(chain: StarknetDevnet, path: string): void {
  mkdirSync(resolve(path, '..'), { recursive: true });
  const file: PlainData = { family: 'starknet', ...(chain.network as unknown as Record<string, PlainData>) }; // plain by its documentation
  writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`);
}

async function listen(options: Parameters<typeof serveStarknetDevnet>[0]) {
  try {
    return await serveStarknetDevnet(options);
  } catch (error) {
    if (!isSynclineError(error) || error.code !== 'DEVNET_LISTEN') throw error;
    throw new SynclineError(error.code, error.fault, error.message, {
      cause: error,
      data: { ...error.data, exitCode: 4, fix: 'stop what listens there, or choose another port with --port (0: any)' },
    });
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^[0-9]{1,5}$/.test(text) || port > 65_535) {
    throw usageInvalid(`--port: expected 0 to 65535, got ${text}`, '--port 9600');
  }
  return port;
}

/** Chosen: nothing here takes long to stop. */
const STOP_MS = 5_000;
/** More take seconds to make. */
const NOTABLE_BLOCKS = 100;
