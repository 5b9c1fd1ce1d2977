import { type Env, isSynclineError, type Logger, toSynclineError } from '../../../../lib/index.ts';
import { parseFelt } from '../../felt.ts';
import type { Felt } from '../../types.ts';
import { sourceError } from '../source-error.ts';
import { parseGatewayAddress } from './gateway-address.ts';
import {
  createGatewayClient,
  defaultGatewayBodyLimits,
  defaultGatewayTimeouts,
  type GatewayClient,
} from './gateway-client.ts';

export interface PublicKeyOptions {
  /** Base URL of the gateway. */
  readonly url: URL;
  /** API key. */
  readonly key?: string;
  readonly env: Env;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * The key that a gateway says its blocks are signed with, x-coordinate; null where it does not know the call.
 *
 * @throws {SynclineError} What `GatewayClient.get` does; `SOURCE_BAD_ANSWER` for what is no key.
 * @see Starknet feeder gateway, `get_public_key`.
 */
export async function fetchPublicKey({ url, key, env, log, signal }: PublicKeyOptions): Promise<Felt | null> {
  await using client = createGatewayClient({
    address: parseGatewayAddress(url),
    key: key ?? null,
    connectionsMax: 1,
    timeouts: defaultGatewayTimeouts,
    bodyLimits: defaultGatewayBodyLimits,
    env,
    log,
  });
  return await readPublicKey(client, signal); // before the client is closed
}

/** The same through a client that is open already. */
export async function readPublicKey(client: GatewayClient, signal: AbortSignal): Promise<Felt | null> {
  let body: Uint8Array;
  try {
    const response = await client.get('get_public_key', {}, { signal, bodyBytesMax: KEY_BYTES_MAX });
    if (response.status !== 200) return null;
    body = response.body;
  } catch (error) {
    if (isSynclineError(error) && error.data.status === 404) return null;
    throw error;
  }
  const text = Buffer.from(body).toString();
  try {
    return parseFelt(JSON.parse(text));
  } catch (error) {
    const got = client.quote(text).slice(0, 80);
    const { message } = toSynclineError(error);
    throw sourceError('SOURCE_BAD_ANSWER', 'answer is no public key', {
      expected: 'a field element',
      got,
      reason: message,
    });
  }
}

/** A felt in quotes, and room for white space. */
const KEY_BYTES_MAX = 1_024;
