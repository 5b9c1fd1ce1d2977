/** One line of the benches: what `--json` prints, one object per line. */
export interface Row extends Figures {
  /** Name of the row, kebab-case; stable. */
  readonly bench: string;
  /** What was done, with its sizes. */
  readonly workload: string;
  /** Unit of `ours` and `baseline`. */
  readonly unit: Unit;
  /** The best alternative at hand; null where there is none, or where it is not installed. */
  readonly baselineName: string | null;
  /** Whether the results were compared, before anything was timed, and found equal. */
  readonly checked: boolean;
  readonly goal: Goal | null;
  /** Null without a goal, without a figure, and for `--quick`, which measures too little to tell. */
  readonly goalMet: boolean | null;
  /** Why there is no figure; null where there is one. */
  readonly skipped: string | null;
  /** Further figures of this row, named with their units. */
  readonly detail: Readonly<Record<string, number | string | boolean | null>>;
  /** Rounds run and thrown away before the first that counts. */
  readonly warmUpRounds: number;
  readonly quick: boolean;
  readonly machine: Machine;
}

/** `/s` counts per second, more is better; `ms` is time per unit of work, less is better. */
export type Unit = `${string}/s` | `ms ${string}`;

/** What the rounds gave. Medians over the rounds. */
export interface Figures {
  readonly ours: number | null;
  readonly baseline: number | null;
  /** How many times better ours is: median of the ratios of each round. */
  readonly ratio: number | null;
  /** Smallest and largest of those ratios. */
  readonly range: readonly [min: number, max: number] | null;
  /** Smallest and largest of ours. */
  readonly oursRange: readonly [min: number, max: number] | null;
  readonly rounds: number;
  /** Milliseconds a round took of all threads' processor time, and by the clock. */
  readonly cpu: Spent;
  readonly wall: Spent;
}

export interface Spent {
  readonly ours: number | null;
  readonly baseline: number | null;
}

/** A bound on a figure of the row. */
export interface Goal {
  readonly figure: 'ours' | 'ratio';
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface Machine {
  readonly node: string;
  /** Variant of the STARK-field kernel that this Node selects. */
  readonly kernel: string;
  readonly cores: number;
  readonly cpuModel: string;
  /** One-minute load average when the row was done. */
  readonly load: number;
}

export const noFigures: Figures = {
  ours: null,
  baseline: null,
  ratio: null,
  range: null,
  oursRange: null,
  rounds: 0,
  cpu: { ours: null, baseline: null },
  wall: { ours: null, baseline: null },
};

export function meets(goal: Goal, figures: Figures): boolean | null {
  const value = figures[goal.figure];
  if (value === null) return null;
  return value >= (goal.atLeast ?? Number.NEGATIVE_INFINITY) && value <= (goal.atMost ?? Number.POSITIVE_INFINITY);
}
