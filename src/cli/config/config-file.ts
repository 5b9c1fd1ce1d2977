import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { configInvalid, configUnreadable } from './errors.ts';
import { settingRows } from './settings.ts';
import { didYouMean } from './suggest.ts';

/** A scalar or a list, as the file's format gives it, and where it stands. */
export interface FileValue {
  readonly value: unknown;
  /** From 1; null where the format does not tell. */
  readonly line: number | null;
}

export interface ConfigFile {
  readonly path: string;
  readonly values: ReadonlyMap<string, FileValue>;
}

/** A key of a file with what stands there; objects are entries themselves. */
export interface Entry {
  readonly name: string;
  readonly line: number | null;
  readonly value: unknown | readonly Entry[];
  readonly isObject: boolean;
}

/**
 * Reads the file that was named, else `syncline.yaml` in the working directory, else the one in the user's XDG config
 * folder; null where there is none. YAML and JSON problems come with line numbers.
 *
 * @throws {SynclineError} `CONFIG_UNREADABLE`, `CONFIG_INVALID` (fault `caller`).
 */
export async function loadConfigFile(
  named: string | null,
  where: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<ConfigFile | null> {
  if (named !== null) return parseConfigFile(named, readText(named, resolve(where.cwd, named)));
  const xdg = where.env.XDG_CONFIG_HOME || join(homedir(), '.config');
  for (const path of [join(where.cwd, FILE_NAME), join(xdg, 'syncline', FILE_NAME)]) {
    try {
      return await parseConfigFile(path, readFileSync(path, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return null;
}

/** @param path Its extension tells the format. */
export async function parseConfigFile(path: string, text: string): Promise<ConfigFile> {
  const problems: string[] = [];
  const values = new Map<string, FileValue>();
  const known = settingRows.filter((row) => row.setting.isFileKey).map((row) => row.key);
  const visit = (entries: readonly Entry[], prefix: string) => {
    for (const { name, line, value, isObject } of entries) {
      const key = `${prefix}${name}`;
      const place = line === null ? path : `${path}:${line}`;
      if (isObject && known.some((candidate) => candidate.startsWith(`${key}.`))) {
        visit(value as readonly Entry[], `${key}.`);
      } else if (!known.includes(key)) {
        problems.push(`${place}: unknown key ${key}${didYouMean(key, known)}`);
      } else if (isObject) {
        problems.push(`${place}: ${key} takes a single value`);
      } else if (values.has(key)) {
        problems.push(`${place}: ${key} is set twice`);
      } else {
        values.set(key, { value, line });
      }
    }
  };
  visit(await readEntries(path, text), '');
  if (problems.length > 0) throw configInvalid(problems);
  return { path, values };
}

/**
 * Any YAML, JSON or TOML file as entries.
 * @throws {SynclineError} `CONFIG_INVALID` with the line of a syntax error.
 */
export async function readEntries(path: string, text: string): Promise<readonly Entry[]> {
  switch (extname(path).toLowerCase()) {
    case '.yaml':
    case '.yml':
    case '.json':
      return (await import('./read-yaml.ts')).readYamlEntries(path, text);
    case '.toml':
      return (await import('./read-toml.ts')).readTomlEntries(path, text);
    default:
      throw configInvalid([`${path}: a config file ends in .yaml, .yml, .toml or .json`]);
  }
}

/** Reads a file that the user named. */
export function readText(shown: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw configUnreadable(`file ${shown}`, shown, cause);
  }
}

const FILE_NAME = 'syncline.yaml';
