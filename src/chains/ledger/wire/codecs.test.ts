import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSynclineError } from '../../../lib/index.ts';
import { ARCHIVE_MEMOS_MAX, MEMO_BYTES_MAX, TRANSACTIONS_MAX } from '../params.ts';
import type { Header, SignedHeader, Transfer } from '../types.ts';
import { decodeBlock, encodeBlock } from './block-codec.ts';
import { decodeSignedHeader, encodeSignedHeader } from './header-codec.ts';
import { decodeArchivedMemos, decodeMemo, encodeArchivedMemos } from './memo-codec.ts';
import { decodeTransactions, encodeTransactions } from './transactions-codec.ts';

const bytes = <T>(length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((value) => value as unknown as T); // brands are bytes
const safeInteger = fc.maxSafeNat();

const header: fc.Arbitrary<Header> = fc.record({
  chainId: fc.stringMatching(/^[a-z0-9-]{1,32}$/),
  height: safeInteger.map((value) => value as Header['height']),
  parentHash: bytes<Header['parentHash']>(32),
  timestampS: safeInteger,
  proposer: bytes<Header['proposer']>(32),
  transactionsRoot: bytes<Header['transactionsRoot']>(32),
  transactionCount: fc.nat(TRANSACTIONS_MAX),
  appHash: bytes<Header['appHash']>(32),
});
const signedHeader: fc.Arbitrary<SignedHeader> = fc.record({
  header,
  hash: bytes<SignedHeader['hash']>(32),
  signature: bytes<SignedHeader['signature']>(64),
});
const transfer: fc.Arbitrary<Transfer> = fc.record({
  sender: bytes<Transfer['sender']>(32),
  to: bytes<Transfer['to']>(20),
  amount: fc.bigInt(1n, 2n ** 64n - 1n),
  nonce: safeInteger,
  memo: fc.option(bytes<NonNullable<Transfer['memo']>>(32)),
  signature: bytes<Transfer['signature']>(64),
});
const transactions = fc.record({
  blockHash: bytes<SignedHeader['hash']>(32),
  transfers: fc.array(transfer, { maxLength: 5 }),
});
const archive = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: ARCHIVE_MEMOS_MAX });

describe('ledger codecs', () => {
  it('a header comes back as it went', () => {
    fc.assert(
      fc.property(signedHeader, (value) => {
        expect(decodeSignedHeader(encodeSignedHeader(value))).toEqual(value);
      }),
    );
  });

  it('transactions come back as they went', () => {
    fc.assert(
      fc.property(transactions, (value) => {
        const decoded = decodeTransactions(encodeTransactions(value));
        expect(decoded.blockHash).toEqual(value.blockHash);
        expect(decoded.transfers.map((entry) => entry.transfer)).toEqual(value.transfers);
      }),
    );
  });

  it('a block comes apart into the two parts it was made of', () => {
    fc.assert(
      fc.property(signedHeader, transactions, (signed, body) => {
        const [first, second] = [encodeSignedHeader(signed), encodeTransactions(body)];
        const block = decodeBlock(encodeBlock(first, second));
        expect(block.headerBytes).toEqual(first);
        expect(block.transactionsBytes).toEqual(second);
        expect(block.signed).toEqual(signed);
      }),
    );
  });

  it('an archive pack comes back as it went', () => {
    fc.assert(
      fc.property(archive, (memos) => {
        expect(decodeArchivedMemos(encodeArchivedMemos(memos))).toEqual(memos);
      }),
    );
  });

  it('what decodes is the only encoding of what it says', () => {
    const damaged = (encoded: fc.Arbitrary<Uint8Array>) =>
      fc.tuple(encoded, fc.nat(), fc.nat(255), fc.nat()).map(([whole, at, byte, cut]) => {
        const copy = new Uint8Array(whole);
        if (copy.length > 0) copy[at % copy.length] = byte;
        return cut % 3 === 0 ? copy.subarray(0, cut % (copy.length + 1)) : copy;
      });
    const canonical = <T>(input: Uint8Array, decode: (b: Uint8Array) => T, encode: (value: T) => Uint8Array) => {
      try {
        expect(encode(decode(input))).toEqual(new Uint8Array(input));
      } catch (error) {
        if (!isSynclineError(error)) throw error;
        expect(error).toMatchObject({ code: 'LEDGER_MALFORMED', fault: 'peer' });
      }
    };
    fc.assert(
      fc.property(damaged(signedHeader.map(encodeSignedHeader)), (input) =>
        canonical(input, decodeSignedHeader, encodeSignedHeader),
      ),
    );
    fc.assert(
      fc.property(damaged(transactions.map(encodeTransactions)), (input) =>
        canonical(input, decodeTransactions, ({ blockHash, transfers }) =>
          encodeTransactions({ blockHash, transfers: transfers.map((entry) => entry.transfer) }),
        ),
      ),
    );
    fc.assert(
      fc.property(damaged(archive.map(encodeArchivedMemos)), (input) =>
        canonical(input, decodeArchivedMemos, encodeArchivedMemos),
      ),
    );
  });

  it('decoded fields are copies, also when the input is a Buffer', () => {
    const [signed] = fc.sample(signedHeader, { numRuns: 1, seed: 1 }) as [SignedHeader];
    const input = Buffer.from(encodeSignedHeader(signed));
    const decoded = decodeSignedHeader(input);
    input.fill(0);
    expect(decoded).toEqual(signed);
  });
});

describe('ledger codecs refuse', () => {
  const [signed] = fc.sample(signedHeader, { numRuns: 1, seed: 2 }) as [SignedHeader];
  const [moved] = fc.sample(transfer, { numRuns: 1, seed: 3 }) as [Transfer];
  const blockHash = signed.hash;
  const malformed = (part: string, field: string) =>
    expect.objectContaining({
      code: 'LEDGER_MALFORMED',
      fault: 'peer',
      data: expect.objectContaining({ check: 'encoding', field, parts: [part] }),
    });
  const withHeader = (changes: Partial<Header>) =>
    encodeSignedHeader({ ...signed, header: { ...signed.header, ...changes } });
  const withTransfer = (changes: Partial<Transfer>) =>
    encodeTransactions({ blockHash, transfers: [{ ...moved, ...changes }] });

  it('a version of the header other than 1', () => {
    const bytes = encodeSignedHeader(signed);
    bytes[0] = 2;
    expect(() => decodeSignedHeader(bytes)).toThrow(malformed('header', 'version'));
  });

  it.each(['', 'Ledger', 'a b', 'x'.repeat(33)])('the chain id %j', (chainId) => {
    expect(() => decodeSignedHeader(withHeader({ chainId }))).toThrow(malformed('header', 'chainId'));
  });

  it('a height and a time above 2^53 - 1', () => {
    const height = (2 ** 53) as Header['height'];
    expect(() => decodeSignedHeader(withHeader({ height }))).toThrow(malformed('header', 'height'));
    expect(() => decodeSignedHeader(withHeader({ timestampS: 2 ** 53 }))).toThrow(malformed('header', 'timestampS'));
  });

  it('more transactions than a block can hold, before reading them', () => {
    const tooMany = withHeader({ transactionCount: TRANSACTIONS_MAX + 1 });
    expect(() => decodeSignedHeader(tooMany)).toThrow(malformed('header', 'transactionCount'));
    const body = encodeTransactions({ blockHash, transfers: [] });
    new DataView(body.buffer).setUint32(32, 0xffff_ffff);
    expect(() => decodeTransactions(body)).toThrow(malformed('transactions', 'count'));
  });

  it('a transfer of nothing', () => {
    expect(() => decodeTransactions(withTransfer({ amount: 0n }))).toThrow(malformed('transactions', 'amount'));
  });

  it('a nonce above 2^53 - 1', () => {
    expect(() => decodeTransactions(withTransfer({ nonce: 2 ** 53 }))).toThrow(malformed('transactions', 'nonce'));
  });

  it('a memo flag other than 0 and 1', () => {
    const bytes = withTransfer({ memo: null });
    bytes[32 + 4 + 32 + 20 + 8 + 8] = 2;
    expect(() => decodeTransactions(bytes)).toThrow(malformed('transactions', 'memo'));
  });

  it('bytes after the end', () => {
    const [first, second] = [encodeSignedHeader(signed), encodeTransactions({ blockHash, transfers: [moved] })];
    const longer = (bytes: Uint8Array) => Uint8Array.of(...bytes, 0);
    expect(() => decodeSignedHeader(longer(first))).toThrow(malformed('header', 'length'));
    expect(() => decodeTransactions(longer(second))).toThrow(malformed('transactions', 'length'));
    expect(() => decodeBlock(longer(encodeBlock(first, second)))).toThrow(malformed('block', 'length'));
    expect(() => decodeArchivedMemos(longer(encodeArchivedMemos([])))).toThrow(malformed('archivedMemo', 'length'));
  });

  it('a memo above 4 KiB and a pack of more than 16', () => {
    expect(decodeMemo(new Uint8Array(MEMO_BYTES_MAX))).toHaveLength(MEMO_BYTES_MAX);
    const large = new Uint8Array(MEMO_BYTES_MAX + 1);
    expect(() => decodeMemo(large)).toThrow(malformed('memo', 'length'));
    expect(() => decodeArchivedMemos(encodeArchivedMemos([large]))).toThrow(malformed('archivedMemo', 'length'));
    const many = Array.from({ length: ARCHIVE_MEMOS_MAX + 1 }, () => new Uint8Array(1));
    expect(() => decodeArchivedMemos(encodeArchivedMemos(many))).toThrow(malformed('archivedMemo', 'count'));
  });
});
