/** Rate and time left, from what was done in the last minute. Pure: times come in. */
export interface ProgressMeter {
  /** Tells how far we are. */
  note(done: number, nowMs: number): void;
  /** Units a second over the window; 0 until two notes are apart. */
  rate(nowMs: number): number;
  /** Seconds until `total` at this rate; null when nothing moves. */
  etaS(total: number, nowMs: number): number | null;
}

export function createProgressMeter(windowMs = 60_000): ProgressMeter {
  let notes: { done: number; atMs: number }[] = [];
  return {
    note(done, nowMs) {
      const last = notes[notes.length - 1];
      if (last !== undefined && done < last.done) notes = []; // rolled back: begin again
      // At most four notes a second are kept, so the window stays small however often it is told.
      if (last !== undefined && nowMs - last.atMs < 250 && notes.length > 1) notes.pop();
      notes.push({ done, atMs: nowMs });
      while (notes.length > 2 && nowMs - (notes[0]?.atMs ?? nowMs) > windowMs) notes.shift();
    },
    rate(nowMs) {
      const first = notes[0];
      const last = notes[notes.length - 1];
      if (first === undefined || last === undefined || nowMs <= first.atMs) return 0;
      return ((last.done - first.done) * 1000) / (nowMs - first.atMs);
    },
    etaS(total, nowMs) {
      const done = notes[notes.length - 1]?.done ?? 0;
      if (done >= total) return 0;
      const rate = this.rate(nowMs);
      return rate > 0 ? (total - done) / rate : null;
    },
  };
}
