import type { SynclineError } from '../../lib/index.ts';
import type { Candidate } from '../chain.ts';
import type { Rejection } from '../events.ts';
import type { SyncOptions } from './options.ts';

/** Keeps every rejection with its evidence, and tells of it. */
export interface Rejections {
  /** @returns The rejection with where its evidence lies. */
  keep(rejection: Rejection, candidates: readonly Candidate[]): Promise<Rejection>;
  readonly count: number;
}

export function createRejections(options: SyncOptions): Rejections {
  let count = 0;
  return {
    async keep(rejection, candidates) {
      count++;
      const evidence = (await options.keepEvidence?.(rejection, candidates)) ?? null;
      const kept = { ...rejection, evidence };
      options.notify({ type: 'reject', ...kept });
      options.log.warn('rejected', { ...kept });
      await options.apply.recordRejection(kept);
      return kept;
    },
    get count() {
      return count;
    },
  };
}

/** A rejection in the operator's terms, from what the rules threw. */
export function rejectionOf(
  error: SynclineError,
  where: { readonly height: number; readonly blamed: readonly string[]; readonly nowMs: number },
): Rejection {
  const text = (name: string) => {
    const value = error.data[name];
    return value === undefined || value === null ? null : String(value);
  };
  return {
    timeMs: where.nowMs,
    height: where.height,
    check: text('check') ?? error.code.toLowerCase().replaceAll('_', '-'),
    expected: text('expected'),
    got: text('got'),
    source: where.blamed.join(', '),
    message: error.message,
    hash: text('hash'),
    evidence: null,
  };
}
