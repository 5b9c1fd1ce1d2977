import { availableParallelism } from 'node:os';
import {
  type AuditDifference,
  type AuditOutcome,
  type Chain,
  type CheckSummaries,
  type Hash32,
  runAudit,
} from '../../engine/index.ts';
import {
  createSystemEnv,
  type Env,
  fromHex,
  type Logger,
  SynclineError,
  silentLogger,
  toHex,
} from '../../lib/index.ts';
import { type FolderReading, readFolder } from '../../store/index.ts';
import type { TipStatus } from '../status.ts';
import { openAuditHosts } from './audit-hosts.ts';
import { createProgressFile } from './progress-file.ts';
import { createRateMeter, type VerifyProgress } from './rate.ts';

export interface VerifyStoreOptions {
  /** The chain that the folder is of. */
  readonly chain: Chain;
  readonly dataDir: string;
  /** First height to verify. Default 0. */
  readonly from?: number;
  /** Last height to verify. Default: the tip, also as it moves. */
  readonly to?: number;
  /** Also build all tries again from the flat state and compare them page by page. Default false. */
  readonly deep?: boolean;
  /** Begin anew, whatever an earlier run left in `verify.json`. Default false. */
  readonly restart?: boolean;
  /** Worker threads. Default: one for each processor, at most 4. 0: in this thread. */
  readonly threads?: number;
  /** Hears how far it is, some times a second at most. */
  readonly onProgress?: (progress: VerifyProgress) => void;
  readonly signal?: AbortSignal;
  readonly log?: Logger;
  /** Clock; for tests. */
  readonly env?: Env;
}

/** What `syncline verify --json` prints. Stable: scripts depend on it. */
export interface VerifyReport {
  readonly type: 'verify';
  /** Whether everything that could be checked holds. */
  readonly ok: boolean;
  readonly family: string;
  readonly network: string;
  readonly from: number;
  /** The last block that was verified, null for none. */
  readonly to: TipStatus | null;
  /** Verified blocks, those of an earlier run that was taken up again included. */
  readonly blocks: number;
  readonly deep: boolean;
  /** The height at which an earlier run was taken up again, null for a new one. */
  readonly resumedAt: number | null;
  /** The first thing that does not hold. */
  readonly difference: AuditDifference | null;
  /** Check → how often it passed, and why where it could not be made. */
  readonly checks: CheckSummaries;
  readonly tookMs: number;
}

/**
 * Recomputes everything provable from the store of a data folder, beside a node that writes there if there is one. How
 * far it has come is kept in `verify.json` in the folder, and taken up again by the next run with the same range.
 *
 * @throws {SynclineError} `FOLDER_MISSING`, `FOLDER_NEWER`, `FOLDER_OTHER_CHAIN`, `AUDIT_RANGE` (fault `caller`);
 *   `FOLDER_DAMAGED`, `FOLDER_UNUSABLE`, `STORE_UNOPENABLE`, `STORE_READ_FAILED` (fault `local`). The signal's reason
 *   when it aborts; the progress is kept then.
 */
export async function verifyStore(options: VerifyStoreOptions): Promise<VerifyReport> {
  const { chain, deep = false, env = createSystemEnv(), log = silentLogger } = options;
  const request = { from: options.from ?? 0, to: options.to ?? null };
  const folder = await readFolder({ path: options.dataDir });
  requireChain(folder, chain.identity);
  const startedMs = env.nowMs();
  const kept = createProgressFile({
    path: folder.path,
    identity: chain.identity,
    request,
    nowMs: () => env.nowMs(),
    onError: (error) => log.warn('verify progress cannot be kept', { path: folder.path, reason: String(error) }),
  });
  const course = options.restart === true ? null : await kept.load();
  const measure = createRateMeter(() => env.nowMs());
  const hosts = await openAuditHosts(chain, folder.dbPath, options.threads ?? defaultThreads());
  try {
    const outcome = await runAudit({
      hosts,
      ...request,
      deep,
      course,
      signal: options.signal ?? NEVER,
      onProgress: (progress) => options.onProgress?.(measure(progress)),
      onCourse: (next) => kept.note(next),
    });
    if (outcome.difference === null) await kept.remove();
    else await kept.flush();
    const resumedAt = outcome.begunAt > request.from ? outcome.begunAt : null;
    return reportOf(chain, outcome, { from: request.from, deep, resumedAt, tookMs: env.nowMs() - startedMs });
  } catch (error) {
    await kept.flush();
    throw error;
  } finally {
    await Promise.all(hosts.map((host) => host.close()));
  }
}

function requireChain({ identity, path }: FolderReading, expected: string): void {
  if (identity === expected) return;
  throw new SynclineError('FOLDER_OTHER_CHAIN', 'caller', 'data folder holds another chain', {
    data: {
      path,
      expected,
      got: identity,
      exitCode: 4,
      fix: 'name another folder with --data-dir, or the network that the folder was made for with --network',
    },
  });
}

function reportOf(
  chain: Chain,
  { difference, last, blocks, checks }: AuditOutcome,
  run: Pick<VerifyReport, 'from' | 'deep' | 'resumedAt' | 'tookMs'>,
): VerifyReport {
  const { family, network } = chain;
  return {
    type: 'verify',
    ok: difference === null,
    family,
    network,
    ...run,
    to: last === null ? null : { height: last.height, hash: chain.formatHash?.(last.hash) ?? toHex(last.hash) },
    blocks,
    difference: difference === null ? null : shown(difference, chain),
    checks,
  };
}

/** Full-length hashes are written as the chain's users know them. */
function shown(difference: AuditDifference, { formatHash }: Chain): AuditDifference {
  if (formatHash === undefined) return difference;
  const rewrite = (text: string | null) =>
    text !== null && /^0x[0-9a-f]{64}$/.test(text) ? formatHash(fromHex(text) as Hash32) : text; // 64 digits, 32 bytes
  return { ...difference, expected: rewrite(difference.expected), got: rewrite(difference.got) };
}

function defaultThreads(): number {
  return Math.max(1, Math.min(THREADS_MAX, availableParallelism()));
}

const NEVER = new AbortController().signal;
/** Each takes some 50 MiB. Chosen. */
const THREADS_MAX = 4;
