import { equalBytes, toSynclineError } from '../../lib/index.ts';
import type { CheckVerdict, InspectOptions } from '../family.ts';
import { feltToHex, parseFelt } from './felt.ts';
import { parseNetwork } from './params.ts';
import { fetchPublicKey } from './sources/index.ts';

/** Compares the key of a gateway with the one that its network is known by. Other sources have none to tell. */
export async function inspectSource(url: URL, options: InspectOptions): Promise<readonly CheckVerdict[]> {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return [];
  const name = 'public-key';
  const { chain, settings, env, log, signal } = options;
  const { network } = chain.options as { readonly network: Parameters<typeof parseNetwork>[0] }; // as `starknet` makes it
  const { publicKey, name: networkName } = parseNetwork(network);
  const key = settings['gateway.key'];
  try {
    const got = await fetchPublicKey({ url, env, log, signal, ...(key == null ? {} : { key }) });
    if (got === null) return [{ name, ok: null, reason: 'the gateway does not tell its public key' }];
    if (publicKey === null)
      return [{ name, ok: null, got: feltToHex(got), reason: `no key of ${networkName} is pinned` }];
    const expected = parseFelt(publicKey);
    return [{ name, ok: equalBytes(expected, got), expected: feltToHex(expected), got: feltToHex(got) }];
  } catch (error) {
    return [{ name, ok: null, reason: toSynclineError(error).message }];
  }
}
