import type { Brand } from '../lib/index.ts';
import { SynclineError, toHex } from '../lib/index.ts';

/** A block number: a safe integer from 0. Block 0 is the genesis block. */
export type Height = Brand<number, 'Height'>;

/** @throws {SynclineError} `HEIGHT_INVALID` (fault `caller`). */
export function parseHeight(value: unknown): Height {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new SynclineError('HEIGHT_INVALID', 'caller', 'a height is a safe integer from 0', {
      data: { got: String(value) },
    });
  }
  return value as Height;
}

/** 32 bytes: a block hash, a state root, a commitment. Hashes that are field elements are big-endian. */
export type Hash32 = Brand<Uint8Array, 'Hash32'>;

/** @throws {SynclineError} `HASH_LENGTH` (fault `caller`). */
export function parseHash32(bytes: Uint8Array): Hash32 {
  if (bytes.length !== 32) {
    throw new SynclineError('HASH_LENGTH', 'caller', 'a hash is 32 bytes', { data: { got: toHex(bytes) } });
  }
  return bytes as Hash32;
}

/** One block of one branch. */
export interface BlockRef {
  readonly height: Height;
  readonly hash: Hash32;
}

/** Heights `from` to `to`, both included. */
export interface Span {
  readonly from: Height;
  readonly to: Height;
}

/**
 * The chain's tips as it names them, e.g. `acceptedOnL2`. A tip's hash may be null where the chain gives none.
 * `null` means that the tip does not exist yet.
 */
export type Tips = Readonly<Record<string, { readonly height: Height; readonly hash: Hash32 | null } | null>>;

/** What a chain calls the three roles a tip can play for the engine. */
export interface TipNames {
  /** May vanish. */
  readonly provisional?: string;
  /** What the pipeline commits. */
  readonly confirmed: string;
  /** Never unwound. */
  readonly final?: string;
}

/**
 * How a group of fields is known to be true.
 *
 * - `hash`: committed to by the block hash. - `signature`: signed by the block producer.
 * - `state-root`: proven as a whole by the state root it leads to: its own or, where blocks were hashed together, that of
 *   a later one. A value that such a later block replaced again is then not proven. - `l1`: anchored on layer 1.
 * - `table`: recomputed and equal to a published table. - `pending`: the proof is still to come.
 * - `unverified`: nothing proves it; the text says why.
 */
export type Proof = 'hash' | 'signature' | 'state-root' | 'l1' | 'table' | 'pending' | { readonly unverified: string };

/** Field group → how it is proven, e.g. `{ transactions: 'hash', receipts: { unverified: '…' } }`. */
export type Proofs = Readonly<Record<string, Proof>>;
