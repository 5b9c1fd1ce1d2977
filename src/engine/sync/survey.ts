import { equalBytes, isAbort, toSynclineError } from '../../lib/index.ts';
import { readBlock } from '../commit/index.ts';
import type { Source, Survey } from '../source.ts';
import type { BlockRef } from '../types.ts';
import { withDeadline } from './deadline.ts';
import type { SyncOptions } from './options.ts';
import type { Producer } from './producer.ts';

export interface SurveyorOptions {
  readonly sync: SyncOptions;
  readonly producer: Producer;
  readonly confirmed: () => BlockRef | null;
  readonly suspectFork: (suspicion: Suspicion) => void;
  /** Whether a source other than this one says that it has blocks up to our tip: then a lower head is no news. */
  readonly othersReach: (source: string, height: number) => boolean;
  /** How long until this source is asked again. */
  readonly intervalMs: () => number;
  readonly onSurvey: (source: string, survey: Survey) => void;
}

/** Why the sources may have left our branch. */
export interface Suspicion {
  readonly source: string;
  /** It has another block where we have one, or its chain ends below our tip. */
  readonly kind: 'other' | 'shrunk';
  readonly reason: string;
}

/** Asks one source again and again what it has: often at the tip, rarely far behind, not at all while it cools. */
export async function surveyForever(options: SurveyorOptions, source: Source, signal: AbortSignal): Promise<void> {
  const { sync, producer } = options;
  const { env } = sync;
  while (!signal.aborted) {
    try {
      const limit = { timeoutMs: sync.pipelinePolicy.questionTimeoutMs, signal, what: `survey of ${source.id}` };
      const survey = await withDeadline(env, limit, (inner) => source.survey({ signal: inner }));
      options.onSurvey(source.id, survey);
      producer.dispatch({ type: 'survey', source: source.id, survey });
      await lookForFork(options, source, survey, signal);
    } catch (thrown) {
      if (isAbort(thrown, signal)) return;
      const error = toSynclineError(thrown);
      if (error.fault !== 'source' && error.fault !== 'peer') throw thrown;
      const wait = error.data.retryAfterMs;
      sync.notify({ type: 'source', id: source.id, state: 'failed', reason: `${error.code}: ${error.message}` });
      const retryAfterMs = typeof wait === 'number' ? wait : null;
      producer.dispatch({ type: 'unreachable', source: source.id, retryAfterMs });
    }
    const coolMs = (producer.state.books.get(source.id)?.coolUntilMs ?? 0) - env.nowMs();
    // A tenth of jitter, so that many nodes (or sources) do not ask in step.
    const pauseMs = Math.max(coolMs, options.intervalMs() * (0.95 + env.random() * 0.1));
    await env.sleep(pauseMs, signal);
  }
}

/** Compares a head with what is stored: another hash at its height, or a head that shrank below our tip. */
async function lookForFork(
  options: SurveyorOptions,
  source: Source,
  survey: Survey,
  signal: AbortSignal,
): Promise<void> {
  const { sync } = options;
  const tip = options.confirmed();
  const { head } = survey;
  if (tip === null || head === null || head.height > tip.height) return;
  if ((options.producer.state.books.get(source.id)?.benchedUntilMs ?? 0) > sync.env.nowMs()) return;
  const stored = storedHash(sync, head.height);
  if (stored !== null && !equalBytes(stored, head.hash)) {
    const reason = `${source.id} has another block at its head, ${head.height}`;
    options.suspectFork({ source: source.id, kind: 'other', reason });
    return;
  }
  if (head.height === tip.height || options.othersReach(source.id, tip.height)) return;
  // A head below ours may only be stale. Whether the chain was rolled back, the block itself tells.
  const limit = { timeoutMs: sync.pipelinePolicy.questionTimeoutMs, signal, what: `hash from ${source.id}` };
  const theirs = await withDeadline(sync.env, limit, (inner) => source.hashAt(tip.height, { signal: inner }));
  const now = options.confirmed();
  if (now === null || now.height !== tip.height || !equalBytes(now.hash, tip.hash)) return;
  if (theirs === null || !equalBytes(theirs, tip.hash)) {
    const reason = `${source.id} rolled back to ${head.height}, below our ${tip.height}`;
    options.suspectFork({ source: source.id, kind: theirs === null ? 'shrunk' : 'other', reason });
  }
}

function storedHash(sync: SyncOptions, height: number): Uint8Array | null {
  using view = sync.store.view();
  return readBlock(view, height)?.ref.hash ?? null;
}
