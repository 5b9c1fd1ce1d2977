import { CommanderError } from 'commander';
import { toSynclineError } from '../lib/index.ts';
import { environmentName, settings } from './config/index.ts';
import type { CliContext } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { createProgram } from './program.ts';
import { reportError } from './report-error.ts';

/**
 * Runs one command line.
 *
 * @param args Without the program's name.
 * @returns The exit code; nothing is thrown.
 */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  hideSecrets(args, context);
  let code: number = EXIT.ok;
  const program = createProgram(context, async (running) => {
    code = await running;
  });
  try {
    // Beside commands an option of the program itself: as a command of its own it also takes `--json`.
    const [first, ...rest] = args;
    await program.parseAsync(first === '--version' ? ['version', ...rest] : args, { from: 'user' });
    return code;
  } catch (error) {
    // Commander has already written what was wrong, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return reportError(context, toSynclineError(error), { json: args.includes('--json') });
  }
}

/** Secrets on the command line and in the environment are blanked even where reading the settings fails. */
function hideSecrets(args: readonly string[], { env, redactor }: CliContext): void {
  for (const [key, { isSecret }] of Object.entries(settings)) {
    if (!isSecret) continue;
    for (const [index, arg] of args.entries()) {
      if (arg === `--${key}`) redactor.add(args[index + 1] ?? '');
      else if (arg.startsWith(`--${key}=`)) redactor.add(arg.slice(key.length + 3));
    }
    redactor.add(env[environmentName(key)] ?? '');
  }
}
