import type { BlockDraft, DraftSite, TransactionDraft } from './draft.ts';
import { makeCairo0Class } from './draft-class.ts';
import { draftFirstCairo0Declare, draftFirstDeclare, draftGivenDeclare } from './draft-declare.ts';
import { type DiffOptions, draftStateDiff } from './draft-state-diff.ts';
import { draftDeployAccount, draftTransaction } from './draft-transaction.ts';

/**
 * Drafts block 0: first classes of both kinds, the fee token, accounts and the contracts they will call. The class of
 * the token is named by its deployment alone, as the first ones of Starknet were.
 */
export function draftGenesis(site: DraftSite, { contracts }: { readonly contracts: number }): BlockDraft {
  const { random, world, changes } = site;
  const drafts = Array.from({ length: FIRST_CLASSES }, () => draftFirstDeclare(site));
  for (let i = 0; i < FIRST_CAIRO0_CLASSES; i++) drafts.push(draftFirstCairo0Declare(site));
  for (const given of site.given) drafts.push(draftGivenDeclare(site, null, given));
  const undeclared = makeCairo0Class(site);
  const accounts = Math.min(ACCOUNTS_MAX, Math.floor(contracts / 2));
  for (let i = 0; i < contracts - accounts; i++) {
    const { classHash } = i === 0 ? undeclared : random.pick(world.classes);
    const contract = { address: random.felt(), isAccount: false, classHash, nonce: 0, balanceKey: random.felt() };
    changes.deployed.push(world.addContract(contract));
  }
  for (let i = 0; i < accounts; i++) drafts.push(draftDeployAccount(site));
  return finish(site, drafts, { height: 0, storageUpdates: contracts, hashToStore: null, isEmpty: false });
}

/** Drafts any other block. */
export function draftBlock(site: DraftSite, options: DiffOptions & { readonly transactions: number }): BlockDraft {
  const drafts = site.given.map((given) => draftGivenDeclare(site, site.random.pick(site.world.accounts), given));
  for (let i = 0; i < options.transactions; i++) drafts.push(draftTransaction(site));
  return finish(site, drafts, options);
}

function finish(site: DraftSite, drafts: readonly TransactionDraft[], options: DiffOptions): BlockDraft {
  return {
    transactions: drafts.map(({ transaction }) => transaction),
    receipts: drafts.map(({ receipt }, transactionIndex) => ({ ...receipt, transactionIndex })),
    stateDiff: draftStateDiff(site, options),
  };
}

const FIRST_CLASSES = 3;
/** With the undeclared one, one of each era. */
const FIRST_CAIRO0_CLASSES = 2;
const ACCOUNTS_MAX = 16;
