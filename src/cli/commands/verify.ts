import type { Command } from 'commander';
import { loadFamily } from '../../chains/index.ts';
import type { Chain } from '../../engine/index.ts';
import { silentLogger } from '../../lib/index.ts';
import { type VerifyReport, type VerifyStoreOptions, verifyStore } from '../../node/index.ts';
import { readFolder } from '../../store/index.ts';
import { familySettings, openChain } from '../chains.ts';
import { type Config, usageInvalid } from '../config/index.ts';
import { type CliContext, writeJson, writeLine } from '../context.ts';
import { EXIT, exitCodeOfSignal } from '../exit-codes.ts';
import { createJsonLogger, createPlainLogger } from '../logger.ts';
import { watchStopSignals } from '../signals.ts';
import { createPaint, isInteractive, usesColour } from '../terminal.ts';
import { createVerifyView, renderVerifyReport, type VerifyView } from '../verify/index.ts';
import { createScreen } from '../view/index.ts';
import { configure } from './configure.ts';
import { folderOf } from './read-store.ts';

/** `syncline verify`. @returns 0 when everything holds, 3 at a difference, 128 and the signal when it was stopped. */
export async function verify(context: CliContext, command: Command): Promise<number> {
  const { config } = await configure(context, command);
  const request = parseRequest(command);
  const dataDir = await folderOf(config, context.cwd);
  const chain = await chainOf(config, context.cwd, dataDir);
  const { view, log } = createWatcher(context, config, chain);
  const watch = watchStopSignals({
    timeoutMs: config['shutdown.timeout'],
    withTerminal: context.stdout.isTTY === true,
    onForced(reason) {
      view?.close();
      writeLine(context.stderr, reason);
    },
  });
  let report: VerifyReport;
  try {
    report = await verifyStore({
      chain,
      dataDir,
      ...request,
      log,
      signal: watch.signal,
      onProgress: (progress) => view?.progress(progress),
    });
  } catch (error) {
    if (watch.cause === null) throw error;
    view?.close();
    if (!config.quiet) writeLine(context.stderr, 'Stopped. The same command goes on from here.');
    return exitCodeOfSignal(watch.cause);
  } finally {
    view?.close();
    watch.dispose();
  }
  if (config.json) writeJson(context.stdout, report);
  else if (!config.quiet || !report.ok) {
    const paint = createPaint(usesColour(context.env, context.stdout));
    for (const line of renderVerifyReport(report, paint)) writeLine(context.stdout, line);
  }
  return report.ok ? EXIT.ok : EXIT.invalidData;
}

/** The network that is named, else the one that the folder is marked with. */
async function chainOf(config: Config, cwd: string, dataDir: string): Promise<Chain> {
  if (config.network !== null) return openChain(config, cwd);
  const { identity } = await readFolder({ path: dataDir });
  const family = await loadFamily(identity.split(':')[0] ?? '');
  return family.fromIdentity(identity, familySettings(config));
}

function createWatcher(
  { env, stdout, stderr, redactor }: CliContext,
  config: Config,
  chain: Chain,
): { readonly view: VerifyView | null; readonly log: NonNullable<VerifyStoreOptions['log']> } {
  if (config.quiet) return { view: null, log: silentLogger };
  const target = { level: 'info', redactor, write: (text: string) => stderr.write(text) } as const;
  const paint = createPaint(usesColour(env, stdout));
  const log = config.json ? createJsonLogger(target, chain.network) : createPlainLogger({ ...target, paint });
  const screen = !config.json && isInteractive(env, stdout) ? createScreen(stdout) : null;
  return { view: createVerifyView({ network: chain.network, screen, paint, log, nowMs: () => Date.now() }), log };
}

type Request = Pick<VerifyStoreOptions, 'from' | 'to' | 'deep' | 'restart'>;

function parseRequest(command: Command): Request {
  const given = command.opts<{ from?: string; to?: string; deep?: boolean; restart?: boolean }>();
  const from = parseHeight('--from', given.from);
  const to = parseHeight('--to', given.to);
  if (from !== undefined && to !== undefined && from > to)
    throw usageInvalid('--from lies above --to', '--from 0 --to 9');
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    deep: given.deep === true,
    restart: given.restart === true,
  };
}

function parseHeight(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  throw usageInvalid(`${flag}: expected a height, got ${JSON.stringify(text)}`, `${flag} 1000`);
}
