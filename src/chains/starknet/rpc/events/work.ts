import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * What one call has done so far, in estimated microseconds: counted and not measured, so that the same call gives the
 * same page wherever it runs.
 */
export class Work {
  readonly #max: number;
  readonly #signal: AbortSignal;
  #spent = 0;
  #spentAtTurn = 0;

  constructor(options: { readonly max: number; readonly signal: AbortSignal }) {
    this.#max = options.max;
    this.#signal = options.signal;
  }

  spend(cost: number): void {
    this.#spent += cost;
  }

  /** Whether the call has had its share and should answer with what it has. */
  get isOver(): boolean {
    return this.#spent >= this.#max;
  }

  /** Whether others should be let run. */
  get isTurnOver(): boolean {
    return this.#spent - this.#spentAtTurn >= TURN_COST;
  }

  /** Lets others run. @throws the signal's reason when nobody waits for the answer any more. */
  async endTurn(): Promise<void> {
    await nextTurn();
    this.#signal.throwIfAborted();
    this.#spentAtTurn = this.#spent;
  }
}

/** Chosen: nobody else waits longer than this for one call, but for a block that takes longer by itself. */
const TURN_COST = 10_000;
