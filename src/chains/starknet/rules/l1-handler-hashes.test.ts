import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { vectorsDir } from '../../../../test/vectors/locate.ts';
import { createFeltHasher } from '../../../crypto/index.ts';
import { feltFromNumber, feltToHex } from '../felt.ts';
import type { Felts, MessageToL2 } from '../types.ts';
import { l1HandlerHashes } from './l1-handler-hashes.ts';
import { networkOf, openVectors } from './testing.ts';

const vectors = vectorsDir();
const root = join(vectors ?? '', 'starknet');
const hasher = createFeltHasher();

describe.skipIf(vectors === null)('the hashes of the handler of a message', () => {
  it('hold the real one, for every message that a captured block has taken', () => {
    const captures = openVectors((file) => readFileSync(join(root, file), 'utf8'));
    /** How often the real hash was of each form, by its place. */
    const forms = new Map<number, number>();
    for (const { file, kind, network } of captures.files) {
      if (kind !== 'block' || !/\/\d+\.json$/.test(file)) continue;
      const { receipts } = captures.block(file);
      const taken = receipts.flatMap(({ consumedMessage, transactionHash }) =>
        consumedMessage === null ? [] : [{ message: consumedMessage, hash: feltToHex(transactionHash) }],
      );
      const hashes = l1HandlerHashes(
        hasher,
        taken.map(({ message }) => message),
        networkOf(network).chainIds,
      );
      expect(hashes.length).toBe(taken.length);
      for (const [i, { hash }] of taken.entries()) {
        const form = (hashes[i] ?? []).map(feltToHex).indexOf(hash);
        expect(form, `${file} ${hash}`).toBeGreaterThanOrEqual(0);
        forms.set(form, (forms.get(form) ?? 0) + 1);
      }
    }
    // All but those of 0.7, mainnet 1059 and goerli 47543, are of the form of today.
    expect(forms.get(0)).toBeGreaterThanOrEqual(60);
    expect(forms.get(2)).toBe(2);
    expect(forms.size).toBe(2);
  });
});

describe('the hashes of handlers', () => {
  const message = (payload: number): MessageToL2 => ({
    fromAddress: feltFromNumber(1),
    toAddress: feltFromNumber(2),
    selector: feltFromNumber(3),
    payload: new Uint8Array(32 * payload) as Felts, // zeros
    nonce: feltFromNumber(4),
  });

  it('are of no messages none, and of one with an empty payload as many as of another', () => {
    expect(l1HandlerHashes(hasher, [], ['SN_MAIN'])).toEqual([]);
    const hashes = l1HandlerHashes(hasher, [message(0), message(5)], ['SN_MAIN']);
    expect(hashes.map((forms) => forms.length)).toEqual([3, 3]);
    expect(new Set(hashes.flat().map(feltToHex)).size).toBe(6);
  });

  it('are those of each chain id in turn', () => {
    const [both] = l1HandlerHashes(hasher, [message(1)], ['SN_GOERLI2', 'SN_GOERLI']);
    const [first] = l1HandlerHashes(hasher, [message(1)], ['SN_GOERLI2']);
    const [second] = l1HandlerHashes(hasher, [message(1)], ['SN_GOERLI']);
    expect(both).toEqual([...(first ?? []), ...(second ?? [])]);
  });
});
