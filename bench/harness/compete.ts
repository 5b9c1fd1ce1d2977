import { setTimeout as sleep } from 'node:timers/promises';
import type { Figures } from './row.ts';
import { median } from './statistics.ts';

/** One way to do the work. */
export interface Contender<Input> {
  /** Does the work of a round. Returns how many units of work that was, if another number than its competitor's. */
  run(input: Input): number | Promise<number>;
}

export interface Competition<Input> {
  readonly rounds: number;
  readonly warmUpRounds: number;
  /** Fresh input for each round, the warm-up's too, which have negative numbers. Not timed. */
  readonly makeInput: (round: number) => Input | Promise<Input>;
  readonly ours: Contender<Input>;
  readonly baseline: Contender<Input> | null;
  /** What counts: processor time of the whole process, or the clock. */
  readonly by: 'cpu' | 'wall';
  /** `rate`: units a second. `time`: milliseconds a unit. */
  readonly figure: 'rate' | 'time';
}

/** Warm-up rounds where a bench has no reason for another number. */
export const WARM_UP_ROUNDS = 2;

/** Runs the contenders one after the other in each round, every other round in turned order. */
export async function compete<Input>(competition: Competition<Input>): Promise<Figures> {
  const { rounds, warmUpRounds, makeInput, ours, baseline } = competition;
  const samples: RoundSamples[] = [];
  for (let round = -warmUpRounds; round < rounds; round++) {
    const input = await makeInput(round);
    const isTurned = baseline !== null && round % 2 !== 0;
    const early = isTurned ? await measure(() => baseline.run(input)) : null;
    const own = await measure(() => ours.run(input));
    const late = baseline !== null && !isTurned ? await measure(() => baseline.run(input)) : null;
    if (round >= 0) samples.push({ ours: own, baseline: early ?? late });
  }
  return figuresOf(samples, competition);
}

export interface Sample {
  readonly units: number;
  readonly cpuMs: number;
  readonly wallMs: number;
}

export interface RoundSamples {
  readonly ours: Sample;
  readonly baseline: Sample | null;
}

/**
 * Garbage of what came before is collected first, where the process was started with `--expose-gc`; then helper
 * threads get time to end their part of it, which would count as the contender's.
 */
export async function measure(work: () => number | Promise<number>): Promise<Sample> {
  (globalThis as { gc?: () => void }).gc?.();
  await sleep(SETTLE_MS);
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  const units = await work();
  const wallMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpu);
  return { units, cpuMs: (user + system) / 1000, wallMs };
}

export function figuresOf(
  samples: readonly RoundSamples[],
  { by, figure }: Pick<Competition<unknown>, 'by' | 'figure'>,
): Figures {
  const figureOf = ({ units, cpuMs, wallMs }: Sample): number => {
    const ms = by === 'cpu' ? cpuMs : wallMs;
    return figure === 'rate' ? (units * 1000) / ms : ms / units;
  };
  const ours = samples.map((round) => figureOf(round.ours));
  const pairs = samples.flatMap((round) =>
    round.baseline === null ? [] : [{ ours: figureOf(round.ours), baseline: figureOf(round.baseline) }],
  );
  const ratios = pairs.map((pair) => (figure === 'rate' ? pair.ours / pair.baseline : pair.baseline / pair.ours));
  const baselines = samples.flatMap((round) => (round.baseline === null ? [] : [round.baseline]));
  return {
    ours: median(ours),
    baseline: median(pairs.map((pair) => pair.baseline)),
    ratio: median(ratios),
    range: rangeOf(ratios),
    oursRange: rangeOf(ours),
    rounds: samples.length,
    cpu: { ours: median(samples.map((round) => round.ours.cpuMs)), baseline: median(baselines.map((b) => b.cpuMs)) },
    wall: { ours: median(samples.map((round) => round.ours.wallMs)), baseline: median(baselines.map((b) => b.wallMs)) },
  };
}

const SETTLE_MS = 30;

function rangeOf(values: readonly number[]): readonly [min: number, max: number] | null {
  return values.length === 0 ? null : [Math.min(...values), Math.max(...values)];
}
