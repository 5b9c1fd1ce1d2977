import { familyNames, loadFamily } from '../../chains/index.ts';
import { type CliContext, writeJson, writeLine } from '../context.ts';
import { readVersion } from '../version.ts';

/** `syncline version`. @returns The exit code. */
export async function version(context: CliContext, options: { readonly json: boolean }): Promise<number> {
  const info = readVersion();
  const chains: Record<string, string> = {};
  for (const name of familyNames) chains[name] = (await loadFamily(name)).protocol;
  if (options.json) {
    writeJson(context.stdout, { ...info, chains });
    return 0;
  }
  writeLine(context.stdout, `syncline ${info.version}${info.commit === null ? '' : ` (${info.commit.slice(0, 12)})`}`);
  writeLine(context.stdout, `node     ${info.node}`);
  for (const [name, protocol] of Object.entries(chains)) writeLine(context.stdout, `${name.padEnd(8)} ${protocol}`);
  return 0;
}
