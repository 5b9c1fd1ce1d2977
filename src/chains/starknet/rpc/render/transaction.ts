import { FELT_ZERO, feltToHex } from '../../felt.ts';
import type { ResourceBound, Transaction, V3Fields } from '../../types.ts';
import { hexList, type RenderedObject } from './felts.ts';

export interface TransactionForm {
  /** `TXN_WITH_HASH` rather than `TXN`. */
  readonly hash: boolean;
  /** With `proof_facts` of an invoke v3, empty where it has none: the flag `INCLUDE_PROOF_FACTS` of 0.10. */
  readonly proofFacts: boolean;
}

/**
 * A transaction as it stands in a block, the same in 0.8 to 0.10 but for the proof facts.
 *
 * What early gateways typed as an invoke of an L1 handler is an `L1_HANDLER` here. L1 handlers from before their
 * messages had nonces have nonce 0, and bounds of L1 data gas are zero where a transaction has none, as with Pathfinder.
 * @see Starknet JSON-RPC specification, `TXN` and `TXN_WITH_HASH`
 */
export function renderTransaction(tx: Transaction, form: TransactionForm): RenderedObject {
  const rendered = renderBare(tx, form);
  return form.hash ? { transaction_hash: feltToHex(tx.hash), ...rendered } : rendered;
}

function renderBare(tx: Transaction, form: TransactionForm): RenderedObject {
  const common = { version: `0x${tx.version.toString(16)}`, signature: hexList(tx.signature) };
  switch (tx.type) {
    case 'INVOKE_V0':
      if (isL1Handler(tx)) return renderL1Handler(tx);
      return {
        type: 'INVOKE',
        ...common,
        max_fee: feltToHex(tx.maxFee),
        contract_address: feltToHex(tx.contractAddress),
        entry_point_selector: feltToHex(tx.selector),
        calldata: hexList(tx.calldata),
      };
    case 'INVOKE_V1':
      return {
        type: 'INVOKE',
        ...common,
        max_fee: feltToHex(tx.maxFee),
        nonce: feltToHex(tx.nonce),
        sender_address: feltToHex(tx.senderAddress),
        calldata: hexList(tx.calldata),
      };
    case 'INVOKE_V3':
      return {
        type: 'INVOKE',
        ...common,
        ...renderV3Fields(tx),
        sender_address: feltToHex(tx.senderAddress),
        calldata: hexList(tx.calldata),
        account_deployment_data: hexList(tx.accountDeploymentData),
        ...(form.proofFacts ? { proof_facts: hexList(tx.proofFacts) } : {}),
      };
    case 'DECLARE_V0':
    case 'DECLARE_V1':
    case 'DECLARE_V2':
      return {
        type: 'DECLARE',
        ...common,
        max_fee: feltToHex(tx.maxFee),
        sender_address: feltToHex(tx.senderAddress),
        class_hash: feltToHex(tx.classHash),
        ...(tx.type === 'DECLARE_V0' ? {} : { nonce: feltToHex(tx.nonce) }),
        ...(tx.compiledClassHash === null ? {} : { compiled_class_hash: feltToHex(tx.compiledClassHash) }),
      };
    case 'DECLARE_V3':
      return {
        type: 'DECLARE',
        ...common,
        ...renderV3Fields(tx),
        sender_address: feltToHex(tx.senderAddress),
        class_hash: feltToHex(tx.classHash),
        compiled_class_hash: feltToHex(tx.compiledClassHash),
        account_deployment_data: hexList(tx.accountDeploymentData),
      };
    case 'DEPLOY':
      return { type: 'DEPLOY', version: common.version, ...renderDeployment(tx) };
    case 'DEPLOY_ACCOUNT_V1':
      return {
        type: 'DEPLOY_ACCOUNT',
        ...common,
        max_fee: feltToHex(tx.maxFee),
        nonce: feltToHex(tx.nonce),
        ...renderDeployment(tx),
      };
    case 'DEPLOY_ACCOUNT_V3':
      return { type: 'DEPLOY_ACCOUNT', ...common, ...renderV3Fields(tx), ...renderDeployment(tx) };
    case 'L1_HANDLER':
      return renderL1Handler(tx);
    default:
      return tx satisfies never;
  }
}

/** A transaction's kind in the words of the specification. @see `TXN_TYPE` */
export function transactionKind(tx: Transaction): 'INVOKE' | 'DECLARE' | 'DEPLOY' | 'DEPLOY_ACCOUNT' | 'L1_HANDLER' {
  switch (tx.type) {
    case 'INVOKE_V0':
      return isL1Handler(tx) ? 'L1_HANDLER' : 'INVOKE';
    case 'INVOKE_V1':
    case 'INVOKE_V3':
      return 'INVOKE';
    case 'DECLARE_V0':
    case 'DECLARE_V1':
    case 'DECLARE_V2':
    case 'DECLARE_V3':
      return 'DECLARE';
    case 'DEPLOY':
      return 'DEPLOY';
    case 'DEPLOY_ACCOUNT_V1':
    case 'DEPLOY_ACCOUNT_V3':
      return 'DEPLOY_ACCOUNT';
    case 'L1_HANDLER':
      return 'L1_HANDLER';
    default:
      return tx satisfies never;
  }
}

/** A message from L1 that is being handled, also where the gateway of its time called it an invoke. */
export function isL1Handler(tx: Transaction): tx is L1Handler {
  return tx.type === 'L1_HANDLER' || (tx.type === 'INVOKE_V0' && tx.entryPointType === 'L1_HANDLER');
}

export type L1Handler =
  | Extract<Transaction, { type: 'L1_HANDLER' }>
  | (Extract<Transaction, { type: 'INVOKE_V0' }> & { readonly entryPointType: 'L1_HANDLER' });

function renderL1Handler(tx: L1Handler): RenderedObject {
  return {
    type: 'L1_HANDLER',
    version: '0x0',
    nonce: feltToHex(tx.nonce ?? FELT_ZERO),
    contract_address: feltToHex(tx.contractAddress),
    entry_point_selector: feltToHex(tx.selector),
    calldata: hexList(tx.calldata),
  };
}

function renderDeployment(
  tx: Extract<Transaction, { type: 'DEPLOY' | 'DEPLOY_ACCOUNT_V1' | 'DEPLOY_ACCOUNT_V3' }>,
): RenderedObject {
  return {
    contract_address_salt: feltToHex(tx.contractAddressSalt),
    constructor_calldata: hexList(tx.constructorCalldata),
    class_hash: feltToHex(tx.classHash),
  };
}

function renderV3Fields(tx: V3Fields): RenderedObject {
  return {
    nonce: feltToHex(tx.nonce),
    resource_bounds: {
      l1_gas: renderBound(tx.l1Gas),
      l1_data_gas: renderBound(tx.l1DataGas ?? NO_BOUND),
      l2_gas: renderBound(tx.l2Gas),
    },
    tip: feltToHex(tx.tip),
    paymaster_data: hexList(tx.paymasterData),
    nonce_data_availability_mode: renderMode(tx.nonceDataAvailabilityMode),
    fee_data_availability_mode: renderMode(tx.feeDataAvailabilityMode),
  };
}

const NO_BOUND: ResourceBound = { maxAmount: FELT_ZERO, maxPricePerUnit: FELT_ZERO };

function renderBound(bound: ResourceBound): RenderedObject {
  return { max_amount: feltToHex(bound.maxAmount), max_price_per_unit: feltToHex(bound.maxPricePerUnit) };
}

function renderMode(mode: number): 'L1' | 'L2' {
  return mode === 0 ? 'L1' : 'L2';
}
