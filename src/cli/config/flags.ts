import { type Command, Option } from 'commander';
import { type SettingKey, settingRows } from './settings.ts';

/** Adds the flags of these settings to a command. Defaults are only told, not set: they belong to `resolveConfig`. */
export function addSettingFlags(command: Command, keys: readonly SettingKey[]): Command {
  for (const { key, setting, fileOf } of settingRows) {
    if (!keys.includes(fileOf ?? (key as SettingKey))) continue; // rows without `fileOf` are the settings themselves
    const note = fallbackNote(setting.fallback, setting.fallbackText, setting.type.format);
    const doc = `${setting.doc.replaceAll('`', '')}${note}`;
    if (setting.type.name === 'boolean') {
      // Both directions exist, so that a flag can overrule a file either way; help shows the one that changes things.
      const isOn = setting.fallback === true;
      command.addOption(new Option(`--${key}`, doc).hideHelp(isOn));
      command.addOption(new Option(`--no-${key}`, setting.negativeDoc ?? `The opposite of --${key}.`).hideHelp(!isOn));
    } else {
      const option = new Option(`--${key} <${setting.type.placeholder}>`, doc);
      option.argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text]);
      command.addOption(option);
    }
  }
  return command;
}

/** The settings that were given as flags. */
export function givenFlags(command: Command): ReadonlyMap<string, readonly string[]> {
  const flags = new Map<string, readonly string[]>();
  const values = command.opts<Record<string, unknown>>();
  for (const { key } of settingRows) {
    const name = new Option(`--${key}`).attributeName();
    const value = values[name];
    if (command.getOptionValueSource(name) !== 'cli' || value === undefined) continue;
    flags.set(key, Array.isArray(value) ? value.map(String) : [String(value)]);
  }
  return flags;
}

function fallbackNote(fallback: unknown, text: string | null, format: (value: unknown) => string): string {
  if (text !== null) return ` (default: ${text.replaceAll('`', '')})`;
  if (fallback === null || typeof fallback === 'boolean') return '';
  return ` (default: ${format(fallback)})`;
}
