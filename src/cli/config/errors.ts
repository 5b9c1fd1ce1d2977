import { SynclineError } from '../../lib/index.ts';

/** Codes of errors in what the user gave. All have fault `caller` and exit code 2. */
export type ConfigErrorCode =
  /** A value, key or file of the configuration is wrong; `problems` lists all that were found. */
  | 'CONFIG_INVALID'
  /** A config file, or the file of a secret, cannot be read. */
  | 'CONFIG_UNREADABLE'
  /** A command lacks a setting or an argument. */
  | 'USAGE_INVALID';

export function configInvalid(problems: readonly string[]): SynclineError {
  const [first = 'the configuration is wrong'] = problems;
  const message = problems.length === 1 ? first : `the configuration has ${problems.length} problems`;
  return new SynclineError('CONFIG_INVALID', 'caller', message, {
    data: {
      exitCode: 2,
      ...(problems.length === 1 ? {} : { problems }),
      fix: 'docs/reference/configuration.md lists every setting and how its value is written',
    },
  });
}

export function configUnreadable(what: string, path: string, cause: unknown): SynclineError {
  const reason = (cause as NodeJS.ErrnoException | undefined)?.code ?? String(cause);
  return new SynclineError('CONFIG_UNREADABLE', 'caller', `${what} cannot be read: ${reason}`, {
    cause,
    data: { path, exitCode: 2, fix: 'check the path, and that this user may read it' },
  });
}

/** @param fix What to type instead. */
export function usageInvalid(message: string, fix: string): SynclineError {
  return new SynclineError('USAGE_INVALID', 'caller', message, { data: { exitCode: 2, fix } });
}
