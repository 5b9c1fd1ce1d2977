import type { Command } from 'commander';
import { showConfig } from '../config/index.ts';
import { type CliContext, writeJson, writeLine } from '../context.ts';
import { createPaint, usesColour } from '../terminal.ts';
import { configure } from './configure.ts';

/** `syncline config print`: each value, and with `--origin` where it comes from. @returns The exit code. */
export async function configPrint(context: CliContext, command: Command): Promise<number> {
  const resolved = await configure(context, command);
  const withOrigin = command.opts<{ origin?: boolean }>().origin === true;
  const shown = showConfig(resolved);
  if (resolved.config.json) {
    const entries = shown.map(({ key, value, origin }) => [key, withOrigin ? { value, origin } : value]);
    writeJson(context.stdout, Object.fromEntries(entries));
    return 0;
  }
  const paint = createPaint(usesColour(context.env, context.stdout));
  const texts = shown.map(({ value }) => shownText(value));
  const keyWidth = Math.max(...shown.map(({ key }) => key.length));
  const width = Math.max(...texts.map((text) => text.length));
  for (const [index, { key, value, origin }] of shown.entries()) {
    const text = texts[index] ?? '';
    const style = value === null ? 'dim' : 'plain';
    const from = withOrigin ? `  ${paint('dim', origin)}` : '';
    writeLine(
      context.stdout,
      `${key.padEnd(keyWidth)}  ${paint(style, withOrigin ? text.padEnd(width) : text)}${from}`,
    );
  }
  return 0;
}

function shownText(value: string | number | boolean | readonly string[] | null): string {
  if (value === null) return '(unset)';
  if (typeof value === 'object') return value.length === 0 ? '(none)' : value.join(', ');
  return String(value);
}
