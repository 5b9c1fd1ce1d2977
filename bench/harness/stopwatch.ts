/** Adds up processor time, all threads, by stage. Stages may lie inside one another: each has its own sum. */
export interface Stopwatch<Stage extends string> {
  /** Runs synchronous work and counts its time. */
  during<Result>(stage: Stage, work: () => Result): Result;
  /** Milliseconds since the last call, by stage; begins anew. */
  take(): Readonly<Record<Stage, number>>;
}

export function createStopwatch<Stage extends string>(stages: readonly Stage[]): Stopwatch<Stage> {
  const zeros = () => Object.fromEntries(stages.map((stage) => [stage, 0])) as Record<Stage, number>; // of all stages
  let sums = zeros();
  return {
    during(stage, work) {
      const before = process.cpuUsage();
      const result = work();
      const { user, system } = process.cpuUsage(before);
      sums[stage] += (user + system) / 1000;
      return result;
    },
    take() {
      const taken = sums;
      sums = zeros();
      return taken;
    },
  };
}
