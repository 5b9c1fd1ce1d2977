import type { Hash32, Height } from '../../engine/index.ts';
import type { Brand } from '../../lib/index.ts';

/** An ed25519 public key: 32 bytes, RFC 8032 section 5.1.5. Not checked to be a point: a wrong one verifies nothing. */
export type PublicKey = Brand<Uint8Array, 'PublicKey'>;

/** An ed25519 signature: 64 bytes, RFC 8032 section 5.1.6. */
export type Signature = Brand<Uint8Array, 'Signature'>;

/** An account: the first 20 bytes of sha256 of its public key. */
export type Address = Brand<Uint8Array, 'Address'>;

/** What a block hash commits to. */
export interface Header {
  /** 1 to 32 characters of `a-z`, `0-9` and `-`. */
  readonly chainId: string;
  readonly height: Height;
  /** 32 zero bytes for genesis. */
  readonly parentHash: Hash32;
  /** Seconds since the Unix epoch. */
  readonly timestampS: number;
  /** The validator that made and signed the block. */
  readonly proposer: PublicKey;
  /** Merkle root over the encoded transfers, RFC 6962 section 2.1 with sha256. */
  readonly transactionsRoot: Hash32;
  readonly transactionCount: number;
  /** Root of the account trie AFTER this block was executed. */
  readonly appHash: Hash32;
}

/** A header as it travels: with the hash it claims to have and the proposer's signature over that hash. */
export interface SignedHeader {
  readonly header: Header;
  /** As stated by the sender, so that a verdict can name the block that was meant. */
  readonly hash: Hash32;
  readonly signature: Signature;
}

/** The only kind of transaction: moves `amount` from the sender's account to `to`. */
export interface Transfer {
  readonly sender: PublicKey;
  readonly to: Address;
  /** 1 to 2^64 - 1. */
  readonly amount: bigint;
  /** How many transfers the sender has made before this one. */
  readonly nonce: number;
  /** sha256 of a document that arrives on its own, if any. */
  readonly memo: Hash32 | null;
  /** Over the transfer id. */
  readonly signature: Signature;
}

/** The transfers of one block, in execution order, with the hash of the block they say they belong to. */
export interface Transactions {
  readonly blockHash: Hash32;
  readonly transfers: readonly Transfer[];
}

/** An account that is not in the state has neither balance nor nonce. */
export interface Account {
  /** 0 to 2^64 - 1. */
  readonly balance: bigint;
  /** How many transfers it has made. */
  readonly nonce: number;
}

/** Names of what a source can deliver. `archivedMemo` is the fallback of `memo`, `block` that of the two others. */
export type PartName = 'header' | 'transactions' | 'block' | 'memo' | 'archivedMemo';

/** What the ledger throws. */
export type LedgerErrorCode =
  /** Bytes do not decode, or are not the only encoding of what they say (fault `peer`). */
  | 'LEDGER_MALFORMED'
  /** A candidate for a block is none of `header`, `transactions`, `block` (fault `peer`). */
  | 'PART_UNKNOWN'
  /** A check failed; `data.check` names it (fault `peer`, or `source` where honest sources can disagree). */
  | 'BLOCK_REJECTED'
  /** A memo does not have the hash it was asked for by (fault `peer`). */
  | 'MEMO_REJECTED'
  /** A transfer that its sender cannot make in this state (fault `peer`). */
  | 'TRANSFER_INVALID'
  /** Options of the chain are unusable (fault `caller`). */
  | 'LEDGER_OPTIONS_INVALID'
  /** No source kind of the ledger has such a URL (fault `caller`). */
  | 'SOURCE_UNSUPPORTED'
  /** A source was used after it was closed (fault `caller`). */
  | 'SOURCE_CLOSED'
  /** A changed state key lies in no sub-table of the ledger (fault `bug`). */
  | 'STATE_KEY_UNKNOWN'
  /** A stored account is not what the ledger stores (fault `local`). */
  | 'STORE_CORRUPT';
