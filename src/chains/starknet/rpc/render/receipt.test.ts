import { describe, expect, it } from 'vitest';
import { FELT_ZERO, feltFromNumber, parseFelt, parseFelts } from '../../felt.ts';
import type { Receipt, Transaction } from '../../types.ts';
import { renderReceipt } from './receipt.ts';

const NOTHING: Receipt = {
  transactionHash: FELT_ZERO,
  transactionIndex: 0,
  actualFee: feltFromNumber(5),
  events: [],
  messagesToL1: [],
  consumedMessage: null,
  revertError: null,
  executionResources: null,
};

describe('the receipt of an L1 handler', () => {
  /** A transaction of mainnet; its message hash is the one that a block explorer shows (Pathfinder, `reply.rs`). */
  const handler: Extract<Transaction, { type: 'L1_HANDLER' }> = {
    type: 'L1_HANDLER',
    hash: parseFelt('0x63f36452a4255a9d3f06def95a08bbc295f0de0515adefbf04ee795ed4c3f12'),
    version: 0,
    signature: parseFelts([]),
    contractAddress: parseFelt('0x73314940630fd6dcda0d772d4c972c4e0a9946bef9dabf4ef84eda8ef542b82'),
    selector: parseFelt('0x2d757788a8d8d6f21d1cd40bce38a8222d70654214e96ff95d8086e684fbee5'),
    nonce: parseFelt('0x17824b'),
    calldata: parseFelts([
      '0xae0ee0a63a2ce6baeeffe56e7714fb4efe48d419',
      '0x2c63ec1313901744d1321b93bda51418cc18998a1562d368960711367f7530f',
      '0x11e14e1039c000',
      '0x0',
    ]),
  };
  const HASH = '0x573aeff3cf703775e8a76a27adee9e80f2ce558a6a38ec87e0249a8b175e5c1a';

  it('has the hash under which L1 knows the message', () => {
    expect(renderReceipt(handler, NOTHING, 'ACCEPTED_ON_L2')).toMatchObject({ type: 'L1_HANDLER', message_hash: HASH });
  });

  it('takes the nonce of the message where its transaction has none', () => {
    const consumedMessage = {
      fromAddress: FELT_ZERO,
      toAddress: FELT_ZERO,
      selector: FELT_ZERO,
      payload: parseFelts([]),
      nonce: handler.nonce,
    };
    const receipt = renderReceipt({ ...handler, nonce: null }, { ...NOTHING, consumedMessage }, 'ACCEPTED_ON_L2');
    expect(receipt.message_hash).toBe(HASH);
    expect(renderReceipt({ ...handler, nonce: null }, NOTHING, 'ACCEPTED_ON_L2').message_hash).not.toBe(HASH);
  });

  it('is the same where a gateway called the handler an invoke', () => {
    const invoke = { ...handler, type: 'INVOKE_V0', maxFee: FELT_ZERO, entryPointType: 'L1_HANDLER' } as const;
    expect(renderReceipt(invoke, NOTHING, 'ACCEPTED_ON_L2')).toEqual(renderReceipt(handler, NOTHING, 'ACCEPTED_ON_L2'));
  });

  it('has the hash 0 for a message without a sender', () => {
    const { message_hash: hash } = renderReceipt({ ...handler, calldata: parseFelts([]) }, NOTHING, 'ACCEPTED_ON_L2');
    expect(hash).toBe('0x0');
  });
});

describe('a receipt', () => {
  const invoke = (version: 1 | 3) =>
    ({ type: version === 1 ? 'INVOKE_V1' : 'INVOKE_V3', hash: FELT_ZERO, version }) as unknown as Transaction;

  it('states fees in the token of its transaction', () => {
    expect(renderReceipt(invoke(1), NOTHING, 'ACCEPTED_ON_L2').actual_fee).toEqual({ amount: '0x5', unit: 'WEI' });
    expect(renderReceipt(invoke(3), NOTHING, 'ACCEPTED_ON_L2').actual_fee).toEqual({ amount: '0x5', unit: 'FRI' });
  });

  it('says why its transaction was reverted, also when there is no reason', () => {
    const reverted = renderReceipt(invoke(3), { ...NOTHING, revertError: '' }, 'PRE_CONFIRMED');
    expect(reverted).toMatchObject({ execution_status: 'REVERTED', revert_reason: '' });
    expect('revert_reason' in renderReceipt(invoke(3), NOTHING, 'PRE_CONFIRMED')).toBe(false);
  });
});
