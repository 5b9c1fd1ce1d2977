import type { ChainFamily } from '../family.ts';
import { ledger } from './ledger.ts';

/** The ledger as the command line sees it. */
export const family: ChainFamily = {
  // Its blocks come from peers, which this version does not have; stores made through the library can be read.
  networks: [],
  protocol: 'ledger blocks, header version 1',
  create: () => ledger(),
  describe(network) {
    const { family, tips } = ledger();
    return { family, network, tips };
  },
};
