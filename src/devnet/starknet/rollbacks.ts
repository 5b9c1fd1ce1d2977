import type { Env } from '../../lib/index.ts';
import type { StarknetDevnet } from './starknet-devnet.ts';

/** Roll-backs of a served devnet: the head falls, rests, and grows again to one block above where it was. */
export interface Rollbacks {
  /** Abandons the newest `depth` blocks at once. While one is under way, a further one only makes it deeper. */
  readonly start: (depth: number) => void;
  readonly underWay: boolean;
  /** Resolves when none is under way. Rejects if making blocks failed. */
  ended(): Promise<void>;
}

export function createRollbacks(around: {
  readonly devnet: StarknetDevnet;
  readonly env: Env;
  readonly signal: AbortSignal;
}): Rollbacks {
  const { devnet, env, signal } = around;
  /** Blocks that are to come back; 0 when no roll-back is under way. */
  let abandoned = 0;
  let growing = Promise.resolve();

  async function growAgain(): Promise<void> {
    try {
      await env.sleep(REST_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    const count = abandoned + 1;
    abandoned = 0;
    devnet.produce(count);
  }

  return {
    start(depth) {
      if (depth === 0) return;
      devnet.reorg({ depth, extend: 0 });
      const isFirst = abandoned === 0;
      abandoned += depth;
      if (!isFirst) return;
      growing = growing.then(growAgain);
      growing.catch(() => {}); // `ended` reports what went wrong
    },
    get underWay() {
      return abandoned > 0;
    },
    ended: () => growing,
  };
}

/** Long enough to be seen by nodes that ask for the head every second. Chosen. */
const REST_MS = 3_000;
