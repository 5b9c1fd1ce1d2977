/**
 * What every provable trie offers to state sync: a run of leaves, as a peer sent it, is either exactly what the trie
 * holds there, or refused. `Node` is how the trie's proof shows a node: encoded bytes for the keccak trie, typed
 * nodes for the binary one.
 */
export interface RangeProofVerifier<Node> {
  /**
   * Verifies that `keys` and `values` are all leaves of the trie in `[start, last key]`; without keys, that there are
   * none in `[start, end)`.
   * @throws {SynclineError} `RANGE_UNSORTED`, `RANGE_OUT_OF_BOUNDS`, `RANGE_MALFORMED`, `RANGE_PROOF_OVERSIZE`,
   *   `RANGE_PROOF_INVALID` (all fault `peer`); `RANGE_ARGUMENT` (fault `caller`).
   */
  verify(claim: RangeClaim<Node>): VerifiedRange;
}

/** What was asked, and what came back. */
export interface RangeClaim<Node> extends RangeRequest, RangeLeaves<Node> {
  /** The trie's root, 32 bytes: trusted. */
  readonly root: Uint8Array;
}

/** Keys asked for: `[start, end)`. */
export interface RangeRequest {
  /** First key asked for, of the trie's key length; need not exist. All zeros to begin with the first leaf. */
  readonly start: Uint8Array;
  /**
   * Above `start`, of the same length; absent for no bound. A server that does not know of ends proves an empty
   * answer only up to the last leaf of the trie: ask such a one without end, and cut its leaves afterwards.
   */
  readonly end?: Uint8Array;
}

/** An answer, not trusted. */
export interface RangeLeaves<Node> {
  /** Ascending strictly. */
  readonly keys: readonly Uint8Array[];
  /** One for each key, never empty. */
  readonly values: readonly Uint8Array[];
  /**
   * The nodes on the paths to `start` and to the last key; without keys, to `start` and to `end`. In any order, and
   * others may be among them. None when the leaves are the whole trie.
   */
  readonly proof: readonly Node[];
}

export interface VerifiedRange {
  /**
   * Whether the trie holds leaves behind the last one and before `end`. Where only a subtree across `end` is known
   * by its hash the answer is true: the next request then proves that nothing was left.
   */
  readonly more: boolean;
}

/** What a prover makes: an answer that `verify` accepts. All buffers are the caller's to keep. */
export interface ProvenRange<Node> extends RangeLeaves<Node>, VerifiedRange {}
