import { statfsSync } from 'node:fs';
import type { ChainFace } from '../chains/index.ts';
import { type ReadStore, type Rejection, readRejections } from '../engine/index.ts';
import { fromHex } from '../lib/index.ts';
import type { NodeStatus } from '../node/index.ts';
import { readVersion } from './version.ts';

/** The node's status, with what only the process around it knows. */
export interface FullStatus extends NodeStatus {
  readonly timeMs: number;
  /** What `etaS` is reckoned from. */
  readonly etaBasis: string;
  readonly lastRejection: Rejection | null;
  readonly dataDir: string | null;
  /** Free space where the data is; null where that cannot be told. */
  readonly diskFreeBytes: number | null;
  readonly version: string;
}

/** @param dataDir Absolute; null for a store in memory. */
export function completeStatus(
  status: NodeStatus,
  around: { readonly chain: ChainFace; readonly store: ReadStore; readonly dataDir: string | null },
): FullStatus {
  using view = around.store.view();
  const [last] = readRejections(view, 1);
  const { type, ...rest } = status;
  return {
    type,
    timeMs: Date.now(),
    ...rest,
    etaBasis: ETA_BASIS,
    lastRejection: last === undefined ? null : showRejection(last, around.chain),
    dataDir: around.dataDir,
    diskFreeBytes: around.dataDir === null ? null : freeBytes(around.dataDir),
    version: readVersion().version,
  };
}

export const ETA_BASIS = 'the rate of the last minute';

/** A stored rejection, with full-length hashes as the chain's users write them. */
export function showRejection(rejection: Rejection, chain: Pick<ChainFace, 'formatHash'>): Rejection {
  const { formatHash } = chain;
  if (formatHash === undefined) return rejection;
  const shown = (text: string | null) =>
    text !== null && /^0x[0-9a-f]{64}$/.test(text)
      ? formatHash(fromHex(text) as Parameters<typeof formatHash>[0]) // 64 digits are 32 bytes
      : text;
  return {
    ...rejection,
    expected: shown(rejection.expected),
    got: shown(rejection.got),
    hash: shown(rejection.hash),
  };
}

/** Free space where the path is; null where that cannot be told. */
export function freeBytes(path: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return null;
  }
}
