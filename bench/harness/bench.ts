import type { FeltHasher } from '../../src/crypto/index.ts';
import type { Figures, Goal, Row, Unit } from './row.ts';

/** A program that measures one or a few rows. Each runs in a process of its own. */
export interface Bench {
  /** Names of the rows it gives, for the filter. */
  readonly rows: readonly string[];
  run(context: BenchContext): AsyncIterable<RowResult> | Iterable<RowResult>;
}

export interface BenchContext {
  /** Rounds that count. */
  readonly rounds: number;
  /** A short run, to see that everything works: smaller workloads where the full ones take long. */
  readonly quick: boolean;
  /** Whether the filter asks for a row; a bench of several measures only those. */
  readonly wants: (row: string) => boolean;
  /** The fastest hasher of this engine, made on first use. */
  readonly hasher: () => FeltHasher;
}

/** A row without what is the same for all rows of a run. */
export interface RowResult {
  readonly bench: string;
  readonly workload: string;
  readonly unit: Unit;
  readonly baselineName: string | null;
  readonly checked: boolean;
  readonly figures: Figures;
  readonly goal?: Goal;
  readonly skipped?: string;
  readonly detail?: Row['detail'];
  readonly warmUpRounds?: number;
}
