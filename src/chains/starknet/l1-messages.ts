import type { Source } from '../../engine/index.ts';
import { toSynclineError } from '../../lib/index.ts';
import type { MessageToL2 } from './types.ts';

/** What L1 knows of its messages to L2. It says what was sent; whether it arrived is the store's to say. */
export interface L1Messages {
  /**
   * The messages that a transaction of L1 sent through the core contract, in the order of sending. Those with a number
   * that is no felt are left out: the contract takes them, and L2 never can.
   *
   * @param transaction Its hash, `0x` and 64 lower-case digits.
   * @returns Null where L1 knows no such transaction, or has it in no block yet.
   * @throws {SynclineError} Fault `source`. The signal's reason.
   */
  sentMessages(transaction: string, options: { readonly signal: AbortSignal }): Promise<readonly MessageToL2[] | null>;
}

/** Those of a node's sources that can be asked, as one; null where none can. The first that knows a transaction answers. */
export function findL1Messages(sources: readonly Source[]): L1Messages | null {
  const asked = sources.filter(knowsMessages);
  if (asked.length === 0) return null;
  return {
    async sentMessages(transaction, options) {
      let failure: unknown = null;
      for (const source of asked) {
        try {
          const messages = await source.sentMessages(transaction, options);
          if (messages !== null) return messages;
        } catch (error) {
          if (options.signal.aborted || toSynclineError(error).fault !== 'source') throw error;
          failure ??= error;
        }
      }
      // One that did not answer may be the one that knows it.
      if (failure !== null) throw failure;
      return null;
    },
  };
}

function knowsMessages(source: Source): source is Source & L1Messages {
  return 'sentMessages' in source;
}
