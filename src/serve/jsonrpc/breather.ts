/**
 * Sees to it that calls which answer at once do not keep the event loop from everything else: sockets, timers, the sync.
 */
export interface Breather {
  /** Null when work may begin at once; otherwise wait, and ask again. */
  pause(): Promise<void> | null;
}

/** @param workMs How long work may go on without a turn of the event loop, unless one piece alone takes longer. */
export function createBreather(workMs = WORK_MS): Breather {
  let busySinceMs: number | null = null;
  let resting: Promise<void> | null = null;
  return {
    pause() {
      if (resting !== null) return resting;
      const nowMs = performance.now();
      if (busySinceMs === null) {
        busySinceMs = nowMs;
        setImmediate(() => {
          busySinceMs = null;
        });
      }
      if (nowMs - busySinceMs < workMs) return null;
      resting = new Promise((resolve) => {
        setImmediate(() => {
          resting = null;
          resolve();
        });
      });
      return resting;
    },
  };
}

/** Chosen: a good deal less than the 20 ms by which a loop at the tip may lag. */
const WORK_MS = 8;
