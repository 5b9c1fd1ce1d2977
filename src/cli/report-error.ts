import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SynclineError, toPlainError } from '../lib/index.ts';
import type { CliContext } from './context.ts';
import { exitCodeOf } from './exit-codes.ts';
import { createJsonLogger } from './logger.ts';
import { createPaint, type Paint, usesColour } from './terminal.ts';
import { readVersion } from './version.ts';

/**
 * Tells the user what happened, expected and got, and what to do: as text, or as a log line for programs. A bug of
 * ours comes with a report file that holds the stack.
 *
 * @returns The exit code.
 */
export function reportError(context: CliContext, error: SynclineError, options: { readonly json: boolean }): number {
  const { stderr, redactor, env } = context;
  const report = error.fault === 'bug' ? writeReport(context, error) : null;
  if (options.json) {
    const log = createJsonLogger({ level: 'error', redactor, write: (text) => stderr.write(text) }, null);
    const { exitCode: _code, ...data } = error.data;
    log.error(error.message, { ...data, err: { code: error.code, message: error.message }, ...(report && { report }) });
  } else {
    const lines = describeError(error, createPaint(usesColour(env, stderr)), report);
    stderr.write(redactor.clean(`${lines.join('\n')}\n`));
  }
  return exitCodeOf(error);
}

/** An error for people. Lines are not cut: hashes and paths must stay whole. */
export function describeError(error: SynclineError, paint: Paint, report: string | null = null): readonly string[] {
  const lines = [`${paint('bad', 'error')}: ${error.message} ${paint('dim', `[${error.code}]`)}`];
  const { fix, exitCode: _code, ...data } = error.data;
  const rows: (readonly [string, string])[] = [];
  for (const [name, value] of Object.entries(data)) {
    if (value === null) continue;
    const values = Array.isArray(value) ? value : [String(value)];
    for (const [index, text] of values.entries()) rows.push([index === 0 ? name : '', text]);
  }
  if (report !== null) {
    rows.push(['report', report]);
    rows.push(['fix', 'this is a bug: please send the report file to the maintainers; it holds no secrets']);
  }
  if (fix !== undefined && fix !== null) rows.push(['fix', String(fix)]);
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  for (const [name, text] of rows) {
    const style = name === 'fix' ? 'good' : 'dim';
    lines.push(`  ${paint(style, name.padEnd(width))}  ${text}`);
  }
  return lines;
}

/** Everything a maintainer needs, and no secret. Failing to write it hides nothing: then the stack goes to stderr. */
function writeReport({ redactor, stderr }: CliContext, error: SynclineError): string | null {
  const { version, commit, node } = readVersion();
  const text = JSON.stringify(
    {
      time: new Date().toISOString(),
      version,
      commit,
      node,
      platform: `${process.platform} ${process.arch}`,
      argv: process.argv.slice(2),
      error: toPlainError(error),
      cause: error.cause instanceof Error ? error.cause.stack : String(error.cause ?? ''),
    },
    null,
    2,
  );
  try {
    const path = join(mkdtempSync(join(tmpdir(), 'syncline-report-')), 'report.json');
    writeFileSync(path, `${redactor.clean(text)}\n`, { mode: 0o600 });
    return path;
  } catch {
    stderr.write(`${redactor.clean(error.stack ?? '')}\n`);
    return null;
  }
}
