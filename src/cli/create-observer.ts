import type { Config } from './config/index.ts';
import { type CliContext, writeLine } from './context.ts';
import { createJsonLogger, createPlainLogger } from './logger.ts';
import { createJsonLines, createPlainLines, type RunObserver } from './output/index.ts';
import { createPaint, isInteractive, usesColour } from './terminal.ts';
import { createLiveView, createScreen } from './view/index.ts';

/** Who hears of a run: a program (`--json`), a person at a terminal, or whoever reads a log later. */
export function createObserver(context: CliContext, config: Config, network: string): RunObserver {
  const { env, stdout, stderr, redactor } = context;
  const nowMs = () => Date.now();
  const level = config.quiet ? 'error' : config['log.level'];
  if (config.json) {
    const log = createJsonLogger({ level, redactor, write: (text) => stderr.write(text) }, network);
    return createJsonLines({ log, nowMs, write: (text) => stdout.write(redactor.clean(text)) });
  }
  const writeResult = (line: string) => {
    if (!config.quiet) writeLine(stdout, redactor.clean(line));
  };
  if (config.quiet || !isInteractive(env, stdout)) {
    const paint = createPaint(usesColour(env, stderr));
    const log = createPlainLogger({ level, redactor, paint, write: (text) => stderr.write(text) });
    return createPlainLines({ log, nowMs, writeResult });
  }
  const paint = createPaint(usesColour(env, stdout));
  const screen = createScreen(stdout);
  // On one terminal logs must go around the view; sent elsewhere, they are written as they are.
  const write = (text: string) => (stderr.isTTY ? screen.print(text) : stderr.write(text));
  const log = createPlainLogger({ level, redactor, paint, write, time: 'clock' });
  return createLiveView({ screen, paint, nowMs, writeResult, log });
}
