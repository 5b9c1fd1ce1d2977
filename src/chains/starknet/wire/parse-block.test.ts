import { describe, expect, it } from 'vitest';
import { isSynclineError } from '../../../lib/index.ts';
import { FELT_ONE, FELT_ZERO, feltFromNumber, joinFelts } from '../felt.ts';
import { parseBlock } from './parse-block.ts';
import { parseReceipt } from './parse-receipt.ts';

const felt = feltFromNumber;

const transaction = {
  transaction_hash: '0xaa',
  contract_address: '0x2',
  entry_point_selector: '0x3',
  calldata: [],
  type: 'L1_HANDLER',
};
const receipt = { transaction_hash: '0xaa', transaction_index: 0, events: [], l2_to_l1_messages: [] };
/** The least a block can be: as in 2021. */
const oldest = {
  block_hash: '0x1',
  parent_block_hash: '0x0',
  block_number: 0,
  state_root: '021870ba80540e7831fb21c591ee93481f5ae1bb71ff85a86ddd465be4eddee6',
  status: 'ACCEPTED_ON_L1',
  timestamp: 1637069048,
  transactions: [transaction],
  transaction_receipts: [receipt],
};

describe('parseBlock', () => {
  it('reads the shape of 2021, with a root without 0x', () => {
    const { header, transactions, receipts } = parseBlock(oldest);
    expect(header).toMatchObject({ number: 0, hash: FELT_ONE, parentHash: FELT_ZERO, version: '', l1DaMode: null });
    expect(header.stateRoot.slice(0, 4)).toEqual(new Uint8Array([0x02, 0x18, 0x70, 0xba]));
    expect(header.sequencerAddress).toBeNull();
    expect(header.l1GasPrice).toEqual({ wei: null, fri: null });
    expect(transactions).toHaveLength(1);
    expect(receipts).toHaveLength(1);
  });

  it('never reads a root as a decimal number', () => {
    expect(parseBlock({ ...oldest, state_root: '10' }).header.stateRoot).toEqual(felt(16));
  });

  it('wants 0x everywhere else', () => {
    expect(errorOf({ ...oldest, block_hash: '01' })).toMatchObject({ data: { path: 'block.block_hash' } });
  });

  it('takes each generation of gas price, and the newest where there are several', () => {
    const price = (json: object) => parseBlock({ ...oldest, ...json }).header.l1GasPrice;
    const first = { gas_price: '0x1' };
    const second = { eth_l1_gas_price: '0x2', strk_l1_gas_price: '0x3' };
    const third = { l1_gas_price: { price_in_wei: '0x4', price_in_fri: '0x5' } };
    expect(price(first)).toEqual({ wei: felt(1), fri: null });
    expect(price({ ...first, ...second })).toEqual({ wei: felt(2), fri: felt(3) });
    expect(price({ ...first, ...second, ...third })).toEqual({ wei: felt(4), fri: felt(5) });
  });

  it('takes null for absent', () => {
    const nulls = { starknet_version: null, receipt_commitment: null, l1_gas_price: null, state_diff_length: null };
    expect(parseBlock({ ...oldest, ...nulls })).toEqual(parseBlock(oldest));
  });

  it('keeps the protocol version verbatim', () => {
    expect(parseBlock({ ...oldest, starknet_version: '0.13.2.1' }).header.version).toBe('0.13.2.1');
  });

  it('reads the minus zero that JSON has as zero', () => {
    const { header } = parseBlock({ ...oldest, ...JSON.parse('{"block_number":-0,"state_diff_length":-0}') });
    expect(Object.is(header.number, 0) && Object.is(header.stateDiffLength, 0)).toBe(true);
  });

  it('ignores members it does not know', () => {
    expect(parseBlock({ ...oldest, fee_proposal_fri: '0x1', l2_gas_consumed: 2 ** 60 })).toEqual(parseBlock(oldest));
  });

  it.each(['PENDING', 'PRE_CONFIRMED', 'CANDIDATE', 'ABORTED', 'REVERTED'])(
    'refuses status %s before it looks at anything else',
    (status) => {
      expect(errorOf({ status })).toMatchObject({ code: 'BLOCK_NOT_STORABLE', fault: 'source', data: { got: status } });
    },
  );

  it.each([
    ['an unknown status', { status: 'LOST' }, 'block.status'],
    ['no status', { status: undefined }, 'block.status'],
    ['a number beyond 2^53', { block_number: 2 ** 53 }, 'block.block_number'],
    ['a negative number', { block_number: -1 }, 'block.block_number'],
    ['a fraction', { timestamp: 1.5 }, 'block.timestamp'],
    ['a number as text', { timestamp: '5' }, 'block.timestamp'],
    ['an unknown data availability mode', { l1_da_mode: 'PIGEON' }, 'block.l1_da_mode'],
    ['a version too long to hash', { starknet_version: '0'.repeat(32) }, 'block.starknet_version'],
    ['a version that is not ASCII', { starknet_version: '0.13²' }, 'block.starknet_version'],
    ['no transactions', { transactions: undefined }, 'block.transactions'],
    ['a receipt too few', { transaction_receipts: [] }, 'block.transaction_receipts'],
    ['no receipts', { transaction_receipts: undefined }, 'block.transaction_receipts'],
    ['a receipt too many', { transaction_receipts: [receipt, receipt] }, 'block.transaction_receipts'],
    [
      'a receipt of another transaction',
      { transaction_receipts: [{ ...receipt, transaction_hash: '0xbb' }] },
      'block.transaction_receipts[0].transaction_hash',
    ],
    [
      'a receipt of another position',
      { transaction_receipts: [{ ...receipt, transaction_index: 1 }] },
      'block.transaction_receipts[0].transaction_index',
    ],
    [
      'a damaged transaction',
      { transactions: [{ ...transaction, calldata: ['0x1', '0xg'] }] },
      'block.transactions[0].calldata[1]',
    ],
    ['a price without 0x', { l2_gas_price: { price_in_wei: '1' } }, 'block.l2_gas_price.price_in_wei'],
  ])('says where the damage is: %s', (_, change, path) => {
    expect(errorOf({ ...oldest, ...change })).toMatchObject({
      code: 'GATEWAY_MALFORMED',
      fault: 'peer',
      data: { path },
    });
  });

  it('refuses more transactions than any block has', () => {
    const transactions = new Array(100_001).fill(transaction);
    expect(errorOf({ ...oldest, transactions })).toMatchObject({ data: { path: 'block.transactions' } });
  });

  it('repeats little of what a peer wrote in its errors', () => {
    const error = errorOf({ ...oldest, block_hash: 'x'.repeat(1e6) });
    expect(JSON.stringify(error?.data).length).toBeLessThan(400);
  });
});

describe('parseReceipt', () => {
  it('takes a missing status for success and a missing fee for none', () => {
    expect(parseReceipt(receipt)).toEqual({
      transactionHash: felt(0xaa),
      transactionIndex: 0,
      actualFee: FELT_ZERO,
      events: [],
      messagesToL1: [],
      consumedMessage: null,
      revertError: null,
      executionResources: null,
    });
  });

  it('keeps the reason of a revert, which may be empty', () => {
    const reverted = { ...receipt, execution_status: 'REVERTED' };
    expect(parseReceipt({ ...reverted, revert_error: 'why' }).revertError).toBe('why');
    expect(parseReceipt(reverted).revertError).toBe('');
  });

  it('refuses a reason without a revert', () => {
    expect(() => parseReceipt({ ...receipt, execution_status: 'SUCCEEDED', revert_error: '' })).not.toThrow();
    expect(() => parseReceipt({ ...receipt, revert_error: 'why' })).toThrow(/receipt\.revert_error/);
  });

  it('refuses half a surrogate pair, which has no UTF-8 to hash', () => {
    const reverted = { ...receipt, execution_status: 'REVERTED' };
    expect(() => parseReceipt({ ...reverted, revert_error: 'a\ud83d' })).toThrow(/revert_error/);
    expect(parseReceipt({ ...reverted, revert_error: '\u{1f600}' }).revertError).toBe('\u{1f600}');
  });

  it('reads L2 gas where there is some and 0 where the field is older', () => {
    const resources = (gas: object) => ({
      n_steps: 1,
      n_memory_holes: 2,
      builtin_instance_counter: { pedersen_builtin: 3 },
      total_gas_consumed: gas,
    });
    const total = (gas: object) =>
      parseReceipt({ ...receipt, execution_resources: resources(gas) }).executionResources?.totalGasConsumed;
    expect(total({ l1_gas: 1, l1_data_gas: 2 })).toEqual({ l1Gas: 1, l1DataGas: 2, l2Gas: 0 });
    expect(total({ l1_gas: 1, l1_data_gas: 2, l2_gas: 3 })).toEqual({ l1Gas: 1, l1DataGas: 2, l2Gas: 3 });
  });

  it('counts builtins by their names and no other names', () => {
    const counted = (json: string) =>
      parseReceipt({
        ...receipt,
        execution_resources: { n_steps: 1, n_memory_holes: 2, builtin_instance_counter: JSON.parse(json) },
      }).executionResources?.builtins;
    expect(counted('{"new_builtin":1,"constructor":2}')).toEqual({ new_builtin: 1, constructor: 2 });
    expect(counted('{}')).toEqual({});
    expect(() => counted('{"__proto__":1}')).toThrow(/builtin_instance_counter/);
  });

  it('reads messages to and from L1, addresses in any case', () => {
    const { messagesToL1, consumedMessage } = parseReceipt({
      ...receipt,
      l2_to_l1_messages: [{ from_address: '0x1', to_address: '0x00aB', payload: ['0xc', '13'] }],
      l1_to_l2_consumed_message: { from_address: '0xE', to_address: '0xf', selector: '0x10', payload: [] },
    });
    expect(messagesToL1).toEqual([
      { fromAddress: felt(1), toAddress: felt(0xab), payload: joinFelts(felt(12), felt(13)) },
    ]);
    expect(consumedMessage).toMatchObject({ fromAddress: felt(14), toAddress: felt(15), nonce: null });
  });
});

function errorOf(json: unknown) {
  try {
    parseBlock(json);
  } catch (error) {
    if (isSynclineError(error)) return error;
    throw error;
  }
  return null;
}
