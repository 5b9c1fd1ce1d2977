import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { vectorsDir } from '../../../../test/vectors/locate.ts';
import { createFeltHasher } from '../../../crypto/index.ts';
import { feltFromNumber, feltToHex } from '../felt.ts';
import { checkSignature } from './signature.ts';
import { checkStateDiff, digestDiff } from './state-diff-checks.ts';
import { olderStateDiffCommitment } from './state-diff-commitment.ts';
import { networkOf, openVectors } from './testing.ts';

const root = vectorsDir();
const vectors = openVectors(root === null ? null : (file) => readFileSync(`${root}/starknet/${file}`, 'utf8'));

// Answers of `get_signature` in both forms; `manifest.json` of the vectors names the origin of each.
const hasher = createFeltHasher();
const signatures = vectors.files.filter(({ kind }) => kind.startsWith('signature'));

describe.skipIf(!vectors.areThere)('every captured signature verifies against the pinned key of its network', () => {
  const signed = signatures.filter(({ proves }) => proves.signature === true);
  test.each(signed.map(({ file, network }) => [file, network] as const))('%s', (file, network) => {
    const signature = vectors.signature(file);
    expect(checkSignature(hasher, networkOf(network), signature, null)).toMatchObject({ ok: true });
  });

  const keyless = signatures.filter(({ proves }) => proves.signature === 'no public key known');
  test.each(keyless.map(({ file, network }) => [file, network] as const))('%s has no known key', (file, network) => {
    const check = checkSignature(hasher, networkOf(network), vectors.signature(file), null);
    expect(check).toMatchObject({ ok: null, reason: expect.stringContaining('public key') as string });
  });
});

describe.skipIf(!vectors.areThere)('the older state diff commitment equals the signed one', () => {
  const diffs = signatures.filter(({ proves }) => proves.old_state_diff_commitment === true);
  test.each(diffs.map(({ file }) => [file] as const))('%s', (file) => {
    const signature = vectors.signature(file);
    const update = vectors.stateUpdate(file.replace('/signature/', '/state_update/'));
    if (signature.form !== 'block-hash-and-diff') throw new Error('a signature of the older form was expected');
    const commitment = olderStateDiffCommitment(hasher, update.stateDiff);
    expect(feltToHex(commitment)).toBe(feltToHex(signature.stateDiffCommitment));
    const digest = digestDiff(hasher, update.stateDiff);
    const [check, length] = checkStateDiff(hasher, update, digest, { header: null, signature });
    expect(check).toMatchObject({ name: 'state-diff-commitment', ok: true });
    expect(length).toMatchObject({ name: 'state-diff-length', ok: null, got: String(digest.length) });
  });
});

describe.skipIf(!vectors.areThere)('signatures that do not hold', () => {
  const signature = !vectors.areThere ? null : vectors.signature('mainnet/signature/3.json');
  const network = networkOf('mainnet');

  test('another s, another block hash and another network fail', () => {
    if (signature === null) return;
    const one = feltFromNumber(1);
    for (const forged of [
      { ...signature, s: one },
      { ...signature, r: feltFromNumber(0) },
      { ...signature, blockHash: one },
    ]) {
      expect(checkSignature(hasher, network, forged, null)).toMatchObject({ ok: false });
    }
    expect(checkSignature(hasher, networkOf('sepolia'), signature, null)).toMatchObject({ ok: false });
  });

  test('a signature of another block or height fails before its numbers are looked at', () => {
    if (signature === null) return;
    const { header } = vectors.bundle('mainnet/state_update_with_block/0.json').block;
    expect(checkSignature(hasher, network, signature, header)).toMatchObject({
      ok: false,
      expected: feltToHex(header.hash),
      got: feltToHex(signature.blockHash),
    });
    const own = vectors.signature('mainnet/signature/0.json');
    expect(checkSignature(hasher, network, own, header)).toMatchObject({ ok: true });
    expect(checkSignature(hasher, network, own, { ...header, number: 1 })).toMatchObject({ ok: false });
  });
});
