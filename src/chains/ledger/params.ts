import type { PlainData } from '../../engine/index.ts';
import { fromHex, SynclineError, toHex } from '../../lib/index.ts';
import { ledgerDevnetGenesis } from './networks.ts';
import type { Address, PublicKey } from './types.ts';
import { U64_MAX } from './wire/integers.ts';

/** First byte of a header; the only version there is. Also stated as the protocol version, in decimal. */
export const HEADER_VERSION = 1;

/** Keeps a full block of transfers below 256 KiB: 1024 · 165 bytes. Chosen. */
export const TRANSACTIONS_MAX = 1024;

export const ADDRESS_BYTES = 20;

/** Longest document that a transfer can name. Chosen: one page. */
export const MEMO_BYTES_MAX = 4096;

/** Most memos in one archive pack, so that a pack stays at 64 KiB. Chosen. */
export const ARCHIVE_MEMOS_MAX = 16;

export const CHAIN_ID_PATTERN = /^[a-z0-9-]{1,32}$/;

/** Bounds what options can make the rules hold. Chosen: far above any devnet. */
export const VALIDATORS_MAX = 256;

/**
 * How a ledger chain begins: all that its nodes must agree on beforehand. Plain data, so it crosses threads; a type
 * and no interface, since only types are seen to be `PlainData`.
 */
export type LedgerGenesis = {
  /** 1 to 32 characters of `a-z`, `0-9` and `-`; every signature covers it. */
  readonly chainId: string;
  /** Time of block 0, seconds since the Unix epoch. */
  readonly timestampS: number;
  /** ed25519 public keys as hex; the first signs block 0. 1 to 256 of them, fixed for the life of the chain. */
  readonly validators: readonly string[];
  /** First balances: address as hex of 20 bytes, balance as a decimal; their sum is at most 2^64 - 1. */
  readonly accounts: readonly { readonly address: string; readonly balance: string }[];
};

export type LedgerOptions = {
  /** Name of the network. Default `ledger-devnet`. */
  readonly network?: string;
  /** Default: that of `ledger-devnet`. */
  readonly genesis?: LedgerGenesis;
};

/** Options once parsed. */
export interface LedgerParams {
  readonly network: string;
  readonly chainId: string;
  readonly genesisTimestampS: number;
  /** In the order given, no duplicates. */
  readonly validators: readonly PublicKey[];
  /** No duplicates, no zero balances. The sum never changes, so no balance can overflow 64 bits. */
  readonly accounts: readonly { readonly address: Address; readonly balance: bigint }[];
}

/** Parses the chain's options. @throws {SynclineError} `LEDGER_OPTIONS_INVALID` (fault `caller`). */
export function parseLedgerOptions(options: PlainData): LedgerParams {
  const given = asRecord(options, 'options');
  const network = given.network ?? 'ledger-devnet';
  if (typeof network !== 'string') throw invalid('network', 'a name', network);
  if (given.genesis === undefined && network !== 'ledger-devnet') throw invalid('genesis', 'a genesis', undefined);
  const genesis = asRecord(given.genesis ?? ledgerDevnetGenesis, 'genesis');

  const { chainId, timestampS } = genesis;
  if (typeof chainId !== 'string' || !CHAIN_ID_PATTERN.test(chainId)) {
    throw invalid('genesis.chainId', CHAIN_ID_PATTERN.source, chainId);
  }
  if (typeof timestampS !== 'number' || !Number.isSafeInteger(timestampS) || timestampS < 0) {
    throw invalid('genesis.timestampS', 'seconds since 1970', timestampS);
  }
  return {
    network,
    chainId,
    genesisTimestampS: timestampS,
    validators: parseValidators(genesis.validators),
    accounts: parseAccounts(genesis.accounts),
  };
}

function parseValidators(value: unknown): readonly PublicKey[] {
  const listed = asList(value, 'genesis.validators');
  if (listed.length === 0 || listed.length > VALIDATORS_MAX) {
    throw invalid('genesis.validators', `1 to ${VALIDATORS_MAX} keys`, listed.length);
  }
  const keys = listed.map((key) => parseBytes(key, 32, 'genesis.validators') as PublicKey);
  refuseDuplicates(keys, 'genesis.validators');
  return keys;
}

function parseAccounts(value: unknown): LedgerParams['accounts'] {
  let total = 0n;
  const accounts = asList(value, 'genesis.accounts').map((entry) => {
    const { address, balance } = asRecord(entry, 'genesis.accounts');
    if (typeof balance !== 'string' || !/^[1-9][0-9]{0,19}$/.test(balance)) {
      throw invalid('genesis.accounts.balance', 'a decimal from 1', balance);
    }
    total += BigInt(balance);
    return {
      address: parseBytes(address, ADDRESS_BYTES, 'genesis.accounts.address') as Address,
      balance: BigInt(balance),
    };
  });
  if (total > U64_MAX) throw invalid('genesis.accounts', `balances of at most ${U64_MAX} in all`, total);
  refuseDuplicates(
    accounts.map((account) => account.address),
    'genesis.accounts',
  );
  return accounts;
}

function parseBytes(value: unknown, length: number, field: string): Uint8Array {
  if (typeof value !== 'string' || !/^(0x)?([0-9a-fA-F]{2})*$/.test(value)) {
    throw invalid(field, `hex of ${length} bytes`, value);
  }
  const bytes = fromHex(value);
  if (bytes.length !== length) throw invalid(field, `hex of ${length} bytes`, value);
  return bytes;
}

function refuseDuplicates(values: readonly Uint8Array[], field: string): void {
  const seen = new Set<string>();
  for (const value of values.map(toHex)) {
    if (seen.has(value)) throw invalid(field, 'no duplicates', value);
    seen.add(value);
  }
}

function asRecord(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(field, 'an object', value);
  return value as Readonly<Record<string, unknown>>; // a non-null object that is no array
}

function asList(value: unknown, field: string): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(field, 'a list', value);
  return value;
}

function invalid(field: string, expected: string, got: unknown): SynclineError {
  return new SynclineError('LEDGER_OPTIONS_INVALID', 'caller', `ledger option ${field} is unusable`, {
    data: { field, expected, got: String(got) },
  });
}
