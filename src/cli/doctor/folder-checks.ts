import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Chain, readPendingState, readTips } from '../../engine/index.ts';
import { toSynclineError } from '../../lib/index.ts';
import { type FolderReading, openLmdb, readFolder } from '../../store/index.ts';
import { formatBytes, formatCount } from '../format.ts';
import { bad, type DoctorCheck, doubtful, good } from './check.ts';

/** What is known of the data folder. */
export interface FolderFindings {
  readonly checks: readonly DoctorCheck[];
  /** Null where there is no folder yet, or none that can be read. */
  readonly folder: FolderReading | null;
}

/** The data folder: that it can be used, whose it is, who writes there, and what is in it. */
export async function checkFolder(path: string, chain: Chain | null): Promise<FolderFindings> {
  const access = checkAccess(path);
  if (access !== null) return { checks: [access], folder: null };
  let folder: FolderReading;
  try {
    folder = await readFolder({ path });
  } catch (thrown) {
    const { code, message, data } = toSynclineError(thrown);
    if (code === 'FOLDER_MISSING')
      return { checks: [good('folder', `${path} is there, and still empty`)], folder: null };
    return { checks: [bad('folder', `${path}: ${message}`, String(data.fix ?? 'name another folder'))], folder: null };
  }
  const checks = [
    good('folder', `${path}, schema version ${folder.schemaVersion}`),
    checkMark(folder, chain),
    checkLock(folder),
    await checkDatabase(folder, chain),
    checkEvidence(folder),
  ];
  return { checks, folder };
}

/** What stands in the way of using the folder, or says that there is none yet. */
function checkAccess(path: string): DoctorCheck | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return good('folder', `${path} does not exist yet; the first start makes it`);
  if (!stat.isDirectory()) return bad('folder', `${path} is no folder`, 'name another one with --data-dir');
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    const fix = 'give this user the right to read and write it (chown, chmod), or mount its disk for writing';
    return bad('folder', `${path} cannot be written: ${reason}`, fix);
  }
}

function checkMark({ identity }: FolderReading, chain: Chain | null): DoctorCheck {
  if (chain === null) return doubtful('chain', `marked ${identity}`, 'name the network that it is for with --network');
  if (identity === chain.identity) return good('chain', `holds ${chain.network}`);
  const message = `is marked ${identity}, and the settings are for ${chain.identity}`;
  return bad(
    'chain',
    message,
    'name another folder with --data-dir, or the network that it was made for with --network',
  );
}

function checkLock({ path, writerPid }: FolderReading): DoctorCheck {
  if (writerPid !== null) return good('lock', `process ${writerPid} writes there`);
  if (!existsSync(join(path, 'LOCK'))) return good('lock', 'free');
  return good('lock', 'left behind by a process that is gone or unknown; the next start takes it over');
}

async function checkDatabase({ dbPath, writerPid }: FolderReading, chain: Chain | null): Promise<DoctorCheck> {
  if (!existsSync(join(dbPath, 'data.mdb'))) return good('database', 'none yet');
  try {
    await using store = openLmdb({ path: dbPath, readOnly: true });
    using view = store.view();
    const tips = Object.entries(readTips(view));
    const tip = chain === null ? tips[0]?.[1] : readTips(view)[chain.tips.confirmed];
    const size = formatBytes(statSync(join(dbPath, 'data.mdb')).size);
    const pending = readPendingState(view) === null ? '' : ', its state root still pending';
    const stands = tip == null ? 'empty' : `at block ${formatCount(tip.height)}${pending}`;
    return good('database', `opens, ${stands}, ${size}${writerPid === null ? '' : ', being written'}`);
  } catch (thrown) {
    const { message, data } = toSynclineError(thrown);
    return bad('database', message, String(data.fix ?? 'restore the folder from a backup, or sync into another one'));
  }
}

function checkEvidence({ evidencePath }: FolderReading): DoctorCheck {
  let files = 0;
  let bytes = 0;
  for (const name of existsSync(evidencePath) ? readdirSync(evidencePath) : []) {
    files++;
    bytes += statSync(join(evidencePath, name), { throwIfNoEntry: false })?.size ?? 0;
  }
  const message = `${formatCount(files)} files of evidence, ${formatBytes(bytes)}`;
  if (bytes <= EVIDENCE_BYTES_MAX) return good('evidence', message);
  return doubtful('evidence', message, `look into ${evidencePath}, and delete what is not needed any more`);
}

/** Chosen: a node keeps 200 files, of some megabytes at worst. */
const EVIDENCE_BYTES_MAX = 2 ** 30;
