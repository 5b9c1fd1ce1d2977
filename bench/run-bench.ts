/** The process of one bench: measures its rows and sends each to the parent. */
import { cpus, loadavg } from 'node:os';
import { createFeltHasher, type FeltHasher } from '../src/crypto/index.ts';
import type { RowResult } from './harness/bench.ts';
import { type Machine, meets, type Row } from './harness/row.ts';
import { benches } from './rows/index.ts';

export interface RunOptions {
  /** Index in the list of benches. */
  readonly bench: number;
  readonly rounds: number;
  readonly quick: boolean;
  /** Names of the rows that are asked for. */
  readonly rows: readonly string[];
}

const options = JSON.parse(process.argv[2] ?? '') as RunOptions; // the parent is our own program
let hasherMade: FeltHasher | null = null;
const hasher = () => {
  hasherMade ??= createFeltHasher();
  return hasherMade;
};

const bench = benches[options.bench];
if (bench === undefined) throw new RangeError(`there is no bench ${options.bench}`);
for await (const result of bench.run({ ...options, wants: (row) => options.rows.includes(row), hasher })) {
  const row = rowOf(result);
  process.send?.(row);
}
process.disconnect?.();

function rowOf(result: RowResult): Row {
  const { bench: name, workload, unit, baselineName, checked, figures, goal = null } = result;
  const { skipped = null, detail = {}, warmUpRounds = 0 } = result;
  const goalMet = goal === null || options.quick ? null : meets(goal, figures);
  const { ours, baseline, ratio, range, oursRange, rounds, cpu, wall } = figures;
  return {
    bench: name,
    workload,
    unit,
    ours,
    baseline,
    baselineName,
    ratio,
    range,
    rounds,
    checked,
    oursRange,
    cpu,
    wall,
    goal,
    goalMet,
    skipped,
    detail,
    warmUpRounds,
    quick: options.quick,
    machine: machine(),
  };
}

function machine(): Machine {
  const all = cpus();
  return {
    node: process.version,
    kernel: hasher().variant,
    cores: all.length,
    cpuModel: all[0]?.model.trim() ?? 'unknown',
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}
