import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FELT_PRIME, feltFromBigint, feltFromNumber, joinFelts } from '../felt.ts';
import type {
  Block,
  BlockSignature,
  Felt,
  Felts,
  Header,
  Receipt,
  StateDiff,
  StateUpdate,
  Transaction,
} from '../types.ts';
import {
  parseBlock,
  parseSignature,
  parseStateUpdate,
  renderBlock,
  renderSignature,
  renderStateUpdate,
} from '../wire/index.ts';
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

/* Any value of the domain types comes back from the store as it went in, and from the wire if the wire can say it. */

const RUNS = { numRuns: 200 };

/** Boundaries of each form a stored felt can take, and few enough of them that values repeat. */
const EDGES: readonly bigint[] = [
  0n,
  1n,
  127n,
  128n,
  255n,
  256n,
  65535n,
  65536n,
  2n ** 64n,
  2n ** 248n - 1n,
  2n ** 248n,
  2n ** 251n - 1n,
  2n ** 251n,
  FELT_PRIME - 1n,
];

const felt: fc.Arbitrary<Felt> = fc
  .oneof(fc.constantFrom(...EDGES), fc.bigInt({ min: 0n, max: 300n }), fc.bigInt({ min: 0n, max: FELT_PRIME - 1n }))
  .map(feltFromBigint);
const uint = (bits: bigint) => fc.bigInt({ min: 0n, max: 2n ** bits - 1n }).map(feltFromBigint);
const felts: fc.Arbitrary<Felts> = fc.array(felt, { maxLength: 12 }).map((list) => joinFelts(...list));
const maybeFelt = fc.option(felt);
const count = fc.oneof(
  fc.maxSafeNat(),
  fc.constantFrom(0, 127, 128, 2 ** 31, 2 ** 32, 2 ** 49 - 1, 2 ** 49, Number.MAX_SAFE_INTEGER),
);
const price = fc.record({ wei: maybeFelt, fri: maybeFelt });
/** Text without lone surrogates: the wire parsers let none through. */
const text = fc.string({ unit: 'binary', maxLength: 40 });

const header: fc.Arbitrary<Header> = fc.record({
  number: count,
  hash: felt,
  parentHash: felt,
  stateRoot: felt,
  timestampS: count,
  sequencerAddress: maybeFelt,
  version: fc.constantFrom('', '0.9.1', '0.13.2.1', ' ~!"\\'),
  transactionCommitment: maybeFelt,
  eventCommitment: maybeFelt,
  receiptCommitment: maybeFelt,
  stateDiffCommitment: maybeFelt,
  stateDiffLength: fc.option(count),
  l1GasPrice: price,
  l1DataGasPrice: price,
  l2GasPrice: price,
  l1DaMode: fc.constantFrom(null, 'CALLDATA' as const, 'BLOB' as const),
  status: fc.constantFrom('ACCEPTED_ON_L1' as const, 'ACCEPTED_ON_L2' as const),
});

const bound = fc.record({ maxAmount: uint(64n), maxPricePerUnit: uint(128n) });
const v3 = {
  nonce: felt,
  tip: uint(64n),
  l1Gas: bound,
  l2Gas: bound,
  l1DataGas: fc.option(bound),
  paymasterData: felts,
  nonceDataAvailabilityMode: fc.constantFrom(0, 1),
  feeDataAvailabilityMode: fc.constantFrom(0, 1),
};
const deployment = { contractAddress: felt, classHash: felt, contractAddressSalt: felt, constructorCalldata: felts };
const fee = { maxFee: felt, nonce: felt };
const none = fc.constant(joinFelts());
const common = <const T extends string>(type: T, version: number, signature: fc.Arbitrary<Felts> = felts) => ({
  type: fc.constant(type),
  version: fc.constant(version),
  hash: felt,
  signature,
});

const transaction: fc.Arbitrary<Transaction> = fc.oneof(
  fc.record({
    ...common('INVOKE_V0', 0),
    contractAddress: felt,
    selector: felt,
    calldata: felts,
    maxFee: felt,
    entryPointType: fc.constantFrom(null, 'EXTERNAL' as const, 'L1_HANDLER' as const),
    nonce: maybeFelt,
  }),
  fc.record({ ...common('INVOKE_V1', 1), senderAddress: felt, calldata: felts, ...fee }),
  fc.record({
    ...common('INVOKE_V3', 3),
    senderAddress: felt,
    calldata: felts,
    accountDeploymentData: felts,
    proofFacts: felts,
    ...v3,
  }),
  fc.record({
    ...common('DECLARE_V0', 0),
    senderAddress: felt,
    classHash: felt,
    ...fee,
    compiledClassHash: fc.constant(null),
  }),
  fc.record({
    ...common('DECLARE_V1', 1),
    senderAddress: felt,
    classHash: felt,
    ...fee,
    compiledClassHash: fc.constant(null),
  }),
  fc.record({ ...common('DECLARE_V2', 2), senderAddress: felt, classHash: felt, ...fee, compiledClassHash: felt }),
  fc.record({
    ...common('DECLARE_V3', 3),
    senderAddress: felt,
    classHash: felt,
    compiledClassHash: felt,
    accountDeploymentData: felts,
    ...v3,
  }),
  fc.record({ ...common('DEPLOY', 0, none), ...deployment }),
  fc.record({ ...common('DEPLOY', 1, none), ...deployment }),
  fc.record({ ...common('DEPLOY_ACCOUNT_V1', 1), ...deployment, ...fee }),
  fc.record({ ...common('DEPLOY_ACCOUNT_V3', 3), ...deployment, ...v3 }),
  fc.record({
    ...common('L1_HANDLER', 0, none),
    contractAddress: felt,
    selector: felt,
    calldata: felts,
    nonce: maybeFelt,
  }),
);

const gas = fc.option(fc.record({ l1Gas: count, l1DataGas: count, l2Gas: count }));
const builtinName = fc.oneof(
  fc.constantFrom('pedersen_builtin', 'range_check_builtin', 'add_mod_builtin', 'constructor', 'a'),
  fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/),
);
const receipt: fc.Arbitrary<Receipt> = fc.record({
  transactionHash: felt,
  transactionIndex: count,
  actualFee: felt,
  events: fc.array(fc.record({ fromAddress: felt, keys: felts, data: felts }), { maxLength: 4 }),
  messagesToL1: fc.array(fc.record({ fromAddress: felt, toAddress: felt, payload: felts }), { maxLength: 3 }),
  consumedMessage: fc.option(
    fc.record({ fromAddress: felt, toAddress: felt, selector: felt, payload: felts, nonce: maybeFelt }),
  ),
  revertError: fc.option(text),
  executionResources: fc.option(
    fc.record({
      steps: count,
      memoryHoles: count,
      builtins: fc.dictionary(builtinName, count, { maxKeys: 6, noNullPrototype: true }),
      dataAvailability: gas,
      totalGasConsumed: gas,
    }),
  ),
});

const contractClass = fc.array(fc.record({ address: felt, classHash: felt }), { maxLength: 5 });
const declaredClass = fc.array(fc.record({ classHash: felt, compiledClassHash: felt }), { maxLength: 5 });
const byAddress = { maxLength: 5, selector: ({ address }: { address: Felt }) => Buffer.from(address).toString('hex') };
const stateDiff: fc.Arbitrary<StateDiff> = fc.record({
  storageDiffs: fc.uniqueArray(
    fc.record({ address: felt, entries: fc.array(fc.record({ key: felt, value: felt }), { maxLength: 8 }) }),
    byAddress,
  ),
  nonces: fc.uniqueArray(fc.record({ address: felt, nonce: felt }), byAddress),
  deployedContracts: contractClass,
  replacedClasses: contractClass,
  oldDeclaredContracts: fc.array(felt, { maxLength: 5 }),
  declaredClasses: declaredClass,
  migratedCompiledClasses: declaredClass,
});

const signature: fc.Arbitrary<BlockSignature> = fc.oneof(
  fc.record({ form: fc.constant('block-hash' as const), blockHash: felt, r: felt, s: felt }),
  fc.record({
    form: fc.constant('block-hash-and-diff' as const),
    blockNumber: count,
    blockHash: felt,
    stateDiffCommitment: felt,
    r: felt,
    s: felt,
  }),
);

const block: fc.Arbitrary<Block> = fc
  .record({ header, pairs: fc.array(fc.tuple(transaction, receipt), { maxLength: 5 }) })
  .map(({ header, pairs }) => ({
    header,
    transactions: pairs.map(([tx]) => tx),
    receipts: pairs.map(([tx, own], index) => ({ ...own, transactionHash: tx.hash, transactionIndex: index })),
  }));
const stateUpdate: fc.Arbitrary<StateUpdate> = fc.record({ blockHash: felt, newRoot: felt, oldRoot: felt, stateDiff });

describe('the storage encoding gives back exactly what it was given', () => {
  it('for headers', () => survives(header, encodeHeader, decodeHeader));
  it('for transactions', () =>
    survives(fc.array(transaction, { maxLength: 8 }), encodeTransactions, decodeTransactions));
  it('for receipts', () => survives(fc.array(receipt, { maxLength: 8 }), encodeReceipts, decodeReceipts));
  it('for state diffs', () => survives(stateDiff, encodeStateDiff, decodeStateDiff));
  it('for signatures', () => survives(signature, encodeSignature, decodeSignature));
});

describe('the wire gives back exactly what was rendered', () => {
  it('for blocks', () => survives(block, renderBlock, (rendered) => parseBlock(overTheWire(rendered))));
  it('for state updates', () =>
    survives(stateUpdate, renderStateUpdate, (rendered) => parseStateUpdate(overTheWire(rendered))));
  it('for signatures', () => survives(signature, renderSignature, (rendered) => parseSignature(overTheWire(rendered))));
});

describe('the storage encoding', () => {
  it('is the same for builtins in another order', () => {
    const withBuiltins = (builtins: Record<string, number>): Receipt => ({
      transactionHash: feltFromNumber(1),
      transactionIndex: 0,
      actualFee: feltFromNumber(0),
      events: [],
      messagesToL1: [],
      consumedMessage: null,
      revertError: null,
      executionResources: { steps: 1, memoryHoles: 0, builtins, dataAvailability: null, totalGasConsumed: null },
    });
    const forwards = encodeReceipts([withBuiltins({ a: 1, pedersen_builtin: 2 })]);
    const backwards = encodeReceipts([withBuiltins({ pedersen_builtin: 2, a: 1 })]);
    expect(backwards).toEqual(forwards);
  });

  it('refers to repeated felts near and far', () => {
    // More different felts than two-byte references reach, each of them twice.
    const distinct = Array.from({ length: 20_000 }, (_, i) => feltFromBigint(2n ** 240n + BigInt(i)));
    const diff = diffOf([...distinct, ...distinct]);
    const bytes = encodeStateDiff(diff);
    expect(isDeepStrictEqual(decodeStateDiff(bytes), diff)).toBe(true);
    const literals = 20_000 * (1 + 31);
    const references = 8_192 * 2 + (20_000 - 8_192) * 3;
    expect(bytes.length).toBeGreaterThan(literals + references);
    expect(bytes.length).toBeLessThan(literals + references + 20);
  });

  it('keeps its pace and its values when felts are made to collide', () => {
    // The writer's table hashes the low bytes, which are all the same here.
    const colliding = Array.from({ length: 30_000 }, (_, i) => feltFromBigint(2n ** 250n + (BigInt(i) << 128n) + 7n));
    const diff = diffOf([...colliding, ...colliding]);
    expect(isDeepStrictEqual(decodeStateDiff(encodeStateDiff(diff)), diff)).toBe(true);
  }, 5_000);

  it('stores no number that is not a safe integer', () => {
    const bad: BlockSignature = {
      form: 'block-hash-and-diff',
      blockNumber: Number.POSITIVE_INFINITY,
      blockHash: feltFromNumber(1),
      stateDiffCommitment: feltFromNumber(1),
      r: feltFromNumber(1),
      s: feltFromNumber(1),
    };
    expect(() => encodeSignature(bad)).toThrow(expect.objectContaining({ code: 'STORED_INTEGER', fault: 'bug' }));
  });
});

function diffOf(oldDeclaredContracts: readonly Felt[]): StateDiff {
  return {
    storageDiffs: [],
    nonces: [],
    deployedContracts: [],
    replacedClasses: [],
    oldDeclaredContracts,
    declaredClasses: [],
    migratedCompiledClasses: [],
  };
}

function survives<T, E>(values: fc.Arbitrary<T>, there: (value: T) => E, back: (encoded: E) => T): void {
  fc.assert(
    fc.property(values, (value) => {
      // fast-check makes records without a prototype; the clone is what JSON and our decoders make. The matcher's
      // own comparison takes ten times as long, and a failure prints the value anyway.
      expect(isDeepStrictEqual(back(there(value)), structuredClone(value))).toBe(true);
    }),
    RUNS,
  );
}

function overTheWire(rendered: unknown): unknown {
  return JSON.parse(JSON.stringify(rendered));
}
