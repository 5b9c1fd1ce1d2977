import { type Env, equalBytes, type Logger, toSynclineError } from '../../../../lib/index.ts';
import { feltToHex } from '../../felt.ts';
import type { Felt } from '../../types.ts';
import type { GatewayClient } from './gateway-client.ts';
import { readPublicKey } from './public-key.ts';

export interface KeyWatchOptions {
  readonly client: GatewayClient;
  /** Of the source. */
  readonly id: string;
  /** The key that the network is known by, x-coordinate. */
  readonly pinned: Felt;
  readonly env: Env;
  readonly log: Logger;
}

/**
 * Compares the key that a gateway tells with the pinned one, at first and once an hour. Another key is told as an
 * error each time: either the network has changed its key and this node has to learn it, or the gateway is false.
 * Signatures are verified against the pinned key all the same.
 *
 * @returns To be called now and then; it asks only when it is time, and never throws for what the gateway does.
 * @see Starknet feeder gateway, `get_public_key`.
 */
export function createKeyWatch({
  client,
  id,
  pinned,
  env,
  log,
}: KeyWatchOptions): (signal: AbortSignal) => Promise<void> {
  let dueMs = 0;
  return async (signal) => {
    if (env.nowMs() < dueMs) return;
    dueMs = env.nowMs() + INTERVAL_MS;
    try {
      const told = await readPublicKey(client, signal);
      if (told === null || equalBytes(told, pinned)) return;
      log.error('gateway signs with another key than the pinned one', {
        source: id,
        expected: feltToHex(pinned),
        got: feltToHex(told),
        fix: 'if the network has announced a new key, name it as `publicKey` in a network file; else drop this source',
      });
    } catch (thrown) {
      const error = toSynclineError(thrown);
      if (signal.aborted || (error.fault !== 'source' && error.fault !== 'peer')) throw thrown;
      log.debug('gateway did not tell its key', { source: id, code: error.code });
    }
  };
}

const INTERVAL_MS = 3_600_000;
