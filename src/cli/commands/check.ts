import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type CheckFileVerdict, type CheckInput, type CheckVerdict, loadFamily } from '../../chains/index.ts';
import { chooseNetwork, familySettings } from '../chains.ts';
import { configUnreadable, usageInvalid } from '../config/index.ts';
import { type CliContext, writeJson, writeLine } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { createPaint, type Paint, usesColour } from '../terminal.ts';
import { configure } from './configure.ts';

/** `syncline check <family> <file…>`. @returns 0 when nothing failed, 3 when a check did, 2 when a file is no capture. */
export async function check(
  context: CliContext,
  input: { readonly family: string; readonly files: readonly string[] },
  command: Command,
): Promise<number> {
  const { config } = await configure(context, command);
  const family = await loadFamily(input.family);
  if (family.check === undefined)
    throw usageInvalid(`${input.family} has nothing to check`, 'syncline check starknet …');
  const { choice } = await chooseNetwork(config, context.cwd);
  if (choice.family !== input.family) {
    throw usageInvalid(`${choice.name} is no network of ${input.family}`, `name one of ${family.networks.join(', ')}`);
  }
  const files = input.files.map((name) => readCapture(name, context.cwd));
  const { expect } = command.opts<{ expect?: string }>();
  const verdicts = await family.check(files, {
    network: choice.params,
    settings: familySettings(config),
    ...(expect === undefined ? {} : { expect }),
  });
  if (config.json) writeJson(context.stdout, verdicts);
  else {
    const paint = createPaint(usesColour(context.env, context.stdout));
    for (const verdict of verdicts) for (const line of renderVerdict(verdict, paint)) writeLine(context.stdout, line);
  }
  if (verdicts.some(({ ok }) => ok === false)) return EXIT.invalidData;
  return verdicts.some(({ error }) => error !== undefined) ? EXIT.usage : EXIT.ok;
}

function readCapture(name: string, cwd: string): CheckInput {
  try {
    return { name, bytes: readFileSync(resolve(cwd, name)) };
  } catch (cause) {
    throw configUnreadable('a file to check', name, cause);
  }
}

/** A heading for the file, and one line a check, with what differs below it. */
function renderVerdict({ file, kind, checks, error }: CheckFileVerdict, paint: Paint): readonly string[] {
  const lines = [`${paint('bold', file)}  ${paint('dim', kind ?? 'not understood')}`];
  if (error !== undefined) lines.push(`  ${paint('bad', '✗')} ${error}`);
  const width = Math.max(0, ...checks.map(({ name }) => name.length));
  for (const one of checks) {
    const form = one.form === undefined ? '' : paint('dim', ` form ${one.form}`);
    const value = one.ok === true && one.got?.startsWith('0x') ? `  ${paint('dim', one.got)}` : '';
    const reason = one.reason === undefined ? '' : `  ${one.reason}`;
    lines.push(`  ${mark(one, paint)} ${one.name.padEnd(width)}${form}${value}${reason}`.trimEnd());
    if (one.ok !== false) continue;
    if (one.expected !== undefined) lines.push(`      expected  ${one.expected}`);
    if (one.got !== undefined) lines.push(`      got       ${one.got}`);
  }
  return lines;
}

function mark({ ok }: CheckVerdict, paint: Paint): string {
  if (ok === null) return paint('dim', '–');
  return ok ? paint('good', '✓') : paint('bad', '✗');
}
