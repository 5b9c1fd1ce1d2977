import type { ChainFamily } from '../family.ts';
import { checkFiles } from './check.ts';
import { feltToHex } from './felt.ts';
import { NETWORKS } from './params.ts';
import { starknet } from './starknet.ts';

/** Starknet as the command line sees it. */
export const family: ChainFamily = {
  networks: [...Object.keys(NETWORKS), 'starknet-devnet'],
  protocol: 'Starknet blocks up to 0.14.2, feeder gateway',
  create: (network, settings) =>
    starknet({
      network,
      ...(settings['starknet.signature'] === 'warn' ? { signature: 'warn' } : {}),
      ...present('hashTable', settings['starknet.hash-table']),
      ...present('gatewayKey', settings['gateway.key']),
    }),
  describe(name) {
    const { family, network, tips } = starknet({ network: { name } });
    return { family, network, tips, formatHash: feltToHex };
  },
  check: async (files, { network, settings }) =>
    checkFiles(files, { network, ...present('hashTable', settings['starknet.hash-table']) }),
};

function present<Name extends string>(name: Name, value: string | null | undefined): { readonly [N in Name]?: string } {
  return (value === null || value === undefined ? {} : { [name]: value }) as { readonly [N in Name]?: string }; // one key
}
