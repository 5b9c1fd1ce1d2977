import { toSynclineError } from '../../lib/index.ts';
import type { Finding, InspectOptions } from '../family.ts';
import { type CompilerInspection, inspectCompiler } from './sources/index.ts';

/** Asks a compiler for its version. Null for any other URL. */
export async function inspectCompanion(url: URL, { signal }: InspectOptions): Promise<Finding | null> {
  if (url.protocol !== 'compiler:') return null;
  try {
    return judgeCompiler(await inspectCompiler(url, signal));
  } catch (error) {
    const { message, data } = toSynclineError(error);
    return { name: NAME, ok: false, message: `${data.got ?? url.pathname}: ${message}`, fix: NO_PROGRAM };
  }
}

function judgeCompiler(inspection: CompilerInspection): Finding {
  const { type, path } = inspection;
  switch (type) {
    case 'version':
      return { name: NAME, ok: true, message: `${path}: ${inspection.version}`, fix: null };
    case 'silent':
      return { name: NAME, ok: null, message: `${path}: no answer to --version: ${inspection.detail}`, fix: SILENT };
    case 'unstartable':
      return { name: NAME, ok: false, message: `${path}: cannot be started: ${inspection.detail}`, fix: UNSTARTABLE };
    default:
      return type satisfies never;
  }
}

const NAME = 'compiler';
const NO_PROGRAM = 'name a file with --sierra.compiler that this user may run (chmod +x), or leave the setting out';
const SILENT =
  'run it by hand; where it needs more memory raise --sierra.memory, and where it is called another way see ' +
  '--sierra.argument';
const UNSTARTABLE = 'install a build for this machine, or name another one with --sierra.compiler';
