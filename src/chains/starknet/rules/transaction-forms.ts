import { FELT_ZERO, feltFromAscii, feltFromNumber, joinFelts, parseFelt } from '../felt.ts';
import type { Felt, Felts, Transaction, V3Fields } from '../types.ts';
import type { TransactionInputs } from './transaction-inputs.ts';

/**
 * One way a transaction may have been hashed.
 *
 * - `current`: Pedersen, from 0.8 on, for versions 0 to 2. - `v3`: Poseidon.
 * - `legacy`: before 0.8, without version and fee; L1 handlers under the prefix of an invoke.
 * - `l1-handler`: the current form of an L1 handler that its block types as an invoke.
 * - `l1-handler-0.7`: L1 handlers in the time of 0.7, with a nonce but without version and fee.
 */
export interface HashAttempt {
  readonly form: 'current' | 'v3' | 'legacy' | 'l1-handler' | 'l1-handler-0.7';
  readonly chainId: Felt;
  /** Of an L1 handler, null where neither it nor its receipt states one. */
  readonly nonce: Felt | null;
}

/**
 * The forms worth trying, the likeliest first, for each chain id in turn.
 * @param receiptNonce Nonce of the consumed L1 message, from the receipt.
 * @see Pathfinder, `crates/common/src/transaction.rs`, `verify_hash`, which tries the same forms
 */
export function attemptsFor(
  transaction: Transaction,
  receiptNonce: Felt | null,
  chainIds: readonly Felt[],
): readonly HashAttempt[] {
  const own = transaction.type === 'L1_HANDLER' || transaction.type === 'INVOKE_V0' ? transaction.nonce : null;
  const nonce = own ?? receiptNonce;
  const forms = formsOf(transaction, nonce !== null);
  return chainIds.flatMap((chainId) => forms.map((form) => ({ form, chainId, nonce })));
}

function formsOf(transaction: Transaction, hasNonce: boolean): readonly HashAttempt['form'][] {
  switch (transaction.type) {
    case 'INVOKE_V3':
    case 'DECLARE_V3':
    case 'DEPLOY_ACCOUNT_V3':
      return ['v3'];
    case 'DEPLOY':
      return ['current', 'legacy'];
    case 'INVOKE_V0':
      if (transaction.entryPointType !== 'L1_HANDLER') return ['current', 'legacy'];
      return hasNonce ? ['current', 'legacy', 'l1-handler-0.7', 'l1-handler'] : ['current', 'legacy'];
    case 'L1_HANDLER':
      return hasNonce ? ['current', 'legacy', 'l1-handler-0.7'] : ['legacy'];
    default:
      return ['current'];
  }
}

/** The felts whose array hash is the transaction hash under `attempt`. */
export function outerList(transaction: Transaction, inputs: TransactionInputs, attempt: HashAttempt): Felts {
  switch (transaction.type) {
    case 'INVOKE_V3':
    case 'DECLARE_V3':
    case 'DEPLOY_ACCOUNT_V3':
      return v3List(transaction, inputs.hashes, attempt.chainId);
    default:
      return pedersenList(transaction, inputs.hashes[0] as Felt, attempt); // versions below 3 have one inner list
  }
}

type V3Transaction = Extract<Transaction, { type: `${string}_V3` }>;

/** @see SNIP-8, "Transaction hash"; `proofFacts` since Starknet 0.14.2, hashed only when there are any. */
function v3List(transaction: V3Transaction, hashes: readonly Felt[], chainId: Felt): Felts {
  const [fee, paymaster, ...rest] = hashes as [Felt, Felt, ...Felt[]]; // the order of `v3Lists`
  const head = (prefix: Felt, address: Felt) =>
    joinFelts(
      prefix,
      feltFromNumber(transaction.version),
      address,
      fee,
      paymaster,
      chainId,
      transaction.nonce,
      dataAvailability(transaction),
    );
  switch (transaction.type) {
    case 'INVOKE_V3':
      return joinFelts(head(INVOKE, transaction.senderAddress), ...rest);
    case 'DECLARE_V3': {
      const { senderAddress, classHash, compiledClassHash } = transaction;
      return joinFelts(head(DECLARE, senderAddress), ...rest, classHash, compiledClassHash);
    }
    case 'DEPLOY_ACCOUNT_V3': {
      const { contractAddress, classHash, contractAddressSalt } = transaction;
      return joinFelts(head(DEPLOY_ACCOUNT, contractAddress), ...rest, classHash, contractAddressSalt);
    }
  }
}

function dataAvailability({ nonceDataAvailabilityMode, feeDataAvailabilityMode }: V3Fields): Felt {
  return feltFromNumber(nonceDataAvailabilityMode * 2 ** 32 + feeDataAvailabilityMode);
}

function pedersenList(
  transaction: Exclude<Transaction, V3Transaction>,
  dataHash: Felt,
  { form, chainId, nonce }: HashAttempt,
): Felts {
  const call = callOf(transaction);
  switch (form) {
    case 'legacy': {
      const prefix = call.prefix === L1_HANDLER ? INVOKE : call.prefix;
      return joinFelts(prefix, call.address, call.entryPoint, dataHash, chainId);
    }
    case 'l1-handler-0.7':
      return joinFelts(L1_HANDLER, call.address, call.entryPoint, dataHash, chainId, nonce ?? FELT_ZERO);
    default: {
      const isHandler = form === 'l1-handler' || call.prefix === L1_HANDLER;
      const prefix = isHandler ? L1_HANDLER : call.prefix;
      const extra = isHandler ? [nonce ?? FELT_ZERO] : call.extra;
      const version = feltFromNumber(transaction.version);
      return joinFelts(prefix, version, call.address, call.entryPoint, dataHash, call.maxFee, chainId, ...extra);
    }
  }
}

interface Call {
  readonly prefix: Felt;
  readonly address: Felt;
  readonly entryPoint: Felt;
  readonly maxFee: Felt;
  readonly extra: readonly Felt[];
}

/** The fields of the Pedersen form, type by type. */
function callOf(transaction: Exclude<Transaction, V3Transaction>): Call {
  switch (transaction.type) {
    case 'INVOKE_V0': {
      const { contractAddress: address, selector: entryPoint, maxFee } = transaction;
      return { prefix: INVOKE, address, entryPoint, maxFee, extra: [] };
    }
    case 'INVOKE_V1': {
      const { senderAddress: address, maxFee, nonce } = transaction;
      return { prefix: INVOKE, address, entryPoint: FELT_ZERO, maxFee, extra: [nonce] };
    }
    case 'DECLARE_V0':
    case 'DECLARE_V1':
    case 'DECLARE_V2':
      return declareCall(transaction);
    case 'DEPLOY': {
      const address = transaction.contractAddress;
      return { prefix: DEPLOY, address, entryPoint: CONSTRUCTOR, maxFee: FELT_ZERO, extra: [] };
    }
    case 'DEPLOY_ACCOUNT_V1': {
      const { contractAddress: address, maxFee, nonce } = transaction;
      return { prefix: DEPLOY_ACCOUNT, address, entryPoint: FELT_ZERO, maxFee, extra: [nonce] };
    }
    case 'L1_HANDLER': {
      const { contractAddress: address, selector: entryPoint } = transaction;
      return { prefix: L1_HANDLER, address, entryPoint, maxFee: FELT_ZERO, extra: [] };
    }
  }
}

function declareCall(transaction: Extract<Transaction, { type: `DECLARE_V${0 | 1 | 2}` }>): Call {
  const { type, senderAddress: address, classHash, compiledClassHash, nonce } = transaction;
  const call = { prefix: DECLARE, address, entryPoint: FELT_ZERO };
  // Version 0 hashes neither its fee nor its nonce.
  if (type === 'DECLARE_V0') return { ...call, maxFee: FELT_ZERO, extra: [classHash] };
  const extra = type === 'DECLARE_V2' ? [nonce, compiledClassHash ?? FELT_ZERO] : [nonce];
  return { ...call, maxFee: transaction.maxFee, extra };
}

const INVOKE = feltFromAscii('invoke');
const DECLARE = feltFromAscii('declare');
const DEPLOY = feltFromAscii('deploy');
const DEPLOY_ACCOUNT = feltFromAscii('deploy_account');
const L1_HANDLER = feltFromAscii('l1_handler');
/** starknet_keccak("constructor"). */
const CONSTRUCTOR = parseFelt('0x28ffe4ff0f226a9107253e17a904099aa4f63a02a5621de0576e5aa71bc5194');
