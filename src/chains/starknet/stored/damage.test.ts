import { describe, expect, it } from 'vitest';
import { isSynclineError } from '../../../lib/index.ts';
import { FELT_PRIME, feltFromBigint, feltFromNumber, joinFelts, NO_FELTS } from '../felt.ts';
import type { Header, Receipt, StateDiff, Transaction } from '../types.ts';
import {
  decodeHeader,
  decodeReceipts,
  decodeSignature,
  decodeStateDiff,
  decodeTransactions,
  encodeHeader,
  encodeReceipts,
  encodeSignature,
  encodeStateDiff,
  encodeTransactions,
} from './index.ts';

/* What comes off a damaged disk: each part, cut short, run over, and with each bit of each byte turned over. */

const small = feltFromNumber(5);
const middle = feltFromNumber(2 ** 40 + 1);
const large = feltFromBigint(2n ** 251n + 3n);

const header: Header = {
  number: 300,
  hash: large,
  parentHash: middle,
  stateRoot: large,
  timestampS: 1_700_000_000,
  sequencerAddress: middle,
  version: '0.13.4',
  transactionCommitment: large,
  eventCommitment: small,
  receiptCommitment: null,
  stateDiffCommitment: middle,
  stateDiffLength: 7,
  l1GasPrice: { wei: small, fri: middle },
  l1DataGasPrice: { wei: null, fri: null },
  l2GasPrice: { wei: null, fri: small },
  l1DaMode: 'BLOB',
  status: 'ACCEPTED_ON_L1',
};
const transactions: readonly Transaction[] = [
  {
    type: 'INVOKE_V0',
    version: 0,
    hash: large,
    signature: joinFelts(middle, large),
    contractAddress: middle,
    selector: small,
    calldata: joinFelts(small, small),
    maxFee: small,
    entryPointType: 'L1_HANDLER',
    nonce: small,
  },
  {
    type: 'DEPLOY_ACCOUNT_V3',
    version: 3,
    hash: middle,
    signature: NO_FELTS,
    contractAddress: large,
    classHash: middle,
    contractAddressSalt: small,
    constructorCalldata: joinFelts(large),
    nonce: small,
    tip: small,
    l1Gas: { maxAmount: small, maxPricePerUnit: middle },
    l2Gas: { maxAmount: small, maxPricePerUnit: middle },
    l1DataGas: { maxAmount: small, maxPricePerUnit: middle },
    paymasterData: NO_FELTS,
    nonceDataAvailabilityMode: 0,
    feeDataAvailabilityMode: 1,
  },
];
const receipts: readonly Receipt[] = [
  {
    transactionHash: large,
    transactionIndex: 0,
    actualFee: middle,
    events: [{ fromAddress: large, keys: joinFelts(middle), data: NO_FELTS }],
    messagesToL1: [{ fromAddress: large, toAddress: middle, payload: joinFelts(small) }],
    consumedMessage: { fromAddress: small, toAddress: large, selector: middle, payload: NO_FELTS, nonce: small },
    revertError: 'réason',
    executionResources: {
      steps: 100,
      memoryHoles: 2,
      builtins: { brand_new_builtin: 5, pedersen_builtin: 300 },
      dataAvailability: { l1Gas: 0, l1DataGas: 200, l2Gas: 0 },
      totalGasConsumed: { l1Gas: 1, l1DataGas: 2, l2Gas: 3 },
    },
  },
];
const stateDiff: StateDiff = {
  storageDiffs: [{ address: large, entries: [{ key: middle, value: small }] }],
  nonces: [{ address: large, nonce: small }],
  deployedContracts: [{ address: large, classHash: middle }],
  replacedClasses: [],
  oldDeclaredContracts: [middle],
  declaredClasses: [{ classHash: middle, compiledClassHash: large }],
  migratedCompiledClasses: [],
};

const PARTS: readonly { part: string; bytes: Uint8Array; again: (bytes: Uint8Array) => Uint8Array }[] = [
  { part: 'header', bytes: encodeHeader(header), again: (bytes) => encodeHeader(decodeHeader(bytes)) },
  {
    part: 'transactions',
    bytes: encodeTransactions(transactions),
    again: (bytes) => encodeTransactions(decodeTransactions(bytes)),
  },
  { part: 'receipts', bytes: encodeReceipts(receipts), again: (bytes) => encodeReceipts(decodeReceipts(bytes)) },
  {
    part: 'state diff',
    bytes: encodeStateDiff(stateDiff),
    again: (bytes) => encodeStateDiff(decodeStateDiff(bytes)),
  },
  {
    part: 'signature',
    bytes: encodeSignature({
      form: 'block-hash-and-diff',
      blockNumber: 5,
      blockHash: large,
      stateDiffCommitment: middle,
      r: large,
      s: small,
    }),
    again: (bytes) => encodeSignature(decodeSignature(bytes)),
  },
];

describe.each(PARTS)('stored $part', ({ part, bytes, again }) => {
  it('decodes undamaged', () => {
    expect(again(bytes)).toEqual(bytes);
  });

  it('is refused when cut at any byte', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(corruptionOf(() => again(bytes.subarray(0, length)))).toMatchObject({ part });
    }
  });

  it('is refused with a byte too many', () => {
    expect(corruptionOf(() => again(new Uint8Array([...bytes, 0])))).toMatchObject({ expected: 'the end' });
  });

  it('is refused in another format', () => {
    const other = Uint8Array.from(bytes);
    other[0] = 2;
    expect(corruptionOf(() => again(other))).toMatchObject({ expected: 'format 1', got: 'format 2' });
  });

  it('either decodes to something valid or is refused, whatever bits are turned over', () => {
    for (let at = 0; at < bytes.length; at++) {
      for (const turned of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
        const damaged = Uint8Array.from(bytes);
        damaged[at] = (damaged[at] as number) ^ turned; // `at` is inside
        corruptionOf(() => again(damaged));
      }
    }
  });
});

describe('strict decoding', () => {
  const FORMAT = 1;
  /** A state diff whose only content is its last list, of Cairo 0 class hashes. */
  const classes = (...bytes: number[]) => new Uint8Array([FORMAT, 0, 0, 0, 0, 0, 0, ...bytes]);
  const prime = Buffer.from(FELT_PRIME.toString(16).padStart(64, '0'), 'hex');

  it('takes the layout as documented', () => {
    const diff = decodeStateDiff(classes(4, 0x05, 0x80, 0xff, 0x82, 1, 2, 3, 0xa0, 0));
    expect(diff.oldDeclaredContracts).toEqual([5, 255, 0x010203, 0x010203].map(feltFromNumber));
  });

  it.each([
    ['a felt with a leading zero', classes(1, 0x81, 0, 1)],
    ['a small felt as a literal', classes(1, 0x80, 0x7f)],
    ['a felt that is the prime', classes(1, 0x9f, ...prime)],
    ['a reference to nothing', classes(1, 0xa0, 0)],
    ['a reference ahead', classes(2, 0xa0, 0, 0x82, 1, 2, 3)],
    ['a reference to a literal too short to count', classes(2, 0x81, 1, 2, 0xa0, 0)],
    ['a far reference to nothing', classes(1, 0xc0, 0, 0)],
    ['a count beyond the end', classes(2, 5)],
    ['a count that would take the memory', classes(0xff, 0xff, 0xff, 0xff, 0x0f, 5)],
    ['a count above 2^53', classes(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)],
    ['a count in a longer form', classes(0x80, 0x00)],
  ])('refuses %s', (_, bytes) => {
    expect(corruptionOf(() => decodeStateDiff(bytes))).not.toBeNull();
  });

  it('refuses a number just above the safe ones', () => {
    const at = (last: number) =>
      new Uint8Array([FORMAT, 1, 1, 2, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, last, 4]);
    expect(decodeSignature(at(0x0f))).toMatchObject({ blockNumber: Number.MAX_SAFE_INTEGER });
    expect(corruptionOf(() => decodeSignature(at(0x10)))).not.toBeNull();
  });
});

/** The data of the corruption error, or null where nothing is wrong. Any other exception passes. */
function corruptionOf(attempt: () => unknown) {
  try {
    attempt();
  } catch (error) {
    if (!isSynclineError(error) || error.code !== 'STORED_CORRUPT' || error.fault !== 'local') throw error;
    return error.data;
  }
  return null;
}
