/**
 * Blake2s-256 over lists of felts, the hash behind Starknet's compiled class hashes since 0.14.1. Felts are canonical
 * bytes, 32 each, big-endian; a list is one flat buffer and may be empty. Felts below 2^63 are encoded as two 32-bit
 * words, others as eight; the digest is read as a little-endian integer modulo P.
 *
 * Both functions throw `FELT_LENGTH` and `FELT_OUT_OF_RANGE` (fault `caller`). Results are the caller's to keep.
 * @see https://github.com/starkware-libs/sequencer `crates/blake2s/src/lib.rs` at b29c0e8c61; RFC 7693.
 */
export interface Blake2sHasher {
  /** Which implementation runs: `wasm` or `typescript`. */
  readonly variant: string;
  /** The hash of one list, a felt. */
  blake2sFelts(list: Uint8Array): Uint8Array;
  /** The hashes of many lists, one felt for each, in the order given. */
  blake2sFeltsMany(lists: readonly Uint8Array[]): Uint8Array;
}
