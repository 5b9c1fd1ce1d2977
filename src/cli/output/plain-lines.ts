import type { ChainEvent, Notice, SyncReport } from '../../engine/index.ts';
import type { Logger } from '../../lib/index.ts';
import { formatCount, formatPercent, formatRate, formatSeconds, shortHash } from '../format.ts';
import { summariseEnd } from '../render-status.ts';
import { createThrottle, incidentOf, throttleKey } from './incidents.ts';
import { plainRef, type RunFacts, type RunObserver } from './observer.ts';

/**
 * Lines for a log file: incidents when they happen, and every 10 s one summary while blocks come in. Results, that is
 * how the run ended, go to `writeResult`.
 */
export function createPlainLines(options: {
  readonly log: Logger;
  readonly writeResult: (line: string) => void;
  readonly nowMs: () => number;
}): RunObserver {
  const { log, writeResult, nowMs } = options;
  const throttle = createThrottle(SUMMARY_MS);
  let facts: RunFacts | null = null;
  let told = '';
  let timer: NodeJS.Timeout | null = null;

  function summarise(): void {
    if (facts === null) return;
    const line = summaryLine(facts.node.report());
    // At the tip there is nothing to add until the next block.
    if (line !== null && line !== told) log.info(line);
    told = line ?? told;
  }

  return {
    log: withoutRejections(log),
    started(given) {
      facts = given;
      const { chain, dataDir, httpUrl } = given;
      log.info(`Syncing ${chain.network} into ${dataDir}${httpUrl === null ? '' : `, serving ${httpUrl}`}`);
      timer = setInterval(summarise, SUMMARY_MS).unref();
    },
    notice(notice: Notice) {
      const incident = incidentOf(notice);
      if (incident === null) return;
      const key = throttleKey(notice);
      const turn = key === null ? { skipped: 0 } : throttle(key, nowMs());
      if (turn !== null)
        log[incident.level](`${incident.text}${turn.skipped > 0 ? ` (${turn.skipped} more alike)` : ''}`);
      if (notice.type === 'mode' && notice.mode !== 'start') setTimeout(summarise, FIRST_SUMMARY_MS).unref();
    },
    event(event) {
      if (facts !== null && event.type === 'unwind') log.warn(unwindLine(event, facts));
    },
    stopping: () => log.info('Stopping'),
    ended({ status, end }) {
      if (timer !== null) clearInterval(timer);
      for (const line of summariseEnd(status, end)) writeResult(line);
    },
    close() {
      if (timer !== null) clearInterval(timer);
    },
  };
}

/** One fixed order, so that lines can be compared at a glance. */
export function summaryLine(report: SyncReport): string | null {
  const { confirmed, target, rate, etaS, sources, mode, pipeline } = report;
  const well = `sources ${sources.filter((source) => source.state === 'ok').length}/${sources.length} ok`;
  if (target === null) return `Waiting for a source · ${well}`;
  const done = confirmed === null ? 0 : confirmed.height + 1;
  const total = Math.max(done, target + 1);
  if (mode === 'follow')
    return `At the tip · block ${formatCount(Math.max(0, done - 1))} of ${formatCount(target)} · ${well}`;
  const left = etaS === null ? 'time left unknown' : `${formatSeconds(etaS)} left`;
  const parts = [
    `Syncing ${formatPercent(done, total)}`,
    `${formatCount(done)} / ${formatCount(total)}`,
    `${formatRate(rate)} blocks/s`,
    left,
    `slowest step ${pipeline.bottleneck}`,
    well,
  ];
  return parts.join(' · ');
}

export function unwindLine(event: Extract<ChainEvent, { type: 'unwind' }>, { chain }: RunFacts): string {
  const from = plainRef(event.from, chain);
  const to = event.to === null ? null : plainRef(event.to, chain);
  const target = to === null ? 'before block 0' : `block ${to.height} ${shortHash(to.hash)}`;
  return `Rolled back (${event.reason}) from block ${from.height} ${shortHash(from.hash)} to ${target}`;
}

/** The engine logs each rejection for programs; people get the notice instead, which says more. */
export function withoutRejections(log: Logger): Logger {
  return {
    ...log,
    warn: (message, fields) => {
      if (message !== 'rejected') log.warn(message, fields);
    },
  };
}

const SUMMARY_MS = 10_000;
/** So that a short run shows a rate too. */
const FIRST_SUMMARY_MS = 1_000;
