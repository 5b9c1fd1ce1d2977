import type { SyncReport, Tips } from '../../engine/index.ts';
import { readTips } from '../../engine/index.ts';
import { plainTips, type RunFacts } from '../output/observer.ts';

/** All that the live view shows at one moment. Plain data: the rendering is a function of it. */
export interface ViewModel {
  readonly network: string;
  readonly mode: string;
  readonly reason: string;
  /** Seconds since the process began. */
  readonly upS: number;
  readonly tips: readonly { readonly name: string; readonly height: number | null; readonly hash: string | null }[];
  /** Blocks stored, and blocks there are as far as is known; null while no source has answered. */
  readonly done: number;
  readonly total: number | null;
  /** Seconds since the last block was committed, null before the first one of this run. */
  readonly blockAgeS: number | null;
  readonly rate: number;
  readonly etaS: number | null;
  readonly bottleneck: SyncReport['pipeline']['bottleneck'];
  readonly building: SyncReport['building'];
  /** Share of the last seconds in which blocks were applied, 0 to 1. */
  readonly applierBusy: number;
  readonly window: {
    readonly blocks: number;
    readonly blocksMax: number;
    readonly bytes: number;
    readonly bytesMax: number;
  };
  readonly channel: { readonly blocks: number; readonly blocksMax: number };
  readonly sources: readonly Omit<SyncReport['sources'][number], 'standing' | 'strikes'>[];
  readonly rejected: number;
  readonly rejection: { readonly text: string; readonly agoS: number } | null;
  /** The last thing that happened besides rejections. */
  readonly incident: { readonly level: 'info' | 'warn' | 'error'; readonly text: string; readonly agoS: number } | null;
  readonly httpUrl: string | null;
  readonly dataDir: string;
  readonly isStopping: boolean;
}

/** What the view remembers between two frames. */
export interface ViewMemory {
  readonly startedMs: number;
  incident: { readonly level: 'info' | 'warn' | 'error'; readonly text: string; readonly atMs: number } | null;
  rejection: { readonly text: string; readonly atMs: number } | null;
  isStopping: boolean;
  lastBlockMs: number | null;
  /** Applier's busy time at past frames, for its share of the last seconds. */
  busy: readonly { readonly atMs: number; readonly busyMs: number }[];
}

export function createViewMemory(nowMs: number): ViewMemory {
  return { startedMs: nowMs, incident: null, rejection: null, isStopping: false, lastBlockMs: null, busy: [] };
}

/** Reads the node as it is now. Notes the applier's time in `memory`. */
export function readViewModel(facts: RunFacts, memory: ViewMemory, nowMs: number): ViewModel {
  const { chain, node, limits } = facts;
  const report = node.report();
  const { pipeline, target, confirmed } = report;
  const done = confirmed === null ? 0 : confirmed.height + 1;
  memory.busy = [
    ...memory.busy.filter(({ atMs }) => nowMs - atMs < BUSY_MS),
    { atMs: nowMs, busyMs: pipeline.applierBusyMs },
  ];
  return {
    network: chain.network,
    mode: report.mode,
    reason: report.reason,
    upS: (nowMs - memory.startedMs) / 1000,
    tips: tipRows(facts, currentTips(facts)),
    done,
    total: target === null ? null : Math.max(done, target + 1),
    blockAgeS: memory.lastBlockMs === null ? null : (nowMs - memory.lastBlockMs) / 1000,
    rate: report.rate,
    etaS: report.etaS,
    bottleneck: pipeline.bottleneck,
    building: report.building,
    applierBusy: busyShare(memory.busy),
    window: {
      blocks: pipeline.window,
      blocksMax: limits.windowBlocks,
      bytes: pipeline.windowBytes,
      bytesMax: limits.windowBytes,
    },
    channel: { blocks: pipeline.channel, blocksMax: limits.channelBlocks },
    sources: report.sources,
    rejected: report.rejected,
    rejection: memory.rejection === null ? null : { ...memory.rejection, agoS: (nowMs - memory.rejection.atMs) / 1000 },
    incident: memory.incident === null ? null : { ...memory.incident, agoS: (nowMs - memory.incident.atMs) / 1000 },
    httpUrl: facts.httpUrl,
    dataDir: facts.dataDir,
    isStopping: memory.isStopping,
  };
}

function currentTips({ node, chain }: RunFacts): Tips {
  using view = node.store.view();
  const { provisional: name } = chain.tips;
  const newest = node.provisional().at(-1);
  const building = name === undefined || newest === undefined ? {} : { [name]: { height: newest.height, hash: null } };
  return { ...building, ...readTips(view) };
}

/** The confirmed and the final tip always have a row; others when there are any. */
function tipRows({ chain }: RunFacts, tips: Tips): ViewModel['tips'] {
  const { confirmed, final } = chain.tips;
  const empty = Object.fromEntries([confirmed, final].flatMap((name) => (name === undefined ? [] : [[name, null]])));
  return Object.entries({ ...empty, ...plainTips(tips, chain) }).map(([name, tip]) => ({
    name,
    height: tip?.height ?? null,
    hash: tip?.hash ?? null,
  }));
}

function busyShare(busy: ViewMemory['busy']): number {
  const first = busy[0];
  const last = busy.at(-1);
  if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0;
  return Math.min(1, (last.busyMs - first.busyMs) / (last.atMs - first.atMs));
}

/** Long enough to be steady, short enough to follow. Chosen. */
const BUSY_MS = 5_000;
