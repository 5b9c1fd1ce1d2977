import type { Chain } from '../../engine/index.ts';
import { SynclineError, toHex } from '../../lib/index.ts';
import { type LedgerGenesis, type LedgerOptions, type LedgerParams, parseLedgerOptions } from './params.ts';
import { genesisHash } from './rules/genesis.ts';

/**
 * The ledger as a node sees it. Its blocks come from peers; no URL leads to one yet.
 *
 * @throws {SynclineError} `LEDGER_OPTIONS_INVALID` (fault `caller`).
 */
export function ledger(options: LedgerOptions = {}): Chain {
  const params = parseLedgerOptions(options);
  const genesis = genesisHash(params);
  return {
    family: 'ledger',
    network: params.network,
    tips: { provisional: 'proposed', confirmed: 'committed' },
    identity: `ledger:${params.network}:${toHex(genesis)}`,
    // Workers run the build, tests the sources: the module beside this one has this one's extension.
    rulesModule: new URL(`./rules-module${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
    options: { network: params.network, genesis: plainGenesis(params) },
    createSource(url) {
      throw new SynclineError('SOURCE_UNSUPPORTED', 'caller', 'the ledger has no source of this kind', {
        data: { url: url.href },
      });
    },
    defaultSources: [],
    genesisHash: genesis,
  };
}

/** The genesis as options have it, spelled out even where it was a default: what workers and data folders rely on. */
function plainGenesis(params: LedgerParams): LedgerGenesis {
  return {
    chainId: params.chainId,
    timestampS: params.genesisTimestampS,
    validators: params.validators.map(toHex),
    accounts: params.accounts.map(({ address, balance }) => ({ address: toHex(address), balance: balance.toString() })),
  };
}
