import { ENVIRONMENT_PREFIX, environmentName, settingRows } from './settings.ts';
import { suggest } from './suggest.ts';

export interface Environment {
  /** Key → text. Empty variables count as unset, since container platforms like to set them so. */
  readonly values: ReadonlyMap<string, string>;
  /** One line for each name with our prefix that means nothing. */
  readonly warnings: readonly string[];
}

export function readEnvironment(env: NodeJS.ProcessEnv): Environment {
  const keys = new Map(settingRows.map(({ key }) => [environmentName(key), key]));
  const values = new Map<string, string>();
  const warnings: string[] = [];
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(ENVIRONMENT_PREFIX) || text === undefined) continue;
    const key = keys.get(name);
    if (key !== undefined) {
      if (text !== '') values.set(key, text);
    } else if (!TEST_NAMES.test(name)) {
      const meant = suggest(withoutPrefix(name), [...keys.keys()].map(withoutPrefix));
      const hint = meant === null ? '' : `, did you mean ${ENVIRONMENT_PREFIX}${meant}?`;
      warnings.push(`unknown environment variable ${name}${hint}`);
    }
  }
  return { values, warnings };
}

/** The part that differs: beside the long prefix, everything else would look alike. */
function withoutPrefix(name: string): string {
  return name.slice(ENVIRONMENT_PREFIX.length);
}

/** Read by this project's own tests. */
const TEST_NAMES = /^SYNCLINE_(VECTORS|REQUIRE_VECTORS|SIM_[A-Z_]+)$/;
