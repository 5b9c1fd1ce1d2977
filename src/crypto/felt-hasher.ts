/**
 * The STARK-field hashes as batches. Everything is canonical bytes: a felt is 32 bytes, big-endian, below
 * P = 2^251 + 17·2^192 + 1. A list of felts is one flat buffer, its length a multiple of 32.
 *
 * The speed comes from the batch (one shared field inversion, no per-item allocation), so callers collect work
 * first and hash once. Every function throws `FELT_OUT_OF_RANGE` (fault `caller`) if an input is not canonical,
 * and `FELT_LENGTH` if a length is not a multiple of 32 or two lengths differ.
 */
export interface FeltHasher {
  /** Which implementation runs: `wasm-9x29`, `wasm-5x51` or `typescript`. */
  readonly variant: string;
  /** Pedersen pairs: `out[i] = H(left[i], right[i])`. Both inputs hold n felts; returns n felts. */
  pedersen(left: Uint8Array, right: Uint8Array): Uint8Array;
  /**
   * Pedersen array hashes, `h(...h(h(0, x1), x2)..., n)` for each list, advancing all lists side by side.
   * Returns one felt per list. The empty list hashes to `H(0, 0)`.
   */
  pedersenArrays(lists: readonly Uint8Array[]): Uint8Array;
  /** Poseidon pairs: one Hades permutation of `[left[i], right[i], 2]`, element 0. Returns n felts. */
  poseidon(left: Uint8Array, right: Uint8Array): Uint8Array;
  /** Poseidon sponge hashes (rate 2, the padding always happens), one per list. Returns one felt per list. */
  poseidonArrays(lists: readonly Uint8Array[]): Uint8Array;
}
