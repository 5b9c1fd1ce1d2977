import type { SynclineError } from '../../../lib/index.ts';
import { FELT_ZERO, NO_FELTS } from '../felt.ts';
import type { Felt, ResourceBound, Transaction, V3Fields } from '../types.ts';
import {
  asObject,
  has,
  type JsonObject,
  malformed,
  member,
  type Place,
  pathOf,
  placeOf,
  readFelt,
  readFeltOrNull,
  readFelts,
  readFeltsOrDecimals,
  readObject,
  readObjectOrNull,
  readText,
  readUint,
  readWordOrNull,
  rootPlace,
} from './json-reader.ts';
import { FELTS_MAX } from './limits.ts';
import { wireError } from './wire-error.ts';

/**
 * Parses one transaction of a block as the feeder gateway writes it, in any shape since the first.
 *
 * What differs between captures of the same transaction: `version` may be absent (0); the account of an invoke v0 or
 * deploy account goes by `contract_address` or `sender_address`; L1 handlers appear as invokes with an
 * `entry_point_type` before 0.8; calldata and signatures may be decimal; data availability modes are 0/1 or
 * "L1"/"L2"; absent lists are empty. A deploy of 2021 may lack its `class_hash`, which becomes zero.
 *
 * @throws {SynclineError} `GATEWAY_MALFORMED` (fault `peer`), `PROTOCOL_UNSUPPORTED` (fault `source`) for a type or
 *   version this program does not know.
 * @see The Starknet feeder gateway's `get_block`; Starknet docs, "Transaction types".
 */
export function parseTransaction(json: unknown, place: Place = rootPlace('transaction')): Transaction {
  const tx = asObject(json, place);
  const type = readText(tx, 'type', TYPE_CHARS_MAX);
  const version = readVersion(tx, type);
  switch (type) {
    case 'INVOKE_FUNCTION':
      if (version === 0) return parseInvokeV0(tx);
      if (version === 1) return parseInvokeV1(tx);
      if (version === 3) return parseInvokeV3(tx);
      break;
    case 'DECLARE':
      if (version === 3) return parseDeclareV3(tx);
      if (version <= 2) return parseDeclareV0ToV2(tx, version);
      break;
    case 'DEPLOY':
      if (version <= 1) return parseDeploy(tx, version);
      break;
    case 'DEPLOY_ACCOUNT':
      if (version === 1) return parseDeployAccountV1(tx);
      if (version === 3) return parseDeployAccountV3(tx);
      break;
    case 'L1_HANDLER':
      if (version === 0) return parseL1Handler(tx);
      break;
  }
  throw unsupported(tx, type);
}

function parseInvokeV0(tx: JsonObject): Transaction {
  return {
    type: 'INVOKE_V0',
    version: 0,
    hash: readFelt(tx, 'transaction_hash'),
    signature: readFeltsOrDecimals(tx, 'signature', FELTS_MAX),
    contractAddress: readAccount(tx),
    selector: readFelt(tx, 'entry_point_selector'),
    calldata: readFeltsOrDecimals(tx, 'calldata', FELTS_MAX),
    maxFee: readFelt(tx, 'max_fee'),
    entryPointType: readWordOrNull(tx, 'entry_point_type', ['EXTERNAL', 'L1_HANDLER']),
    nonce: readFeltOrNull(tx, 'nonce'),
  };
}

function parseInvokeV1(tx: JsonObject): Transaction {
  return {
    type: 'INVOKE_V1',
    version: 1,
    hash: readFelt(tx, 'transaction_hash'),
    signature: readFeltsOrDecimals(tx, 'signature', FELTS_MAX),
    senderAddress: readAccount(tx),
    calldata: readFeltsOrDecimals(tx, 'calldata', FELTS_MAX),
    maxFee: readFelt(tx, 'max_fee'),
    nonce: readFelt(tx, 'nonce'),
  };
}

function parseInvokeV3(tx: JsonObject): Transaction {
  return {
    type: 'INVOKE_V3',
    version: 3,
    hash: readFelt(tx, 'transaction_hash'),
    signature: readFeltsOrDecimals(tx, 'signature', FELTS_MAX),
    senderAddress: readFelt(tx, 'sender_address'),
    calldata: readFeltsOrDecimals(tx, 'calldata', FELTS_MAX),
    accountDeploymentData: readFelts(tx, 'account_deployment_data', FELTS_MAX),
    proofFacts: readFelts(tx, 'proof_facts', FELTS_MAX),
    ...readV3Fields(tx),
  };
}

function parseDeclareV0ToV2(tx: JsonObject, version: number): Transaction {
  return {
    type: version === 0 ? 'DECLARE_V0' : version === 1 ? 'DECLARE_V1' : 'DECLARE_V2',
    version,
    hash: readFelt(tx, 'transaction_hash'),
    signature: readFeltsOrDecimals(tx, 'signature', FELTS_MAX),
    senderAddress: readFelt(tx, 'sender_address'),
    classHash: readFelt(tx, 'class_hash'),
    maxFee: readFelt(tx, 'max_fee'),
    nonce: readFelt(tx, 'nonce'),
    compiledClassHash: version === 2 ? readFelt(tx, 'compiled_class_hash') : null,
  };
}

function parseDeclareV3(tx: JsonObject): Transaction {
  return {
    type: 'DECLARE_V3',
    version: 3,
    hash: readFelt(tx, 'transaction_hash'),
    signature: readFeltsOrDecimals(tx, 'signature', FELTS_MAX),
    senderAddress: readFelt(tx, 'sender_address'),
    classHash: readFelt(tx, 'class_hash'),
    compiledClassHash: readFelt(tx, 'compiled_class_hash'),
    accountDeploymentData: readFelts(tx, 'account_deployment_data', FELTS_MAX),
    ...readV3Fields(tx),
  };
}

function parseDeploy(tx: JsonObject, version: number): Transaction {
  return {
    type: 'DEPLOY',
    version,
    hash: readFelt(tx, 'transaction_hash'),
    signature: NO_FELTS,
    contractAddress: readFelt(tx, 'contract_address'),
    // Captures of goerli from January 2022 have none. The transaction hash does not cover it either.
    classHash: readFeltOrNull(tx, 'class_hash') ?? FELT_ZERO,
    contractAddressSalt: readFelt(tx, 'contract_address_salt'),
    constructorCalldata: readFeltsOrDecimals(tx, 'constructor_calldata', FELTS_MAX),
  };
}

function parseDeployAccountV1(tx: JsonObject): Transaction {
  return {
    type: 'DEPLOY_ACCOUNT_V1',
    version: 1,
    hash: readFelt(tx, 'transaction_hash'),
    signature: readFeltsOrDecimals(tx, 'signature', FELTS_MAX),
    contractAddress: readAccount(tx),
    classHash: readFelt(tx, 'class_hash'),
    contractAddressSalt: readFelt(tx, 'contract_address_salt'),
    constructorCalldata: readFeltsOrDecimals(tx, 'constructor_calldata', FELTS_MAX),
    maxFee: readFelt(tx, 'max_fee'),
    nonce: readFelt(tx, 'nonce'),
  };
}

function parseDeployAccountV3(tx: JsonObject): Transaction {
  return {
    type: 'DEPLOY_ACCOUNT_V3',
    version: 3,
    hash: readFelt(tx, 'transaction_hash'),
    signature: readFeltsOrDecimals(tx, 'signature', FELTS_MAX),
    contractAddress: readAccount(tx),
    classHash: readFelt(tx, 'class_hash'),
    contractAddressSalt: readFelt(tx, 'contract_address_salt'),
    constructorCalldata: readFeltsOrDecimals(tx, 'constructor_calldata', FELTS_MAX),
    ...readV3Fields(tx),
  };
}

function parseL1Handler(tx: JsonObject): Transaction {
  return {
    type: 'L1_HANDLER',
    version: 0,
    hash: readFelt(tx, 'transaction_hash'),
    signature: NO_FELTS,
    contractAddress: readFelt(tx, 'contract_address'),
    selector: readFelt(tx, 'entry_point_selector'),
    calldata: readFeltsOrDecimals(tx, 'calldata', FELTS_MAX),
    nonce: readFeltOrNull(tx, 'nonce'),
  };
}

function readV3Fields(tx: JsonObject): V3Fields {
  const bounds = readObject(tx, 'resource_bounds');
  const l1DataGas = readObjectOrNull(bounds, 'L1_DATA_GAS');
  return {
    nonce: readFelt(tx, 'nonce'),
    tip: readUint(tx, 'tip', 64),
    l1Gas: readBound(readObject(bounds, 'L1_GAS')),
    l2Gas: readBound(readObject(bounds, 'L2_GAS')),
    l1DataGas: l1DataGas === null ? null : readBound(l1DataGas),
    paymasterData: readFelts(tx, 'paymaster_data', FELTS_MAX),
    nonceDataAvailabilityMode: readDataAvailabilityMode(tx, 'nonce_data_availability_mode'),
    feeDataAvailabilityMode: readDataAvailabilityMode(tx, 'fee_data_availability_mode'),
  };
}

/** The widths are those of the fields the bound is packed into before it is hashed. */
function readBound(bound: JsonObject): ResourceBound {
  return { maxAmount: readUint(bound, 'max_amount', 64), maxPricePerUnit: readUint(bound, 'max_price_per_unit', 128) };
}

function readDataAvailabilityMode(tx: JsonObject, key: string): number {
  const value = member(tx, key);
  if (value === 0 || value === 'L1') return 0;
  if (value === 1 || value === 'L2') return 1;
  throw malformed(placeOf(tx, key), '0, 1, "L1" or "L2"', value);
}

/** The account goes by either name; where both are given they have to agree. */
function readAccount(tx: JsonObject): Felt {
  if (!has(tx, 'contract_address')) return readFelt(tx, 'sender_address');
  const account = readFelt(tx, 'contract_address');
  const sender = readFeltOrNull(tx, 'sender_address');
  if (sender !== null && Buffer.compare(account, sender) !== 0) {
    throw malformed(placeOf(tx, 'sender_address'), 'the same as contract_address', member(tx, 'sender_address'));
  }
  return account;
}

/** The version as a small number; what no release has used is unsupported, as it may be genuine. */
function readVersion(tx: JsonObject, type: string): number {
  const value = member(tx, 'version');
  if (value === undefined) return 0;
  if (typeof value !== 'string' || !VERSION_TEXT.test(value)) {
    throw malformed(placeOf(tx, 'version'), 'a version as 0x hex', value);
  }
  const version = BigInt(value);
  if (version > 3n) throw unsupported(tx, type);
  return Number(version);
}

function unsupported(tx: JsonObject, type: string): SynclineError {
  const version = String(member(tx, 'version') ?? 'none'); // short: `readVersion` has looked at it
  const message = `unsupported protocol version: transaction type ${JSON.stringify(type)}, version ${version}`;
  const numbers = { expected: 'a transaction type and version of a known release', got: `${type} ${version}` };
  return wireError('PROTOCOL_UNSUPPORTED', message, { path: pathOf(tx.place), ...numbers, type, version });
}

const TYPE_CHARS_MAX = 64;
const VERSION_TEXT = /^0x[0-9a-fA-F]{1,64}$/;
