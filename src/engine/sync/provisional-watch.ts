import { isAbort, type Scope, toSynclineError } from '../../lib/index.ts';
import type { Source } from '../source.ts';
import type { BlockRef } from '../types.ts';
import { withDeadline } from './deadline.ts';
import type { SyncOptions } from './options.ts';
import type { ProvisionalBoard } from './provisional-board.ts';
import { chooseProvisional } from './provisional-choice.ts';

export interface ProvisionalWatchOptions {
  readonly sync: SyncOptions;
  readonly board: ProvisionalBoard;
  readonly confirmed: () => BlockRef | null;
  /** Whether the tip is near: far behind it nobody wants to know what is being built. */
  readonly following: () => boolean;
}

/**
 * Asks for the blocks being built, one source after another, while the tip is followed. A source that fails is left
 * alone for a while; nothing here is evidence against it, since nothing here could be proven.
 */
export function watchProvisional(options: ProvisionalWatchOptions, scope: Scope): void {
  const sources = options.sync.sources.filter((source) => source.provisional !== undefined);
  if (sources.length > 0) scope.spawn((signal) => askForever(options, sources, signal));
}

async function askForever(
  options: ProvisionalWatchOptions,
  sources: readonly Source[],
  signal: AbortSignal,
): Promise<void> {
  const { sync, board } = options;
  const { env } = sync;
  const restUntilMs = new Map<string, number>();
  while (!signal.aborted) {
    const on = options.confirmed();
    const source = sources.find(({ id }) => (restUntilMs.get(id) ?? 0) <= env.nowMs());
    if (on === null || !options.following()) board.clear();
    else if (source !== undefined) {
      const limit = { timeoutMs: sync.pipelinePolicy.questionTimeoutMs, signal, what: `what ${source.id} builds` };
      try {
        const offered = await withDeadline(
          env,
          limit,
          async (inner) => source.provisional?.(on, { signal: inner }) ?? [],
        );
        board.set(chooseProvisional(board.blocks, offered, options.confirmed()));
      } catch (thrown) {
        if (isAbort(thrown, signal)) return;
        const error = toSynclineError(thrown);
        if (error.fault !== 'source' && error.fault !== 'peer') throw thrown;
        sync.log.debug('no provisional blocks', { source: source.id, code: error.code, reason: error.message });
        restUntilMs.set(source.id, env.nowMs() + REST_MS);
      }
    }
    await env.sleep(sync.pipelinePolicy.provisionalPollMs, signal);
  }
}

/** How long a source that failed is not asked. */
const REST_MS = 10_000;
