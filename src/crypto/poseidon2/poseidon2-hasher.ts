/**
 * Poseidon2 over the BN254 scalar field with four words, three of them taking input, as batches. Everything is
 * canonical bytes: a field is 32 bytes, big-endian, below the modulus; lists are flat buffers. Results are the
 * caller's to keep.
 *
 * Every function throws `FIELD_OUT_OF_RANGE` (fault `caller`) if an input is not canonical, and `FIELD_LENGTH` if a
 * length is not what it asks for.
 * @see https://eprint.iacr.org/2023/323; AztecProtocol/aztec-packages v4.1.2, barretenberg `crypto/poseidon2`.
 */
export interface Poseidon2Hasher {
  /** Which implementation runs: `wasm` or `typescript`. */
  readonly variant: string;
  /** Hashes of pairs, the nodes of trees: `out[i] = P(left[i], right[i])`. Both inputs hold n fields; returns n. */
  hashPairs(left: Uint8Array, right: Uint8Array): Uint8Array;
  /**
   * Hashes of lists of `width` fields, one list behind the other: the leaves of indexed trees. Returns one field per
   * list. `hashFixed(flat, 2)` is the pair hash with left and right side by side.
   */
  hashFixed(flat: Uint8Array, width: number): Uint8Array;
  /** Hashes of lists of any lengths, also empty ones. Returns one field per list. */
  hashMany(lists: readonly Uint8Array[]): Uint8Array;
  /** The bare permutation of n states of four fields. Returns as many. */
  permute(states: Uint8Array): Uint8Array;
  /**
   * One sponge at work: adds each three of `fields` to the first three words of `state` (four fields) and permutes.
   * Returns the state after the last three. `fields` holds a multiple of three.
   */
  absorbTriples(state: Uint8Array, fields: Uint8Array): Uint8Array;
}
