import type { FeltHasher } from '../../../crypto/index.ts';
import { equalBytes, isZeroBytes } from '../../../lib/index.ts';
import { FELT_ZERO, feltFromAscii, feltFromBigint, feltToBigint, joinFelts, NO_FELTS } from '../felt.ts';
import type { Felt, Felts, ResourceBound, Transaction, V3Fields } from '../types.ts';
import { hashGroups, pedersenArrays, poseidonArrays } from './hashing.ts';

/** The parts of a transaction that are hashed before the transaction itself. */
export interface TransactionInputs {
  /**
   * Hashes of the inner lists. Before version 3 there is one, over the calldata or what stands in its place. In
   * version 3: fee fields, paymaster data, then by type as `v3Lists` gives them.
   */
  readonly hashes: readonly Felt[];
  /** Whether a DEPLOY's address follows from its class hash, salt and calldata; true for all other types. */
  readonly addressHolds: boolean;
}

/** Hashes the inner lists of all transactions: one Pedersen and one Poseidon batch, and one for DEPLOY addresses. */
export function hashTransactionInputs(
  hasher: FeltHasher,
  transactions: readonly Transaction[],
): readonly TransactionInputs[] {
  const plans = transactions.map(planOf);
  const pedersen = hashGroups(
    (lists) => pedersenArrays(hasher, lists),
    plans.map((plan) => (plan.isV3 ? [] : plan.lists)),
  );
  const poseidon = hashGroups(
    (lists) => poseidonArrays(hasher, lists),
    plans.map((plan) => (plan.isV3 ? plan.lists : [])),
  );
  const hashes = plans.map(({ isV3 }, i) => (isV3 ? poseidon : pedersen)[i] as readonly Felt[]); // aligned with the plans
  const addressHolds = checkDeployAddresses(hasher, transactions, hashes);
  return hashes.map((own, i) => ({ hashes: own, addressHolds: addressHolds[i] as boolean })); // aligned
}

interface InputPlan {
  readonly isV3: boolean;
  readonly lists: readonly Felts[];
}

function planOf(transaction: Transaction): InputPlan {
  switch (transaction.type) {
    case 'INVOKE_V3':
    case 'DECLARE_V3':
    case 'DEPLOY_ACCOUNT_V3':
      return { isV3: true, lists: v3Lists(transaction) };
    default:
      return { isV3: false, lists: [calldataOf(transaction)] };
  }
}

type V3Transaction = Extract<Transaction, { type: `${string}_V3` }>;

/** Fee fields, paymaster data, then what the type adds. */
function v3Lists(transaction: V3Transaction): readonly Felts[] {
  const common = [feeFields(transaction), transaction.paymasterData];
  switch (transaction.type) {
    case 'INVOKE_V3': {
      const { accountDeploymentData, calldata, proofFacts } = transaction;
      const lists = [...common, accountDeploymentData, calldata];
      return proofFacts.length === 0 ? lists : [...lists, proofFacts];
    }
    case 'DECLARE_V3':
      return [...common, transaction.accountDeploymentData];
    case 'DEPLOY_ACCOUNT_V3':
      return [...common, transaction.constructorCalldata];
  }
}

/** What stands in the place of the calldata in the Pedersen forms. */
function calldataOf(transaction: Exclude<Transaction, V3Transaction>): Felts {
  switch (transaction.type) {
    case 'INVOKE_V0':
    case 'INVOKE_V1':
    case 'L1_HANDLER':
      return transaction.calldata;
    case 'DECLARE_V0':
      return NO_FELTS;
    case 'DECLARE_V1':
    case 'DECLARE_V2':
      return joinFelts(transaction.classHash);
    case 'DEPLOY':
      return transaction.constructorCalldata;
    case 'DEPLOY_ACCOUNT_V1':
      return joinFelts(transaction.classHash, transaction.contractAddressSalt, transaction.constructorCalldata);
  }
}

/** Tip and packed bounds. The third bound counts when the field is present, even if it is zero. */
function feeFields({ tip, l1Gas, l2Gas, l1DataGas }: V3Fields): Felts {
  const bounds = joinFelts(tip, packBound(L1_GAS, l1Gas), packBound(L2_GAS, l2Gas));
  return l1DataGas === null ? bounds : joinFelts(bounds, packBound(L1_DATA, l1DataGas));
}

/**
 * A bound as one felt, big-endian: resource name 8 bytes, amount 8 bytes, price per unit 16 bytes. The parsers let
 * nothing pass that would not fit.
 * @see SNIP-8, "Transaction hash"
 */
function packBound(name: Felt, { maxAmount, maxPricePerUnit }: ResourceBound): Felt {
  const out = new Uint8Array(32);
  out.set(name.subarray(24), 0);
  out.set(maxAmount.subarray(24), 8);
  out.set(maxPricePerUnit.subarray(16), 16);
  return out as Felt; // names have 7 characters at most, so the first byte is 0
}

const L1_GAS = feltFromAscii('L1_GAS');
const L2_GAS = feltFromAscii('L2_GAS');
/** Hashed under this name, though the gateway calls it L1_DATA_GAS. */
const L1_DATA = feltFromAscii('L1_DATA');

function checkDeployAddresses(
  hasher: FeltHasher,
  transactions: readonly Transaction[],
  hashes: readonly (readonly Felt[])[],
): readonly boolean[] {
  const holds = transactions.map(() => true);
  const deploys: { index: number; address: Felt; list: Felts }[] = [];
  transactions.forEach((transaction, index) => {
    // Some captures of early 2022 leave the class hash out, which reads as zero: then there is nothing to derive from.
    if (transaction.type !== 'DEPLOY' || isZeroBytes(transaction.classHash)) return;
    const calldataHash = hashes[index]?.[0] as Felt; // a DEPLOY has one inner list
    const { classHash, contractAddressSalt: salt, contractAddress: address } = transaction;
    deploys.push({
      index,
      address,
      list: joinFelts(CONTRACT_ADDRESS_PREFIX, FELT_ZERO, salt, classHash, calldataHash),
    });
  });
  const derived = pedersenArrays(
    hasher,
    deploys.map((deploy) => deploy.list),
  );
  deploys.forEach(({ index, address }, i) => {
    holds[index] = equalBytes(reduceAddress(derived[i] as Felt), address); // one hash per list
  });
  return holds;
}

/** @see https://docs.starknet.io/learn/protocol/contract-address; the deployer of a DEPLOY transaction is 0. */
const CONTRACT_ADDRESS_PREFIX = feltFromAscii('STARKNET_CONTRACT_ADDRESS');

function reduceAddress(hash: Felt): Felt {
  return feltFromBigint(feltToBigint(hash) % ADDRESS_BOUND);
}

/** @see cairo-lang, `storage.cairo`, `ADDR_BOUND`: 2^251 - 256 */
const ADDRESS_BOUND = 2n ** 251n - 256n;
