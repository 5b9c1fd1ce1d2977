import type { Command } from 'commander';
import { givenFlags, type ResolvedConfig, resolveConfig } from '../config/index.ts';
import type { CliContext } from '../context.ts';
import { createJsonLogger, createPlainLogger } from '../logger.ts';
import { createPaint, usesColour } from '../terminal.ts';

/** The settings of a command: flags, environment, file. Secrets are known to the redactor from here on. */
export async function configure(context: CliContext, command: Command): Promise<ResolvedConfig> {
  const { env, cwd, redactor, stderr } = context;
  const resolved = await resolveConfig({ flags: givenFlags(command), env, cwd });
  for (const secret of resolved.secrets) redactor.add(secret);
  const target = { level: 'warn', redactor, write: (text: string) => stderr.write(text) } as const;
  const log = resolved.config.json
    ? createJsonLogger(target, null)
    : createPlainLogger({ ...target, paint: createPaint(usesColour(env, stderr)) });
  if (!resolved.config.quiet) for (const warning of resolved.warnings) log.warn(warning);
  return resolved;
}
