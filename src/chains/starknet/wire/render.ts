import { feltAt, feltCount, feltToHex } from '../felt.ts';
import type {
  Block,
  BlockSignature,
  Felt,
  Felts,
  GasVector,
  Header,
  MessageToL2,
  Receipt,
  ResourceBound,
  ResourcePrice,
  StateUpdate,
  Transaction,
  V3Fields,
} from '../types.ts';

/** A JSON object, ready for `JSON.stringify`. */
export type RenderedObject = Readonly<Record<string, unknown>>;

/**
 * Writes a block as the feeder gateway's `get_block` does in its newest shape (0.14). What the block does not have is
 * left out, so that parsing the result gives back an equal block.
 */
export function renderBlock(block: Block): RenderedObject {
  const { header } = block;
  return present({
    block_hash: hex(header.hash),
    parent_block_hash: hex(header.parentHash),
    block_number: header.number,
    state_root: hex(header.stateRoot),
    transaction_commitment: hex(header.transactionCommitment),
    event_commitment: hex(header.eventCommitment),
    receipt_commitment: hex(header.receiptCommitment),
    state_diff_commitment: hex(header.stateDiffCommitment),
    state_diff_length: header.stateDiffLength,
    status: header.status,
    l1_da_mode: header.l1DaMode,
    l1_gas_price: renderPrice(header.l1GasPrice),
    l1_data_gas_price: renderPrice(header.l1DataGasPrice),
    l2_gas_price: renderPrice(header.l2GasPrice),
    transactions: block.transactions.map(renderTransaction),
    timestamp: header.timestampS,
    sequencer_address: hex(header.sequencerAddress),
    transaction_receipts: block.receipts.map(renderReceipt),
    starknet_version: renderVersion(header),
  });
}

/** Writes a transaction as it stands in a block. */
export function renderTransaction(tx: Transaction): RenderedObject {
  const common = { transaction_hash: hex(tx.hash), version: `0x${tx.version.toString(16)}` };
  switch (tx.type) {
    case 'INVOKE_V0':
      return present({
        ...common,
        max_fee: hex(tx.maxFee),
        signature: hexList(tx.signature),
        nonce: hex(tx.nonce),
        contract_address: hex(tx.contractAddress),
        entry_point_selector: hex(tx.selector),
        entry_point_type: tx.entryPointType,
        calldata: hexList(tx.calldata),
        type: 'INVOKE_FUNCTION',
      });
    case 'INVOKE_V1':
      return {
        ...common,
        max_fee: hex(tx.maxFee),
        signature: hexList(tx.signature),
        nonce: hex(tx.nonce),
        sender_address: hex(tx.senderAddress),
        calldata: hexList(tx.calldata),
        type: 'INVOKE_FUNCTION',
      };
    case 'INVOKE_V3':
      return {
        ...common,
        signature: hexList(tx.signature),
        ...renderV3Fields(tx),
        sender_address: hex(tx.senderAddress),
        calldata: hexList(tx.calldata),
        account_deployment_data: hexList(tx.accountDeploymentData),
        // Absent where there are none, as in all blocks before 0.14.2.
        ...(tx.proofFacts.length === 0 ? {} : { proof_facts: hexList(tx.proofFacts) }),
        type: 'INVOKE_FUNCTION',
      };
    case 'DECLARE_V0':
    case 'DECLARE_V1':
    case 'DECLARE_V2':
      return present({
        ...common,
        max_fee: hex(tx.maxFee),
        signature: hexList(tx.signature),
        nonce: hex(tx.nonce),
        class_hash: hex(tx.classHash),
        compiled_class_hash: hex(tx.compiledClassHash),
        sender_address: hex(tx.senderAddress),
        type: 'DECLARE',
      });
    case 'DECLARE_V3':
      return {
        ...common,
        signature: hexList(tx.signature),
        ...renderV3Fields(tx),
        class_hash: hex(tx.classHash),
        compiled_class_hash: hex(tx.compiledClassHash),
        sender_address: hex(tx.senderAddress),
        account_deployment_data: hexList(tx.accountDeploymentData),
        type: 'DECLARE',
      };
    case 'DEPLOY':
      return {
        ...common,
        contract_address: hex(tx.contractAddress),
        contract_address_salt: hex(tx.contractAddressSalt),
        class_hash: hex(tx.classHash),
        constructor_calldata: hexList(tx.constructorCalldata),
        type: 'DEPLOY',
      };
    case 'DEPLOY_ACCOUNT_V1':
      return {
        ...common,
        max_fee: hex(tx.maxFee),
        signature: hexList(tx.signature),
        nonce: hex(tx.nonce),
        contract_address: hex(tx.contractAddress),
        contract_address_salt: hex(tx.contractAddressSalt),
        class_hash: hex(tx.classHash),
        constructor_calldata: hexList(tx.constructorCalldata),
        type: 'DEPLOY_ACCOUNT',
      };
    case 'DEPLOY_ACCOUNT_V3':
      return {
        ...common,
        signature: hexList(tx.signature),
        ...renderV3Fields(tx),
        sender_address: hex(tx.contractAddress),
        contract_address_salt: hex(tx.contractAddressSalt),
        class_hash: hex(tx.classHash),
        constructor_calldata: hexList(tx.constructorCalldata),
        type: 'DEPLOY_ACCOUNT',
      };
    case 'L1_HANDLER':
      return present({
        ...common,
        contract_address: hex(tx.contractAddress),
        entry_point_selector: hex(tx.selector),
        nonce: hex(tx.nonce),
        calldata: hexList(tx.calldata),
        type: 'L1_HANDLER',
      });
    default:
      return tx satisfies never;
  }
}

/** Writes a receipt as it stands in a block. */
export function renderReceipt(receipt: Receipt): RenderedObject {
  const resources = receipt.executionResources;
  return present({
    execution_status: receipt.revertError === null ? 'SUCCEEDED' : 'REVERTED',
    revert_error: receipt.revertError,
    transaction_index: receipt.transactionIndex,
    transaction_hash: hex(receipt.transactionHash),
    l1_to_l2_consumed_message: receipt.consumedMessage === null ? null : renderMessageToL2(receipt.consumedMessage),
    l2_to_l1_messages: receipt.messagesToL1.map((message) => ({
      from_address: hex(message.fromAddress),
      to_address: hex(message.toAddress),
      payload: hexList(message.payload),
    })),
    events: receipt.events.map((event) => ({
      from_address: hex(event.fromAddress),
      keys: hexList(event.keys),
      data: hexList(event.data),
    })),
    execution_resources:
      resources === null
        ? null
        : present({
            n_steps: resources.steps,
            builtin_instance_counter: { ...resources.builtins },
            n_memory_holes: resources.memoryHoles,
            data_availability: renderGas(resources.dataAvailability),
            total_gas_consumed: renderGas(resources.totalGasConsumed),
          }),
    actual_fee: hex(receipt.actualFee),
  });
}

/** Writes a state update as the feeder gateway's `get_state_update` does in its newest shape (0.14.1). */
export function renderStateUpdate(update: StateUpdate): RenderedObject {
  const diff = update.stateDiff;
  return {
    block_hash: hex(update.blockHash),
    new_root: hex(update.newRoot),
    old_root: hex(update.oldRoot),
    state_diff: {
      storage_diffs: Object.fromEntries(
        diff.storageDiffs.map(({ address, entries }) => [
          hex(address),
          entries.map(({ key, value }) => ({ key: hex(key), value: hex(value) })),
        ]),
      ),
      nonces: Object.fromEntries(diff.nonces.map(({ address, nonce }) => [hex(address), hex(nonce)])),
      deployed_contracts: diff.deployedContracts.map(renderContractClass),
      old_declared_contracts: diff.oldDeclaredContracts.map(hex),
      declared_classes: diff.declaredClasses.map(renderDeclaredClass),
      migrated_compiled_classes: diff.migratedCompiledClasses.map(renderDeclaredClass),
      replaced_classes: diff.replacedClasses.map(renderContractClass),
    },
  };
}

/** Writes a signature as the feeder gateway's `get_signature` does, in the form it has. */
export function renderSignature(signature: BlockSignature): RenderedObject {
  const pair = renderBareSignature(signature);
  if (signature.form === 'block-hash') return { block_hash: hex(signature.blockHash), signature: pair };
  return {
    block_number: signature.blockNumber,
    signature: pair,
    signature_input: {
      block_hash: hex(signature.blockHash),
      state_diff_commitment: hex(signature.stateDiffCommitment),
    },
  };
}

/** The bare `[r, s]` that comes with `get_state_update?includeBlock=true&includeSignature=true`. */
export function renderBareSignature(signature: BlockSignature): readonly [r: string, s: string] {
  return [hex(signature.r), hex(signature.s)];
}

function renderV3Fields(tx: V3Fields): RenderedObject {
  return {
    nonce: hex(tx.nonce),
    nonce_data_availability_mode: tx.nonceDataAvailabilityMode,
    fee_data_availability_mode: tx.feeDataAvailabilityMode,
    resource_bounds: {
      L1_GAS: renderBound(tx.l1Gas),
      L2_GAS: renderBound(tx.l2Gas),
      ...(tx.l1DataGas === null ? {} : { L1_DATA_GAS: renderBound(tx.l1DataGas) }),
    },
    tip: hex(tx.tip),
    paymaster_data: hexList(tx.paymasterData),
  };
}

function renderBound(bound: ResourceBound): RenderedObject {
  return { max_amount: hex(bound.maxAmount), max_price_per_unit: hex(bound.maxPricePerUnit) };
}

function renderPrice(price: ResourcePrice): RenderedObject | null {
  if (price.wei === null && price.fri === null) return null;
  return present({ price_in_wei: hex(price.wei), price_in_fri: hex(price.fri) });
}

function renderGas(gas: GasVector | null): RenderedObject | null {
  return gas === null ? null : { l1_gas: gas.l1Gas, l1_data_gas: gas.l1DataGas, l2_gas: gas.l2Gas };
}

function renderMessageToL2(message: MessageToL2): RenderedObject {
  return present({
    from_address: hex(message.fromAddress),
    to_address: hex(message.toAddress),
    selector: hex(message.selector),
    payload: hexList(message.payload),
    nonce: hex(message.nonce),
  });
}

function renderContractClass(contract: { readonly address: Felt; readonly classHash: Felt }): RenderedObject {
  return { address: hex(contract.address), class_hash: hex(contract.classHash) };
}

function renderDeclaredClass(declared: { readonly classHash: Felt; readonly compiledClassHash: Felt }): RenderedObject {
  return { class_hash: hex(declared.classHash), compiled_class_hash: hex(declared.compiledClassHash) };
}

function renderVersion(header: Header): string | null {
  return header.version === '' ? null : header.version;
}

function hex(felt: Felt): string;
function hex(felt: Felt | null): string | null;
function hex(felt: Felt | null): string | null {
  return felt === null ? null : feltToHex(felt);
}

function hexList(felts: Felts): string[] {
  const texts: string[] = [];
  for (let i = 0; i < feltCount(felts); i++) texts.push(feltToHex(feltAt(felts, i)));
  return texts;
}

/** The members that are not null: the gateway leaves out what there is none of. */
function present(members: RenderedObject): RenderedObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));
}
