import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { PlainData } from '../../engine/index.ts';
import { type Entry, readEntries, readText } from './config-file.ts';
import { configInvalid, usageInvalid } from './errors.ts';
import { didYouMean } from './suggest.ts';

/** A network as the user named it: by a known name, or by the fields of a file. */
export interface NetworkChoice {
  readonly family: string;
  readonly name: string;
  /** For the family's factory: the name, or the fields without `family`. */
  readonly params: string | { readonly [field: string]: PlainData };
}

/**
 * Finds the network behind `--network`: a name that a family knows, else a file.
 *
 * @param known Family → names of its networks.
 * @throws {SynclineError} `USAGE_INVALID` with a suggestion; `CONFIG_INVALID`, `CONFIG_UNREADABLE` for a file.
 */
export async function loadNetwork(
  text: string,
  known: Readonly<Record<string, readonly string[]>>,
  cwd: string,
): Promise<NetworkChoice> {
  for (const [family, names] of Object.entries(known)) {
    if (names.includes(text)) return { family, name: text, params: text };
  }
  const path = resolve(cwd, text);
  const looksLikeFile = /[/\\]|\.(ya?ml|json|toml)$/i.test(text);
  if (!looksLikeFile && !existsSync(path)) {
    const names = Object.values(known).flat();
    throw usageInvalid(
      `no network is called ${text}${didYouMean(text, names)}`,
      `name one of ${names.join(', ')}, or a file that describes another`,
    );
  }
  const fields = plainOf(await readEntries(text, readText(text, path)));
  const { family: stated, ...params } = fields;
  if (typeof params.name !== 'string') throw configInvalid([`${text}: the network has no name`]);
  const family = stated ?? params.name.split('-')[0];
  if (typeof family !== 'string' || !Object.hasOwn(known, family)) {
    throw configInvalid([`${text}: family is not one of ${Object.keys(known).join(', ')}`]);
  }
  return { family, name: params.name, params };
}

function plainOf(entries: readonly Entry[]): Readonly<Record<string, PlainData>> {
  return Object.fromEntries(
    entries.map(({ name, value, isObject }) => [
      name,
      // Values of YAML, JSON and TOML are plain, but for TOML's dates, which no network has.
      isObject ? plainOf(value as readonly Entry[]) : (value as PlainData),
    ]),
  );
}
