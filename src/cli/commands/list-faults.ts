import { faultHelp } from '../../devnet/starknet/index.ts';
import { type CliContext, writeJson, writeLine } from '../context.ts';

/** Tells how each fault of a devnet is written and what it does. @returns The exit code. */
export function listFaults(context: CliContext, json: boolean): number {
  if (json) writeJson(context.stdout, faultHelp);
  const lines = Object.values(faultHelp).map((text) => text.split('  '));
  const width = Math.max(...lines.map(([written = '']) => written.length));
  if (!json)
    for (const [written = '', meaning] of lines) writeLine(context.stdout, `${written.padEnd(width)}  ${meaning}`);
  return 0;
}
