import type { Command } from 'commander';
import { givenFlags, resolveConfig } from '../config/index.ts';
import { type CliContext, writeJson, writeLine } from '../context.ts';
import { exitCodeOfReport, renderDoctorReport, runDoctor } from '../doctor/index.ts';
import { createPaint, usesColour } from '../terminal.ts';

/** `syncline doctor`. @returns 0 when nothing has to be mended, 4 or 5 by whose it is to mend. */
export async function doctor(context: CliContext, command: Command): Promise<number> {
  const { env, cwd, redactor, stdout } = context;
  // Not `configure`: its warnings are findings here.
  const resolved = await resolveConfig({ flags: givenFlags(command), env, cwd });
  for (const secret of resolved.secrets) redactor.add(secret);
  const report = await runDoctor(resolved, cwd);
  const clean = JSON.parse(redactor.clean(JSON.stringify(report))) as typeof report;
  if (resolved.config.json) writeJson(stdout, clean);
  else for (const line of renderDoctorReport(clean, createPaint(usesColour(env, stdout)))) writeLine(stdout, line);
  return exitCodeOfReport(report);
}
