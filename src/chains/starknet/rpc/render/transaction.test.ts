import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { vectorsDir } from '../../../../../test/vectors/locate.ts';
import { feltFromNumber, parseFelt, parseFelts } from '../../felt.ts';
import type { Transaction } from '../../types.ts';
import { openRpcDocuments } from '../methods/testing.ts';
import { renderTransaction } from './transaction.ts';

const vectors = vectorsDir();
const one = feltFromNumber(1);
const big = parseFelt(`0x8${'0'.repeat(13)}11${'0'.repeat(47)}`);
const felts = parseFelts(['0x0', '0x7f', '0xabcdef']);
const common = { hash: big, signature: felts };
const bound = { maxAmount: feltFromNumber(2 ** 40), maxPricePerUnit: parseFelt(`0x${'f'.repeat(32)}`) };
const v3 = {
  version: 3,
  nonce: one,
  tip: one,
  l1Gas: bound,
  l2Gas: bound,
  l1DataGas: null,
  paymasterData: felts,
  nonceDataAvailabilityMode: 0,
  feeDataAvailabilityMode: 1,
};
const deployment = { contractAddress: one, classHash: big, contractAddressSalt: one, constructorCalldata: felts };
const declared = { senderAddress: one, classHash: big, maxFee: one, nonce: one };

/** One of each type, with each member set. */
const ALL: readonly Transaction[] = [
  {
    ...common,
    type: 'INVOKE_V0',
    version: 0,
    contractAddress: one,
    selector: big,
    calldata: felts,
    maxFee: one,
    entryPointType: 'EXTERNAL',
    nonce: null,
  },
  {
    ...common,
    type: 'INVOKE_V0',
    version: 0,
    contractAddress: one,
    selector: big,
    calldata: felts,
    maxFee: one,
    entryPointType: 'L1_HANDLER',
    nonce: null,
  },
  { ...common, type: 'INVOKE_V1', version: 1, senderAddress: one, calldata: felts, maxFee: one, nonce: big },
  {
    ...common,
    ...v3,
    type: 'INVOKE_V3',
    senderAddress: one,
    calldata: felts,
    accountDeploymentData: felts,
    proofFacts: felts,
  },
  { ...common, ...declared, type: 'DECLARE_V0', version: 0, compiledClassHash: null },
  { ...common, ...declared, type: 'DECLARE_V1', version: 1, compiledClassHash: null },
  { ...common, ...declared, type: 'DECLARE_V2', version: 2, compiledClassHash: big },
  {
    ...common,
    ...v3,
    type: 'DECLARE_V3',
    senderAddress: one,
    classHash: big,
    compiledClassHash: big,
    accountDeploymentData: felts,
  },
  { ...common, ...deployment, type: 'DEPLOY', version: 1 },
  { ...common, ...deployment, type: 'DEPLOY_ACCOUNT_V1', version: 1, maxFee: one, nonce: one },
  { ...common, ...deployment, ...v3, type: 'DEPLOY_ACCOUNT_V3', l1DataGas: bound },
  { ...common, type: 'L1_HANDLER', version: 0, contractAddress: one, selector: big, calldata: felts, nonce: one },
];

describe.skipIf(vectors === null)('transactions of all types', () => {
  it.each([8, 9, 10] as const)('are what the documents of 0.%i say', (version) => {
    const document = openRpcDocuments(
      (file) => readFileSync(join(vectors ?? '', 'starknet', 'openrpc', file), 'utf8'),
      version,
    );
    for (const tx of ALL) {
      const rendered = renderTransaction(tx, { hash: true, proofFacts: version === 10 });
      expect(document.resultError('starknet_getTransactionByHash', rendered), tx.type).toBe(null);
    }
  });
});

describe('a transaction', () => {
  const invoke = ALL[3] as Extract<Transaction, { type: 'INVOKE_V3' }>;

  it('shows its proof facts when asked, an empty list where it has none', () => {
    const shown = (tx: Transaction) => renderTransaction(tx, { hash: true, proofFacts: true });
    expect(shown(invoke).proof_facts).toEqual(['0x0', '0x7f', '0xabcdef']);
    expect(shown({ ...invoke, proofFacts: parseFelts([]) }).proof_facts).toEqual([]);
    expect('proof_facts' in renderTransaction(invoke, { hash: true, proofFacts: false })).toBe(false);
    for (const tx of ALL.filter(({ type }) => type !== 'INVOKE_V3')) expect('proof_facts' in shown(tx)).toBe(false);
  });

  it('has no bounds of L1 data gas but zero where it was signed without', () => {
    expect(renderTransaction(invoke, { hash: false, proofFacts: false }).resource_bounds).toEqual({
      l1_gas: { max_amount: '0x10000000000', max_price_per_unit: `0x${'f'.repeat(32)}` },
      l1_data_gas: { max_amount: '0x0', max_price_per_unit: '0x0' },
      l2_gas: { max_amount: '0x10000000000', max_price_per_unit: `0x${'f'.repeat(32)}` },
    });
  });

  it('is an L1 handler also where a gateway called it an invoke', () => {
    expect(renderTransaction(ALL[1] as Transaction, { hash: false, proofFacts: false })).toEqual({
      type: 'L1_HANDLER',
      version: '0x0',
      nonce: '0x0',
      contract_address: '0x1',
      entry_point_selector: `0x8${'0'.repeat(13)}11${'0'.repeat(47)}`,
      calldata: ['0x0', '0x7f', '0xabcdef'],
    });
  });
});
