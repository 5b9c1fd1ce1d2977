import { resolve } from 'node:path';
import { type ChainFamily, loadFamily } from '../../chains/index.ts';
import type { Chain } from '../../engine/index.ts';
import { isSynclineError } from '../../lib/index.ts';
import { readFolder } from '../../store/index.ts';
import { chooseNetwork, dataDirOf, familySettings, openChain } from '../chains.ts';
import type { ResolvedConfig } from '../config/index.ts';
import { EXIT } from '../exit-codes.ts';
import { type DoctorCheck, type DoctorReport, doubtful, good } from './check.ts';
import { checkClock } from './clock-check.ts';
import { checkDisk } from './disk-checks.ts';
import { checkFolder } from './folder-checks.ts';
import { checkPort } from './port-check.ts';
import { checkProcess } from './process-checks.ts';
import { checkSources } from './source-checks.ts';

/** Looks at everything that a node with these settings would rely on. Nothing is changed. */
export async function runDoctor(resolved: ResolvedConfig, cwd: string): Promise<DoctorReport> {
  const { config } = resolved;
  const checks: DoctorCheck[] = [...checkProcess(), checkConfig(resolved)];
  const subject = await findSubject(resolved, cwd);
  const chain = subject?.chain ?? null;
  const named = config['data-dir'] ?? (chain === null ? null : dataDirOf(config, chain.network));
  const dataDir = named === null ? null : resolve(cwd, named);
  if (subject === null) checks.push(NO_NETWORK);
  else checks.push(good('network', subject.chain.network));
  if (dataDir !== null) {
    checks.push(...(await checkFolder(dataDir, chain)).checks);
    checks.push(...checkDisk(dataDir));
  }
  checks.push(await checkPort(config.http ? config['http.addr'] : null, dataDir));
  if (subject !== null) {
    const settings = familySettings(config);
    const named = { sources: config.source, upstream: config['rpc.upstream'] };
    checks.push(...(await checkSources({ ...subject, settings, ...named })));
    checks.push(await checkClock(config.source.length > 0 ? config.source : subject.chain.defaultSources));
  }
  const isOk = checks.every(({ ok }) => ok !== false);
  return { type: 'doctor', ok: isOk, network: chain?.network ?? null, dataDir, checks };
}

/** 0 with warnings at most; 4 for what this machine's operator has to mend, 5 where only services of others fail. */
export function exitCodeOfReport({ checks }: DoctorReport): number {
  const failed = checks.filter(({ ok }) => ok === false);
  if (failed.length === 0) return EXIT.ok;
  return failed.some(({ where }) => where === 'local') ? EXIT.operator : EXIT.outside;
}

function checkConfig({ warnings, file }: ResolvedConfig): DoctorCheck {
  if (warnings.length === 0)
    return good('config', file === null ? 'no config file, nothing unknown' : `${file}, nothing unknown`);
  return doubtful(
    'config',
    warnings.join('; '),
    'correct or remove the variable; `syncline config print --origin` shows what counts',
  );
}

interface Subject {
  readonly chain: Chain;
  readonly family: ChainFamily;
}

/** The chain that the settings name, else the one that the data folder is marked with. */
async function findSubject({ config }: ResolvedConfig, cwd: string): Promise<Subject | null> {
  if (config.network !== null) {
    const { family } = await chooseNetwork(config, cwd);
    return { chain: await openChain(config, cwd), family };
  }
  if (config['data-dir'] === null) return null;
  try {
    const { identity } = await readFolder({ path: resolve(cwd, config['data-dir']) });
    const family = await loadFamily(identity.split(':')[0] ?? '');
    return { chain: family.fromIdentity(identity, familySettings(config)), family };
  } catch (error) {
    if (!isSynclineError(error)) throw error;
    return null; // the checks of the folder tell why
  }
}

const NO_NETWORK = doubtful(
  'network',
  'none is named: sources and the marks of the folder were not looked at',
  'add --network NAME to look at all that a node of it would need',
);
