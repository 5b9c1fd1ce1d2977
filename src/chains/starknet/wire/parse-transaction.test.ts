import { describe, expect, it } from 'vitest';
import { isSynclineError } from '../../../lib/index.ts';
import { FELT_ZERO, feltFromNumber, joinFelts, NO_FELTS } from '../felt.ts';
import { parseTransaction } from './parse-transaction.ts';

/* Shapes that differ between captures; the values are made up, since nothing here is hashed. */

const felt = feltFromNumber;

const invokeV0 = {
  transaction_hash: '0x1',
  max_fee: '0x2',
  signature: ['0x3'],
  entry_point_selector: '0x4',
  calldata: ['0x5', '0x6'],
  contract_address: '0x7',
  type: 'INVOKE_FUNCTION',
};

const v3 = {
  transaction_hash: '0x1',
  version: '0x3',
  signature: [],
  nonce: '0x2',
  tip: '0x3',
  resource_bounds: {
    L1_GAS: { max_amount: '0x4', max_price_per_unit: '0x5' },
    L2_GAS: { max_amount: '0x6', max_price_per_unit: '0x7' },
  },
  paymaster_data: [],
  nonce_data_availability_mode: 0,
  fee_data_availability_mode: 1,
};
const invokeV3 = { ...v3, sender_address: '0x8', calldata: [], account_deployment_data: [], type: 'INVOKE_FUNCTION' };
const deployAccountV3 = {
  ...v3,
  class_hash: '0x9',
  contract_address_salt: '0xa',
  constructor_calldata: [],
  sender_address: '0xb',
  type: 'DEPLOY_ACCOUNT',
};
const deploy = {
  transaction_hash: '0x1',
  contract_address: '0x2',
  contract_address_salt: '0x3',
  class_hash: '0x4',
  constructor_calldata: ['0x5'],
  type: 'DEPLOY',
};
const declare = {
  transaction_hash: '0x1',
  version: '0x0',
  max_fee: '0x2',
  signature: [],
  nonce: '0x3',
  class_hash: '0x4',
  sender_address: '0x5',
  type: 'DECLARE',
};
const l1Handler = {
  transaction_hash: '0x1',
  version: '0x0',
  contract_address: '0x2',
  entry_point_selector: '0x3',
  calldata: ['0x4'],
  type: 'L1_HANDLER',
};

describe('parseTransaction', () => {
  it('takes a missing version for version 0', () => {
    expect(parseTransaction(invokeV0)).toEqual({
      type: 'INVOKE_V0',
      version: 0,
      hash: felt(1),
      signature: joinFelts(felt(3)),
      contractAddress: felt(7),
      selector: felt(4),
      calldata: joinFelts(felt(5), felt(6)),
      maxFee: felt(2),
      entryPointType: null,
      nonce: null,
    });
    expect(parseTransaction({ ...invokeV0, version: '0x0' })).toEqual(parseTransaction(invokeV0));
  });

  it('takes the account of an invoke v0 by either name', () => {
    const { contract_address, ...rest } = invokeV0;
    const renamed = { ...rest, sender_address: contract_address };
    expect(parseTransaction(renamed)).toEqual(parseTransaction(invokeV0));
  });

  it('refuses two names for the account that disagree', () => {
    expect(parseTransaction({ ...invokeV0, sender_address: '0x7' })).toEqual(parseTransaction(invokeV0));
    expect(errorOf({ ...invokeV0, sender_address: '0x8' })).toMatchObject({
      code: 'GATEWAY_MALFORMED',
      data: { path: 'transaction.sender_address' },
    });
  });

  it('keeps that an old invoke was an L1 handler', () => {
    expect(parseTransaction({ ...invokeV0, entry_point_type: 'L1_HANDLER' })).toMatchObject({
      type: 'INVOKE_V0',
      entryPointType: 'L1_HANDLER',
    });
  });

  it('reads decimal calldata and signatures, and hex only behind 0x', () => {
    const decimal = { ...invokeV0, calldata: ['10', '0x10'], signature: ['16'] };
    expect(parseTransaction(decimal)).toMatchObject({
      calldata: joinFelts(felt(10), felt(16)),
      signature: joinFelts(felt(16)),
    });
    expect(errorOf({ ...invokeV0, calldata: ['0x1', '1f'] })).toMatchObject({
      code: 'GATEWAY_MALFORMED',
      data: { path: 'transaction.calldata[1]', got: 'text "1f"' },
    });
  });

  it('reads no decimals outside of lists', () => {
    expect(errorOf({ ...invokeV0, max_fee: '10' })).toMatchObject({ data: { path: 'transaction.max_fee' } });
  });

  it('takes missing and null lists for empty ones', () => {
    const { calldata: _, ...rest } = invokeV0;
    expect(parseTransaction({ ...rest, signature: null })).toMatchObject({ calldata: NO_FELTS, signature: NO_FELTS });
  });

  it('takes data availability modes as numbers and as names', () => {
    const named = { ...invokeV3, nonce_data_availability_mode: 'L1', fee_data_availability_mode: 'L2' };
    expect(parseTransaction(named)).toEqual(parseTransaction(invokeV3));
    expect(errorOf({ ...invokeV3, fee_data_availability_mode: 2 })).toMatchObject({
      data: { path: 'transaction.fee_data_availability_mode', got: '2' },
    });
  });

  it('tells a zero L1 data gas bound from an absent one', () => {
    const zero = { max_amount: '0x0', max_price_per_unit: '0x0' };
    const bounds = { ...v3.resource_bounds, L1_DATA_GAS: zero };
    expect(parseTransaction(invokeV3)).toMatchObject({ l1DataGas: null });
    expect(parseTransaction({ ...invokeV3, resource_bounds: bounds })).toMatchObject({
      l1DataGas: { maxAmount: FELT_ZERO, maxPricePerUnit: FELT_ZERO },
    });
  });

  it('refuses bounds and tips that do not fit where they are packed for the hash', () => {
    const bound = (amount: string, price: string) => ({
      ...invokeV3,
      resource_bounds: { ...v3.resource_bounds, L2_GAS: { max_amount: amount, max_price_per_unit: price } },
    });
    expect(() => parseTransaction(bound(`0x${'f'.repeat(16)}`, `0x${'f'.repeat(32)}`))).not.toThrow();
    expect(errorOf(bound(`0x1${'0'.repeat(16)}`, '0x0'))).toMatchObject({
      data: { path: 'transaction.resource_bounds.L2_GAS.max_amount' },
    });
    expect(errorOf(bound('0x0', `0x1${'0'.repeat(32)}`))).toMatchObject({
      data: { path: 'transaction.resource_bounds.L2_GAS.max_price_per_unit' },
    });
    expect(errorOf({ ...invokeV3, tip: `0x1${'0'.repeat(16)}` })).toMatchObject({ data: { path: 'transaction.tip' } });
  });

  it('reads proof facts where there are some', () => {
    expect(parseTransaction({ ...invokeV3, proof_facts: ['0x1'] })).toMatchObject({ proofFacts: joinFelts(felt(1)) });
    expect(parseTransaction(invokeV3)).toMatchObject({ proofFacts: NO_FELTS });
  });

  it('takes the account of a deploy account v3 by either name', () => {
    const { sender_address, ...rest } = deployAccountV3;
    const renamed = { ...rest, contract_address: sender_address };
    expect(parseTransaction(renamed)).toEqual(parseTransaction(deployAccountV3));
    expect(parseTransaction(renamed)).toMatchObject({ type: 'DEPLOY_ACCOUNT_V3', contractAddress: felt(11) });
  });

  it('reads deploys of both versions, and one without a class hash', () => {
    expect(parseTransaction({ ...deploy, version: '0x1' })).toMatchObject({ type: 'DEPLOY', version: 1 });
    const { class_hash: _, ...rest } = deploy;
    expect(parseTransaction(rest)).toMatchObject({ version: 0, classHash: FELT_ZERO, signature: NO_FELTS });
  });

  it('wants a compiled class hash from version 2 on', () => {
    expect(parseTransaction(declare)).toMatchObject({ type: 'DECLARE_V0', compiledClassHash: null });
    expect(parseTransaction({ ...declare, version: '0x1' })).toMatchObject({ type: 'DECLARE_V1' });
    expect(errorOf({ ...declare, version: '0x2' })).toMatchObject({
      data: { path: 'transaction.compiled_class_hash' },
    });
    expect(parseTransaction({ ...declare, version: '0x2', compiled_class_hash: '0x6' })).toMatchObject({
      type: 'DECLARE_V2',
      compiledClassHash: felt(6),
    });
  });

  it('reads an L1 handler without a nonce', () => {
    expect(parseTransaction(l1Handler)).toMatchObject({ type: 'L1_HANDLER', nonce: null });
    expect(parseTransaction({ ...l1Handler, nonce: '0x9' })).toMatchObject({ nonce: felt(9) });
  });

  it.each([
    ['a new type', { ...invokeV0, type: 'MEDITATE' }],
    ['a new version', { ...invokeV3, version: '0x4' }],
    ['a version that its type never had', { ...invokeV0, version: '0x2' }],
    ['a version only for estimates', { ...invokeV3, version: '0x100000000000000000000000000000003' }],
  ])('calls %s an unsupported protocol version', (_, json) => {
    const error = errorOf(json);
    expect(error).toMatchObject({ code: 'PROTOCOL_UNSUPPORTED', fault: 'source' });
    expect(error?.message).toContain('unsupported protocol version');
    expect(error?.data).toMatchObject({ expected: expect.any(String), got: expect.stringContaining(json.type) });
  });

  it.each([
    ['no object', 'text'],
    ['a list', []],
    ['no type', { ...invokeV0, type: undefined }],
    ['a version that is no hex', { ...invokeV0, version: 'zero' }],
    ['a version that is a number', { ...invokeV0, version: 0 }],
    ['a hash that is too large', { ...invokeV0, transaction_hash: `0x${'f'.repeat(64)}` }],
    ['calldata that is text', { ...invokeV0, calldata: '0x1' }],
    ['calldata that nests', { ...invokeV0, calldata: [['0x1']] }],
    ['resource bounds that are a list', { ...invokeV3, resource_bounds: [] }],
    ['members that are only inherited', Object.create(invokeV0)],
  ])('calls %s malformed', (_, json) => {
    expect(errorOf(json)).toMatchObject({ code: 'GATEWAY_MALFORMED', fault: 'peer' });
  });
});

function errorOf(json: unknown) {
  try {
    parseTransaction(json);
  } catch (error) {
    if (isSynclineError(error)) return error;
    throw error;
  }
  return null;
}
