/**
 * Keccak-256 with the original padding, as on Ethereum; not SHA3-256. A digest is 32 bytes. Messages may have any
 * length, also none. Digests are the caller's to keep.
 *
 * A batch hashes two messages at a time and spares an allocation and a call for each, so callers collect first. The
 * functions need no `this`: a trie that hashes node by node takes `{ keccak: hasher.hash, keccakInto: hasher.hashInto,
 * scratch: hasher.scratch }`.
 */
export interface KeccakHasher {
  /** Which implementation runs: `wasm` or `typescript`. */
  readonly variant: string;
  /** The digest of one message. */
  hash(message: Uint8Array): Uint8Array;
  /** The digests of many messages, one behind the other in the order given: n·32 bytes. */
  hashMany(messages: readonly Uint8Array[]): Uint8Array;
  /**
   * The digests of messages of one length that lie one behind the other: n·32 bytes.
   * @throws {SynclineError} `KECCAK_LENGTH` (fault `caller`) unless `messageBytes` is an integer from 1 that divides
   *   the length of `flat`.
   */
  hashFixed(flat: Uint8Array, messageBytes: number): Uint8Array;
  /**
   * Writes the digest of `input[start, end)` to `out[outStart, outStart + 32)`. The two may be one buffer and may
   * overlap. Nothing is copied of what lies in `scratch`: who encodes there and hashes there pays for the hash only.
   * @throws {SynclineError} `KECCAK_LENGTH` (fault `caller`) for offsets outside of the buffers.
   */
  hashInto(input: Uint8Array, start: number, end: number, out: Uint8Array, outStart: number): void;
  /**
   * 128 KiB of the hasher's own memory, for one user at a time: enough for a stack trie of the longest keys. Its
   * content stays until that user changes it, and it is never detached.
   */
  readonly scratch: Uint8Array;
}

/** What the keccak functions throw, always with fault `caller`. */
export type KeccakErrorCode =
  /** A length of messages that does not divide the bytes given, or offsets outside of a buffer. */
  'KECCAK_LENGTH';

/** Bytes of a digest. */
export const DIGEST_BYTES = 32;

/** Bytes of `scratch`. */
export const SCRATCH_BYTES = 131_072;
