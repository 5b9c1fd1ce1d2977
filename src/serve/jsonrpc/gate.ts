/** Lets so many in at a time; others wait in line, and when the line is full too they are turned away. */
export interface Gate {
  /** `in`, `full`, or a place in line. Whoever got in calls `leave`, once. */
  enter(): 'in' | 'full' | GatePlace;
  leave(): void;
  readonly inside: number;
  readonly waiting: number;
}

export interface GatePlace {
  /** Resolves when it is our turn: then we are in. */
  readonly turn: Promise<void>;
  /** Gives the place up, or the turn if it has come meanwhile. */
  cancel(): void;
}

export function createGate({ insideMax, waitingMax }: { insideMax: number; waitingMax: number }): Gate {
  const line = new Set<() => void>();
  let inside = 0;

  function leave(): void {
    const [next] = line;
    if (next === undefined) {
      inside--;
      return;
    }
    line.delete(next); // it takes our place, so that the number inside stays
    next();
  }

  return {
    enter() {
      if (inside < insideMax) {
        inside++;
        return 'in';
      }
      if (line.size >= waitingMax) return 'full';
      let call: () => void = () => {};
      const turn = new Promise<void>((resolve) => {
        call = resolve;
      });
      line.add(call);
      return {
        turn,
        cancel() {
          if (!line.delete(call)) leave();
        },
      };
    },
    leave,
    get inside() {
      return inside;
    },
    get waiting() {
      return line.size;
    },
  };
}
