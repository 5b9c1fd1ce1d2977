import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type ConfigFile, loadConfigFile } from './config-file.ts';
import { readEnvironment } from './environment.ts';
import { configInvalid, configUnreadable } from './errors.ts';
import { type Given, pickGiven, textsOfFileValue } from './given.ts';
import { type Config, environmentName, type SettingKey, type SettingRow, settingRows, settings } from './settings.ts';

/** Where a value comes from. */
export interface Origin {
  readonly level: 'flag' | 'environment' | 'file' | 'default';
  /** The flag, the environment name, or file and line; `default`. */
  readonly where: string;
}

export interface ResolvedConfig {
  readonly config: Config;
  readonly origins: Readonly<Record<SettingKey, Origin>>;
  /** For the user to see once, before anything else. */
  readonly warnings: readonly string[];
  /** Texts that must not be shown anywhere. */
  readonly secrets: readonly string[];
  /** The config file that was read, null without one. */
  readonly file: string | null;
}

export interface ResolveInput {
  /** Flags as given: key → texts, several where a flag was repeated. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/**
 * Every setting's value: flag before environment before config file before default. All problems are told at once.
 *
 * @throws {SynclineError} `CONFIG_INVALID`, `CONFIG_UNREADABLE` (fault `caller`, exit code 2).
 */
export async function resolveConfig({ flags, env, cwd }: ResolveInput): Promise<ResolvedConfig> {
  const environment = readEnvironment(env);
  const named = flags.get('config')?.at(-1) ?? environment.values.get('config') ?? null;
  const file = await loadConfigFile(named, { cwd, env });
  const problems: string[] = [];
  const values: Partial<Record<SettingKey, unknown>> = {};
  const origins: Partial<Record<SettingKey, Origin>> = {};
  const secrets: string[] = [];

  for (const row of settingRows) {
    if (row.fileOf !== null) continue; // looked at together with its secret
    const key = row.key as SettingKey; // rows without `fileOf` are the settings themselves
    const given = pickGiven(levelsOf(row, { flags, environment: environment.values, file }, problems));
    const texts = given === null ? null : given.isPath ? [readSecretFile(given, cwd)] : given.texts;
    values[key] = texts === null ? row.setting.fallback : parseTexts(row, texts, given?.origin.where ?? key, problems);
    origins[key] = given?.origin ?? { level: 'default', where: 'default' };
    if (row.setting.isSecret && typeof values[key] === 'string') secrets.push(values[key] as string);
  }
  if (problems.length > 0) throw configInvalid(problems);
  return {
    config: values as Config, // the loop visits every key
    origins: origins as Readonly<Record<SettingKey, Origin>>,
    warnings: environment.warnings,
    secrets,
    file: file?.path ?? null,
  };
}

interface Levels {
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly environment: ReadonlyMap<string, string>;
  readonly file: ConfigFile | null;
}

/** What each level says about a setting, the strongest first; a secret may be given by value or by file, not by both. */
function levelsOf(row: SettingRow, levels: Levels, problems: string[]): readonly (Given | null)[] {
  const rows = [row, ...settingRows.filter(({ fileOf }) => fileOf === row.key)];
  const perLevel: ((row: SettingRow) => Given | null)[] = [
    ({ key, fileOf }) => {
      const texts = levels.flags.get(key);
      const origin: Origin = { level: 'flag', where: `--${key}` };
      return texts === undefined ? null : { texts, origin, isPath: fileOf !== null };
    },
    ({ key, fileOf }) => {
      const text = levels.environment.get(key);
      const origin: Origin = { level: 'environment', where: environmentName(key) };
      return text === undefined ? null : { texts: [text], origin, isPath: fileOf !== null };
    },
    (own) => fromFile(own, levels.file, problems),
  ];
  return perLevel.map((read) => {
    const found = rows.map(read).filter((given) => given !== null);
    if (found.length > 1) {
      problems.push(`${found.map(({ origin }) => origin.where).join(' and ')} exclude each other`);
    }
    return found[0] ?? null;
  });
}

function fromFile({ key, setting, fileOf }: SettingRow, file: ConfigFile | null, problems: string[]): Given | null {
  const found = file?.values.get(key);
  if (found === undefined || file === null) return null;
  const where = found.line === null ? `${file.path} (${key})` : `${file.path}:${found.line}`;
  const texts = textsOfFileValue(setting, found.value);
  if ('expected' in texts) {
    problems.push(`${where}: ${key} is not ${texts.expected}`);
    return null;
  }
  return { texts: texts.value, origin: { level: 'file', where }, isPath: fileOf !== null };
}

function parseTexts({ key, setting }: SettingRow, texts: readonly string[], where: string, problems: string[]) {
  const pieces = setting.isList ? texts.flatMap((text) => setting.split(text)) : texts.slice(-1);
  const parsed = pieces.map((text) => {
    const outcome = setting.type.parse(text);
    if ('value' in outcome) return outcome.value;
    const subject = where.includes(key) ? where : `${where}: ${key}`;
    // A malformed secret is still a secret, and a malformed URL may hold one.
    const shown = setting.isSecret || setting.type.placeholder === 'URL' ? '' : `, got ${JSON.stringify(text)}`;
    problems.push(`${subject}: expected ${outcome.expected}${shown}`);
    return null;
  });
  return setting.isList ? parsed : (parsed[0] ?? null);
}

function readSecretFile({ texts, origin }: Given, cwd: string): string {
  const path = texts.at(-1) ?? '';
  try {
    const [first = ''] = readFileSync(resolve(cwd, path), 'utf8').split(/\r?\n/);
    return first.trim();
  } catch (cause) {
    throw configUnreadable(`the file that ${origin.where} names`, path, cause);
  }
}

/** The keys of all settings, in the order in which they are shown. */
export const settingKeys: readonly SettingKey[] = Object.keys(settings) as SettingKey[]; // the object's own keys
