import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'vitest';
import { type Random, randomOfRound } from './random.ts';

/** Another seed is another run; the same one repeats it. */
export const SEED = Number(process.env.SYNCLINE_SEED ?? 20260801);

/** Bodies over all files of this folder. */
const BODIES = Number(process.env.SYNCLINE_FUZZ ?? 100_000);

/** How many of them a file takes. */
export function shareOfBodies(share: number): number {
  return Math.ceil(BODIES * share);
}

/** One damaged body, ready to be judged. */
export interface Trial {
  /** What it was made from, and by whom. */
  readonly label: string;
  readonly bytes: Uint8Array;
  /** What came of it, in a word; throws where that is not allowed. May be asked again, with the same outcome. */
  judge(): Promise<string> | string;
}

export interface RunOptions {
  readonly name: string;
  readonly rounds: number;
  /** Default 1. */
  readonly bodiesPerRound?: number;
  /** What a round may take of the processor. Default 250. */
  readonly slowMs?: number;
  readonly draw: (random: Random, round: number) => Trial;
}

/** What came of a run: outcome → how often. */
export type Outcomes = ReadonlyMap<string, number>;

/**
 * Judges one body after the other, and expects that nothing unforeseen comes up, that no body takes long, and that
 * nothing is left behind in memory. Says what came of it.
 */
export async function fuzz({
  name,
  rounds,
  bodiesPerRound = 1,
  slowMs = SLOW_MS,
  draw,
}: RunOptions): Promise<Outcomes> {
  const outcomes = new Map<string, number>();
  const failures: string[] = [];
  const stopwatch = new Stopwatch(slowMs);
  const memory = new MemoryWatch();
  process.stderr.write(`fuzz ${name}: ${rounds * bodiesPerRound} bodies, SYNCLINE_SEED=${SEED}\n`);
  for (let round = 0; round < rounds; round++) {
    const trial = draw(randomOfRound(SEED, round), round);
    let outcome = 'failed';
    try {
      outcome = await stopwatch.time(trial, round >= Math.min(WARM_UP_ROUNDS, rounds / 10));
    } catch (error) {
      failures.push(`round ${round}, ${trial.label}, body in ${keep(trial)}: ${messageOf(error)}`);
    }
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (failures.length >= FAILURES_MAX) break;
    if (round % ROUNDS_PER_BREATH === 0) await breathe();
    if (round === Math.floor(rounds / 5)) memory.mark();
  }
  report(name, outcomes, stopwatch, memory);
  expect(failures).toEqual([]);
  expect(stopwatch.tooSlow).toEqual([]);
  expect(stopwatch.averageMs() / bodiesPerRound, 'milliseconds of the processor a body').toBeLessThan(AVERAGE_MS_MAX);
  expect(memory.growthBytes(), 'bytes kept since a fifth of the run').toBeLessThan(GROWTH_BYTES_MAX);
  return outcomes;
}

/** Measures the processor's time for each body, and again where it seems slow: collecting garbage is no body's doing. */
class Stopwatch {
  readonly tooSlow: string[] = [];
  readonly slowest: { readonly ms: number; readonly label: string }[] = [];
  private readonly started = process.cpuUsage();
  private readonly startedMs = performance.now();
  private warmRounds = 0;
  private warmMs = 0;
  private readonly slowMs: number;

  constructor(slowMs: number) {
    this.slowMs = slowMs;
  }

  async time(trial: Trial, isWarm: boolean): Promise<string> {
    let ms = Number.POSITIVE_INFINITY;
    let outcome = '';
    for (let attempt = 0; attempt < ATTEMPTS && (attempt === 0 || (isWarm && ms > WORTH_ANOTHER_LOOK_MS)); attempt++) {
      const started = process.cpuUsage();
      const again = await trial.judge();
      ms = Math.min(ms, processorMs(started));
      if (attempt > 0 && again !== outcome) throw new Error(`${outcome}, and the second time ${again}`);
      outcome = again;
    }
    if (isWarm) this.note(ms, `${trial.label}, ${trial.bytes.length} bytes, ${outcome}`);
    return outcome;
  }

  /** Of a round, once everything is compiled; 0 for too few of them. */
  averageMs(): number {
    return this.warmRounds < AVERAGE_ROUNDS_MIN ? 0 : this.warmMs / this.warmRounds;
  }

  seconds(): { readonly wall: number; readonly cpu: number } {
    return { wall: (performance.now() - this.startedMs) / 1_000, cpu: processorMs(this.started) / 1_000 };
  }

  private note(ms: number, label: string): void {
    this.warmRounds++;
    this.warmMs += ms;
    if (ms > this.slowMs) this.tooSlow.push(`${ms.toFixed(0)} ms: ${label}`);
    if (ms <= (this.slowest[SLOWEST_SHOWN - 1]?.ms ?? 0)) return;
    this.slowest.push({ ms, label });
    this.slowest.sort((a, b) => b.ms - a.ms).splice(SLOWEST_SHOWN);
  }
}

/** Other programs run on the same machine, so the time on the wall tells little. */
function processorMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1_000;
}

/** What is left on the heap, and beside it, after everything that can go has gone. */
class MemoryWatch {
  private markedBytes: number | null = null;

  mark(): void {
    this.markedBytes = keptBytes();
  }

  growthBytes(): number {
    return this.markedBytes === null ? 0 : keptBytes() - this.markedBytes;
  }
}

function keptBytes(): number {
  collectGarbage();
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void; // the flag has just made it

function report(name: string, outcomes: Outcomes, stopwatch: Stopwatch, memory: MemoryWatch): void {
  const { wall, cpu } = stopwatch.seconds();
  const counts = [...outcomes].sort(([, a], [, b]) => b - a).map(([outcome, count]) => `  ${count} ${outcome}`);
  const slowest = stopwatch.slowest.map(({ ms, label }) => `  ${ms.toFixed(1)} ms: ${label}`);
  const kept = (memory.growthBytes() / 2 ** 20).toFixed(1);
  const time = `${wall.toFixed(1)} s, ${cpu.toFixed(1)} s of the processor, ${stopwatch.averageMs().toFixed(2)} ms a round`;
  const head = `fuzz ${name}: ${time}, ${kept} MiB more`;
  process.stderr.write(`${[head, ...counts, 'slowest', ...slowest].join('\n')}\n`);
}

/** Keeps a body that nobody expected, to look at. */
function keep({ bytes }: Trial): string {
  const path = join(mkdtempSync(join(tmpdir(), 'syncline-fuzz-')), 'body');
  writeFileSync(path, bytes);
  return path;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message).slice(0, 2_000) : String(error);
}

/** From the design: on average, for one body, and how much may stay behind. */
const AVERAGE_MS_MAX = 10;
const SLOW_MS = 250;
const GROWTH_BYTES_MAX = 32 * 2 ** 20;
/** Chosen. */
const WORTH_ANOTHER_LOOK_MS = 50;
const ATTEMPTS = 5;
const WARM_UP_ROUNDS = 2_000;
const ROUNDS_PER_BREATH = 100;
const FAILURES_MAX = 10;
const SLOWEST_SHOWN = 5;
const AVERAGE_ROUNDS_MIN = 30;
