import { type Hash32, parseHash32, parseHeight, type StateTransition, type StateView } from '../../../engine/index.ts';
import { toHex } from '../../../lib/index.ts';
import type { LedgerParams } from '../params.ts';
import type { Header, PublicKey } from '../types.ts';
import { executeGenesis } from './execute.ts';
import { blockHash, transactionsRoot } from './hashes.ts';
import { commitAccounts } from './state-trie.ts';

/**
 * The header of block 0. Everything in it follows from the chain's options, so its hash is known without asking
 * anyone; only its signature has to be fetched.
 */
export function genesisHeader(params: LedgerParams): Header {
  return {
    chainId: params.chainId,
    height: parseHeight(0),
    parentHash: parseHash32(new Uint8Array(32)),
    timestampS: params.genesisTimestampS,
    proposer: params.validators[0] as PublicKey, // at least one, by the parser
    transactionsRoot: transactionsRoot([]),
    transactionCount: 0,
    appHash: genesisAppHash(params),
  };
}

export function genesisHash(params: LedgerParams): Hash32 {
  return blockHash(genesisHeader(params));
}

function genesisAppHash(params: LedgerParams): Hash32 {
  const accounts = new Map<string, Uint8Array>();
  const changed: Uint8Array[] = [];
  const state: StateTransition = {
    get: (key) => accounts.get(toHex(key)),
    set(key, value) {
      if (value === null) return; // genesis gives and takes nothing away
      accounts.set(toHex(key), value);
      changed.push(key);
    },
  };
  executeGenesis(params, state);
  const view: StateView = {
    get: (table, key) => (table === 'state' ? accounts.get(toHex(key)) : undefined),
    range: () => [],
    [Symbol.dispose]() {},
  };
  return commitAccounts(view, changed).root;
}
