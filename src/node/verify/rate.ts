import type { AuditProgress } from '../../engine/index.ts';

/** Progress with how fast it goes. */
export interface VerifyProgress extends AuditProgress {
  /** Blocks or records a second, over the last seconds of this phase. */
  readonly rate: number;
  /** Seconds left in this phase at that rate; null where that cannot be told. */
  readonly etaS: number | null;
}

/** Measures how fast a phase goes. Made for one run, fed with every progress in order. */
export function createRateMeter(nowMs: () => number): (progress: AuditProgress) => VerifyProgress {
  let phase: AuditProgress['phase'] | null = null;
  let samples: readonly { readonly atMs: number; readonly done: number; readonly share: number }[] = [];
  return (progress) => {
    const atMs = nowMs();
    const { done, share } = progress;
    if (progress.phase !== phase || done < (samples.at(-1)?.done ?? 0)) samples = [];
    phase = progress.phase;
    // One sample from before the window stays, so that slow phases have a rate too.
    const old = samples.filter((sample) => atMs - sample.atMs > WINDOW_MS).at(-1);
    const recent = samples.filter((sample) => atMs - sample.atMs <= WINDOW_MS);
    samples = [...(old === undefined ? [] : [old]), ...recent.slice(-SAMPLES_MAX), { atMs, done, share: share ?? 0 }];
    const [first = { atMs, done, share: 0 }] = samples;
    const elapsedS = (atMs - first.atMs) / 1000;
    if (elapsedS <= 0) return { ...progress, rate: 0, etaS: null };
    const shareRate = ((share ?? 0) - first.share) / elapsedS;
    const etaS = share === null || shareRate <= 0 ? null : (1 - share) / shareRate;
    return { ...progress, rate: (done - first.done) / elapsedS, etaS };
  };
}

const WINDOW_MS = 10_000;
/** Progress comes some ten times a second; a bound all the same. */
const SAMPLES_MAX = 1_000;
