import type { L1Range } from './core-contract.ts';
import { asksTooMuch } from './json-rpc.ts';

/** Reads long ranges in windows as large as the node allows, which differs between providers and with what is in them. */
export interface LogWindows {
  /**
   * Calls `read` for windows that together make up the range, ascending. A window that the node finds too large is
   * halved and tried again; after each success the next is larger. @throws What `read` throws otherwise.
   */
  forEach(range: L1Range, read: (window: L1Range) => Promise<void>): Promise<void>;
}

export function createLogWindows(): LogWindows {
  let size = WINDOW_BLOCKS;
  return {
    async forEach(range, read) {
      for (let from = range.from; from <= range.to; ) {
        const window = { from, to: Math.min(range.to, from + size - 1) };
        try {
          await read(window);
        } catch (error) {
          const length = window.to - window.from + 1;
          if (length === 1 || !asksTooMuch(error)) throw error;
          size = Math.floor(length / 2);
          continue;
        }
        from = window.to + 1;
        size = Math.min(WINDOW_BLOCKS_MAX, Math.ceil(size * GROWTH));
      }
    },
  };
}

/** What the large providers allow at least. */
export const WINDOW_BLOCKS = 2_000;
export const WINDOW_BLOCKS_MAX = 10_000;
/** Slower than halving, or every second question would be refused. */
const GROWTH = 1.25;
