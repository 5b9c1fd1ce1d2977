import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { type Chain, type ChainEvent, type Notice, readBlock, readTips, type SyncReport } from '../../engine/index.ts';
import type { Node } from '../node.ts';
import { createLabelSet, labelSources, type SourceLabels } from './labels.ts';

/** What the node knows of its chain and its sources, as metrics. Gauges are read at each scrape, counters kept. */
export interface ChainMetrics {
  /** Reads what the node shows right now; null: nothing is known, and nothing is claimed. */
  refresh(node: Node | null, nowMs: number): void;
  event(event: ChainEvent): void;
  notice(notice: Notice): void;
  /** Tells which sources there are, so that notices about them can be told apart. */
  learnSources(report: SyncReport): void;
}

export function createChainMetrics(registers: Registry[], chain: Pick<Chain, 'network' | 'tips'>): ChainMetrics {
  return new ChainGauges(registers, chain);
}

class ChainGauges implements ChainMetrics {
  private readonly chain: Pick<Chain, 'network' | 'tips'>;
  private readonly metrics;
  private readonly checks = createLabelSet();
  private readonly codes = createLabelSet();
  private sources: ReadonlyMap<string, SourceLabels> = new Map();

  constructor(registers: Registry[], chain: Pick<Chain, 'network' | 'tips'>) {
    this.chain = chain;
    this.metrics = declare(registers);
    const { blocks, rejects, reorgs, quarantines, stalls } = this.metrics;
    // Alerts look at increases, which a series that begins with its first case would hide.
    for (const counter of [blocks, quarantines, stalls]) counter.inc({ chain: chain.network }, 0);
    rejects.inc({ chain: chain.network, reason: 'other' }, 0);
    reorgs.zero({ chain: chain.network });
  }

  refresh(node: Node | null, nowMs: number): void {
    for (const gauge of Object.values(this.metrics)) if (gauge instanceof Gauge) gauge.reset();
    if (node === null) return;
    const report = node.report();
    this.showTips(node, nowMs);
    this.showSync(report);
    this.showSources(report);
    this.metrics.storeBytes.set({ chain: this.chain.network }, node.storeBytes());
  }

  event(event: ChainEvent): void {
    const { blocks, reorgs } = this.metrics;
    const chain = this.chain.network;
    if (event.type === 'extend') blocks.inc({ chain }, event.blocks.length);
    if (event.type === 'unwind') reorgs.observe({ chain }, event.from.height - (event.to?.height ?? -1));
  }

  notice(notice: Notice): void {
    const { rejects, quarantines, stalls, failures } = this.metrics;
    const chain = this.chain.network;
    if (notice.type === 'reject') rejects.inc({ chain, reason: this.checks.of(notice.check) });
    if (notice.type === 'quarantine') quarantines.inc({ chain });
    if (notice.type === 'stalled') stalls.inc({ chain });
    if (notice.type !== 'source' || notice.state !== 'failed') return;
    const labels = this.sources.get(notice.id);
    if (labels !== undefined) failures.inc({ chain, ...labels, reason: this.codes.of(codeOf(notice.reason)) });
  }

  learnSources({ sources }: SyncReport): void {
    if (this.sources.size !== sources.length) this.sources = labelSources(sources.map(({ id }) => id));
  }

  private showTips(node: Node, nowMs: number): void {
    const { tip, age } = this.metrics;
    const chain = this.chain.network;
    const names = this.chain.tips;
    using view = node.store.view();
    const tips = readTips(view);
    const confirmed = tips[names.confirmed] ?? null;
    if (confirmed !== null) tip.set({ chain, tip: 'confirmed' }, confirmed.height);
    const final = names.final === undefined ? null : (tips[names.final] ?? null);
    if (final !== null) tip.set({ chain, tip: 'final' }, final.height);
    const provisional = node.provisional().at(-1);
    if (provisional !== undefined) tip.set({ chain, tip: 'provisional' }, provisional.height);
    const block = confirmed === null ? null : readBlock(view, confirmed.height);
    if (block !== null) age.set({ chain }, Math.max(0, nowMs / 1000 - block.timestampS));
  }

  private showSync(report: SyncReport): void {
    const { target, mode, eta, queue, queueBytes, busy, commits, commitSeconds } = this.metrics;
    const chain = this.chain.network;
    if (report.target !== null) target.set({ chain }, report.target);
    for (const name of MODES) mode.set({ chain, mode: name }, report.mode === name ? 1 : 0);
    if (report.etaS !== null) eta.set({ chain }, report.etaS);
    const { window, windowBytes, requests, channel, applierBusyMs, verifierBusyMs, commitMs } = report.pipeline;
    const depths = { window, requests, channel, late: report.latePending };
    for (const [name, depth] of Object.entries(depths)) queue.set({ chain, queue: name }, depth);
    queueBytes.set({ chain, queue: 'window' }, windowBytes);
    setTotal(busy, { chain, stage: 'apply' }, applierBusyMs / 1000);
    setTotal(busy, { chain, stage: 'verify' }, verifierBusyMs / 1000);
    setTotal(commits, { chain }, report.pipeline.commits);
    setTotal(commitSeconds, { chain }, commitMs / 1000);
  }

  private showSources(report: SyncReport): void {
    const { requests, received, usable, head, latency } = this.metrics;
    const chain = this.chain.network;
    this.learnSources(report);
    requests.reset();
    received.reset();
    for (const source of report.sources) {
      const labels = { chain, ...(this.sources.get(source.id) ?? { source: 'other', kind: 'other' }) };
      requests.inc({ ...labels, reason: 'ok' }, source.ok);
      requests.inc({ ...labels, reason: 'failed' }, source.fail);
      received.inc(labels, source.receivedBytes);
      usable.set(labels, source.state === 'ok' ? 1 : 0);
      if (source.head !== null) head.set(labels, source.head);
      latency.set(labels, source.latencyMs / 1000);
    }
  }
}

function declare(registers: Registry[]) {
  const gauge = (name: string, help: string, labelNames: readonly string[]) =>
    new Gauge({ name: `syncline_${name}`, help, labelNames: ['chain', ...labelNames], registers });
  const counter = (name: string, help: string, labelNames: readonly string[]) =>
    new Counter({ name: `syncline_${name}`, help, labelNames: ['chain', ...labelNames], registers });
  const source = ['source', 'kind'];
  return {
    tip: gauge('chain_tip_block', 'Height of a tip: provisional, confirmed or final.', ['tip']),
    target: gauge('chain_target_block', 'Highest block that the sources together can deliver.', []),
    mode: gauge('sync_mode', 'What the node is doing: 1 for the mode it is in, 0 for the others.', ['mode']),
    eta: gauge('sync_eta_seconds', 'Time until the target is reached, at the rate of the last minute.', []),
    age: gauge('block_age_seconds', 'Age of the confirmed tip by its own timestamp.', []),
    queue: gauge('queue_depth', 'Entries of a queue: heights in the window, requests, the channel, late parts.', [
      'queue',
    ]),
    queueBytes: gauge('queue_bytes', 'Memory that the entries of a queue take.', ['queue']),
    usable: gauge(
      'source_usable',
      '1 while the source is asked for blocks, 0 while it cools down or is benched.',
      source,
    ),
    head: gauge('source_head_block', 'Newest block that the source says it has.', source),
    latency: gauge('source_latency_seconds', 'How long the source takes to answer, smoothed.', source),
    storeBytes: gauge('store_bytes', 'Size of the database.', []),
    blocks: counter('sync_blocks_total', 'Blocks confirmed, again after a reorganisation included.', []),
    busy: counter('stage_busy_seconds_total', 'Time a stage of the pipeline worked.', ['stage']),
    commits: counter('store_commits_total', 'Transactions that the writer committed.', []),
    commitSeconds: counter('store_commit_seconds_total', 'Time that commits took, until they were on disk.', []),
    received: counter('source_received_bytes_total', 'Size of the parts that a source delivered, inflated.', source),
    requests: counter('source_requests_total', 'Requests that a source answered or failed.', [...source, 'reason']),
    failures: counter('source_failures_total', 'What went wrong at a source, by error code.', [...source, 'reason']),
    rejects: counter('rejects_total', 'Blocks and parts that failed a check.', ['reason']),
    quarantines: counter('quarantines_total', 'Parts that were refused or could not be had.', []),
    stalls: counter('sync_stalls_total', 'Times that no source could deliver the next block.', []),
    reorgs: new Histogram({
      name: 'syncline_reorg_depth_blocks',
      help: 'Blocks that a reorganisation removed.',
      labelNames: ['chain'],
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 1024],
      registers,
    }),
  };
}

/** A counter that somebody else keeps: the value comes as a whole. */
function setTotal(counter: Counter, labels: Readonly<Record<string, string>>, total: number): void {
  counter.remove(labels);
  counter.inc(labels, total);
}

/** The code in `CODE: message`. */
function codeOf(reason: string): string {
  return reason.split(':')[0] ?? '';
}

const MODES: readonly SyncReport['mode'][] = ['start', 'snapshot', 'range', 'follow', 'halted'];
