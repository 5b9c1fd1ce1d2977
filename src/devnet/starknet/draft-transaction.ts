import {
  FELT_ZERO,
  type Felt,
  type Felts,
  feltAt,
  feltFromNumber,
  joinFelts,
  NO_FELTS,
} from '../../chains/starknet/index.ts';
import { accountAddress } from './contract-address.ts';
import type { DraftSite, TransactionDraft } from './draft.ts';
import { declaresBlake2s, makeCairo0Class } from './draft-class.ts';
import { draftDeclare } from './draft-declare.ts';
import { draftReceipt } from './draft-receipt.ts';
import { useNonce, v3Fields } from './draft-v3.ts';
import { selectorOf } from './selectors.ts';
import type { DevnetContract } from './world.ts';

/** Drafts the next transaction of a block: mostly invokes, some of each other type that blocks of 0.14 hold. */
export function draftTransaction(site: DraftSite): TransactionDraft {
  const percent = site.random.below(100);
  if (percent < 4) return draftDeclare(site, site.random.pick(site.active));
  if (percent < 8) return draftDeployAccount(site);
  if (percent < 14) return draftL1Handler(site);
  return draftInvoke(site);
}

/** Deploys an account that can send transactions from the next one on. */
export function draftDeployAccount(site: DraftSite): TransactionDraft {
  const { hasher, random, world, changes } = site;
  const { classHash } = random.pick(world.classes);
  const salt = random.felt();
  const constructorCalldata = random.felts(random.between(1, 3));
  const address = accountAddress(hasher, { classHash, salt, constructorCalldata });
  const account = world.addContract({ address, isAccount: true, classHash, nonce: 0, balanceKey: random.felt() });
  changes.deployed.push(account);
  return {
    transaction: {
      type: 'DEPLOY_ACCOUNT_V3',
      hash: FELT_ZERO,
      version: 3,
      signature: random.felts(2),
      ...v3Fields(site, useNonce(site, account)),
      contractAddress: address,
      classHash,
      contractAddressSalt: salt,
      constructorCalldata,
    },
    receipt: draftReceipt(site, {
      payer: account,
      events: [{ fromAddress: address, keys: ACCOUNT_CREATED, data: feltsOf(feltAt(constructorCalldata, 0)) }],
      messages: [],
      revertError: null,
    }),
  };
}

function draftL1Handler(site: DraftSite): TransactionDraft {
  const { random, world } = site;
  const contract = random.pick(world.contracts);
  const fromAddress = ethereumAddress(site);
  const payload = joinFelts(random.felt(), random.amount(), FELT_ZERO);
  const nonce = feltFromNumber(world.useMessageNonce());
  const message = { fromAddress, toAddress: contract.address, selector: HANDLE_DEPOSIT, payload, nonce };
  const isReverted = random.chance(0.03);
  return {
    transaction: {
      type: 'L1_HANDLER',
      hash: FELT_ZERO,
      version: 0,
      signature: NO_FELTS,
      contractAddress: contract.address,
      selector: HANDLE_DEPOSIT,
      calldata: joinFelts(fromAddress, payload),
      nonce,
    },
    receipt: {
      ...draftReceipt(site, {
        payer: null,
        events: isReverted ? [] : appEvents(site, contract, 1),
        messages: [],
        revertError: isReverted ? revertError(site) : null,
      }),
      consumedMessage: message,
    },
  };
}

function draftInvoke(site: DraftSite): TransactionDraft {
  const { random, world } = site;
  const sender = random.pick(site.active);
  const called = random.pick(world.contracts);
  const isReverted = random.chance(0.05);
  const deploysContract = !isReverted && random.chance(0.02);
  if (deploysContract) deployContract(site);
  return {
    transaction: {
      type: 'INVOKE_V3',
      hash: FELT_ZERO,
      version: 3,
      // Accounts decide what a signature is: mostly r and s, some name signers, a few want none.
      signature: random.chance(0.03) ? NO_FELTS : random.felts(random.chance(0.2) ? 5 : 2),
      ...v3Fields(site, useNonce(site, sender)),
      senderAddress: sender.address,
      calldata: callOf(site, called),
      accountDeploymentData: NO_FELTS,
      proofFacts: random.chance(0.02) ? random.felts(random.between(1, 6)) : NO_FELTS,
    },
    receipt: draftReceipt(site, {
      payer: sender,
      events: isReverted ? [] : appEvents(site, called, random.below(3)),
      messages: isReverted || !random.chance(0.08) ? [] : [messageToL1(site, called)],
      revertError: isReverted ? revertError(site) : null,
    }),
  };
}

/** A contract deployed by another one; its address is as good as any. */
function deployContract(site: DraftSite): void {
  const { random, world, changes, version } = site;
  // In older blocks a class may come into being by deployment, whose declaration nobody sees.
  const isNew = !declaresBlake2s(version) && random.chance(0.2);
  const { classHash } = isNew ? makeCairo0Class(site) : random.pick(world.classes);
  const contract = { address: random.felt(), isAccount: false, classHash, nonce: 0, balanceKey: random.felt() };
  changes.deployed.push(world.addContract(contract));
}

/** One call in the form that accounts of Cairo 1 take: count, address, selector, argument count, arguments. */
function callOf({ random }: DraftSite, { address }: DevnetContract): Felts {
  const count = random.between(1, 4);
  const call = [feltFromNumber(1), address, TRANSFER_SELECTOR, feltFromNumber(count)];
  for (let i = 0; i < count; i++) call.push(random.chance(0.4) ? random.felt() : feltFromNumber(random.below(2 ** 24)));
  return joinFelts(...call);
}

function appEvents({ random }: DraftSite, { address: fromAddress }: DevnetContract, count: number) {
  return Array.from({ length: count }, () => ({
    fromAddress,
    keys: joinFelts(random.pick(EVENT_SELECTORS), random.felts(random.below(3))),
    data: random.felts(random.below(4)),
  }));
}

function messageToL1(site: DraftSite, { address: fromAddress }: DevnetContract) {
  const { random } = site;
  const payload = joinFelts(FELT_ZERO, ethereumAddress(site), random.amount(), FELT_ZERO);
  return { fromAddress, toAddress: ethereumAddress(site), payload };
}

function ethereumAddress({ random }: DraftSite): Felt {
  const out = new Uint8Array(32);
  out.set(random.bytes(20), 12);
  return out as Felt; // 160 bits
}

/** Some are not ASCII, because their UTF-8 is what is hashed. */
function revertError({ random }: DraftSite): string {
  const text = random.pick(['Insufficient balance', 'argent/multicall-failed', "Expected “€” or 'é', got \u{1f980}\n"]);
  return `Transaction execution has failed:\n0: Error in the called contract: ${text}\n`;
}

function feltsOf(felt: Felt): Felts {
  return joinFelts(felt);
}

const HANDLE_DEPOSIT = selectorOf('handle_deposit');
const TRANSFER_SELECTOR = selectorOf('transfer');
const ACCOUNT_CREATED = feltsOf(selectorOf('AccountCreated'));
const EVENT_SELECTORS = ['Approval', 'Swap', 'Sync', 'OwnershipTransferred'].map(selectorOf);
