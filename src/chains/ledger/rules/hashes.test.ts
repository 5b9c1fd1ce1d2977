import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { createLedgerDevnet } from '../../../devnet/ledger/index.ts';
import type { Hash32 } from '../../../engine/index.ts';
import { fromHex, toHex } from '../../../lib/index.ts';
import type { PublicKey, Signature } from '../types.ts';
import { encodeHeader } from '../wire/header-codec.ts';
import { blockHash, transactionsRoot } from './hashes.ts';
import { createSignatureChecker } from './signatures.ts';

/** google/certificate-transparency, merkletree tests (Apache-2.0): leaves, and the root over the first n of them. */
const RFC_6962_LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const RFC_6962_ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

/** RFC 8032 section 7.1, test 3. */
const RFC_8032 = {
  key: fromHex('fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025') as PublicKey,
  message: fromHex('af82') as Hash32, // the checker does not mind its length
  signature: fromHex(
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ) as Signature,
};

describe('ledger hashes', () => {
  it.each(RFC_6962_ROOTS.map((root, count) => [count, root] as const))(
    'the transactions root over %i leaves is that of RFC 6962',
    (count, root) => {
      expect(toHex(transactionsRoot(RFC_6962_LEAVES.slice(0, count).map(fromHex)))).toBe(`0x${root}`);
    },
  );

  it('the block hash depends on every byte of the header', () => {
    const { header } = createLedgerDevnet({ seed: 3 }).head.signed;
    const hash = toHex(blockHash(header));
    const changes = [
      { chainId: 'other' },
      { height: 1 },
      { parentHash: header.appHash },
      { timestampS: 1 },
      { proposer: header.appHash },
      { transactionsRoot: header.appHash },
      { transactionCount: 1 },
      { appHash: header.parentHash },
    ];
    expect(changes.map((change) => Object.keys(change)[0]).toSorted()).toEqual(Object.keys(header).toSorted());
    const hashes = changes.map((change) => toHex(blockHash({ ...header, ...change } as typeof header)));
    expect(new Set([hash, ...hashes]).size).toBe(changes.length + 1);
    expect(encodeHeader(header)).toHaveLength(1 + 1 + 13 + 8 + 32 + 8 + 32 + 32 + 4 + 32);
  });
});

describe('ledger signatures', () => {
  it('the signature of RFC 8032 is valid, also the second time', () => {
    const { key, message, signature } = RFC_8032;
    const checker = createSignatureChecker();
    expect([1, 2].map(() => checker.verify(key, message, signature))).toEqual([true, true]);
  });

  it('a signature is not valid for another message, key or damage, whatever was valid before', () => {
    const { key, message, signature } = RFC_8032;
    const checker = createSignatureChecker();
    const spoil = <T extends Uint8Array>(bytes: T, at: number) => {
      const copy = new Uint8Array(bytes);
      copy[at] = (copy[at] as number) ^ 1;
      return copy as Uint8Array as T;
    };
    checker.verify(key, message, signature);
    expect(checker.verify(key, spoil(message, 0), signature)).toBe(false);
    expect(checker.verify(spoil(key, 0), message, signature)).toBe(false);
    for (const at of [0, 31, 32, 63]) expect(checker.verify(key, message, spoil(signature, at))).toBe(false);
    expect(checker.verify(new Uint8Array(32).fill(255) as PublicKey, message, signature)).toBe(false);
  });

  it('a header of the devnet satisfies another implementation of ed25519', () => {
    const { hash, signature, header } = createLedgerDevnet({ seed: 3 }).head.signed;
    expect(ed25519.verify(signature, hash, header.proposer)).toBe(true);
  });
});
