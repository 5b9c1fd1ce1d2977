import type { ChainRules, SealedBlock, StateTransition, Verified } from '../../../engine/index.ts';
import type { LedgerParams } from '../params.ts';
import { decodeTransactions } from '../wire/transactions-codec.ts';
import { createAudit } from './audit.ts';
import { createAccountsBuild } from './build-accounts.ts';
import { examine, headerNeeds } from './examine.ts';
import { executeGenesis, executeTransfers } from './execute.ts';
import { genesisHash } from './genesis.ts';
import { hasMemo, verifyMemo } from './memos.ts';
import { createSignatureChecker } from './signatures.ts';
import { commitAccounts } from './state-trie.ts';
import { createHeaderVerifier } from './verify-header.ts';

/** The rules of one ledger chain. */
export function createLedgerRules(params: LedgerParams): ChainRules {
  const signatures = createSignatureChecker();
  const headerVerifier = createHeaderVerifier(params, genesisHash(params), signatures);
  const examineBlock: ChainRules['examine'] = (input) => examine(params, headerVerifier, signatures, input);
  return {
    needs: headerNeeds,
    examine: examineBlock,
    has: hasMemo,
    examinePart: verifyMemo,
    execute: (state, block) => executeBlock(params, state, block),
    commitState: (view, changed) => commitAccounts(view, changed),
    buildState: () => createAccountsBuild(),
    audit: createAudit(examineBlock),
  };
}

function executeBlock(params: LedgerParams, state: StateTransition, block: Verified<SealedBlock>): void {
  const { height } = block.ref;
  if (height === 0) executeGenesis(params, state);
  const bytes = block.parts.transactions;
  if (bytes === undefined) return;
  const transfers = decodeTransactions(bytes).transfers.map(({ transfer }) => transfer);
  executeTransfers(params, state, transfers, height);
}
