import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { vectorsDir } from '../../../../test/vectors/locate.ts';
import { createFeltHasher } from '../../../crypto/index.ts';
import { FELT_ZERO, feltFromNumber, feltToHex, parseFelt } from '../felt.ts';
import type { Felt, Transaction } from '../types.ts';
import { parseTransaction } from '../wire/index.ts';
import { openVectors } from './testing.ts';
import { computeTransactionHashes } from './transaction-hash.ts';

const root = vectorsDir();
const vectors = openVectors(root === null ? null : (file) => readFileSync(`${root}/starknet/${file}`, 'utf8'));

const hasher = createFeltHasher();

/** A transaction as the sequencer's own test resources write it: `{ "Invoke": { "V1": { … } } }`. */
interface TypedVector {
  readonly chain_id: string;
  readonly transaction: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly transaction_hash: string;
}

// From the sequencer repository, `crates/starknet_api/resources`; DEPLOY entries there have no address.
describe.skipIf(!vectors.areThere)('published transactions hash to their published hashes', () => {
  const files = ['transactions/transaction_hash.json', 'transactions/deprecated_transaction_hash.json'];
  const published = !vectors.areThere ? [] : files.flatMap((file) => vectors.json(file) as TypedVector[]);

  test.each(published.map((vector) => [Object.keys(vector.transaction)[0], vector] as const))('%s', (_, vector) => {
    const transaction = toTransaction(vector);
    const [result] = computeTransactionHashes(hasher, [transaction], [], [vector.chain_id]);
    expect(result).toMatchObject({ matches: true, addressHolds: true });
    expect(feltToHex(result?.computed ?? FELT_ZERO)).toBe(vector.transaction_hash);
  });

  test('all of them side by side, and each of them alone, give the same', () => {
    const transactions = published.map(toTransaction);
    const together = computeTransactionHashes(hasher, transactions, [], ['SN_MAIN']);
    const alone = transactions.flatMap((one) => computeTransactionHashes(hasher, [one], [], ['SN_MAIN']));
    expect(together).toEqual(alone);
  });
});

describe.skipIf(!vectors.areThere)('what the older forms need', () => {
  test('an L1 handler typed as an invoke has its nonce from the receipt', () => {
    const { transactions, receipts } = vectors.block('goerli/block/47543.json');
    const withReceipts = computeTransactionHashes(hasher, transactions, receipts, ['SN_GOERLI']);
    expect(withReceipts.every(({ matches }) => matches)).toBe(true);
    const without = computeTransactionHashes(hasher, transactions, [], ['SN_GOERLI']);
    expect(without.filter(({ matches }) => !matches)).toHaveLength(1);
  });

  test('the first blocks of goerli2 were hashed with the chain id of goerli', () => {
    const { transactions, receipts } = vectors.block('goerli2/block/0.json');
    const hashesWith = (...ids: string[]) => computeTransactionHashes(hasher, transactions, receipts, ids);
    expect(hashesWith('SN_GOERLI2')[0]?.matches).toBe(false);
    expect(hashesWith('SN_GOERLI2', 'SN_GOERLI')[0]?.matches).toBe(true);
  });

  test('another class hash or salt of a deployment is noticed, although its hash covers neither', () => {
    const { transactions } = vectors.block('mainnet/block/0.json');
    const deploys = transactions.filter(({ type }) => type === 'DEPLOY');
    expect(deploys.length).toBeGreaterThan(0);
    for (const field of ['classHash', 'contractAddressSalt']) {
      const forged = deploys.map((deploy) => ({ ...deploy, [field]: feltFromNumber(7) }) as Transaction);
      for (const result of computeTransactionHashes(hasher, forged, [], ['SN_MAIN'])) {
        expect(result).toMatchObject({ matches: false, addressHolds: false });
        expect(feltToHex(result.computed)).toBe(feltToHex(result.stated));
      }
    }
  });
});

test('no transactions have no hashes', () => {
  expect(computeTransactionHashes(hasher, [], [], ['SN_MAIN'])).toEqual([]);
});

/** Renders a published transaction as the gateway would, and parses that. */
function toTransaction({ transaction, transaction_hash }: TypedVector): Transaction {
  const [type, body] = Object.entries(transaction)[0] ?? ['', {}];
  const [inner, fields] = Object.entries(body)[0] ?? ['', {}];
  const isVersioned = /^V[0-9]$/.test(inner);
  const content = isVersioned ? (fields as Readonly<Record<string, unknown>>) : body;
  const address = type === 'Deploy' || type === 'DeployAccount' ? { contract_address: addressOf(content) } : {};
  return parseTransaction({
    ...content,
    ...address,
    type: TYPES[type],
    version: isVersioned ? `0x${inner.slice(1)}` : '0x0',
    transaction_hash,
  });
}

const TYPES: Readonly<Record<string, string>> = {
  Invoke: 'INVOKE_FUNCTION',
  Declare: 'DECLARE',
  Deploy: 'DEPLOY',
  DeployAccount: 'DEPLOY_ACCOUNT',
  L1Handler: 'L1_HANDLER',
};

/** Written down apart from the code under test: the address of a deployment from its class, salt and calldata. */
function addressOf(content: Readonly<Record<string, unknown>>): string {
  const calldata = (content.constructor_calldata as string[]).map(parseFelt);
  const salt = parseFelt(content.contract_address_salt);
  const classHash = parseFelt(content.class_hash);
  const arrayHash = (felts: readonly Felt[]): Felt => {
    let hash: Uint8Array = FELT_ZERO;
    for (const felt of felts) hash = hasher.pedersen(hash, felt);
    return hasher.pedersen(hash, feltFromNumber(felts.length)) as Felt;
  };
  const prefix = parseFelt(`0x${Buffer.from('STARKNET_CONTRACT_ADDRESS').toString('hex')}`);
  const hash = arrayHash([prefix, FELT_ZERO, salt, classHash, arrayHash(calldata)]);
  return `0x${(BigInt(feltToHex(hash)) % (2n ** 251n - 256n)).toString(16)}`;
}
