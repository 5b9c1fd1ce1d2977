import {
  type BlockRecord,
  type Chain,
  type Hash32,
  provenHeight,
  type ReadStore,
  readBlock,
  readCounts,
  readPendingState,
  readRejectionCount,
  readTips,
  type StateView,
  type SyncReport,
  type TipNames,
} from '../engine/index.ts';
import { toHex } from '../lib/index.ts';

/** A tip as JSON: heights are numbers, hashes as the chain's users write them. */
export interface TipStatus {
  readonly height: number;
  readonly hash: string | null;
}

/** What `syncline status --json` prints and what ends a `start --json`. Stable: scripts depend on it. */
export interface NodeStatus {
  readonly type: 'status';
  readonly family: string;
  readonly network: string;
  readonly mode: string;
  readonly reason: string;
  readonly serving: boolean;
  readonly tips: Readonly<Record<string, TipStatus | null>>;
  readonly confirmed: TipStatus | null;
  readonly stateRoot: string | null;
  /**
   * How the stored state is known to be true: `state-root` when the root of the confirmed tip was recomputed and
   * compared; `pending` while blocks above `proven` (-1 for none) wait for that.
   */
  readonly state: { readonly level: 'state-root' | 'pending'; readonly proven: number };
  readonly target: number | null;
  readonly rate: number;
  readonly etaS: number | null;
  readonly counts: Readonly<Record<string, number>>;
  /** Field group → number of stored blocks in which nothing proves it. `explain` tells why. */
  readonly unverified: Readonly<Record<string, number>>;
  readonly quarantined: number;
  /** Since the store was made. */
  readonly rejected: number;
  readonly sources: readonly {
    readonly id: string;
    readonly standing: string;
    readonly state: string;
    readonly ok: number;
    readonly fail: number;
    readonly head: number | null;
  }[];
  readonly peers: readonly never[];
}

export interface StatusInput {
  readonly chain: Pick<Chain, 'family' | 'network' | 'tips' | 'formatHash'>;
  /** `null` for a store that nobody syncs. */
  readonly report: SyncReport | null;
  readonly store: ReadStore;
  /** Height of the newest block being built, null where none is known. It is kept in memory, so a stopped node has none. */
  readonly provisional?: number | null;
}

export function buildStatus({ chain, report, store, provisional = null }: StatusInput): NodeStatus {
  using view = store.view();
  const format = (hash: Hash32) => chain.formatHash?.(hash) ?? toHex(hash);
  const confirmed = readConfirmed(view, chain.tips);
  const counts: Record<string, number> = { blocks: 0, transactions: 0 };
  const unverified: Record<string, number> = {};
  for (const [name, value] of Object.entries(readCounts(view))) {
    if (name.startsWith('unverified.')) unverified[name.slice('unverified.'.length)] = value;
    else counts[name] = value;
  }
  return {
    type: 'status',
    family: chain.family,
    network: chain.network,
    mode: report?.mode ?? 'stopped',
    reason: report?.reason ?? 'no node runs on this folder',
    serving: report?.serving ?? false,
    tips: { ...provisionalTip(chain.tips, provisional), ...tipsOf(view, chain.tips, format) },
    confirmed: confirmed === null ? null : { height: confirmed.ref.height, hash: format(confirmed.ref.hash) },
    stateRoot: confirmed === null ? null : format(confirmed.stateRoot),
    state: stateOf(view, chain.tips.confirmed),
    target: report?.target ?? null,
    rate: Math.round((report?.rate ?? 0) * 100) / 100,
    etaS: report?.etaS == null ? null : Math.round(report.etaS),
    counts,
    unverified,
    quarantined: countQuarantined(view),
    rejected: readRejectionCount(view),
    sources: (report?.sources ?? []).map(({ id, standing, state, ok, fail, head }) => ({
      id,
      standing,
      state,
      ok,
      fail,
      head,
    })),
    peers: [],
  };
}

function stateOf(view: StateView, confirmedTip: string): NodeStatus['state'] {
  const level = readPendingState(view) === null ? 'state-root' : 'pending';
  return { level, proven: provenHeight(view, readTips(view), confirmedTip) };
}

function provisionalTip({ provisional: name }: TipNames, height: number | null): NodeStatus['tips'] {
  return name === undefined || height === null ? {} : { [name]: { height, hash: null } };
}

function readConfirmed(view: StateView, names: TipNames): BlockRecord | null {
  const tip = readTips(view)[names.confirmed] ?? null;
  return tip === null ? null : readBlock(view, tip.height);
}

/** Every tip the chain has a name for, null where there is none yet. The provisional one is not stored. */
function tipsOf(
  view: StateView,
  names: TipNames,
  format: (hash: Hash32) => string,
): Readonly<Record<string, TipStatus | null>> {
  const tips: Record<string, TipStatus | null> = { [names.confirmed]: null };
  if (names.final !== undefined) tips[names.final] = null;
  for (const [name, tip] of Object.entries(readTips(view))) {
    tips[name] = tip === null ? null : { height: tip.height, hash: tip.hash === null ? null : format(tip.hash) };
  }
  return tips;
}

function countQuarantined(view: StateView): number {
  let count = 0;
  for (const _ of view.range('quarantine', {})) count++;
  return count;
}
