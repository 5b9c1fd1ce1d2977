import { createFeltHasher, type FeltHasher } from '../../../crypto/index.ts';
import { RpcFault } from '../../../engine/index.ts';
import { toSynclineError } from '../../../lib/index.ts';
import type { L1Messages } from '../l1-messages.ts';
import type { NetworkParams } from '../params.ts';
import { l1HandlerHashes } from '../rules/index.ts';
import type { Felt, MessageToL2 } from '../types.ts';

/** The transactions of L2 that handle what a transaction of L1 sent. */
export interface L1Handlers {
  /**
   * For each message, in the order of sending, the hashes that its handler may have; the first is that of the current
   * form. Null where L1 knows no such transaction.
   *
   * @param transaction Hash of the transaction of L1, `0x` and 64 lower-case digits.
   * @throws {RpcFault} Internal error where L1 gives no answer. The signal's reason.
   */
  hashesOf(
    transaction: string,
    options: { readonly signal: AbortSignal },
  ): Promise<readonly (readonly Felt[])[] | null>;
}

export function createL1Handlers(messages: L1Messages, { chainIds }: NetworkParams): L1Handlers {
  // Made with the first question: most nodes are never asked.
  let hasher: FeltHasher | null = null;
  // For as long as the messages themselves are remembered: many large ones take a fraction of a second to hash.
  const known = new WeakMap<readonly MessageToL2[], readonly (readonly Felt[])[]>();
  return {
    async hashesOf(transaction, { signal }) {
      let sent: readonly MessageToL2[] | null;
      try {
        sent = await messages.sentMessages(transaction, { signal });
      } catch (error) {
        throw signal.aborted ? signal.reason : withoutAnswer(error);
      }
      if (sent === null) return null;
      hasher ??= createFeltHasher();
      const hashes = known.get(sent) ?? l1HandlerHashes(hasher, sent, chainIds);
      known.set(sent, hashes);
      return hashes;
    },
  };
}

/** Sources name no secrets in their messages; anything but a source's failure is for the log. */
function withoutAnswer(error: unknown): unknown {
  const { fault, code, message } = toSynclineError(error);
  if (fault !== 'source') return error;
  const data = { reason: `L1 gave no answer: ${message}`, code };
  return new RpcFault({ code: INTERNAL_ERROR, message: 'Internal error', data });
}

/** @see https://www.jsonrpc.org/specification, "Error object" */
const INTERNAL_ERROR = -32603;
