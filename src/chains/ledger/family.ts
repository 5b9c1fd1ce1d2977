import { SynclineError } from '../../lib/index.ts';
import type { ChainFamily, NetworkOption } from '../family.ts';
import { ledger } from './ledger.ts';
import type { LedgerOptions } from './params.ts';

/** The ledger as the command line sees it. */
export const family: ChainFamily = {
  // Its blocks come from peers, which this version does not have; stores made through the library can be read.
  networks: [],
  protocol: 'ledger blocks, header version 1',
  create: (network) => (typeof network === 'string' ? ledger() : ledger(optionsOf(network))),
  fromIdentity(identity) {
    const known = ledger();
    if (known.identity === identity) return known;
    throw new SynclineError('NETWORK_UNDESCRIBED', 'caller', 'the folder is of a ledger whose genesis is not known', {
      data: { got: identity, exitCode: 2, fix: 'describe its genesis in a file for --network' },
    });
  },
  describe(network) {
    const { family, tips } = ledger();
    return { family, network, tips };
  },
};

/** A network of one's own, `{ name, genesis }`; the parser of the ledger's options looks at the rest. */
function optionsOf({ name, genesis }: Exclude<NetworkOption, string>): LedgerOptions {
  return { network: name, genesis } as LedgerOptions; // checked there
}
