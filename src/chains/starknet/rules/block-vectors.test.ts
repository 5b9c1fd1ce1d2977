import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { vectorsDir } from '../../../../test/vectors/locate.ts';
import { createFeltHasher } from '../../../crypto/index.ts';
import { feltFromNumber, feltToHex } from '../felt.ts';
import type { Block, StateUpdate } from '../types.ts';
import type { CheckName } from './check-result.ts';
import { networkOf, openVectors, type VectorFile } from './testing.ts';
import { computeTransactionHashes } from './transaction-hash.ts';
import { findCheck, type VerifyBlockInput, verifyBlock } from './verify-block.ts';

const root = vectorsDir();
const vectors = openVectors(root === null ? null : (file) => readFileSync(`${root}/starknet/${file}`, 'utf8'));

// Captured blocks of six networks, versions none to 0.14.3; `manifest.json` of the vectors names the origin of each.
const hasher = createFeltHasher();
const ROWS = ['transaction', 'event', 'receipt'] as const;

function verify(network: string, block: Block, rest: Partial<VerifyBlockInput> = {}) {
  const none = { stateUpdate: null, signature: null, hashTable: null, signaturePolicy: 'fail' } as const;
  return verifyBlock({ hasher, network: networkOf(network), block, ...none, ...rest });
}

function load({ file, kind }: VectorFile): { block: Block; stateUpdate: StateUpdate | null } {
  return kind === 'block' ? { block: vectors.block(file), stateUpdate: null } : vectors.bundle(file);
}

function failures(verdict: ReturnType<typeof verify>): readonly CheckName[] {
  return verdict.checks.filter(({ ok }) => ok === false).map(({ name }) => name);
}

describe('every captured block verifies as its origin says', () => {
  const whole = vectors.files.filter(({ proves }) => proves.block_hash === true);

  test('there is at least one block of each form', () => {
    const forms = new Set(whole.map(({ proves }) => proves.block_hash_form?.charAt(0)));
    expect([...forms].sort()).toEqual(!vectors.areThere ? [] : ['A', 'B', 'C', 'D']);
  });

  test.each(whole.map((vector) => [vector.file, vector] as const))('%s', (_, vector) => {
    const { block, stateUpdate } = load(vector);
    const verdict = verify(vector.network, block, { stateUpdate });
    const hash = findCheck(verdict.checks, 'block-hash');
    expect(failures(verdict)).toEqual([]);
    expect(hash).toMatchObject({ ok: true, form: vector.proves.block_hash_form?.charAt(0) });
    expect(hash.reason !== undefined).toBe(vector.proves.block_hash_form?.includes('fallback') === true);
    expect(findCheck(verdict.checks, 'transaction-hashes').ok).toBe(true);
    expect(verdict.proofs.transactions).toBe('hash');
    expectCommitments(vector, verdict);
    if (vector.proves.state_diff_commitment === true && stateUpdate !== null) {
      expect(findCheck(verdict.checks, 'state-diff-commitment').ok).toBe(true);
      expect(findCheck(verdict.checks, 'state-diff-length').ok).toBe(true);
      expect(verdict.proofs.stateDiff).toBe('hash');
    }
  });

  function expectCommitments({ proves }: VectorFile, { checks }: ReturnType<typeof verify>): void {
    for (const row of ROWS) {
      const stated = proves.header_commitments?.[`${row}s`];
      const { ok, expected, got } = findCheck(checks, `${row}-commitment`);
      if (stated === 'match') expect(ok).toBe(true);
      if (stated === 'absent') expect([ok, expected]).toEqual([null, undefined]);
      if (stated === 'zero') expect([ok, expected]).toEqual([got === '0x0' ? true : null, '0x0']);
      if (stated === 'differs') {
        expect(ok).toBe(null);
        expect(expected).not.toBe(got);
      }
    }
  }

  const separate = vectors.files.filter(
    ({ kind, proves }) => kind === 'block' && proves.state_diff_commitment === true,
  );
  test.each(separate.map(({ file, network }) => [file, network] as const))(
    '%s commits to its state update',
    (file, network) => {
      const block = vectors.block(file);
      const stateUpdate = vectors.stateUpdate(file.replace('/block/', '/state_update/'));
      const verdict = verify(network, block, { stateUpdate });
      expect(failures(verdict)).toEqual([]);
      expect(findCheck(verdict.checks, 'state-diff-commitment').ok).toBe(true);
      expect(findCheck(verdict.checks, 'state-diff-length').ok).toBe(true);
    },
  );
});

describe.skipIf(!vectors.areThere)('blocks that cannot be proven or are false', () => {
  test('an altered capture fails the transaction hashes of three transactions and nothing else', () => {
    const block = vectors.block('negative/integration.block.329525.json');
    const verdict = verify('integration', block);
    expect(failures(verdict)).toEqual(['transaction-hashes']);
    expect(findCheck(verdict.checks, 'transaction-hashes').reason).toContain('3 of 5 transactions');
    const { chainIds } = networkOf('integration');
    const hashes = computeTransactionHashes(hasher, block.transactions, block.receipts, chainIds);
    expect(hashes.filter(({ matches }) => !matches)).toHaveLength(3);
    expect(verdict.proofs.transactions).toEqual({ unverified: expect.any(String) as string });
  });

  test('a block of the unverifiable range has no verdict on its hash and no proof but the state root', () => {
    const stateUpdate = vectors.stateUpdate('goerli/state_update/119802.json');
    const { checks, proofs } = verify('goerli', vectors.block('goerli/block/119802.json'), { stateUpdate });
    expect(findCheck(checks, 'block-hash')).toMatchObject({ ok: null, reason: expect.any(String) as string });
    expect(findCheck(checks, 'transaction-hashes').ok).toBe(true);
    expect(proofs.stateDiff).toBe('state-root');
    const proven = Object.entries(proofs).filter(([, proof]) => typeof proof === 'string');
    expect(proven.map(([group]) => group)).toEqual(['stateDiff']);
  });

  test('a capture that was cut short is told from a false one', () => {
    const bundle = vectors.bundle('sepolia-integration/state_update_with_block/11493796.json');
    const verdict = verify('sepolia-integration', bundle.block, bundle);
    expect(failures(verdict)).toEqual([]);
    for (const name of ['transaction-commitment', 'receipt-commitment', 'block-hash'] as const) {
      expect(findCheck(verdict.checks, name)).toMatchObject({ ok: null });
      expect(findCheck(verdict.checks, name).reason).toContain('1 of 4 transactions and 1 of 4 events');
    }
    for (const name of ['state-diff-commitment', 'state-diff-length', 'signature'] as const) {
      expect(findCheck(verdict.checks, name).ok).toBe(true);
    }
    expect(verdict.proofs).toMatchObject({ blockHash: 'signature' });
    expect(typeof verdict.proofs.transactions).toBe('object');
  });

  test('the same capture fails where it would be stored', () => {
    const bundle = vectors.bundle('sepolia-integration/state_update_with_block/11493796.json');
    const verdict = verify('sepolia-integration', bundle.block, { ...bundle, truncated: 'fail' });
    expect(failures(verdict)).toEqual([
      'transaction-commitment',
      'event-commitment',
      'receipt-commitment',
      'block-hash',
    ]);
  });

  const one = feltFromNumber(1);
  const two = feltFromNumber(2);
  const alterations: readonly (readonly [string, (block: Block) => Block, readonly CheckName[]])[] = [
    ['a state root', (b) => ({ ...b, header: { ...b.header, stateRoot: one } }), ['block-hash']],
    ['a parent', (b) => ({ ...b, header: { ...b.header, parentHash: one } }), ['block-hash']],
    ['a timestamp', (b) => ({ ...b, header: { ...b.header, timestampS: 1 } }), ['block-hash']],
    ['a version', (b) => ({ ...b, header: { ...b.header, version: '0.13.5' } }), ['block-hash']],
    ['a gas price', (b) => ({ ...b, header: { ...b.header, l2GasPrice: { wei: two, fri: one } } }), ['block-hash']],
    [
      'a commitment',
      (b) => ({ ...b, header: { ...b.header, eventCommitment: one } }),
      ['event-commitment', 'block-hash'],
    ],
    [
      'a transaction hash',
      (b) => mapFirst(b, 'transactions', { hash: one }),
      ['transaction-hashes', 'transaction-commitment'],
    ],
    ['a transaction signature', (b) => mapFirst(b, 'transactions', { signature: one }), ['transaction-commitment']],
    ['a fee', (b) => mapFirst(b, 'receipts', { actualFee: one }), ['receipt-commitment']],
    ['a revert reason', (b) => mapFirst(b, 'receipts', { revertError: 'no' }), ['receipt-commitment']],
  ];
  test.each(alterations)('a block with %s altered fails exactly the checks that cover it', (_, alter, expected) => {
    const block = alter(vectors.block('sepolia-integration/block/63881.json'));
    expect(failures(verify('sepolia-integration', block))).toEqual(expected);
  });

  test('an old block whose event was altered fails its block hash', () => {
    const block = vectors.block('sepolia/block/4.json');
    const receipts = block.receipts.map((receipt) => ({
      ...receipt,
      events: receipt.events.map((event) => ({ ...event, fromAddress: one })),
    }));
    expect(failures(verify('sepolia', { ...block, receipts }))).toEqual(['block-hash']);
  });

  test('a state update of another block or to another root is refused', () => {
    const { block, stateUpdate } = vectors.bundle('sepolia/state_update_with_block/100000.json');
    const foreign = { ...stateUpdate, blockHash: one };
    expect(failures(verify('sepolia', block, { stateUpdate: foreign }))).toEqual(['state-diff-commitment']);
    const elsewhere = { ...stateUpdate, newRoot: one };
    expect(failures(verify('sepolia', block, { stateUpdate: elsewhere }))).toEqual(['state-diff-commitment']);
  });
});

describe.skipIf(!vectors.areThere)('the published table of recomputed hashes', () => {
  const hashTable = root === null ? null : readFileSync(`${root}/starknet/tables/sepolia_block_hashes_0_13_2_form.bin`);
  const load = (height: number) => ({
    block: vectors.block(`sepolia/block/${height}.json`),
    stateUpdate: vectors.stateUpdate(`sepolia/state_update/${height}.json`),
  });

  test.each([0, 1, 2, 3, 4, 5, 6])('proves receipts, state diff and prices of sepolia %i', (height) => {
    const { block, stateUpdate } = load(height);
    const { checks, proofs } = verify('sepolia', block, { stateUpdate, hashTable });
    expect(findCheck(checks, 'receipt-commitment')).toMatchObject({ ok: true, form: 'C' });
    expect(findCheck(checks, 'state-diff-commitment')).toMatchObject({ ok: true, form: 'C' });
    expect(proofs).toMatchObject({ receipts: 'table', stateDiff: 'table', gasPrices: 'table', eventOrigins: 'table' });
    expect(proofs).toMatchObject({ transactions: 'hash', events: 'hash', timestamp: 'hash' });
  });

  test.each([
    'sepolia/state_update_with_block/0.alt.json',
    'sepolia/state_update_with_block/1.alt.json',
    'sepolia/state_update_with_block/2.json',
  ])('proves %s, a capture of another age', (file) => {
    const bundle = vectors.bundle(file);
    const { checks } = verify('sepolia', bundle.block, { ...bundle, hashTable });
    expect(findCheck(checks, 'receipt-commitment').ok).toBe(true);
  });

  test('disproves an altered fee', () => {
    const { block, stateUpdate } = load(4);
    const verdict = verify('sepolia', mapFirst(block, 'receipts', { actualFee: feltFromNumber(1) }), {
      stateUpdate,
      hashTable,
    });
    expect(failures(verdict)).toEqual(['receipt-commitment', 'state-diff-commitment']);
    expect(verdict.proofs.receipts).toEqual({ unverified: expect.any(String) as string });
  });

  test('says nothing without the state update, nor beyond its end', () => {
    const { block, stateUpdate } = load(4);
    const alone = verify('sepolia', block, { hashTable });
    expect(findCheck(alone.checks, 'receipt-commitment')).toMatchObject({ ok: null });
    const beyond = verify('sepolia', block, { stateUpdate, hashTable: hashTable?.subarray(0, 4 * 32) ?? null });
    expect(findCheck(beyond.checks, 'receipt-commitment')).toMatchObject({ ok: null });
    expect(feltToHex(block.header.hash)).toBe(findCheck(beyond.checks, 'block-hash').got);
  });
});

describe.skipIf(!vectors.areThere)('what old blocks leave out is not called proven', () => {
  test.each([
    ['mainnet/block/8.json', 'mainnet', ['events', 'eventOrigins', 'receipts', 'timestamp', 'gasPrices']],
    ['mainnet/block/2800.json', 'mainnet', ['eventOrigins', 'receipts', 'gasPrices', 'protocolVersion']],
    ['mainnet/block/2240.json', 'mainnet', ['sequencerAddress', 'receipts']],
    ['sepolia/block/284801.json', 'sepolia', ['l2GasPrice', 'blockHash']],
    ['mainnet/block/7320.json', 'mainnet', ['signatures', 'receipts']],
  ])('%s', (file, network, unproven) => {
    const { proofs } = verify(network, vectors.block(file));
    for (const group of unproven) expect(proofs[group]).toEqual({ unverified: expect.any(String) as string });
  });
});

/** A block with fields of its first transaction or receipt replaced. */
function mapFirst(block: Block, list: 'transactions' | 'receipts', fields: object): Block {
  const [first, ...rest] = block[list];
  return { ...block, [list]: [{ ...first, ...fields }, ...rest] };
}
