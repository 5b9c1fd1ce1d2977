import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { vectorsDir } from '../../../../test/vectors/locate.ts';
import { createFeltHasher } from '../../../crypto/index.ts';
import { feltFromNumber } from '../felt.ts';
import type { CheckResult } from './check-result.ts';
import { networkOf, openVectors } from './testing.ts';
import { type Capture, verifyCaptures } from './verify-captures.ts';

const root = vectorsDir();
const vectors = openVectors(root === null ? null : (file) => readFileSync(`${root}/starknet/${file}`, 'utf8'));

const hasher = createFeltHasher();

function verify(network: string, ...captures: Capture[]) {
  return verifyCaptures({ hasher, network: networkOf(network), captures, hashTable: null });
}

/** Check name → verdict. */
function verdicts(checks: readonly CheckResult[] | undefined) {
  return Object.fromEntries((checks ?? []).map(({ name, ok }) => [name, ok]));
}

describe.skipIf(!vectors.areThere)('files of captured data', () => {
  const blockOf = (file: string): Capture => ({ kind: 'block', height: null, block: vectors.block(file) });
  const updateOf = (file: string, height: number | null = null): Capture => ({
    kind: 'state-update',
    height,
    stateUpdate: vectors.stateUpdate(file),
  });
  const signatureOf = (file: string): Capture => ({
    kind: 'signature',
    height: null,
    signature: vectors.signature(file),
  });

  test('a block alone has a verdict on all that it holds', () => {
    const [checks] = verify('sepolia', blockOf('sepolia/block/284801.json'));
    expect(verdicts(checks)).toEqual({
      'transaction-hashes': true,
      'transaction-commitment': true,
      'event-commitment': true,
      'receipt-commitment': true,
      'state-diff-commitment': null,
      'state-diff-length': null,
      'block-hash': true,
      signature: null,
    });
    for (const { ok, reason } of checks ?? []) if (ok === null) expect(reason).toEqual(expect.any(String));
  });

  test('a state update alone has nothing to be compared with, and says what came out', () => {
    const [checks] = verify('sepolia', updateOf('sepolia-integration/state_update/35748.json'));
    expect(checks).toMatchObject([
      { name: 'state-diff-commitment', ok: null, got: expect.stringMatching(/^0x/) as string },
      { name: 'state-diff-length', ok: null, got: expect.stringMatching(/^[0-9]+$/) as string },
    ]);
  });

  test('files of one block help each other', () => {
    const [block, update, signature] = verify(
      'sepolia-integration',
      blockOf('sepolia-integration/block/35748.json'),
      updateOf('sepolia-integration/state_update/35748.json'),
      signatureOf('sepolia-integration/signature/35748.json'),
    );
    expect(Object.values(verdicts(block))).toEqual(Array(8).fill(true));
    expect(verdicts(update)).toEqual({ 'state-diff-commitment': true, 'state-diff-length': true });
    expect(verdicts(signature)).toEqual({ signature: true });
  });

  test('an old state update is proven by a signature of the older form', () => {
    const [update, signature] = verify(
      'mainnet',
      updateOf('mainnet/state_update/0.json'),
      signatureOf('mainnet/signature/0.json'),
    );
    expect(verdicts(update)).toEqual({ 'state-diff-commitment': true, 'state-diff-length': null });
    expect(verdicts(signature)).toEqual({ signature: true });
  });

  test('files of other blocks are left alone, unless they are known to be of the same height', () => {
    const block = blockOf('mainnet/block/1.json');
    const [apart] = verify('mainnet', block, updateOf('mainnet/state_update/2.json', 2));
    expect(verdicts(apart)['state-diff-commitment']).toBe(null);
    const [joined, update] = verify('mainnet', block, updateOf('mainnet/state_update/2.json', 1));
    expect(verdicts(joined)['state-diff-commitment']).toBe(false);
    expect(verdicts(update)['state-diff-commitment']).toBe(false);
  });

  test('a bundle stands for all three', () => {
    const file = 'sepolia/state_update_with_block/100000.json';
    const bundle = { kind: 'state-update-with-block', height: null, ...vectors.bundle(file) } as const;
    const [checks] = verify('sepolia', bundle);
    expect(verdicts(checks)).toMatchObject({ 'state-diff-commitment': true, 'block-hash': true, signature: null });
    const { stateDiff } = bundle.stateUpdate;
    const nonces = [...stateDiff.nonces, { address: feltFromNumber(7), nonce: feltFromNumber(1) }];
    const forged = { ...bundle, stateUpdate: { ...bundle.stateUpdate, stateDiff: { ...stateDiff, nonces } } };
    const failed = verify('sepolia', forged)[0]?.filter(({ ok }) => ok === false);
    expect(failed?.map(({ name }) => name)).toEqual(['state-diff-commitment', 'state-diff-length']);
  });
});
