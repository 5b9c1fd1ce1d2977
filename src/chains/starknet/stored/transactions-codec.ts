import type { ResourceBound, Transaction, V3Fields } from '../types.ts';
import { StoredReader } from './stored-reader.ts';
import { StoredWriter } from './stored-writer.ts';

/*
 * Each transaction is: type byte, version varint, hash felt, signature felts, then
 *
 *   0 INVOKE_V0          options (1 nonce, 2 EXTERNAL, 4 L1_HANDLER), contract, selector, calldata, max fee, nonce?
 *   1 INVOKE_V1          sender, calldata, max fee, nonce
 *   2 INVOKE_V3          sender, calldata, account deployment data, proof facts, v3 fields
 *   3 DECLARE_V0, 4 DECLARE_V1, 5 DECLARE_V2
 *                        options (1 compiled class hash), sender, class hash, max fee, nonce, compiled class hash?
 *   6 DECLARE_V3         sender, class hash, compiled class hash, account deployment data, v3 fields
 *   7 DEPLOY             contract, class hash, salt, constructor calldata
 *   8 DEPLOY_ACCOUNT_V1  contract, class hash, salt, constructor calldata, max fee, nonce
 *   9 DEPLOY_ACCOUNT_V3  contract, class hash, salt, constructor calldata, v3 fields
 *  10 L1_HANDLER         options (1 nonce), contract, selector, calldata, nonce?
 *
 *   v3 fields            options (1 L1 data gas), nonce, tip, L1 gas, L2 gas, L1 data gas? (amount, price each),
 *                        paymaster data, nonce mode varint, fee mode varint
 */

/** Encodes the transactions of a block for the store, in order. */
export function encodeTransactions(transactions: readonly Transaction[]): Uint8Array {
  const writer = new StoredWriter();
  writer.list(transactions, (transaction) => writeTransaction(writer, transaction));
  return writer.finish();
}

/** @throws {SynclineError} `STORED_CORRUPT` (fault `local`). */
export function decodeTransactions(bytes: Uint8Array): Transaction[] {
  const reader = new StoredReader(bytes, 'transactions');
  const transactions = reader.list(8, () => readTransaction(reader));
  reader.end();
  return transactions;
}

function writeTransaction(writer: StoredWriter, tx: Transaction): void {
  writer.byte(TYPES.indexOf(tx.type));
  writer.varint(tx.version);
  writer.felt(tx.hash);
  writer.felts(tx.signature);
  switch (tx.type) {
    case 'INVOKE_V0':
      writer.byte((tx.nonce === null ? 0 : OPTION) | (ENTRY_POINTS.indexOf(tx.entryPointType) << 1));
      writer.felt(tx.contractAddress);
      writer.felt(tx.selector);
      writer.felts(tx.calldata);
      writer.felt(tx.maxFee);
      writer.feltIfAny(tx.nonce);
      return;
    case 'INVOKE_V1':
      writer.felt(tx.senderAddress);
      writer.felts(tx.calldata);
      writer.felt(tx.maxFee);
      writer.felt(tx.nonce);
      return;
    case 'INVOKE_V3':
      writer.felt(tx.senderAddress);
      writer.felts(tx.calldata);
      writer.felts(tx.accountDeploymentData);
      writer.felts(tx.proofFacts);
      writeV3Fields(writer, tx);
      return;
    case 'DECLARE_V0':
    case 'DECLARE_V1':
    case 'DECLARE_V2':
      writer.byte(tx.compiledClassHash === null ? 0 : OPTION);
      writer.felt(tx.senderAddress);
      writer.felt(tx.classHash);
      writer.felt(tx.maxFee);
      writer.felt(tx.nonce);
      writer.feltIfAny(tx.compiledClassHash);
      return;
    case 'DECLARE_V3':
      writer.felt(tx.senderAddress);
      writer.felt(tx.classHash);
      writer.felt(tx.compiledClassHash);
      writer.felts(tx.accountDeploymentData);
      writeV3Fields(writer, tx);
      return;
    case 'DEPLOY':
    case 'DEPLOY_ACCOUNT_V1':
    case 'DEPLOY_ACCOUNT_V3':
      writer.felt(tx.contractAddress);
      writer.felt(tx.classHash);
      writer.felt(tx.contractAddressSalt);
      writer.felts(tx.constructorCalldata);
      if (tx.type === 'DEPLOY_ACCOUNT_V3') writeV3Fields(writer, tx);
      if (tx.type !== 'DEPLOY_ACCOUNT_V1') return;
      writer.felt(tx.maxFee);
      writer.felt(tx.nonce);
      return;
    case 'L1_HANDLER':
      writer.byte(tx.nonce === null ? 0 : OPTION);
      writer.felt(tx.contractAddress);
      writer.felt(tx.selector);
      writer.felts(tx.calldata);
      writer.feltIfAny(tx.nonce);
      return;
    default:
      tx satisfies never;
  }
}

/** In all of these, members are evaluated in the order they are written, which is the order of the fields. */
function readTransaction(reader: StoredReader): Transaction {
  const code = reader.byte();
  const type = TYPES[code];
  const common = { version: reader.varint(), hash: reader.felt(), signature: reader.felts() };
  switch (type) {
    case 'INVOKE_V0': {
      const options = reader.flags(0x07);
      const entryPointType = ENTRY_POINTS[options >>> 1];
      if (entryPointType === undefined) throw reader.corrupt('one entry point type', 'two');
      return {
        type,
        ...common,
        entryPointType,
        contractAddress: reader.felt(),
        selector: reader.felt(),
        calldata: reader.felts(),
        maxFee: reader.felt(),
        nonce: reader.feltIf(options & OPTION),
      };
    }
    case 'INVOKE_V1':
      return {
        type,
        ...common,
        senderAddress: reader.felt(),
        calldata: reader.felts(),
        maxFee: reader.felt(),
        nonce: reader.felt(),
      };
    case 'INVOKE_V3':
      return {
        type,
        ...common,
        senderAddress: reader.felt(),
        calldata: reader.felts(),
        accountDeploymentData: reader.felts(),
        proofFacts: reader.felts(),
        ...readV3Fields(reader),
      };
    case 'DECLARE_V0':
    case 'DECLARE_V1':
    case 'DECLARE_V2': {
      const options = reader.flags(OPTION);
      return {
        type,
        ...common,
        senderAddress: reader.felt(),
        classHash: reader.felt(),
        maxFee: reader.felt(),
        nonce: reader.felt(),
        compiledClassHash: reader.feltIf(options & OPTION),
      };
    }
    case 'DECLARE_V3':
      return {
        type,
        ...common,
        senderAddress: reader.felt(),
        classHash: reader.felt(),
        compiledClassHash: reader.felt(),
        accountDeploymentData: reader.felts(),
        ...readV3Fields(reader),
      };
    case 'DEPLOY':
      return { type, ...common, ...readDeployment(reader) };
    case 'DEPLOY_ACCOUNT_V1':
      return { type, ...common, ...readDeployment(reader), maxFee: reader.felt(), nonce: reader.felt() };
    case 'DEPLOY_ACCOUNT_V3':
      return { type, ...common, ...readDeployment(reader), ...readV3Fields(reader) };
    case 'L1_HANDLER': {
      const options = reader.flags(OPTION);
      return {
        type,
        ...common,
        contractAddress: reader.felt(),
        selector: reader.felt(),
        calldata: reader.felts(),
        nonce: reader.feltIf(options & OPTION),
      };
    }
    case undefined:
      throw reader.corrupt('a transaction type', String(code));
    default:
      return type satisfies never;
  }
}

function readDeployment(reader: StoredReader) {
  return {
    contractAddress: reader.felt(),
    classHash: reader.felt(),
    contractAddressSalt: reader.felt(),
    constructorCalldata: reader.felts(),
  };
}

function writeV3Fields(writer: StoredWriter, tx: V3Fields): void {
  writer.byte(tx.l1DataGas === null ? 0 : OPTION);
  writer.felt(tx.nonce);
  writer.felt(tx.tip);
  for (const bound of [tx.l1Gas, tx.l2Gas, tx.l1DataGas]) {
    if (bound === null) continue;
    writer.felt(bound.maxAmount);
    writer.felt(bound.maxPricePerUnit);
  }
  writer.felts(tx.paymasterData);
  writer.varint(tx.nonceDataAvailabilityMode);
  writer.varint(tx.feeDataAvailabilityMode);
}

function readV3Fields(reader: StoredReader): V3Fields {
  const options = reader.flags(OPTION);
  return {
    nonce: reader.felt(),
    tip: reader.felt(),
    l1Gas: readBound(reader),
    l2Gas: readBound(reader),
    l1DataGas: options & OPTION ? readBound(reader) : null,
    paymasterData: reader.felts(),
    nonceDataAvailabilityMode: reader.varint(),
    feeDataAvailabilityMode: reader.varint(),
  };
}

function readBound(reader: StoredReader): ResourceBound {
  return { maxAmount: reader.felt(), maxPricePerUnit: reader.felt() };
}

/** The type byte is the index here: append only. */
const TYPES: readonly Transaction['type'][] = [
  'INVOKE_V0',
  'INVOKE_V1',
  'INVOKE_V3',
  'DECLARE_V0',
  'DECLARE_V1',
  'DECLARE_V2',
  'DECLARE_V3',
  'DEPLOY',
  'DEPLOY_ACCOUNT_V1',
  'DEPLOY_ACCOUNT_V3',
  'L1_HANDLER',
];

const ENTRY_POINTS: readonly Extract<Transaction, { type: 'INVOKE_V0' }>['entryPointType'][] = [
  null,
  'EXTERNAL',
  'L1_HANDLER',
];

/** The lowest bit of an options byte: its one optional field is there. */
const OPTION = 0x01;
