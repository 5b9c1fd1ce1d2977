import { type ResolvedConfig, settingKeys } from './resolve.ts';
import { type SettingKey, settings } from './settings.ts';

/** A line of `config print`. */
export interface ShownSetting {
  readonly key: SettingKey;
  /** As it would be written in a config file; secrets are `***`; null when unset. */
  readonly value: string | number | boolean | readonly string[] | null;
  readonly origin: string;
}

/** Every setting as it may be shown. */
export function showConfig({ config, origins }: ResolvedConfig): readonly ShownSetting[] {
  return settingKeys.map((key) => ({ key, value: shownValue(key, config[key]), origin: origins[key].where }));
}

function shownValue(key: SettingKey, value: unknown): ShownSetting['value'] {
  const setting = settings[key];
  if (value === null) return null;
  if (setting.isSecret) return '***';
  if (Array.isArray(value)) return value.map((item) => setting.type.format(item));
  if (setting.type.name === 'integer' || setting.type.name === 'boolean') return value as number | boolean;
  return setting.type.format(value);
}
