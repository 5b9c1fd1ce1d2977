import {
  FELT_ZERO,
  type Felt,
  feltFromAscii,
  feltFromBigint,
  feltFromNumber,
  NO_FELTS,
  type ResourceBound,
  type V3Fields,
} from '../../chains/starknet/index.ts';
import type { DraftSite, TransactionDraft } from './draft.ts';
import { declaresBlake2s, makeCairo0Class, makeGivenClass, makeSierraClass } from './draft-class.ts';
import { draftReceipt } from './draft-receipt.ts';
import { useNonce, v3Fields } from './draft-v3.ts';
import type { GivenDeclaration } from './given-class.ts';
import type { DevnetContract } from './world.ts';

/** Drafts a declaration: of a Sierra class, or before 0.14 now and then of a Cairo 0 class. */
export function draftDeclare(site: DraftSite, sender: DevnetContract): TransactionDraft {
  const isOld = !declaresBlake2s(site.version) && site.random.chance(0.3);
  return isOld ? declareCairo0(site, sender, makeCairo0Class(site).classHash) : declareNewSierra(site, sender);
}

/** Drafts the declaration of a class from elsewhere. @param sender Null in genesis, as for `draftFirstDeclare`. */
export function draftGivenDeclare(
  site: DraftSite,
  sender: DevnetContract | null,
  given: GivenDeclaration,
): TransactionDraft {
  const { classHash } = makeGivenClass(site, given);
  const { compiledClassHash } = given;
  if (compiledClassHash !== null) return declareSierra(site, sender, { classHash, compiledClassHash });
  return sender === null ? declareFirstCairo0(site, classHash) : declareCairo0(site, sender, classHash);
}

/** Drafts the declaration of a Sierra class in genesis. The bootstrap account signs and pays nothing. */
export function draftFirstDeclare(site: DraftSite): TransactionDraft {
  return declareNewSierra(site, null);
}

/** As `draftFirstDeclare`, of a Cairo 0 class. */
export function draftFirstCairo0Declare(site: DraftSite): TransactionDraft {
  return declareFirstCairo0(site, makeCairo0Class(site).classHash);
}

function declareFirstCairo0(site: DraftSite, classHash: Felt): TransactionDraft {
  site.changes.oldDeclared.push(classHash);
  return {
    transaction: {
      type: 'DECLARE_V0',
      hash: FELT_ZERO,
      version: 0,
      signature: NO_FELTS,
      senderAddress: BOOTSTRAP,
      classHash,
      maxFee: FELT_ZERO,
      nonce: FELT_ZERO,
      compiledClassHash: null,
    },
    receipt: receiptOf(site, null),
  };
}

function declareNewSierra(site: DraftSite, sender: DevnetContract | null): TransactionDraft {
  const { classHash, compiled, form } = makeSierraClass(site);
  const compiledClassHash: Felt = compiled?.[form ?? 'blake2s'] ?? FELT_ZERO; // a Sierra class has both
  return declareSierra(site, sender, { classHash, compiledClassHash });
}

function declareSierra(
  site: DraftSite,
  sender: DevnetContract | null,
  declared: { readonly classHash: Felt; readonly compiledClassHash: Felt },
): TransactionDraft {
  const { classHash, compiledClassHash } = declared;
  site.changes.declared.push(declared);
  const fields = sender === null ? BOOTSTRAP_FIELDS : v3Fields(site, useNonce(site, sender));
  return {
    transaction: {
      type: 'DECLARE_V3',
      hash: FELT_ZERO,
      version: 3,
      signature: sender === null ? NO_FELTS : site.random.felts(2),
      ...fields,
      senderAddress: sender?.address ?? BOOTSTRAP,
      classHash,
      compiledClassHash,
      accountDeploymentData: NO_FELTS,
    },
    receipt: receiptOf(site, sender),
  };
}

function declareCairo0(site: DraftSite, sender: DevnetContract, classHash: Felt): TransactionDraft {
  site.changes.oldDeclared.push(classHash);
  return {
    transaction: {
      type: 'DECLARE_V1',
      hash: FELT_ZERO,
      version: 1,
      signature: site.random.felts(2),
      senderAddress: sender.address,
      classHash,
      maxFee: feltFromBigint(MAX_FEE_WEI),
      nonce: feltFromNumber(useNonce(site, sender)),
      compiledClassHash: null,
    },
    receipt: receiptOf(site, sender),
  };
}

function receiptOf(site: DraftSite, payer: DevnetContract | null) {
  return draftReceipt(site, { payer, events: [], messages: [], revertError: null });
}

/** Some cents; chosen. */
const MAX_FEE_WEI = 10n ** 15n;
const NO_BOUND: ResourceBound = { maxAmount: FELT_ZERO, maxPricePerUnit: FELT_ZERO };

/** The sender of a new network's first declarations. @see sequencer, `crates/blockifier`, bootstrap declare */
const BOOTSTRAP = feltFromAscii('BOOTSTRAP');
const BOOTSTRAP_FIELDS: V3Fields = {
  nonce: FELT_ZERO,
  tip: FELT_ZERO,
  l1Gas: NO_BOUND,
  l2Gas: NO_BOUND,
  l1DataGas: NO_BOUND,
  paymasterData: NO_FELTS,
  nonceDataAvailabilityMode: 0,
  feeDataAvailabilityMode: 0,
};
